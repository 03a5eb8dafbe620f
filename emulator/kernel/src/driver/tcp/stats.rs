//! Counters of a connection.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_conn_get_stats`).

use driver_sys::netlink::{CustomCounter, SessionStats};

use super::Tcp;

impl Tcp {
    /// Those of the library, and three of the driver's own. It never sends pages and finds every header in one piece.
    pub(super) fn stats(&self, sid: u32) -> Box<SessionStats> {
        let (fixed, aborts) = self.lib.stats(sid);
        let own = [
            ("tx_sendpage_failures", 0),
            ("rx_discontiguous_hdr", 0),
            ("eh_abort_cnt", aborts),
        ];
        let counter = |(name, value): (&str, u64)| CustomCounter {
            name: name.into(),
            value,
        };
        Box::new(SessionStats {
            fixed,
            custom: own.map(counter).to_vec(),
        })
    }
}
