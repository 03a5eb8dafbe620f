//! How an endpoint is doing, as a poll tells it.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_ep_poll`).

use std::time::{Duration, Instant};

use super::Bnx2i;
use super::endpoint::EpState;
use super::wait::{Wait, jiffies};
use crate::transport::Progress;

/// A negative timeout is for ever in a kernel, where a signal ends it; here it ends by itself.
const FOR_EVER: Duration = Duration::from_secs(600);

impl Bnx2i {
    /// 1 connected, -1 failed, 0 nothing yet when the time is over.
    pub(super) fn poll_endpoint(&mut self, ep: u64, timeout_ms: u32) -> Progress<i32> {
        match self.endpoints.get(&ep).map(|e| e.state) {
            None | Some(EpState::Idle | EpState::ConnectFailed) => Ok(-1).into(),
            Some(EpState::ConnectCompl) => Ok(1).into(),
            Some(_) => {
                let time =
                    i32::try_from(timeout_ms).map_or(FOR_EVER, |ms| jiffies(u64::from(ms.unsigned_abs())));
                self.poll_until(ep, self.now + time.min(FOR_EVER))
            }
        }
    }

    /// A poll that lasts. A connect that fails meanwhile reads as one that succeeds: the driver looks only at whether it was woken.
    pub(super) fn poll_until(&mut self, ep: u64, until: Instant) -> Progress<i32> {
        match self.endpoints.get(&ep).map(|e| e.state) {
            Some(EpState::ConnectCompl) => Ok(1).into(),
            Some(EpState::ConnectFailed) if self.quirks => Ok(1).into(),
            None | Some(EpState::Idle | EpState::ConnectFailed) => Ok(-1).into(),
            Some(_) if self.now < until => self.wait_for(Wait::Poll { ep, until }),
            Some(_) => Ok(0).into(),
        }
    }
}
