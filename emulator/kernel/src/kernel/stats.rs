//! Counters of a connection and of a port, multicast as the kernel does.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_get_stats`, `iscsi_get_host_stats`), `ql4_os.c` (`qla4xxx_conn_get_stats`,
//! `qla4xxx_get_host_stats`).

use driver_sys::hw::raw::ql_iscsi_stats;
use isp4xxx::fw::{Command, Reply};
use nix::errno::Errno;
use zerocopy::IntoBytes;

use super::netlink::Verdict;
use super::{Kernel, TRANSPORT_HANDLE};
use crate::transport::ev::{Message, event, uevent};

/// Counters of `iscsi_offload_host_stats`; a 32-bit count of custom ones and padding follow.
const HOST_COUNTERS: usize = 82;

impl Kernel {
    fn management_data(&mut self, host: usize, ddb: u16) -> Option<Box<ql_iscsi_stats>> {
        match self.mbox(host, Command::GetManagementData { ddb }) {
            Ok(Reply::Statistics(s)) => Some(s),
            _ => None,
        }
    }

    fn silent_if_heard(&mut self, packet: Vec<u8>) -> Verdict {
        if self.multicast(packet) {
            Verdict::Silent
        } else {
            Verdict::Answer(Err(Errno::ESRCH))
        }
    }

    pub(super) fn get_stats(&mut self, m: &Message) -> Verdict {
        let (sid, cid) = (m.arg(0), m.arg(1));
        let found = self
            .sessions
            .get(&sid)
            .filter(|s| s.conn.as_ref().is_some_and(|c| c.cid == cid));
        let Some((host, ddb)) = found.map(|s| (s.host, s.ddb)) else {
            return Verdict::Answer(Err(Errno::EEXIST));
        };
        let mut out = [0u8; 96];
        if let Some(s) = ddb.and_then(|ddb| self.management_data(host, ddb)) {
            out[0..8].copy_from_slice(&s.tx_data_octets.get().to_ne_bytes());
            out[8..16].copy_from_slice(&s.rx_data_octets.get().to_ne_bytes());
            let counters = [
                s.tx_nopout_pdus,
                s.tx_scsi_cmd_pdus,
                s.tx_tmf_cmd_pdus,
                s.tx_login_cmd_pdus,
                s.tx_text_cmd_pdus,
                s.tx_scsi_write_pdus,
                s.tx_logout_cmd_pdus,
                s.tx_snack_req_pdus,
                s.rx_nopin_pdus,
                s.rx_scsi_resp_pdus,
                s.rx_tmf_resp_pdus,
                s.rx_text_resp_pdus,
                s.rx_scsi_read_pdus,
                s.rx_logout_resp_pdus,
                s.rx_r2t_pdus,
                s.rx_async_pdus,
                s.rx_reject_pdus,
            ];
            for (i, c) in counters.iter().enumerate() {
                out[16 + 4 * i..20 + 4 * i].copy_from_slice(&c.get().to_ne_bytes());
            }
            if !self.config.quirks {
                // The driver leaves these two at zero.
                let digest = s.hdr_digest_err.get().wrapping_add(s.data_digest_err.get());
                out[84..88].copy_from_slice(&digest.to_ne_bytes());
                out[88..92].copy_from_slice(&s.conn_timeout_err.get().to_ne_bytes());
            }
        }
        let packet = event(
            u32::from(uevent::GET_STATS),
            TRANSPORT_HANDLE,
            &[sid, cid],
            &[],
            &out,
        );
        self.silent_if_heard(packet)
    }

    pub(super) fn get_host_stats(&mut self, m: &Message) -> Verdict {
        let host = match self.host_of(m) {
            Ok(host) => host,
            Err(errno) => return Verdict::Answer(Err(errno)),
        };
        let Some(s) = self.management_data(host, 0) else {
            return Verdict::Answer(Err(Errno::EIO));
        };
        let mut out = vec![0u8; HOST_COUNTERS * 8 + 8];
        // The firmware's block begins with the same counters in the same order.
        let bytes = s.as_bytes();
        for (to, from) in out
            .chunks_exact_mut(8)
            .zip(bytes.chunks_exact(8))
            .take(HOST_COUNTERS)
        {
            let mut le = [0u8; 8];
            le.copy_from_slice(from);
            to.copy_from_slice(&u64::from_le_bytes(le).to_ne_bytes());
        }
        let packet = event(
            u32::from(uevent::GET_HOST_STATS),
            TRANSPORT_HANDLE,
            &[m.arg(0)],
            &[],
            &out,
        );
        self.silent_if_heard(packet)
    }
}
