//! An address that we chose ourselves, or were told to have: it is used when nobody on the link has it.
//!
//! Source: RFC 5227, RFC 4862 section 5.4. The probes themselves are the stack's. An address that somebody has is looked at again
//! later: whoever had it may be gone.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::effect::PROBE_LIMIT;
use super::retry::Retry;
use super::{Effect, Loss, Probed};
use crate::port::InterfaceStatus;
use crate::random::Random;

/// The first wait before an address that somebody had is looked at again.
const AGAIN: Duration = Duration::from_secs(10);
/// The longest.
const AGAIN_LIMIT: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The link is asked.
    Probing { limit: Instant },
    /// It is used.
    Held,
    /// It is used, and the link is asked.
    Verifying { limit: Instant },
    /// Somebody has it.
    Taken { again: Instant },
}

/// The address.
pub(super) struct Chosen {
    pub(super) address: IpAddr,
    state: State,
    retry: Retry,
}

impl Chosen {
    /// Asks the link for the address. One that an earlier process had, and nobody else, is used meanwhile.
    pub(super) fn begin(
        now: Instant,
        address: IpAddr,
        saved: Option<&InterfaceStatus>,
        out: &mut VecDeque<Effect>,
    ) -> Self {
        let had = saved.is_some_and(|s| s.addresses.iter().any(|a| a.address == address && !a.duplicate));
        let limit = now + PROBE_LIMIT;
        if had {
            out.push_back(Effect::Changed);
        }
        out.push_back(Effect::Probe(address));
        Self {
            address,
            state: if had {
                State::Verifying { limit }
            } else {
                State::Probing { limit }
            },
            retry: Retry::new(AGAIN, AGAIN_LIMIT),
        }
    }

    /// Whether it may be used.
    pub(super) fn held(&self) -> bool {
        matches!(self.state, State::Held | State::Verifying { .. })
    }

    /// Whether somebody else has it.
    pub(super) fn taken(&self) -> bool {
        matches!(self.state, State::Taken { .. })
    }

    /// What the link said to a probe of it.
    pub(super) fn probed(
        &mut self,
        now: Instant,
        said: Probed,
        random: &mut Random,
        out: &mut VecDeque<Effect>,
    ) {
        match (self.state, said) {
            (State::Probing { .. }, Probed::Free) => self.hold(out),
            (State::Verifying { .. }, Probed::Free) => self.state = State::Held,
            (State::Probing { .. } | State::Verifying { .. }, Probed::Taken) => {
                tracing::warn!(address = %self.address, "somebody else on the link has this address; it is not used");
                if self.held() {
                    out.push_back(Effect::Lost {
                        address: self.address,
                        why: Loss::Taken,
                    });
                }
                self.state = State::Taken {
                    again: now + self.retry.next(random),
                };
                out.push_back(Effect::Changed);
            }
            (State::Held | State::Taken { .. }, _) => {}
        }
    }

    /// The link came back, maybe another one.
    pub(super) fn link_up(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        let limit = now + PROBE_LIMIT;
        self.state = if self.held() {
            State::Verifying { limit }
        } else {
            State::Probing { limit }
        };
        out.push_back(Effect::Probe(self.address));
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Probing { limit } | State::Verifying { limit } => Some(limit),
            State::Taken { again } => Some(again),
            State::Held => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut VecDeque<Effect>) {
        match self.state {
            State::Probing { limit } if limit <= now => {
                tracing::warn!(address = %self.address, "a probe was never answered for, the address counts as free");
                self.hold(out);
            }
            State::Verifying { limit } if limit <= now => self.state = State::Held,
            State::Taken { again } if again <= now => {
                self.state = State::Probing {
                    limit: now + PROBE_LIMIT,
                };
                out.push_back(Effect::Probe(self.address));
            }
            _ => {}
        }
    }

    fn hold(&mut self, out: &mut VecDeque<Effect>) {
        self.state = State::Held;
        out.push_back(Effect::Announce(self.address));
        out.push_back(Effect::Changed);
    }
}
