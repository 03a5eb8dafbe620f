//! PDUs of user space: which pass through the firmware, and what comes back.
//!
//! The firmware speaks the login itself; only NOP-Out and Text pass through. The driver says nothing about one that failed. Must not know
//! what a PDU means. Source: `ql4_os.c` (`qla4xxx_task_xmit`, `qla4xxx_task_work`), `libiscsi.c` (`__iscsi_complete_pdu`).

use isp4xxx::fw::{Passthrough, PassthroughDone};
use nix::errno::Errno;

use super::Qla4xxx;
use crate::transport::Class;

impl Qla4xxx {
    pub(super) fn pass_through(&mut self, sid: u32, header: &[u8], data: &[u8]) -> Result<(), Errno> {
        let s = self.sessions.get(&sid).ok_or(Errno::ENOSYS)?;
        let (port, ddb) = (s.host, s.ddb.ok_or(Errno::ENOSYS)?);
        let header = <[u8; 48]>::try_from(header).map_err(|_| Errno::ENOSYS)?;
        if !matches!(header[0] & 0x3f, 0x00 | 0x04) {
            return Err(Errno::ENOSYS);
        }
        let pdu = Passthrough {
            ddb,
            handle: sid,
            header,
            data: data.to_vec(),
        };
        let sent = self.card.submit_passthrough(self.now, port, pdu);
        sent.map(|_| ()).map_err(|_| Errno::ENOSYS)
    }

    /// A PDU that was passed through has ended.
    pub(super) fn passthrough_done(&mut self, class: &mut Class, done: PassthroughDone) {
        let sid = done.handle;
        match done.answer {
            Ok((header, data)) => {
                class.recv_pdu(sid, header, data);
            }
            Err(status) => tracing::debug!(sid, ?status, "a PDU that was passed through failed"),
        }
    }
}
