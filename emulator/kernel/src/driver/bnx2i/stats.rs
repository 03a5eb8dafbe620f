//! Counters of a connection: the library's.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_conn_get_stats`).

use driver_sys::netlink::{CustomCounter, SessionStats};

use super::Bnx2i;

impl Bnx2i {
    /// The counters of a session's connection.
    pub(super) fn stats(&self, sid: u32) -> Box<SessionStats> {
        let (fixed, aborts) = self.engine.lib.stats(sid);
        Box::new(SessionStats {
            fixed,
            custom: vec![CustomCounter {
                name: "eh_abort_cnt".into(),
                value: aborts,
            }],
        })
    }
}
