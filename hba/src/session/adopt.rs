//! Sessions that are there already are found and go on, each under the number that it had.
//!
//! Source: open-iscsi `usr/initiator.c` (`iscsi_sync_session`: who was there goes on); what was remembered is matched by the kernel's number, then by
//! target, ISID and port, then by target, portal and port.

use std::collections::BTreeSet;
use std::time::Instant;

use iscsi::names::key;

use super::effect::Effect;
use super::id::SessionId;
use super::input::{Found, Shown};
use super::one::{One, Running};
use super::remembered::Remembered;
use super::state::Cause;
use super::supervisor::Supervisor;
use super::told::Event;
use super::wanted::{Luns, OnExpiry, Wanted};
use crate::policy::retry::Keeper;
use crate::policy::retry::{Intent, Limits};

use super::kind::Kind;

impl Supervisor {
    /// The first look.
    pub(super) fn start(&mut self, now: Instant, shown: Shown) {
        self.ready = true;
        let mut numbers: Vec<(SessionId, Option<u32>)> = Vec::new();
        for kept in shown.remembered.into_iter().take(self.config.max_sessions) {
            numbers.push((kept.id, kept.sid));
            self.recall(now, kept);
        }
        let mut left: Vec<Found> = shown.sessions;
        // A number alone is no proof: it is given again.
        let by_number = |sid: u32, id: SessionId| numbers.contains(&(id, Some(sid)));
        for rule in [Rule::Number, Rule::Isid, Rule::Portal] {
            left.retain(|found| {
                let matched = self.sessions.iter().find(|(id, one)| {
                    let number = rule != Rule::Number || by_number(found.sid, **id);
                    one.sid.is_none() && one.ours() && number && rule.fits(found, &one.wanted)
                });
                let Some(id) = matched.map(|(id, _)| *id) else {
                    return true;
                };
                self.attach(now, id, found);
                false
            });
        }
        for found in &left {
            self.take_in(now, found);
        }
        let all: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in all {
            self.look_up_unless_there(id);
            self.step(now, id);
        }
        for input in std::mem::take(&mut self.early) {
            self.handle(now, input);
        }
    }

    fn look_up_unless_there(&mut self, id: SessionId) {
        if self.sessions.get(&id).is_some_and(|one| !one.state.is_up()) {
            self.look_up(id);
        }
    }

    fn recall(&mut self, now: Instant, kept: Remembered) {
        let owner = kept.owner.parse().unwrap_or_else(|_| self.me.clone());
        let mut one = One::new(kept.wanted, Keeper::Hbad, owner, now);
        one.was_up = kept.was_up;
        one.moved = kept.moved;
        one.last_good = kept.last_good;
        one.units = kept.units;
        if kept.leaving {
            one.leaving = Some(super::one::Leaving {
                was_up: kept.was_up,
                ..Default::default()
            });
        }
        self.sessions.insert(kept.id, one);
    }

    /// A session that is known is there.
    fn attach(&mut self, now: Instant, id: SessionId, found: &Found) {
        self.by_sid.insert(found.sid, id);
        let latency = self.sessions.get(&id).map(|one| self.latency(one));
        let Some(one) = self.sessions.get_mut(&id) else {
            return;
        };
        one.sid = Some(found.sid);
        one.wanted.host = Some(found.host);
        if found.up {
            one.go(Cause::Up);
            one.was_up = true;
            one.portal = Some(found.portal.to_string());
        } else {
            one.go(Cause::Lose);
            if one.ours() {
                one.expires = latency.and_then(Self::seconds).map(|latency| now + latency);
            }
        }
        let (keeper, owner, ours) = (one.keeper, one.owner.clone(), one.ours());
        let sid = found.sid;
        self.remember(id);
        if ours {
            self.out.push(Effect::Own { sid, owner });
            if let Some(secs) = latency {
                self.out.push(Effect::SetRecoveryTimeout { sid, secs });
            }
        }
        self.event(id, Event::Adopted { sid, keeper });
    }

    /// A session that nobody remembers is there.
    fn take_in(&mut self, now: Instant, found: &Found) {
        if self.sessions.len() >= self.config.max_sessions {
            self.strays += 1;
            return;
        }
        let wanted = of_found(found);
        let id = self.new_id(&wanted);
        let one = One::new(wanted, found.keeper, found.owner.clone(), now);
        self.sessions.insert(id, one);
        self.attach(now, id, found);
    }

    /// Another look, after events were lost.
    pub(super) fn resync(&mut self, now: Instant, shown: &[Found]) {
        let there: BTreeSet<u32> = shown.iter().map(|found| found.sid).collect();
        let mut gone = Vec::new();
        for found in shown {
            let known = self.by_sid.get(&found.sid).copied();
            let Some(id) = known else {
                self.newcomer(now, found);
                continue;
            };
            let Some(one) = self.sessions.get(&id) else {
                continue;
            };
            if key(&one.wanted.target) != key(&found.target) {
                // Its number belongs to another one now.
                gone.push((id, Some(found)));
            } else if one.state.is_up() && !found.up {
                self.lose(now, id, "the kernel shows it failed", None);
            } else if found.up {
                self.kept_up(now, id);
            }
        }
        let missing = self.by_sid.iter().filter(|(sid, _)| !there.contains(sid));
        gone.extend(missing.map(|(_, id)| (*id, None)));
        for (id, other) in gone {
            self.gone(now, id);
            if let Some(found) = other {
                self.newcomer(now, found);
            }
        }
    }

    /// A session that came while we did not look. What a running try has made belongs to that one.
    fn newcomer(&mut self, now: Instant, found: &Found) {
        let mut fits = self
            .sessions
            .iter()
            .filter(|(_, one)| one.ours() && one.sid.is_none())
            .filter(|(_, one)| Rule::Isid.fits(found, &one.wanted) || Rule::Portal.fits(found, &one.wanted));
        match fits.next().map(|(id, one)| (*id, one)) {
            Some((_, one)) if one.running.iter().any(|r| !matches!(r.at, Running::Connecting)) => {}
            Some((id, _)) => {
                self.attach(now, id, found);
                if found.up {
                    self.abort_all(now, id);
                }
                self.step(now, id);
            }
            None => self.take_in(now, found),
        }
    }
}

/// How a session is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The kernel's number, with the target.
    Number,
    /// Target, ISID and port.
    Isid,
    /// Target, portal and port, where no ISID is shown.
    Portal,
}

impl Rule {
    fn fits(self, found: &Found, wanted: &Wanted) -> bool {
        let port = found.mac.as_deref().unwrap_or(&found.transport);
        let same = key(&found.target) == key(&wanted.target)
            && found.transport == wanted.transport
            && port.eq_ignore_ascii_case(wanted.port());
        let isid = match (found.isid, wanted.isid) {
            (Some(one), Some(other)) => Some(one == other),
            _ => None,
        };
        let portal = || wanted.portals.contains(&found.portal);
        same && match self {
            Self::Number => isid != Some(false),
            Self::Isid => isid == Some(true),
            Self::Portal => isid.is_none() && portal(),
        }
    }
}

/// What a session that is found would be wanted as.
fn of_found(found: &Found) -> Wanted {
    let Limits {
        reopen_max,
        initial_login_retry_max,
        login_timeout,
    } = Limits::SHIPPED;
    Wanted {
        kind: found.kind,
        intent: if found.kind == Kind::Boot {
            Intent::Boot
        } else {
            Intent::Configured
        },
        target: found.target.clone(),
        portals: vec![found.portal.clone()],
        iface: found.iface.clone(),
        transport: found.transport.clone(),
        host: Some(found.host),
        mac: found.mac.clone(),
        initiator: found.initiator.clone(),
        isid: found.isid,
        record: found.record.clone(),
        side_by_side: false,
        reopen_max,
        initial_login_retry_max,
        login_timeout: u32::try_from(login_timeout.as_secs()).unwrap_or(u32::MAX),
        time2wait: 2,
        removal_latency: None,
        on_expiry: OnExpiry::default(),
        luns: Luns::default(),
        persist: false,
        multiple: false,
    }
}
