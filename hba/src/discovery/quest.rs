//! The way to an answer: addresses of the portal one after the other, and where a portal sends us on.
//!
//! Owns the order of addresses, how the time is shared out among them, and the limit on being sent on. Time and answers are arguments: nothing
//! here resolves, connects or waits. Source: RFC 7143 section 6.3.1 (redirection) and 11.13.5 (status classes).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use iscsi::address::{Host, TargetAddress};
use iscsi::initiator::{Listing, LoginFailure};

use super::answer::Hop;
use super::usable;
use crate::initiator::{Answered, Said};

/// So many addresses of one name are tried.
pub const ADDRESSES_MAX: usize = 16;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Look a name up, and say what it stands for ([`Quest::resolved`]).
    Resolve {
        /// The name.
        name: String,
        /// When to give up.
        until: Instant,
    },
    /// Ask there, and say what was said ([`Quest::answered`]).
    Ask {
        /// Where.
        at: SocketAddr,
        /// Of which link it is, where it is link-local.
        zone: Option<String>,
        /// When to give up.
        until: Instant,
    },
    /// It is over.
    Done(Verdict),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is a list.
    Listed {
        /// It.
        listing: Listing,
        /// Whose it is.
        by: SocketAddr,
        /// Over which link it came, where that is known.
        zone: Option<String>,
        /// Whether MD5 alone was taken.
        md5_alone: bool,
    },
    /// Somebody refused.
    Refused {
        /// Who.
        by: SocketAddr,
        /// Why, in words.
        why: String,
        /// The login's failure, when it was a login that was refused.
        failure: Option<LoginFailure>,
    },
    /// Nobody answered; what became of each address is in [`Quest::tried`].
    Nobody,
    /// We were sent on too often, or to where nobody can go.
    Astray(String),
}

/// A place that is still to be tried.
#[derive(Debug, Clone)]
enum Place {
    Address { at: SocketAddr, zone: Option<String> },
    Name { name: String, port: u16 },
}

/// One quest for a list of targets.
#[derive(Debug)]
pub struct Quest {
    places: VecDeque<Place>,
    at_work: Option<Place>,
    over_device: Option<String>,
    redirects_left: u32,
    redirect_max: u32,
    patience: Duration,
    end: Instant,
    hops: Vec<Hop>,
    tried: Vec<(String, String)>,
    over: Option<Verdict>,
}

impl Quest {
    /// Begins at a portal. Each address gets `patience` at most, all of them the time until `end`. `over` is the network device that the
    /// questions go out over, where one is named.
    #[must_use]
    pub fn new(
        start: &TargetAddress,
        over: Option<&str>,
        redirect_max: u32,
        patience: Duration,
        end: Instant,
    ) -> Self {
        Self {
            places: VecDeque::from([place(start, over)]),
            over_device: over.map(str::to_owned),
            at_work: None,
            redirects_left: redirect_max,
            redirect_max,
            patience,
            end,
            hops: Vec::new(),
            tried: Vec::new(),
            over: None,
        }
    }

    /// Where we were sent on, in order.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// Places that gave no answer, and why.
    #[must_use]
    pub fn tried(&self) -> &[(String, String)] {
        &self.tried
    }

    /// What is to be done next.
    pub fn next(&mut self, now: Instant) -> Next {
        if let Some(verdict) = &self.over {
            return Next::Done(verdict.clone());
        }
        let waiting = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        let Some(place) = self.places.pop_front() else {
            return self.done(Verdict::Nobody);
        };
        let left = self.end.saturating_duration_since(now);
        if left.is_zero() {
            self.tried
                .push((shown(&place), "no time was left for it".to_owned()));
            self.at_work = None;
            // Each of the others is told, too.
            return self.next(now);
        }
        // The others have a right to their share.
        let until = now + (left / waiting.max(1)).min(self.patience);
        self.at_work = Some(place.clone());
        match place {
            Place::Address { at, zone } => Next::Ask { at, zone, until },
            Place::Name { name, .. } => Next::Resolve { name, until },
        }
    }

    /// What a name stands for: addresses, those of one kind as the resolver has them.
    pub fn resolved(&mut self, addresses: Result<Vec<std::net::IpAddr>, String>) {
        let Some(Place::Name { name, port }) = self.at_work.take() else {
            return;
        };
        let mut all = match addresses {
            Ok(all) if all.is_empty() => {
                self.tried.push((name, "the name has no address".to_owned()));
                return;
            }
            Ok(all) => all,
            Err(why) => {
                self.tried
                    .push((name, format!("the name cannot be looked up: {why}")));
                return;
            }
        };
        let mut seen = std::collections::HashSet::new();
        all.retain(|ip| seen.insert(ip.to_canonical()));
        if let Some(more) = all.len().checked_sub(ADDRESSES_MAX).filter(|more| *more > 0) {
            let why = format!("it has {} addresses, and {ADDRESSES_MAX} are tried", all.len());
            self.tried.push((format!("{more} addresses of {name}"), why));
            all.truncate(ADDRESSES_MAX);
        }
        for ip in all.into_iter().rev() {
            self.places.push_front(Place::Address {
                at: SocketAddr::new(ip.to_canonical(), port),
                zone: self.over_device.clone(),
            });
        }
    }

    /// What was said at the address that was asked.
    pub fn answered(&mut self, answered: Answered) {
        let Some(asked @ Place::Address { .. }) = self.at_work.take() else {
            return;
        };
        let Place::Address { at, zone } = asked.clone() else {
            return;
        };
        let refusal = answered.refusal();
        let silent = match answered.said {
            Said::Targets(listing) => {
                self.over = Some(Verdict::Listed {
                    listing,
                    by: at,
                    zone,
                    md5_alone: answered.md5_alone,
                });
                return;
            }
            Said::Redirected { permanent, to } => return self.sent_on(&asked, permanent, &to),
            Said::LoginFailed(why) if Said::is_silence(why) => why.to_string(),
            Said::LoginFailed(why) => {
                let text = refusal.unwrap_or_else(|| why.to_string());
                // One address that has no room says nothing of the others.
                if is_about_this_address(why) && !self.places.is_empty() {
                    text
                } else {
                    self.over = Some(Verdict::Refused {
                        by: at,
                        why: text,
                        failure: Some(why),
                    });
                    return;
                }
            }
            Said::NoList(why) => {
                self.over = Some(Verdict::Refused {
                    by: at,
                    why: why.to_string(),
                    failure: None,
                });
                return;
            }
            Said::LoggedIn => "it took the login and did not answer SendTargets".to_owned(),
            Said::Unreachable(why) => why,
            Said::Silent(why) => format!("something is there and speaks no iscsi: {why}"),
            Said::Unknown(why) => format!("it could not be asked: {why}"),
        };
        self.tried.push((shown(&asked), silent));
    }

    fn sent_on(&mut self, from: &Place, permanent: bool, to: &TargetAddress) {
        let from_text = shown(from);
        self.hops.push(Hop {
            from: from_text.clone(),
            to: to.to_string(),
            permanent,
        });
        let Some(left) = self.redirects_left.checked_sub(1) else {
            self.over = Some(Verdict::Astray(format!(
                "{from_text} sends us on to {to}, and that was the {}. time: {} are followed",
                self.hops.len(),
                self.redirect_max
            )));
            return;
        };
        self.redirects_left = left;
        let zone = match from {
            Place::Address { zone, .. } => zone.as_deref(),
            Place::Name { .. } => None,
        };
        match usable::portal(to, zone) {
            // What it falls back to when nobody is there stays behind it.
            Ok(_) => self.places.push_front(place(to, zone)),
            Err(why) => {
                let why = format!("it sends us on to {to}, where this host cannot go: {why}");
                self.tried.push((from_text, why));
            }
        }
    }

    fn done(&mut self, verdict: Verdict) -> Next {
        self.over = Some(verdict.clone());
        Next::Done(verdict)
    }
}

fn place(at: &TargetAddress, over: Option<&str>) -> Place {
    match &at.host {
        Host::Ip(ip) => Place::Address {
            at: SocketAddr::new(ip.to_canonical(), at.port),
            zone: over.map(str::to_owned),
        },
        Host::Scoped(ip, zone) => Place::Address {
            at: SocketAddr::new((*ip).into(), at.port),
            zone: Some(over.unwrap_or(zone).to_owned()),
        },
        Host::Name(name) => Place::Name {
            name: name.to_string(),
            port: at.port,
        },
    }
}

fn shown(place: &Place) -> String {
    match place {
        Place::Address { at, .. } => at.to_string(),
        Place::Name { name, port } => format!("{name}:{port}"),
    }
}

/// Whether another address of the portal may take what this one refuses.
const fn is_about_this_address(why: LoginFailure) -> bool {
    matches!(why, LoginFailure::Refused(status) if status.class == 3)
}

#[cfg(test)]
mod tests;
