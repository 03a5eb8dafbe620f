//! Who brings a session back after a loss, and by which rule: the driver, iscsid, or we.
//!
//! Owns one row a keeper. Must not know how a session is found. What a driver or a daemon of others does is told, not changed.
//!
//! Source: kernel `ql4_init.c` (`qla4xxx_arm_relogin_timer`: DefaultTime2Wait and 4 seconds, again and again), `ql4_os.c`
//! (`qla4xxx_check_relogin_flash_ddb`); open-iscsi `usr/initiator.c` (`ISCSI_CONN_ERR_REOPEN_DELAY` 3, DefaultTime2Wait for the first attempt,
//! `reopen_max`).

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Intent, MAX_TIME2WAIT, Policy};
use crate::model::{Owner, SessionKind};

/// Who brings a session back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keeper {
    /// The adapter's driver.
    Driver,
    /// The session daemon of open-iscsi, which made it.
    Iscsid,
    /// Our session daemon.
    Hbad,
}

impl fmt::Display for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Driver => "driver",
            Self::Iscsid => "iscsid",
            Self::Hbad => "hbad",
        })
    }
}

/// What is known of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Who made it.
    pub owner: Owner,
    /// What it is for.
    pub kind: SessionKind,
    /// Whether a SendTargets entry found its target.
    pub discovered: bool,
    /// DefaultTime2Wait, where it is told.
    pub time2wait: Option<Duration>,
}

/// The rule that applies to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Who brings it back.
    pub keeper: Keeper,
    /// What it is wanted for.
    pub intent: Intent,
    /// Wait after the first failure.
    pub first: Duration,
    /// What each wait is multiplied by for the next one.
    pub factor: u32,
    /// Longest wait.
    pub longest: Duration,
    /// When it is given up; `None`: never by itself.
    pub give_up: Option<Duration>,
    /// Why it is so.
    pub why: &'static str,
}

/// The rule of a session.
#[must_use]
pub fn rule(of: &Facts) -> Rule {
    let keeper = match of.owner {
        Owner::Flash => Keeper::Driver,
        Owner::User => Keeper::Iscsid,
    };
    by(keeper, intent(of), of.time2wait)
}

/// What a session is wanted for.
#[must_use]
pub fn intent(of: &Facts) -> Intent {
    match of.kind {
        SessionKind::Boot => Intent::Boot,
        _ if of.discovered => Intent::Discovered,
        _ => Intent::Configured,
    }
}

/// The rule of a keeper.
#[must_use]
pub fn by(keeper: Keeper, intent: Intent, time2wait: Option<Duration>) -> Rule {
    let time2wait = time2wait.unwrap_or(Duration::ZERO).min(MAX_TIME2WAIT);
    let steady = |first: Duration, longest: Duration, why| Rule {
        keeper,
        intent,
        first,
        factor: 1,
        longest,
        give_up: None,
        why,
    };
    match keeper {
        Keeper::Driver => {
            let wait = time2wait + DRIVER_MORE;
            steady(wait, wait, DRIVER_WHY)
        }
        Keeper::Iscsid => {
            let first = if time2wait.is_zero() {
                ISCSID_AGAIN
            } else {
                time2wait
            };
            steady(first, ISCSID_AGAIN.max(first), ISCSID_WHY)
        }
        Keeper::Hbad => {
            let policy = Policy::of(intent);
            Rule {
                keeper,
                intent,
                first: policy.first.max(time2wait),
                factor: policy.factor,
                longest: policy.longest.max(time2wait),
                give_up: policy.give_up,
                why: policy.why,
            }
        }
    }
}

/// What the driver adds to DefaultTime2Wait.
const DRIVER_MORE: Duration = Duration::from_secs(4);
/// What iscsid waits after a connection that failed.
const ISCSID_AGAIN: Duration = Duration::from_secs(3);

const DRIVER_WHY: &str = "the driver made it from flash and brings it back itself, DefaultTime2Wait and 4 seconds after each failure, whatever it \
     is wanted for; another def_time2wait of the flash target changes that";
const ISCSID_WHY: &str = "iscsid made it and brings it back: DefaultTime2Wait after a loss, then 3 seconds after each failure, until \
     node.session.reopen_max of its record";
