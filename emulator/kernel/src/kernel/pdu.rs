//! PDUs of user space: SEND_PDU and what comes back.
//!
//! The firmware speaks the login itself; only NOP-Out and Text pass through, and their answers are multicast. Of one that failed the
//! driver says nothing. Must not know what a PDU means. Source: `scsi_transport_iscsi.c` (`iscsi_if_send_pdu`, `iscsi_recv_pdu`),
//! `ql4_os.c` (`qla4xxx_task_xmit`, `qla4xxx_task_work`), `libiscsi.c` (`__iscsi_complete_pdu`).

use driver_sys::netlink::{Bytes, Event, Pdu};
use isp4xxx::fw::PassthroughDone;
use nix::errno::Errno;

use super::{Kernel, TRANSPORT_HANDLE};
use crate::transport::ev::Message;

impl Kernel {
    pub(super) fn send_pdu(&mut self, m: &mut Message) -> Result<(), Errno> {
        let (sid, cid, header, data) = (m.arg(0), m.arg(1), m.arg(2) as usize, m.arg(3) as usize);
        if !self.has_conn(sid, cid) {
            return Err(Errno::EINVAL);
        }
        if self.cleaning(sid) {
            m.answer(0, (-(Errno::ENOTCONN as i32)) as u32);
            return Ok(());
        }
        if header > m.payload.len() || data > m.payload.len() - header {
            return Err(Errno::EINVAL);
        }
        // The firmware speaks the login itself; the driver passes on only NOP-Out and Text.
        let s = &self.sessions[&sid];
        let (host, ddb) = (s.host, s.ddb);
        let opcode = m.payload.first().map(|b| b & 0x3f);
        let sent = match (
            ddb,
            <[u8; 48]>::try_from(m.payload.get(..48).unwrap_or_default()),
            opcode,
        ) {
            (Some(ddb), Ok(bhs), Some(0x00 | 0x04)) => {
                let port = self.hosts[host].port;
                let pdu = isp4xxx::fw::Passthrough {
                    ddb,
                    handle: sid,
                    header: bhs,
                    data: m.payload[header..header + data].to_vec(),
                };
                self.card.submit_passthrough(self.now, port, pdu).is_ok()
            }
            _ => false,
        };
        m.answer(0, if sent { 0 } else { (-(Errno::ENOSYS as i32)) as u32 });
        Ok(())
    }

    /// A PDU that was passed through has ended.
    pub(super) fn passthrough_done(&mut self, done: PassthroughDone) {
        let sid = done.handle;
        let Some(cid) = self
            .sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .map(|c| c.cid)
        else {
            return;
        };
        match done.answer {
            Ok((header, data)) => {
                let event = Event::RecvPdu {
                    sid,
                    cid,
                    // 6.1 leaves it empty.
                    recv_handle: 0,
                    pdu: Pdu {
                        header: Bytes::new(header),
                        data: Bytes::new(data),
                    },
                };
                self.multicast(event.encode(TRANSPORT_HANDLE));
            }
            Err(status) => tracing::debug!(sid, ?status, "a PDU that was passed through failed"),
        }
    }
}
