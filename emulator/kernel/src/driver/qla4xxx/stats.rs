//! Counters of a connection and of a port.
//!
//! Source: `ql4_os.c` (`qla4xxx_conn_get_stats`, `qla4xxx_get_host_stats`).

use driver_sys::hw::raw::ql_iscsi_stats;
use driver_sys::netlink::raw::iscsi_stats;
use driver_sys::netlink::{HostStats, SessionStats};
use isp4xxx::fw::{Command, Reply};
use nix::errno::Errno;
use zerocopy::IntoBytes;

use super::Qla4xxx;

impl Qla4xxx {
    fn management_data(&mut self, host: usize, ddb: u16) -> Option<Box<ql_iscsi_stats>> {
        match self.mbox(host, Command::GetManagementData { ddb }) {
            Ok(Reply::Statistics(s)) => Some(s),
            _ => None,
        }
    }

    pub(super) fn conn_stats(&mut self, sid: u32) -> Box<SessionStats> {
        let at = self.sessions.get(&sid).and_then(|s| Some((s.host, s.ddb?)));
        let Some(s) = at.and_then(|(host, ddb)| self.management_data(host, ddb)) else {
            return Box::default();
        };
        // The driver leaves the last two at zero.
        let (digest_err, timeout_err) = if self.config.quirks {
            (0, 0)
        } else {
            let digest = s.hdr_digest_err.get().wrapping_add(s.data_digest_err.get());
            (digest, s.conn_timeout_err.get())
        };
        let fixed = iscsi_stats {
            txdata_octets: s.tx_data_octets.get(),
            rxdata_octets: s.rx_data_octets.get(),
            noptx_pdus: s.tx_nopout_pdus.get(),
            scsicmd_pdus: s.tx_scsi_cmd_pdus.get(),
            tmfcmd_pdus: s.tx_tmf_cmd_pdus.get(),
            login_pdus: s.tx_login_cmd_pdus.get(),
            text_pdus: s.tx_text_cmd_pdus.get(),
            dataout_pdus: s.tx_scsi_write_pdus.get(),
            logout_pdus: s.tx_logout_cmd_pdus.get(),
            snack_pdus: s.tx_snack_req_pdus.get(),
            noprx_pdus: s.rx_nopin_pdus.get(),
            scsirsp_pdus: s.rx_scsi_resp_pdus.get(),
            tmfrsp_pdus: s.rx_tmf_resp_pdus.get(),
            textrsp_pdus: s.rx_text_resp_pdus.get(),
            datain_pdus: s.rx_scsi_read_pdus.get(),
            logoutrsp_pdus: s.rx_logout_resp_pdus.get(),
            r2t_pdus: s.rx_r2t_pdus.get(),
            async_pdus: s.rx_async_pdus.get(),
            rjt_pdus: s.rx_reject_pdus.get(),
            digest_err,
            timeout_err,
            custom_length: 0,
        };
        Box::new(SessionStats {
            fixed,
            custom: Vec::new(),
        })
    }

    pub(super) fn port_stats(&mut self, no: u32) -> Result<Box<HostStats>, Errno> {
        let host = self.port_of(no)?;
        let s = self.management_data(host, 0).ok_or(Errno::EIO)?;
        let mut stats = Box::<HostStats>::default();
        // The firmware's block begins with the same counters in the same order.
        for (to, from) in stats.counters.iter_mut().zip(s.as_bytes().chunks_exact(8)) {
            let mut le = [0u8; 8];
            le.copy_from_slice(from);
            *to = u64::from_le_bytes(le);
        }
        Ok(stats)
    }
}
