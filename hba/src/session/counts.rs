//! Logins and logouts of a port, counted. No kernel counts them.
//!
//! Source: `MSiSCSI_InitiatorLoginStatistics`.

use schemars::JsonSchema;
use serde::Serialize;

use super::flow::Counted;

/// Counters of a port.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Logins that succeeded.
    pub accepted: u64,
    /// Logins that failed otherwise: unreachable, not served.
    pub other_failed: u64,
    /// Times that a target sent us on.
    pub redirected: u64,
    /// Logins that the target did not allow.
    pub auth_failed: u64,
    /// Logins in which one side did not prove itself.
    pub authenticate_failed: u64,
    /// Logins without agreement.
    pub negotiate_failed: u64,
    /// Logouts that we asked for.
    pub logout_normal: u64,
    /// Sessions that others ended, or that could not be logged out.
    pub logout_other: u64,
}

impl Counts {
    pub(super) fn failed(&mut self, of: Counted) {
        *match of {
            Counted::Other | Counted::Transport | Counted::Redirect => &mut self.other_failed,
            Counted::Authorization => &mut self.auth_failed,
            Counted::Authentication => &mut self.authenticate_failed,
            Counted::Negotiation => &mut self.negotiate_failed,
        } += 1;
    }
}
