//! Whether a session that is up shows all that its login brought: units and negotiated values.
//!
//! Must not look itself. Source: qla4xxx `ql4_init.c` (`qla4xxx_flash_ddb_change`: the session is LOGGED_IN, then a scan is queued, then
//! the firmware's DDB is copied; until then the session shows what was asked for), `scsi_transport_iscsi.c` (`iscsi_user_scan_session`).

use crate::model::Session;

/// Looks at a session that is up before its scan is no longer waited for.
const SCAN_LOOKS: u32 = 50;
/// Looks at a session that is up before its negotiated values are no longer waited for.
const SETTLE_LOOKS: u32 = 10;

/// The looks at one session since it is up.
#[derive(Debug, Default)]
pub(super) struct Settling {
    looks: u32,
}

impl Settling {
    /// One more look at the session, which is up; whether it need not be looked at again.
    pub(super) fn done(&mut self, session: &Session) -> bool {
        self.looks += 1;
        let scanned = session.target_state.as_deref() != Some("ALLOCATED") || self.looks > SCAN_LOOKS;
        // A TSIH is never 0.
        let settled = session.tsid != Some(0) || self.looks > SETTLE_LOOKS;
        scanned && settled
    }
}
