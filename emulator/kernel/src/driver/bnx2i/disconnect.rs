//! Disconnecting: an endpoint waits for its connect to end, then goes with its connection.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_ep_disconnect`, `bnx2i_hw_ep_disconnect`, `bnx2i_tear_down_conn`).

use std::time::{Duration, Instant};

use super::Bnx2i;
use super::endpoint::EpState;
use super::wait::Wait;
use crate::transport::{Class, Progress};

/// So long after its beginning a connect is waited for; the chip itself gives it up sooner …
const CONNECT_MAX: Duration = Duration::from_secs(12);
/// … and it is looked at so often.
const LOOKS: Duration = Duration::from_millis(250);

impl Bnx2i {
    /// An endpoint is to go.
    pub(super) fn disconnect(&mut self, class: &mut Class, ep: u64) -> Progress {
        let since = self.endpoints.get(&ep).map_or(self.now, |e| e.since);
        self.disconnect_when(class, ep, self.now, since + CONNECT_MAX)
    }

    /// An endpoint goes when its connect has ended, or at the latest when it has had its time.
    pub(super) fn disconnect_when(
        &mut self,
        class: &mut Class,
        ep: u64,
        at: Instant,
        until: Instant,
    ) -> Progress {
        if self.now < at {
            return self.wait_for(Wait::Connecting { ep, at, until });
        }
        let state = self.endpoints.get(&ep).map(|e| e.state);
        if state == Some(EpState::ConnectStart) && self.now <= until {
            let at = self.now + LOOKS;
            return self.wait_for(Wait::Connecting { ep, at, until });
        }
        self.free_endpoint(class, ep);
        Ok(()).into()
    }
}
