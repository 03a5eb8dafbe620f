//! Counters of a connection and of a port.
//!
//! Source: `ql4_os.c` (`qla4xxx_conn_get_stats`, `qla4xxx_get_host_stats`).

use driver_sys::hw::raw::ql_iscsi_stats;
use isp4xxx::fw::{Command, Reply};
use nix::errno::Errno;
use zerocopy::IntoBytes;

use super::Qla4xxx;

/// Counters of `iscsi_offload_host_stats`; a 32-bit count of custom ones and padding follow.
const HOST_COUNTERS: usize = 82;

impl Qla4xxx {
    fn management_data(&mut self, host: usize, ddb: u16) -> Option<Box<ql_iscsi_stats>> {
        match self.mbox(host, Command::GetManagementData { ddb }) {
            Ok(Reply::Statistics(s)) => Some(s),
            _ => None,
        }
    }

    pub(super) fn conn_stats(&mut self, sid: u32) -> [u8; 96] {
        let at = self.sessions.get(&sid).and_then(|s| Some((s.host, s.ddb?)));
        let mut out = [0u8; 96];
        if let Some(s) = at.and_then(|(host, ddb)| self.management_data(host, ddb)) {
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
        out
    }

    pub(super) fn port_stats(&mut self, no: u32) -> Result<Vec<u8>, Errno> {
        let host = self.port_of(no)?;
        let s = self.management_data(host, 0).ok_or(Errno::EIO)?;
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
        Ok(out)
    }
}
