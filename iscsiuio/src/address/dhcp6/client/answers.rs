//! What becomes of a server's answer in each state (RFC 8415, section 18.2.10).

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use dhcproto::v6::Status;

use super::{Client, State};
use crate::address::dhcp6::answer::{Answer, Kind, Ours};
use crate::address::dhcp6::lease::Lease;
use crate::address::{Effect, Refusal};

impl Client {
    pub(super) fn hear(&mut self, now: Instant, payload: &[u8]) -> Result<(), Refusal> {
        let ours = Ours {
            xid: self.xid,
            client_id: &self.speaker.client_id,
            iaid: self.speaker.iaid,
        };
        let answer = Answer::parse(payload, &ours, &mut self.refusals)?;
        match (self.state, answer.kind) {
            (State::Soliciting, Kind::Advertise) => self.advertised(now, &answer),
            (State::Soliciting, Kind::Reply) if answer.rapid => self.granted(now, &answer),
            (State::Requesting, Kind::Reply) => {
                if self.wanted.as_ref().is_none_or(|w| w.server != answer.server) {
                    return Err(Refusal::OtherServer);
                }
                self.granted(now, &answer)
            }
            (State::Confirming, Kind::Reply) => match answer.status {
                Status::Success => {
                    self.settle(now);
                    Ok(())
                }
                Status::NotOnLink => {
                    self.refuse(now);
                    Ok(())
                }
                _ => Err(Refusal::ServerFailed),
            },
            (State::Renewing | State::Rebinding, Kind::Reply) => self.prolonged(now, &answer),
            (State::Declining, Kind::Reply) => {
                self.pause(now);
                Ok(())
            }
            _ => Err(Refusal::Unexpected),
        }
    }

    /// A server has an address for us. The best that comes in the first interval is taken (section 18.2.1).
    fn advertised(&mut self, now: Instant, answer: &Answer) -> Result<(), Refusal> {
        if let Some(limit) = answer.solicit_limit {
            self.solicit_limit = Duration::from_secs(limit.into());
            self.retry.limit(self.solicit_limit);
        }
        let lease = self.checked(answer, self.remembered)?;
        let good = self.failed.as_ref() != Some(&answer.server);
        let rank = (good, answer.preference);
        if good && (self.tries > 1 || answer.preference == u8::MAX) {
            self.best = None;
            self.ask_for(now, lease);
        } else if self.best.as_ref().is_none_or(|(best, _)| *best < rank) {
            self.best = Some((rank, lease));
        }
        Ok(())
    }

    /// A server gives an address.
    fn granted(&mut self, now: Instant, answer: &Answer) -> Result<(), Refusal> {
        let held = self.lease.as_ref().map(|l| l.address);
        let wanted = self.wanted.as_ref().map(|w| w.address);
        let lease = match self.checked(answer, wanted) {
            Ok(lease) => lease,
            // A server in trouble may be well again soon; one that has nothing will not have it then either.
            Err(why) => {
                if self.state == State::Requesting && answer.status != Status::UnspecFail {
                    self.start_over(now);
                }
                return Err(why);
            }
        };
        if held == Some(lease.address) {
            self.wanted = None;
            self.hold(now, lease);
            self.settle(now);
        } else {
            self.out.push_back(Effect::Probe(IpAddr::V6(lease.address)));
            self.wanted = Some(lease);
            self.probing(now);
        }
        Ok(())
    }

    /// An answer about the lease in use.
    fn prolonged(&mut self, now: Instant, answer: &Answer) -> Result<(), Refusal> {
        let Some(held) = self.lease.clone() else {
            return Err(Refusal::Unexpected);
        };
        if self.state == State::Renewing && answer.server != held.server {
            return Err(Refusal::OtherServer);
        }
        let Some(association) = &answer.association else {
            return Err(Refusal::NoAddress);
        };
        if association.status == Status::NoBinding {
            // It has forgotten us: it is asked for the same address anew (section 18.2.10.1).
            self.ask_for(
                now,
                Lease {
                    server: answer.server.clone(),
                    ..held
                },
            );
            return Ok(());
        }
        if association
            .addresses
            .iter()
            .any(|a| a.address == held.address && a.valid == 0)
        {
            self.refuse(now);
            return Ok(());
        }
        let lease = self.checked(answer, Some(held.address))?;
        if lease.address != held.address {
            return Err(Refusal::OtherAddress);
        }
        self.hold(now, lease);
        self.settle(now);
        Ok(())
    }

    fn checked(&mut self, answer: &Answer, wanted: Option<Ipv6Addr>) -> Result<Lease, Refusal> {
        let association = answer.association.as_ref();
        let status = association.map_or(Status::Success, |a| a.status);
        if answer.status != Status::Success || status != Status::Success {
            return Err(Refusal::ServerFailed);
        }
        let association = association.ok_or(Refusal::NoAddress)?;
        Lease::new(
            association,
            &answer.server,
            wanted,
            self.asked,
            &mut self.refusals,
        )
    }
}
