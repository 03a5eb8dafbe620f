//! The times of a session: what stands in place of nothing, and what is copied as it is.
//!
//! Owns the defaults and the substitutions, a remark for each. Must not read a record nor wait.
//!
//! Source: open-iscsi `usr/initiator_common.c` (`iscsi_setup_portal`, `iscsi_copy_operational_params`), `usr/initiator.c`
//! (`__iscsi_session_create`: what is copied), `include/iscsi_settings.h` and the shipped `iscsid.conf` (defaults).

use crate::message::Message;
use crate::params::IscsiParam;

/// Seconds of a connection; 0 is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// For the answer to a logout.
    pub logout: u32,
    /// For a login.
    pub login: u32,
    /// For an answer while logging in; 0 has no time of its own.
    pub auth: u32,
    /// Between NOPs while nothing else is heard.
    pub noop_interval: u32,
    /// For the answer to a NOP.
    pub noop_timeout: u32,
}

/// A value that stands in place of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Substitution {
    /// Leaf of the record's key.
    pub name: &'static str,
    /// What is taken.
    pub used: u32,
    /// Why 0 will not do.
    pub why: &'static str,
}

impl From<Substitution> for Message {
    fn from(of: Substitution) -> Self {
        let Substitution { name, used, why } = of;
        Self::from(format!("{name} 0 is taken as {used}: {why}"))
    }
}

impl Connection {
    /// What open-iscsi ships.
    pub const SHIPPED: Self = Self {
        logout: 15,
        login: 15,
        auth: 45,
        noop_interval: 5,
        noop_timeout: 5,
    };

    /// What is used, and what was put in place of nothing. NOPs that are off stay off.
    #[must_use]
    pub fn settled(mut self) -> (Self, Vec<Substitution>) {
        let mut said = Vec::new();
        for row in ROWS {
            if (row.lacks)(&self) {
                *(row.field)(&mut self) = row.of.used;
                said.push(row.of);
            }
        }
        (self, said)
    }
}

/// When a value is put in place of nothing.
struct Row {
    lacks: fn(&Connection) -> bool,
    field: fn(&mut Connection) -> &mut u32,
    of: Substitution,
}

const ROWS: &[Row] = &[
    Row {
        lacks: |c| c.logout == 0,
        field: |c| &mut c.logout,
        of: Substitution {
            name: "logout_timeout",
            used: 15,
            why: "a logout that nobody answers would never end",
        },
    },
    Row {
        lacks: |c| c.login == 0,
        field: |c| &mut c.login,
        of: Substitution {
            name: "login_timeout",
            used: 30,
            why: "a login that nobody answers would never end",
        },
    },
    Row {
        lacks: |c| c.noop_timeout == 0 && c.noop_interval != 0,
        field: |c| &mut c.noop_timeout,
        of: Substitution {
            name: "noop_out_timeout",
            used: 5,
            why: "NOPs are sent (noop_out_interval), and an answer must be waited for",
        },
    },
    Row {
        lacks: |c| c.noop_interval == 0 && c.noop_timeout != 0,
        field: |c| &mut c.noop_interval,
        of: Substitution {
            name: "noop_out_interval",
            used: 5,
            why: "answers to NOPs have a time (noop_out_timeout), and so some must be sent; 0 in both switches them off",
        },
    },
];

/// What a session takes over from its record as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Key of the record.
    pub key: &'static str,
    /// The kernel's parameter.
    pub param: IscsiParam,
    /// What is taken where the record has none; a switch is 0 or 1.
    pub default: u32,
}

/// All that is taken over.
pub const COPIED: &[Copied] = &[
    Copied {
        key: "node.session.timeo.replacement_timeout",
        param: IscsiParam::SessRecoveryTmo,
        default: 120,
    },
    Copied {
        key: "node.session.iscsi.FastAbort",
        param: IscsiParam::FastAbort,
        default: 1,
    },
    Copied {
        key: "node.session.err_timeo.abort_timeout",
        param: IscsiParam::AbortTmo,
        default: 15,
    },
    Copied {
        key: "node.session.err_timeo.lu_reset_timeout",
        param: IscsiParam::LuResetTmo,
        default: 30,
    },
    Copied {
        key: "node.session.err_timeo.tgt_reset_timeout",
        param: IscsiParam::TgtResetTmo,
        default: 30,
    },
    Copied {
        key: "node.session.err_timeo.host_reset_timeout",
        param: IscsiParam::HostResetTmo,
        default: 60,
    },
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(logout: u32, login: u32, noop_interval: u32, noop_timeout: u32) -> Connection {
        Connection {
            logout,
            login,
            auth: 0,
            noop_interval,
            noop_timeout,
        }
    }

    #[test]
    fn every_combination_of_nothing_has_its_substitutes() {
        for bits in 0..16u32 {
            let has = |bit: u32| if bits & bit == 0 { 0 } else { 7 };
            let (logout, login, interval, timeout) = (has(1), has(2), has(4), has(8));
            let (used, said) = of(logout, login, interval, timeout).settled();
            let or = |value: u32, default: u32| if value == 0 { default } else { value };
            let (interval_used, timeout_used) = match (interval, timeout) {
                (0, 0) => (0, 0),
                (a, b) => (or(a, 5), or(b, 5)),
            };
            assert_eq!(
                used,
                of(or(logout, 15), or(login, 30), interval_used, timeout_used),
                "{bits:04b}"
            );
            let changed = [
                (logout, used.logout),
                (login, used.login),
                (interval, used.noop_interval),
                (timeout, used.noop_timeout),
            ];
            assert_eq!(
                said.len(),
                changed.iter().filter(|(a, b)| a != b).count(),
                "{bits:04b}: {said:?}"
            );
        }
    }

    #[test]
    fn a_substitute_says_what_was_nothing_and_what_is_taken() {
        let (_, said) = of(0, 1, 5, 0).settled();
        let said: Vec<String> = said.into_iter().map(|s| Message::from(s).to_string()).collect();
        assert!(said[0].starts_with("logout_timeout 0 is taken as 15"), "{said:?}");
        assert!(
            said[1].starts_with("noop_out_timeout 0 is taken as 5"),
            "{said:?}"
        );
        assert_eq!(Connection::SHIPPED.settled(), (Connection::SHIPPED, vec![]));
    }

    #[test]
    fn what_is_copied_has_the_peers_names_and_defaults_once() {
        let defaults: Vec<u32> = COPIED.iter().map(|row| row.default).collect();
        assert_eq!(defaults, [120, 1, 15, 30, 30, 60]);
        for (n, row) in COPIED.iter().enumerate() {
            assert!(row.key.starts_with("node.session."));
            assert!(
                COPIED[..n]
                    .iter()
                    .all(|other| other.param != row.param && other.key != row.key)
            );
            assert!(
                super::super::mask::SENT.contains(&row.param),
                "{} reaches the kernel",
                row.key
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_settled_stays_and_what_was_set_is_not_touched(a in any::<[u32; 5]>()) {
            let given = Connection { logout: a[0], login: a[1], auth: a[2], noop_interval: a[3], noop_timeout: a[4] };
            let (used, _) = given.settled();
            prop_assert_eq!(used.settled(), (used, vec![]));
            prop_assert_eq!(used.auth, given.auth);
            for (before, after) in [(a[0], used.logout), (a[1], used.login), (a[3], used.noop_interval), (a[4], used.noop_timeout)] {
                prop_assert!(before == 0 || before == after);
            }
        }
    }
}
