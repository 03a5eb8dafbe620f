//! What connections have counted, over all their links.
//!
//! Source: `libiscsi_tcp.c` (`iscsi_tcp_conn_get_stats`), `iscsi_tcp.c` (`iscsi_sw_tcp_conn_get_stats`).

use driver_sys::netlink::raw::iscsi_stats;
use iscsi::initiator::Counters;

use super::Libiscsi;

/// Adds what an engine has counted, as far as libiscsi counts it.
pub(super) fn add(sum: &mut iscsi_stats, counters: &Counters) {
    // The kernel's own counters are this wide and wrap.
    let narrow = |to: &mut u32, from: u64| *to = to.wrapping_add(from as u32);
    sum.txdata_octets = sum.txdata_octets.wrapping_add(counters.tx_octets);
    sum.rxdata_octets = sum.rxdata_octets.wrapping_add(counters.rx_octets);
    narrow(&mut sum.scsicmd_pdus, counters.tx.scsi_command);
    narrow(&mut sum.dataout_pdus, counters.tx.data_out);
    // Status that came with the last Data-In counts, too.
    narrow(&mut sum.scsirsp_pdus, counters.completed);
    narrow(&mut sum.datain_pdus, counters.rx.data_in);
    narrow(&mut sum.r2t_pdus, counters.rx.r2t);
    narrow(&mut sum.tmfcmd_pdus, counters.tx.task_management);
    narrow(&mut sum.tmfrsp_pdus, counters.rx.task_management);
}

impl Libiscsi {
    /// The counters of a session's connection, and how often its commands were aborted.
    pub(crate) fn stats(&self, sid: u32) -> (iscsi_stats, u64) {
        let conn = self.sessions.get(&sid).and_then(|s| s.conn.as_ref());
        let Some(conn) = conn else {
            return Default::default();
        };
        let mut sum = conn.past;
        if let Some(engine) = &conn.engine {
            add(&mut sum, &engine.counters());
        }
        (sum, conn.eh_aborts)
    }
}
