//! Echoes of ours, and what routers say of our packets.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::super::echoes::{EchoEnd, LARGEST};
use super::super::event::Event;
use super::super::icmp::{self, Echo, Report, Trouble};
use super::super::neighbours::Answer;
use super::super::packet::Outgoing;
use super::super::{Mac, NoWay};
use super::Stack;
use super::input::HOPS;
use super::output::Load;

impl Stack {
    /// Sends an echo with `size` bytes; ends with [`Event::Echo`] at `limit` at the latest.
    pub fn echo(&mut self, now: Instant, id: u64, to: IpAddr, size: usize, limit: Instant) {
        if let Err(end) = self.try_echo(now, id, to, size, limit) {
            self.echo_ended(id, end);
        }
    }

    fn try_echo(
        &mut self,
        now: Instant,
        id: u64,
        to: IpAddr,
        size: usize,
        limit: Instant,
    ) -> Result<(), EchoEnd> {
        if size > LARGEST {
            return Err(EchoEnd::TooLarge);
        }
        let way = self.way(to, None).map_err(|why| match why {
            NoWay::Address => EchoEnd::NoAddress,
            NoWay::Route | NoWay::Destination => EchoEnd::Unreachable,
        })?;
        let Some(sequence) = self.echoes.begin(id, (way.source, to), size, limit) else {
            self.counters.evicted += 1;
            return Err(EchoEnd::Unreachable);
        };
        match self.resolve(now, way.next_hop) {
            Answer::At(mac) => self.send_echo(now, sequence, mac),
            Answer::Asked => {
                self.park(way.next_hop, Load::Echo(sequence));
            }
            Answer::Nobody => self.echo_lost(sequence),
        }
        Ok(())
    }

    pub(super) fn send_echo(&mut self, now: Instant, sequence: u16, mac: Mac) {
        let Some((waiting, identifier, payload)) = self.echoes.send(now, sequence) else {
            return;
        };
        let (source, destination) = (waiting.source, waiting.destination);
        let echo = Echo {
            request: true,
            identifier,
            sequence,
            payload: &payload,
        };
        let message = icmp::emit(source, destination, &echo);
        let mtu = self.path_mtu(now, destination);
        let outgoing = Outgoing {
            source,
            destination,
            hop_limit: HOPS,
            protocol: icmp::protocol(destination),
            payload: &message,
        };
        self.send_datagram(mac, &outgoing, mtu);
    }

    /// Nobody answers for the next hop of an echo.
    pub(super) fn echo_lost(&mut self, sequence: u16) {
        if let Some(id) = self.echoes.end(sequence) {
            self.echo_ended(id, EchoEnd::Unreachable);
        }
    }

    pub(super) fn echo_ended(&mut self, id: u64, end: EchoEnd) {
        self.events.push_back(Event::Echo {
            id,
            end,
            took: Duration::ZERO,
        });
    }

    /// A router says something of a packet that was from us. `None`: it was not.
    pub(super) fn reported(&mut self, now: Instant, report: &Report) -> Option<()> {
        if !self.local.has(report.source) {
            return None;
        }
        match (report.trouble, report.echo) {
            (Trouble::TooBig(mtu), echo) => {
                // What is on the link has the link's.
                let routed = self
                    .way(report.destination, Some(report.source))
                    .is_ok_and(|w| w.routed);
                let news = routed
                    && self
                        .path_mtus
                        .learn(now, report.destination, mtu, self.config.mtu);
                if let Some(echo) = echo.filter(|_| news)
                    && self.echoes.too_big(echo, report.destination)
                    && let Ok(way) = self.way(report.destination, Some(report.source))
                    && let Answer::At(mac) = self.resolve(now, way.next_hop)
                {
                    self.send_echo(now, echo.1, mac);
                }
                Some(())
            }
            (Trouble::Unreachable, Some(echo)) => {
                let id = self.echoes.failed(echo, report.destination)?;
                self.echo_ended(id, EchoEnd::Unreachable);
                Some(())
            }
            (Trouble::Unreachable, None) => None,
        }
    }
}
