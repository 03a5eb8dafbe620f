//! The supervisor in virtual time.

mod adopt;
mod kill;
mod leave;
mod life;
mod outage;
mod portals;
mod units;

use std::time::{Duration, Instant};

use iscsi::Isid;
use iscsi::address::TargetAddress;
use iscsi::initiator::LoginFailure;
use iscsi::pdu::LoginStatus;

use super::flow::{AttemptId, Failure, FlowEvent, Redirected, Step, Unreached, Up};
use super::*;
use crate::ids::HostNo;
use crate::policy::retry::Intent;
use crate::policy::retry::Keeper;
use crate::registry::OwnerName;

const TARGET: &str = "iqn.2026-01.test:disk0";

fn me() -> OwnerName {
    "hbad".parse().unwrap()
}

fn at(text: &str) -> TargetAddress {
    text.parse().unwrap()
}

fn isid(n: u32) -> Isid {
    Isid::from_oui(0x023d, n)
}

fn wanted(portals: &[&str]) -> Wanted {
    Wanted {
        kind: Kind::Data,
        intent: Intent::Configured,
        target: TARGET.to_owned(),
        portals: portals.iter().map(|text| at(text)).collect(),
        iface: "default".to_owned(),
        transport: "tcp".to_owned(),
        host: Some(HostNo(3)),
        mac: Some("00:10:18:00:00:01".to_owned()),
        initiator: "iqn.2026-01.test:host".to_owned(),
        isid: Some(isid(1)),
        record: None,
        side_by_side: true,
        reopen_max: 0,
        initial_login_retry_max: 4,
        login_timeout: 15,
        time2wait: 2,
        removal_latency: None,
        on_expiry: OnExpiry::Offline,
        luns: Luns::Manual,
        persist: false,
        multiple: false,
    }
}

fn found(sid: u32, portal: &str, n: u32) -> Found {
    Found {
        sid,
        kind: Kind::Data,
        host: HostNo(3),
        mac: Some("00:10:18:00:00:01".to_owned()),
        transport: "tcp".to_owned(),
        iface: "default".to_owned(),
        target: TARGET.to_owned(),
        portal: at(portal),
        initiator: "iqn.2026-01.test:host".to_owned(),
        isid: Some(isid(n)),
        up: true,
        keeper: Keeper::Hbad,
        owner: me(),
        record: None,
    }
}

fn refused(status: LoginStatus) -> FlowEvent {
    FlowEvent::Failed(Failure::Login(LoginFailure::Refused(status)))
}

fn unreachable() -> FlowEvent {
    FlowEvent::Failed(Failure::Transport {
        step: Step::Connect,
        why: Unreached::Endpoint(nix::errno::Errno::EHOSTUNREACH),
    })
}

/// A supervisor and its clock.
struct Lab {
    sup: Supervisor,
    zero: Instant,
    now: Instant,
    tickets: u64,
    /// Everything that was to be done so far.
    log: Vec<Effect>,
}

impl Lab {
    /// One that knows that there is nothing.
    fn new() -> Self {
        Self::with(Config::default(), Shown::default())
    }

    fn with(config: Config, shown: Shown) -> Self {
        let zero = Instant::now();
        let mut lab = Self {
            sup: Supervisor::new(config, me()),
            zero,
            now: zero,
            tickets: 0,
            log: Vec::new(),
        };
        assert_eq!(lab.take(), [Effect::Resync]);
        lab.input(Input::Adopted(Box::new(shown)));
        lab
    }

    fn input(&mut self, input: Input) {
        self.sup.handle(self.now, input);
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn want(&mut self, wanted: Wanted) -> Ticket {
        let ticket = self.ticket();
        self.input(Input::Want(ticket, Box::new(wanted)));
        ticket
    }

    fn unwant(&mut self, id: SessionId) -> Ticket {
        let ticket = self.ticket();
        self.input(Input::Unwant {
            ticket,
            id,
            exclude: false,
        });
        ticket
    }

    fn take(&mut self) -> Vec<Effect> {
        let all: Vec<Effect> = std::iter::from_fn(|| self.sup.poll()).collect();
        self.log.extend(all.iter().cloned());
        all
    }

    /// What is to be done but for what is kept and told to everybody.
    fn deeds(&mut self) -> Vec<Effect> {
        let quiet = |e: &Effect| {
            matches!(
                e,
                Effect::Remember(_) | Effect::Tell(Told::Event(..)) | Effect::Own { .. }
            )
        };
        self.take().into_iter().filter(|e| !quiet(e)).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        let told = |e| match e {
            Effect::Tell(Told::Event(_, event)) => Some(event),
            _ => None,
        };
        self.take().into_iter().filter_map(told).collect()
    }

    fn answers(&mut self) -> Vec<(Ticket, Answer)> {
        let told = |e| match e {
            Effect::Tell(Told::Answer(ticket, answer)) => Some((ticket, answer)),
            _ => None,
        };
        self.take().into_iter().filter_map(told).collect()
    }

    /// The tries that are begun now.
    fn begun(&mut self) -> Vec<Try> {
        let begun = |e| match e {
            Effect::Begin(of) => Some(*of),
            _ => None,
        };
        self.take().into_iter().filter_map(begun).collect()
    }

    fn try_one(&mut self) -> Try {
        let mut all = self.begun();
        assert_eq!(all.len(), 1, "one try");
        all.remove(0)
    }

    fn flow(&mut self, attempt: AttemptId, event: FlowEvent) {
        self.input(Input::Flow(attempt, event));
    }

    fn up(&mut self, of: &Try, sid: u32) {
        self.up_at(of, sid, None);
    }

    fn up_at(&mut self, of: &Try, sid: u32, redirected: Option<(&str, Redirected)>) {
        let portal = redirected.map_or_else(|| of.portal.to_string(), |(to, _)| to.to_owned());
        let up = Up {
            sid,
            cid: 0,
            host: 3,
            endpoint: None,
            portal: portal.parse().unwrap(),
            redirected: redirected.map(|(_, redirected)| redirected),
            agreed: None,
            unset: Vec::new(),
        };
        self.flow(of.attempt, FlowEvent::Up(Box::new(up)));
    }

    fn lose(&mut self, of: &Try) {
        let loss = super::flow::Loss::Kernel(driver_sys::netlink::code::IscsiErr::ConnFailed);
        self.flow(of.attempt, FlowEvent::Lost(loss));
    }

    /// Until so long after the beginning, with everything that time brings on the way.
    fn until(&mut self, millis: u64) {
        let end = self.zero + Duration::from_millis(millis);
        while let Some(next) = self.sup.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.sup.handle_timeout(self.now);
            assert!(
                self.sup.poll_timeout().is_none_or(|again| again > next),
                "time goes on"
            );
        }
        self.now = end;
    }

    /// The tries that begin until then, each with its time; all of them fail.
    fn failing_until(&mut self, millis: u64) -> Vec<u128> {
        let end = self.zero + Duration::from_millis(millis);
        let mut times = Vec::new();
        while let Some(next) = self.sup.poll_timeout().filter(|next| *next <= end) {
            self.until(u64::try_from((next - self.zero).as_millis()).unwrap());
            for of in self.begun() {
                times.push((self.now - self.zero).as_millis());
                self.flow(of.attempt, unreachable());
            }
        }
        self.until(millis);
        times
    }

    fn only(&self) -> View<'_> {
        let mut all = self.sup.sessions();
        let one = all.next().expect("a session");
        assert!(all.next().is_none(), "one session");
        one
    }

    /// A session that is up.
    fn session(wanted: Wanted, sid: u32) -> (Self, Try, SessionId) {
        let mut lab = Self::new();
        lab.want(wanted);
        let of = lab.try_one();
        lab.up(&of, sid);
        lab.take();
        let id = of.id;
        (lab, of, id)
    }
}
