//! Fuzz body: a kernel, clients and rings that do anything in any order. Compiled for tests and under `cfg(fuzzing)` only.
//!
//! Whatever happens, a path request is answered exactly once, nobody waits for ever, and tables keep their limits.
#![allow(clippy::unwrap_used, reason = "a body reports a broken rule by panicking")]

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use driver_sys::netlink::{Event, Message, Path, PathAddrs, Request};
use driver_sys::uip::IfaceRecord;
use tokio::sync::oneshot;

use super::Core;
use super::made_up::{MadeUp, World, seed};
use crate::ask::Ask;
use crate::ipc::Wanted;

/// What stands where the answer's MAC address will: never handed back. (A kernel sends zeros.)
const JUNK: [u8; 6] = [0x0a, 1, 2, 3, 4, 5];

/// Handles of requests that are counted.
const OURS: u64 = 1 << 40;
/// After so long everything is over.
const OVER: Duration = Duration::from_secs(120);

const ADDRESSES: [&str; 8] = [
    "192.0.2.7/24",
    "0.0.0.0",
    "2001:db8::7/64",
    "::",
    "10.0.0.1",
    "192.0.2.8/32",
    "fe80::7",
    "192.0.2.7/1",
];

struct Script<'d> {
    data: &'d [u8],
    core: Core,
    world: Rc<World>,
    now: Instant,
    asked: BTreeMap<u64, u32>,
}

/// Runs a script of things that happen.
///
/// # Panics
/// On a finding.
pub fn events(data: &[u8]) {
    let world = Rc::new(World::default());
    world.hosts.borrow_mut().extend([0, 1, 2]);
    let mut script = Script {
        data,
        core: Core::new(Box::new(MadeUp(world.clone())), None, seed),
        world,
        now: Instant::now(),
        asked: BTreeMap::new(),
    };
    while script.step() {}
    script.pass(OVER);
    script.check();
}

impl Script<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.data.split_first()?;
        self.data = rest;
        Some(*first)
    }

    fn bytes(&mut self) -> Option<Vec<u8>> {
        let len = usize::from(self.byte()?).min(self.data.len());
        let (taken, rest) = self.data.split_at(len);
        self.data = rest;
        Some(taken.to_vec())
    }

    fn step(&mut self) -> bool {
        self.happen().is_some()
    }

    fn happen(&mut self) -> Option<()> {
        let op = self.byte()?;
        let host = u32::from(op >> 4) % 4;
        match op % 9 {
            0 => {
                let packet = self.bytes()?;
                let counted = matches!(
                    Message::decode(&packet),
                    Ok(Message::Event(_, Event::PathRequest { path, .. })) if path.handle >= OURS
                );
                if !counted {
                    self.core.message(self.now, &packet);
                }
            }
            1 => self.request(host)?,
            2 => {
                let packet = Event::IfDown { host_no: host }.encode(1);
                self.core.message(self.now, &packet);
            }
            3 => self.ask(host)?,
            4 => {
                let frame = self.bytes()?;
                self.world.wire.lock().unwrap().to_come.push_back(frame);
                self.core.frames(self.now, host);
            }
            5 => {
                let time = Duration::from_millis(u64::from(self.byte()?) * 16);
                self.pass(time);
            }
            6 => self.core.overrun(self.now),
            7 => {
                let how = self.byte()?;
                let mut wire = self.world.wire.lock().unwrap();
                wire.full = how & 1 != 0;
                wire.broken = how & 2 != 0;
                drop(wire);
                self.world.closed.set(how & 4 != 0);
                self.world.hosts.replace((0..u32::from(how >> 4)).collect());
            }
            _ => self.echo(host)?,
        }
        self.answers();
        Some(())
    }

    fn request(&mut self, host_no: u32) -> Option<()> {
        let (to, vlan_id) = (self.byte()?, u16::from(self.byte()? % 4));
        let handle = OURS + self.asked.len() as u64;
        let path = Path {
            handle,
            mac: JUNK,
            mac_old: [0; 6],
            addrs: PathAddrs::V4 {
                src: Ipv4Addr::new(192, 0, 2, 7),
                dst: Ipv4Addr::new(192, 0, 2, to),
            },
            vlan_id,
            pmtu: 0,
        };
        self.asked.insert(handle, 0);
        let packet = Event::PathRequest { host_no, path }.encode(1);
        self.core.message(self.now, &packet);
        Some(())
    }

    fn wanted(&mut self, host: u32) -> Option<Wanted> {
        let how = self.byte()?;
        let record = IfaceRecord {
            netdev: format!("eth{host}"),
            ipaddress: ADDRESSES[usize::from(how % 8)].into(),
            ipv6_autocfg: if how & 0x80 == 0 { "" } else { "nd" }.into(),
            vlan_id: u16::from(how >> 3 & 3),
            ..Default::default()
        };
        Wanted::of(&record).ok()
    }

    fn ask(&mut self, host: u32) -> Option<()> {
        if let Some(wanted) = self.wanted(host) {
            let (answer, _left) = oneshot::channel();
            self.core.ask(self.now, Ask::Iface { wanted, answer });
        }
        Some(())
    }

    fn echo(&mut self, host: u32) -> Option<()> {
        let (to, size) = (self.byte()?, u32::from(self.byte()?) * 300);
        let (answer, _left) = oneshot::channel();
        let to = Ipv4Addr::new(192, 0, 2, to).into();
        if let Some(wanted) = self.wanted(host) {
            self.core.ask(
                self.now,
                Ask::Ping {
                    wanted,
                    to,
                    size,
                    answer,
                },
            );
        }
        Some(())
    }

    /// Timers must come to an end: each may ask for another turn at its own instant, but not for ever.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut turns = 0;
        while let Some(at) = self.core.poll_timeout().filter(|at| *at <= end) {
            if at > self.now {
                (self.now, turns) = (at, 0);
            }
            turns += 1;
            assert!(turns < 1000, "a timer that does not go on");
            self.core.timeout(self.now);
            self.answers();
        }
        self.now = end;
    }

    fn answers(&mut self) {
        while let Some((_, answer)) = self.core.answer_due() {
            if let Request::PathUpdate { path, .. } = answer
                && let Some(count) = self.asked.get_mut(&path.handle)
            {
                *count += 1;
                assert_eq!(*count, 1, "{path:?} is answered again");
            }
            self.core.answered(true);
        }
        self.world.wire.lock().unwrap().sent.clear();
    }

    fn check(&mut self) {
        for (handle, count) in &self.asked {
            assert_eq!(*count, 1, "request {handle:x} is not answered");
        }
        let report = self.core.report(self.now);
        assert!(report.ports.len() <= 4);
        assert!(
            report
                .ports
                .iter()
                .all(|port| port.port.pending == 0 && port.port.interfaces.len() <= 4)
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn requests_are_answered_once_on_the_corpus() {
        crate::corpus::replay("helper", super::events);
    }

    proptest! {
        #[test]
        fn whatever_happens_requests_are_answered_once(data in proptest::collection::vec(any::<u8>(), 0..400)) {
            super::events(&data);
        }
    }
}
