//! A daemon that is killed at any instant: what was kept and the kernel are all that is left, and nothing is lost or doubled.
//!
//! The model has a kernel, files, and tries that take their time. What is to be done is done one thing at a time, and the daemon may be killed
//! between any two; tries die with it where they are.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const TARGETS: usize = 3;

/// A session in the kernel.
#[derive(Debug, Clone)]
struct InKernel {
    /// Which target; `None` is another's session.
    of: Option<usize>,
    portal: String,
    up: bool,
}

/// A try, and how far it is.
#[derive(Debug, Clone)]
struct Going {
    of: Try,
    target: usize,
    granted: bool,
    connected: bool,
    /// The kernel's session that it logs in, made by it or not.
    sid: Option<u32>,
    up: bool,
}

/// What somebody does, or what happens.
#[derive(Debug, Clone)]
enum Deed {
    Want(usize),
    Unwant(usize),
    /// So many things that are to be done are done.
    Do(usize),
    /// A try comes a step on.
    Go(usize),
    Fail(usize),
    Lose(usize),
    Destroy(usize),
    Wait(u64),
    Look,
    Kill,
    /// What was kept is gone, too.
    KillAndForget,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (0..TARGETS).prop_map(Deed::Want),
        2 => (0..TARGETS).prop_map(Deed::Unwant),
        12 => (1..6usize).prop_map(Deed::Do),
        10 => (0..8usize).prop_map(Deed::Go),
        2 => (0..8usize).prop_map(Deed::Fail),
        2 => (0..8usize).prop_map(Deed::Lose),
        1 => (0..8usize).prop_map(Deed::Destroy),
        4 => (0..20_000u64).prop_map(Deed::Wait),
        1 => Just(Deed::Look),
        3 => Just(Deed::Kill),
    ]
}

struct World {
    lab: Lab,
    kernel: BTreeMap<u32, InKernel>,
    files: BTreeMap<SessionId, String>,
    records: BTreeSet<String>,
    going: BTreeMap<AttemptId, Going>,
    sids: u32,
    /// Numbers by target, as long as they are kept.
    numbers: BTreeMap<usize, SessionId>,
    promised: BTreeSet<usize>,
    out: BTreeSet<usize>,
    asked: BTreeMap<Ticket, usize>,
    offset: u64,
}

fn name(n: usize) -> String {
    format!("iqn.2026-01.test:disk{n}")
}

fn which(target: &str) -> usize {
    target
        .trim_start_matches("iqn.2026-01.test:disk")
        .parse()
        .unwrap()
}

fn wish(n: usize) -> Wanted {
    let portals: &[&str] = if n == 0 {
        &["10.0.0.1:3260"]
    } else {
        &["10.0.0.1:3260", "10.0.0.2:3260"]
    };
    Wanted {
        target: name(n),
        persist: n == 1,
        side_by_side: n != 2,
        ..wanted(portals)
    }
}

impl World {
    fn new() -> Self {
        let mut kernel = BTreeMap::new();
        for (sid, portal) in [(1, "10.0.0.7:3260"), (2, "10.0.0.8:3260")] {
            kernel.insert(
                sid,
                InKernel {
                    of: None,
                    portal: portal.to_owned(),
                    up: true,
                },
            );
        }
        let mut world = Self {
            lab: Lab::new(),
            kernel,
            files: BTreeMap::new(),
            records: BTreeSet::new(),
            going: BTreeMap::new(),
            sids: 10,
            numbers: BTreeMap::new(),
            promised: BTreeSet::new(),
            out: BTreeSet::new(),
            asked: BTreeMap::new(),
            offset: 0,
        };
        world.look();
        world
    }

    fn shown(&self) -> Vec<Found> {
        let all = self.kernel.iter().map(|(sid, one)| match one.of {
            Some(n) => Found {
                target: name(n),
                up: one.up,
                ..found(*sid, &one.portal, 1)
            },
            None => Found {
                target: format!("iqn.2026-01.test:boot{sid}"),
                kind: if *sid == 1 { Kind::Boot } else { Kind::Data },
                keeper: if *sid == 1 { Keeper::Hbad } else { Keeper::Driver },
                owner: if *sid == 1 {
                    OwnerName::boot()
                } else {
                    "flash".parse().unwrap()
                },
                up: one.up,
                ..found(*sid, &one.portal, 5)
            },
        });
        all.collect()
    }

    fn look(&mut self) {
        let sessions = self.shown();
        self.lab.input(Input::Adopted(Box::new(Shown {
            sessions,
            remembered: vec![],
        })));
    }

    fn kill(&mut self) {
        self.going.clear();
        self.asked.clear();
        let read = |text: &String| Remembered::of_text(text, "file").unwrap();
        let shown = Shown {
            sessions: self.shown(),
            remembered: self.files.values().map(read).collect(),
        };
        let (zero, now, tickets) = (self.lab.zero, self.lab.now, self.lab.tickets);
        self.lab = Lab {
            zero,
            now,
            tickets,
            log: Vec::new(),
            sup: Supervisor::new(Config::default(), me()),
        };
        self.lab.input(Input::Adopted(Box::new(shown)));
    }

    /// The next thing that is to be done is done.
    fn do_one(&mut self) -> bool {
        let Some(effect) = self.lab.sup.poll() else {
            return false;
        };
        match effect {
            Effect::Persist(id, wanted) => {
                self.records.insert(wanted.target);
                self.lab.input(Input::Persisted(id, Ok(())));
            }
            Effect::Remember(kept) => {
                if kept.wanted.target.contains(":disk") {
                    let n = which(&kept.wanted.target);
                    let before = self.numbers.insert(n, kept.id);
                    assert!(before.is_none_or(|id| id == kept.id), "a number changed");
                    if kept.leaving {
                        self.promised.remove(&n);
                    } else if !self.asked.values().any(|of| *of == n) {
                        self.promised.insert(n);
                    }
                }
                self.files.insert(kept.id, kept.to_text());
            }
            Effect::Forget(id) => {
                self.files.remove(&id);
                self.numbers.retain(|_, of| *of != id);
            }
            Effect::Begin(of) => self.begin(*of),
            Effect::Proceed(attempt) => {
                if let Some(going) = self.going.get_mut(&attempt) {
                    assert!(going.connected);
                    going.granted = true;
                }
            }
            Effect::Abort(attempt) => {
                if self.going.get(&attempt).is_some_and(|going| going.up) {
                    // It was too late.
                } else if let Some(going) = self.going.remove(&attempt) {
                    if let Some(sid) = going.sid.filter(|_| going.of.rebind.is_none()) {
                        self.kernel.remove(&sid);
                    }
                    self.lab.flow(attempt, FlowEvent::Ended { left: vec![] });
                }
            }
            Effect::End { id, sid } => {
                let gone = self.kernel.remove(&sid);
                assert!(
                    gone.is_none_or(|one| one.of.is_some()),
                    "another's session is not ended"
                );
                self.going.retain(|_, going| going.sid != Some(sid));
                self.lab.input(Input::Ended(id, sid, Ok(())));
            }
            Effect::Resync => self.look(),
            Effect::Tell(Told::Answer(ticket, Answer::LoggedOut(_))) => {
                if let Some(n) = self.asked.remove(&ticket) {
                    self.out.insert(n);
                }
            }
            Effect::Tell(Told::Answer(ticket, _)) => {
                self.asked.remove(&ticket);
            }
            _ => {}
        }
        self.check();
        true
    }

    fn begin(&mut self, of: Try) {
        let target = which(&of.target);
        let granted = !of.hold;
        let sid = of.rebind;
        self.going.insert(
            of.attempt,
            Going {
                of,
                target,
                granted,
                connected: false,
                sid,
                up: false,
            },
        );
    }

    /// A try comes a step on: it connects, makes a session, logs in.
    fn go(&mut self, n: usize) {
        let all: Vec<AttemptId> = self
            .going
            .iter()
            .filter(|(_, g)| !g.up)
            .map(|(id, _)| *id)
            .collect();
        let Some(attempt) = all.get(n % all.len().max(1)).copied() else {
            return;
        };
        let going = self.going.get_mut(&attempt).unwrap();
        if !going.connected {
            going.connected = true;
            if going.of.hold {
                self.lab.input(Input::Connected(attempt));
            }
            return;
        }
        if !going.granted {
            return;
        }
        match going.sid {
            None => {
                self.sids += 1;
                going.sid = Some(self.sids);
                let portal = going.of.portal.to_string();
                self.kernel.insert(
                    self.sids,
                    InKernel {
                        of: Some(going.target),
                        portal,
                        up: false,
                    },
                );
            }
            Some(sid) => match self.kernel.get_mut(&sid) {
                Some(one) => {
                    assert!(!one.up, "a session that is up is left alone");
                    one.up = true;
                    going.up = true;
                    let of = going.of.clone();
                    self.lab.up(&of, sid);
                }
                None => {
                    self.going.remove(&attempt);
                    self.lab.flow(attempt, unreachable());
                }
            },
        }
    }

    fn fail(&mut self, n: usize) {
        let all: Vec<AttemptId> = self
            .going
            .iter()
            .filter(|(_, g)| !g.up)
            .map(|(id, _)| *id)
            .collect();
        let Some(attempt) = all.get(n % all.len().max(1)).copied() else {
            return;
        };
        let going = self.going.remove(&attempt).unwrap();
        if let Some(sid) = going.sid.filter(|_| going.of.rebind.is_none()) {
            self.kernel.remove(&sid);
        }
        self.lab.flow(attempt, unreachable());
    }

    fn ours(&self, n: usize, up: bool) -> Option<u32> {
        let all: Vec<u32> = self
            .kernel
            .iter()
            .filter(|(_, one)| one.of.is_some() && (one.up || !up))
            .map(|(sid, _)| *sid)
            .collect();
        all.get(n % all.len().max(1)).copied()
    }

    fn lose(&mut self, n: usize) {
        if let Some(sid) = self.ours(n, true) {
            self.kernel.get_mut(&sid).unwrap().up = false;
            self.going.retain(|_, going| going.sid != Some(sid) || !going.up);
            self.lab
                .input(Input::Kernel(Kernel::ConnError(sid, "cable".to_owned())));
        }
    }

    fn destroy(&mut self, n: usize) {
        if let Some(sid) = self.ours(n, false) {
            self.kernel.remove(&sid);
            self.going.retain(|_, going| going.sid != Some(sid) || !going.up);
            self.lab.input(Input::Kernel(Kernel::Destroyed(sid)));
        }
    }

    fn id(&self, n: usize) -> Option<SessionId> {
        let of = |view: &View<'_>| view.wanted.target == name(n);
        self.lab.sup.sessions().find(of).map(|view| view.id)
    }

    fn deed(&mut self, deed: &Deed) {
        match *deed {
            Deed::Want(n) => {
                // Whatever is answered to an earlier logout, it is wanted now.
                self.out.remove(&n);
                self.asked.retain(|_, of| *of != n);
                self.lab.want(wish(n));
            }
            Deed::Unwant(n) => {
                if let Some(id) = self.id(n) {
                    self.promised.remove(&n);
                    let ticket = self.lab.unwant(id);
                    self.asked.insert(ticket, n);
                }
            }
            Deed::Do(n) => (0..n).for_each(|_| {
                self.do_one();
            }),
            Deed::Go(n) => self.go(n),
            Deed::Fail(n) => self.fail(n),
            Deed::Lose(n) => self.lose(n),
            Deed::Destroy(n) => self.destroy(n),
            Deed::Wait(millis) => {
                // A daemon does what is to be done before it sleeps.
                while self.do_one() {}
                self.offset += millis;
                self.lab.until(self.offset);
            }
            Deed::Look => self.lab.input(Input::Kernel(Kernel::EventsLost)),
            Deed::Kill => self.kill(),
            Deed::KillAndForget => {
                self.files.clear();
                self.promised.clear();
                self.kill();
            }
        }
        self.check();
    }

    /// At no time has a target two sessions, and nobody else's is touched.
    fn check(&self) {
        for n in 0..TARGETS {
            let count = self.kernel.values().filter(|one| one.of == Some(n)).count();
            assert!(count <= 1, "{count} sessions to target {n}: {:?}", self.kernel);
        }
        assert!(self.kernel.contains_key(&1) && self.kernel.contains_key(&2));
    }

    /// Everything goes well from here on.
    fn settle(&mut self) {
        for _ in 0..400 {
            while self.do_one() {}
            let waiting: Vec<_> = self.going.values().filter(|g| !g.up).collect();
            if !waiting.is_empty() {
                (0..waiting.len()).for_each(|n| self.go(n));
                if self.lab.sup.poll_timeout().is_none() {
                    continue;
                }
            }
            let restless = self.lab.sup.sessions().any(|view| !view.state.is_up());
            if !restless && self.going.values().all(|g| g.up) {
                while self.do_one() {}
                return;
            }
            self.offset += 100;
            self.lab.until(self.offset);
        }
        let views: Vec<_> = self.lab.sup.sessions().map(|v| (v.id, v.state, v.sid)).collect();
        panic!("no rest: {views:?} {:?}", self.going);
    }

    fn verdict(&self) {
        self.check();
        for n in 0..TARGETS {
            let there = self.kernel.iter().find(|(_, one)| one.of == Some(n));
            let known = self.lab.sup.sessions().find(|view| view.wanted.target == name(n));
            let kept = self
                .files
                .values()
                .any(|text| text.contains(&format!("\"{}\"", name(n))));
            assert_eq!(there.is_some(), known.is_some(), "target {n}");
            assert_eq!(there.is_some(), kept, "target {n}: what is kept is what is there");
            if let (Some((sid, one)), Some(view)) = (there, known) {
                assert!(one.up && view.sid == Some(*sid), "target {n}");
                assert_eq!(self.numbers.get(&n), Some(&view.id), "target {n}");
            }
            if self.promised.contains(&n) {
                assert!(there.is_some(), "target {n} is lost");
            }
            if self.out.contains(&n) {
                assert!(there.is_none(), "target {n} is back");
            }
        }
    }
}

fn run(deeds: &[Deed]) {
    let mut world = World::new();
    for deed in deeds {
        world.deed(deed);
    }
    world.settle();
    world.verdict();
    // And once more: what is there is all that is needed.
    world.kill();
    let tries = world.lab.begun();
    assert_eq!(tries, [], "everything is up");
    world.settle();
    world.verdict();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_daemon_that_is_killed_at_any_instant_loses_nothing_and_doubles_nothing(
        deeds in prop::collection::vec(deed(), 0..80)
    ) {
        run(&deeds);
    }
}

#[test]
fn one_that_is_killed_after_each_single_thing_that_is_done_comes_to_the_same_end() {
    for kills in 0..60 {
        let mut world = World::new();
        (0..TARGETS).for_each(|n| world.deed(&Deed::Want(n)));
        for n in 0..60 {
            if !world.do_one() {
                world.go(n);
            }
            if n == kills {
                world.kill();
            }
        }
        world.settle();
        world.verdict();
    }
}

#[test]
fn one_that_is_killed_and_has_nothing_of_what_it_kept_finds_all_under_their_numbers() {
    let mut world = World::new();
    for n in 0..TARGETS {
        world.deed(&Deed::Want(n));
    }
    world.settle();
    let before = world.numbers.clone();
    world.deed(&Deed::KillAndForget);
    world.settle();
    assert_eq!(world.numbers, before);
    world.verdict();
}
