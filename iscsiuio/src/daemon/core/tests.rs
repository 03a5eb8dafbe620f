//! The daemon without its waits: rings that are made up, time that is told.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use driver_sys::netlink::PathAddrs;
use driver_sys::uip::{IfaceRecord, Status};
use tokio::sync::oneshot;

use super::super::made_up::{MadeUp, World, seed};
use super::super::waiting::HOLD;
use super::clients::MOST_INTERFACES;
use super::keep::MOST_ABSENT;
use super::ports::{KEEP, MOST_PORTS, TRY_AGAIN};
use super::*;
use crate::ask::{Ask, PingAnswer};
use crate::ipc::Wanted;

/// What stands where the answer's MAC address will: never handed back. (A kernel sends zeros.)
const JUNK: [u8; 6] = [0x0a, 1, 2, 3, 4, 5];

/// A daemon with hosts, and the time it is.
struct Rig {
    world: Rc<World>,
    core: Core,
    now: Instant,
}

impl Rig {
    fn new(hosts: impl IntoIterator<Item = u32>) -> Self {
        Self::with_state(hosts, None)
    }

    fn with_state(hosts: impl IntoIterator<Item = u32>, state: Option<State>) -> Self {
        let world = Rc::new(World::default());
        world.hosts.borrow_mut().extend(hosts);
        Self {
            core: Core::new(Box::new(MadeUp(world.clone())), state, seed),
            world,
            now: Instant::now(),
        }
    }

    fn request(&mut self, host_no: u32, handle: u64) {
        let path = Path {
            handle,
            mac: JUNK,
            mac_old: [0; 6],
            addrs: PathAddrs::V4 {
                src: Ipv4Addr::new(192, 0, 2, 7),
                dst: Ipv4Addr::new(192, 0, 2, 20),
            },
            vlan_id: 0,
            pmtu: 0,
        };
        let packet = Event::PathRequest { host_no, path }.encode(77);
        self.core.message(self.now, &packet);
    }

    fn answers(&mut self) -> Vec<(u64, [u8; 6])> {
        let mut all = Vec::new();
        while let Some((transport, answer)) = self.core.answer_due() {
            assert_eq!(*transport, 77);
            if let Request::PathUpdate { path, .. } = answer {
                all.push((path.handle, path.mac));
            }
            self.core.answered(true);
        }
        all
    }

    fn configure(&mut self, host: u32, ipaddress: &str, vlan_id: u16) -> oneshot::Receiver<Status> {
        let (answer, wait) = oneshot::channel();
        let wanted = wanted(host, ipaddress, vlan_id);
        self.core.ask(self.now, Ask::Iface { wanted, answer });
        wait
    }

    /// Lets time pass, timer by timer.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.core.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.core.timeout(self.now);
        }
        self.now = end;
    }

    fn totals(&self) -> Totals {
        self.core.report(self.now).totals
    }
}

fn wanted(host: u32, ipaddress: &str, vlan_id: u16) -> Wanted {
    Wanted::of(&IfaceRecord {
        netdev: format!("eth{host}"),
        ipaddress: ipaddress.into(),
        vlan_id,
        ..Default::default()
    })
    .unwrap()
}

#[test]
fn a_ring_that_cannot_be_opened_is_tried_once_a_second_and_requests_are_answered_meanwhile() {
    let mut rig = Rig::new([1]);
    rig.world.closed.set(true);
    for handle in 0..100 {
        rig.request(1, handle);
    }
    assert_eq!(rig.world.opened.get(), 1);
    let answers = rig.answers();
    assert_eq!(answers.len(), 100);
    assert!(answers.iter().all(|(_, mac)| *mac == [0; 6]));
    assert_eq!(rig.totals().no_ring, 100);
    // It may be there soon: iscsid asks again.
    let mut status = rig.configure(1, "192.0.2.7/24", 0);
    assert_eq!(status.try_recv(), Ok(Status::DeviceInitializing));
    rig.now += TRY_AGAIN;
    rig.world.closed.set(false);
    rig.configure(1, "192.0.2.7/24", 0);
    assert_eq!((rig.world.opened.get(), rig.core.rings().count()), (2, 1));
}

#[test]
fn an_answer_is_held_back_until_the_interface_is_up() {
    let mut rig = Rig::new([1]);
    let mut status = rig.configure(1, "192.0.2.7/24", 0);
    let begin = rig.now;
    while status.try_recv() != Ok(Status::DeviceUp) {
        let at = rig.core.poll_timeout().unwrap();
        assert!(at < begin + HOLD, "not up in time");
        rig.now = at;
        rig.core.timeout(at);
    }
    // The same again is answered at once.
    assert_eq!(
        rig.configure(1, "192.0.2.7/24", 0).try_recv(),
        Ok(Status::DeviceUp)
    );
}

#[test]
fn an_interface_that_does_not_come_up_in_time_is_to_be_asked_for_again() {
    let mut rig = Rig::new([1]);
    let mut status = rig.configure(1, "0.0.0.0", 0);
    rig.pass(HOLD - Duration::from_millis(1));
    assert!(status.try_recv().is_err(), "it is waited for");
    rig.pass(Duration::from_millis(2));
    assert_eq!(status.try_recv(), Ok(Status::DeviceInitializing));
}

#[test]
fn who_left_is_not_waited_for() {
    let mut rig = Rig::new([1]);
    drop(rig.configure(1, "0.0.0.0", 0));
    rig.pass(Duration::from_millis(1));
    let left = rig.configure(1, "0.0.0.0", 0);
    assert_eq!(rig.core.waiting.len(), 1);
    drop(left);
    rig.pass(HOLD * 2);
    assert!(rig.core.waiting.is_empty());
}

#[test]
fn a_host_that_goes_down_answers_who_waits_for_it() {
    let mut rig = Rig::new([1]);
    let mut status = rig.configure(1, "0.0.0.0", 0);
    let (answer, mut pong) = oneshot::channel();
    let ask = Ask::Ping {
        wanted: wanted(1, "0.0.0.0", 0),
        to: Ipv4Addr::new(192, 0, 2, 20).into(),
        size: 8,
        answer,
    };
    rig.core.ask(rig.now, ask);
    rig.request(1, 5);
    let down = Event::IfDown { host_no: 1 }.encode(77);
    rig.core.message(rig.now, &down);
    assert_eq!(status.try_recv(), Ok(Status::Err));
    assert!(matches!(
        pong.try_recv(),
        Ok(PingAnswer {
            status: Status::Err,
            ..
        })
    ));
    assert_eq!(rig.answers(), [(5, [0; 6])]);
    assert_eq!(rig.core.rings().count(), 0);
}

#[test]
fn a_kernel_that_takes_no_answers_does_not_fill_the_memory() {
    let mut rig = Rig::new([]);
    for handle in 0..MOST_ANSWERS as u64 + 10 {
        rig.request(1, handle);
    }
    let answers = rig.answers();
    assert_eq!(answers.len(), MOST_ANSWERS);
    // The newest are those that somebody still waits for.
    assert_eq!(
        answers.last().map(|(handle, _)| *handle),
        Some(MOST_ANSWERS as u64 + 9)
    );
    assert_eq!(rig.totals().refused, 10);
}

#[test]
fn a_full_ring_drops_frames_and_counts_them() {
    let mut rig = Rig::new([1]);
    rig.world.wire.lock().unwrap().full = true;
    let mut status = rig.configure(1, "192.0.2.7/24", 0);
    rig.pass(HOLD);
    assert_eq!(status.try_recv(), Ok(Status::DeviceUp));
    let report = rig.core.report(rig.now);
    assert!(
        report.ports[0].ring_full > 0 && report.totals.vanished == 0,
        "{report:?}"
    );
    rig.world.wire.lock().unwrap().full = false;
    rig.request(1, 1);
    rig.pass(Duration::from_secs(2));
    assert!(!rig.world.wire.lock().unwrap().sent.is_empty());
}

#[test]
fn a_ring_that_breaks_answers_what_waits_and_is_opened_again() {
    let mut rig = Rig::new([1]);
    rig.configure(1, "192.0.2.7/24", 0);
    rig.pass(HOLD);
    rig.request(1, 1);
    assert_eq!(rig.answers(), []);
    rig.world.wire.lock().unwrap().broken = true;
    rig.pass(Duration::from_secs(2));
    assert_eq!(rig.answers(), [(1, [0; 6])]);
    assert_eq!((rig.totals().vanished, rig.core.rings().count()), (1, 0));
    rig.world.wire.lock().unwrap().broken = false;
    rig.configure(1, "192.0.2.7/24", 0);
    assert_eq!((rig.world.opened.get(), rig.core.rings().count()), (2, 1));
}

#[test]
fn a_flood_of_frames_gives_others_their_turn() {
    let mut rig = Rig::new([1]);
    rig.configure(1, "192.0.2.7/24", 0);
    rig.world
        .wire
        .lock()
        .unwrap()
        .to_come
        .extend((0..200).map(|_| vec![0xff; 60]));
    let turns = (1..10).find(|_| rig.core.frames(rig.now, 1));
    assert_eq!(turns, Some(4), "64 frames a turn");
}

#[test]
fn ports_and_interfaces_have_a_limit_that_is_told() {
    let most = u32::try_from(MOST_PORTS).unwrap();
    let mut rig = Rig::new(0..=most);
    for host in 0..=most {
        rig.request(host, u64::from(host));
    }
    assert_eq!((rig.core.rings().count(), rig.totals().no_ring), (MOST_PORTS, 1));
    for vlan in 1..=MOST_INTERFACES {
        let vlan = u16::try_from(vlan).unwrap();
        assert!(
            rig.configure(0, "192.0.2.7/24", vlan).try_recv().is_err(),
            "it is waited for"
        );
    }
    assert_eq!(rig.configure(0, "192.0.2.7/24", 4000).try_recv(), Ok(Status::Err));
}

#[test]
fn what_a_restart_needs_is_written_at_once_and_then_not_too_often() {
    let dir = tempfile::tempdir().unwrap();
    let state = || State::open(dir.path(), "boot", || Duration::from_secs(1000)).unwrap();
    let mut rig = Rig::with_state([1], Some(state()));
    rig.configure(1, "192.0.2.7/24", 0);
    rig.pass(Duration::ZERO);
    let read = |name: &str| std::fs::read_to_string(dir.path().join("host1").join(name)).ok();
    assert_eq!(read("vlan0/ipv4").as_deref(), Some("static 192.0.2.7/24\n"));
    rig.configure(1, "192.0.2.8/24", 0);
    rig.pass(KEEP / 2);
    assert_eq!(read("vlan0/ipv4").as_deref(), Some("static 192.0.2.7/24\n"));
    rig.pass(KEEP / 2);
    assert_eq!(read("vlan0/ipv4").as_deref(), Some("static 192.0.2.8/24\n"));
    // The next one goes on with it, where the host is still there.
    let mut next = Rig::with_state([1], Some(state()));
    next.core.resume(next.now);
    assert_eq!(next.core.rings().count(), 1);
    assert!(next.core.adapters[&1].configs.contains_key(&0));
}

#[test]
fn a_port_whose_host_comes_later_is_resumed_then() {
    let dir = tempfile::tempdir().unwrap();
    let state = || State::open(dir.path(), "boot", || Duration::from_secs(1000)).unwrap();
    let mut rig = Rig::with_state([1], Some(state()));
    rig.configure(1, "192.0.2.7/24", 0);
    rig.pass(KEEP);
    let mut next = Rig::with_state([], Some(state()));
    next.core.resume(next.now);
    next.pass(Duration::from_secs(5));
    assert_eq!(next.core.rings().count(), 0);
    next.world.hosts.borrow_mut().push(1);
    next.pass(Duration::from_secs(5));
    assert_eq!(next.core.rings().count(), 1);
    assert!(next.core.adapters[&1].configs.contains_key(&0));
    // Nobody looks for ever.
    let mut never = Rig::with_state([], Some(state()));
    never.core.resume(never.now);
    never.pass(Duration::from_secs(3600));
    assert_eq!(never.core.poll_timeout(), None);
    assert_eq!(state().hosts(), [1], "what is kept stays");
}

#[test]
fn of_many_hosts_that_are_gone_little_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let state = || State::open(dir.path(), "boot", || Duration::from_secs(1000)).unwrap();
    let mut rig = Rig::with_state(0..30, Some(state()));
    for host in 0..30 {
        rig.configure(host, "192.0.2.7/24", 0);
    }
    rig.pass(KEEP);
    assert_eq!(state().hosts().len(), 30);
    let mut next = Rig::with_state([29], Some(state()));
    next.core.resume(next.now);
    assert_eq!(state().hosts().len(), MOST_ABSENT + 1);
    assert_eq!(next.core.rings().count(), 1);
}

#[test]
fn what_changed_before_a_ring_broke_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(dir.path(), "boot", || Duration::from_secs(1000)).unwrap();
    let mut rig = Rig::with_state([1], Some(state));
    rig.configure(1, "192.0.2.7/24", 0);
    rig.pass(HOLD);
    rig.configure(1, "192.0.2.8/24", 0);
    rig.world.wire.lock().unwrap().broken = true;
    rig.pass(HOLD);
    assert_eq!(rig.totals().vanished, 1);
    let text = std::fs::read_to_string(dir.path().join("host1/vlan0/ipv4")).unwrap();
    assert_eq!(text, "static 192.0.2.8/24\n");
}

#[test]
fn a_ping_from_an_interface_that_is_not_there_is_not_found() {
    let mut rig = Rig::new([1]);
    let (answer, mut pong) = oneshot::channel();
    let ask = Ask::PingFrom {
        host: 1,
        vlan_id: 0,
        to: Ipv4Addr::LOCALHOST.into(),
        size: 1,
        answer,
    };
    rig.core.ask(rig.now, ask);
    assert!(matches!(
        pong.try_recv(),
        Ok(PingAnswer {
            status: Status::NotFound,
            ..
        })
    ));
    assert_eq!(rig.world.opened.get(), 0, "nothing is opened for it");
}
