//! Flows on a kernel that is played: what no served kernel does on demand.

use std::time::{Duration, Instant};

use driver_sys::netlink::code::{IscsiErr, Uevent};
use driver_sys::netlink::{Event, Message, Reply, Request, Return};
use driver_sys::sysfs::class::transport::Caps;
use iscsi::{Isid, LinkLoss};
use nix::errno::Errno;

use super::courier::{Courier, Effect};
use super::*;
use crate::initiator::Source;
use crate::quirks::driver;

const HANDLE: u64 = 77;

fn attempt(id: u64, flow: driver::Flow, host: Option<u32>) -> Attempt {
    let target = "iqn.2026-01.net.example:disk".parse().expect("a name");
    let name = "iqn.2026-01.net.example:host".parse().expect("a name");
    Attempt {
        id: AttemptId(id),
        link: Link {
            handle: HANDLE,
            caps: Caps::all(),
            flow,
            host,
            prepare: Vec::new(),
            source: Source::default(),
        },
        portal: "127.0.0.1:3260".parse().expect("an address"),
        rebind: None,
        login: Login::new(name, Some(target), Isid([0x40, 0, 0, 0, 0, 1]), [1; 32]),
    }
}

/// A kernel that answers everything well.
struct Played {
    courier: Courier,
    now: Instant,
    asked: Vec<Uevent>,
    told: Vec<(AttemptId, FlowEvent)>,
    sids: u32,
    resyncs: u32,
}

impl Played {
    fn new() -> Self {
        Self {
            courier: Courier::new(),
            now: Instant::now(),
            asked: Vec::new(),
            told: Vec::new(),
            sids: 0,
            resyncs: 0,
        }
    }

    /// Does what is wanted until a request comes; its message.
    fn question(&mut self) -> Option<(Request, Vec<u8>)> {
        while let Some(effect) = self.courier.poll(self.now) {
            match effect {
                Effect::Ask(question) => {
                    self.asked.push(question.request.kind());
                    let packet = question.request.encode(question.handle, 1);
                    return Some((question.request, packet));
                }
                Effect::Dial { flow, .. } => self.courier.connected(self.now, flow, Ok(())),
                Effect::Tell(id, event) => self.told.push((id, event)),
                Effect::Resync => self.resyncs += 1,
                Effect::HangUp(_) | Effect::Other(_) => {}
            }
        }
        None
    }

    fn answer(&mut self, packet: &[u8], result: Result<Return, Errno>) {
        let (header, _) = Request::decode(packet).expect("a request");
        let reply = Message::Reply(Reply::to(&header, result)).encode();
        self.courier.message(self.now, &reply);
    }

    fn good(&mut self, request: &Request) -> Return {
        match request {
            Request::CreateSession { .. } | Request::CreateBoundSession { .. } => {
                self.sids += 1;
                let (sid, host_no) = (self.sids, 3);
                Return::Session { sid, host_no }
            }
            Request::CreateConn { sid, cid } => Return::Conn { sid: *sid, cid: *cid },
            Request::EpConnect { .. } | Request::EpConnectThroughHost { .. } => {
                Return::Endpoint { handle: 9 }
            }
            Request::EpPoll { .. } => Return::Code(1),
            _ if matches!(
                request.kind(),
                Uevent::BindConn | Uevent::StartConn | Uevent::SendPdu
            ) =>
            {
                Return::Code(0)
            }
            _ => Return::None,
        }
    }

    /// Answers until nothing is asked any more.
    fn run(&mut self) {
        while let Some((request, packet)) = self.question() {
            let result = self.good(&request);
            self.answer(&packet, Ok(result));
        }
    }

    fn event(&mut self, event: &Event) {
        self.courier.message(self.now, &event.encode(HANDLE));
        self.run();
    }

    /// An adapter's session that is up.
    fn up() -> Self {
        let mut played = Self::new();
        played
            .courier
            .begin(played.now, attempt(1, driver::Flow::Adapter, Some(3)));
        played.run();
        let (sid, cid) = (1, 0);
        let state = driver_sys::netlink::code::ConnState::LoggedIn;
        played.event(&Event::ConnLoginState { sid, cid, state });
        assert!(matches!(
            played.told.pop(),
            Some((AttemptId(1), FlowEvent::Up(_)))
        ));
        played
    }
}

#[test]
fn the_order_of_a_partial_offload_is_that_of_the_interface() {
    let mut played = Played::new();
    played
        .courier
        .begin(played.now, attempt(1, driver::Flow::Endpoint, Some(3)));
    played.run();
    use Uevent as U;
    let order = [
        U::EpConnectThroughHost,
        U::EpPoll,
        U::CreateBoundSession,
        U::CreateConn,
        U::BindConn,
        U::SendPdu,
    ];
    assert_eq!(played.asked, order);
    played.courier.abort(played.now, AttemptId(1));
    played.run();
    let back = [U::EpDisconnect, U::StopConn, U::DestroyConn, U::DestroySession];
    assert_eq!(played.asked[order.len()..], back);
    assert_eq!(played.told, [(AttemptId(1), FlowEvent::Failed(Failure::Aborted))]);
    assert!(played.courier.is_empty());
}

#[test]
fn every_request_that_is_refused_is_named_and_what_was_made_goes() {
    for flow in [
        driver::Flow::Socket,
        driver::Flow::Endpoint,
        driver::Flow::Adapter,
    ] {
        let mut step = 0;
        loop {
            let mut played = Played::new();
            played.courier.begin(played.now, attempt(1, flow, Some(3)));
            let (mut n, mut refused) = (0, None);
            while let Some((request, packet)) = played.question() {
                let result = played.good(&request);
                if n == step {
                    refused = Some(request.kind());
                    played.answer(&packet, Err(Errno::ENOMEM));
                } else {
                    played.answer(&packet, Ok(result));
                }
                n += 1;
            }
            let Some(refused) = refused else {
                break;
            };
            let (_, why) = played.told.first().expect("told");
            let FlowEvent::Failed(why) = why else {
                panic!("{why:?}");
            };
            match why {
                Failure::Kernel { request, errno, .. } => {
                    assert_eq!((*request, *errno), (refused, Errno::ENOMEM));
                }
                other => assert_eq!(other.counted(), Counted::Transport, "{refused:?}"),
            }
            let count = |kind: Uevent| played.asked.iter().filter(|of| **of == kind).count();
            let made = count(Uevent::CreateSession) + count(Uevent::CreateBoundSession);
            let failed = usize::from(matches!(
                refused,
                Uevent::CreateSession | Uevent::CreateBoundSession
            ));
            assert_eq!(
                count(Uevent::DestroySession),
                made - failed,
                "{flow:?} {refused:?}"
            );
            assert!(played.courier.is_empty());
            step += 1;
        }
        assert!(step >= 4, "{flow:?}: {step}");
    }
}

#[test]
fn events_of_unknown_and_of_ended_sessions_are_counted_and_change_nothing() {
    let mut played = Played::up();
    let error = IscsiErr::ConnFailed;
    played.event(&Event::ConnError {
        sid: 99,
        cid: 0,
        error,
    });
    played.event(&Event::ConnError {
        sid: 1,
        cid: 7,
        error,
    });
    assert_eq!(played.told, []);
    played.courier.finish(played.now, AttemptId(1));
    played.run();
    assert_eq!(
        played.told.pop(),
        Some((AttemptId(1), FlowEvent::Ended { left: Vec::new() }))
    );
    // Its number, for somebody else's session.
    played.event(&Event::ConnError {
        sid: 1,
        cid: 0,
        error,
    });
    assert_eq!((played.told.len(), played.courier.counts().strangers), (0, 2));
    played.courier.message(played.now, &[1, 2, 3]);
    assert_eq!(played.courier.counts().malformed, 1);
}

#[test]
fn after_a_loss_of_messages_what_is_seen_counts() {
    let mut played = Played::up();
    played.courier.overrun(played.now);
    played.run();
    assert_eq!(played.resyncs, 1);
    played.courier.seen(played.now, 1, true, true);
    played.run();
    assert_eq!(played.told, []);
    played.courier.seen(played.now, 1, true, false);
    played.run();
    assert_eq!(
        played.told.pop(),
        Some((AttemptId(1), FlowEvent::Lost(Loss::Seen)))
    );
    played.courier.seen(played.now, 1, false, false);
    played.run();
    assert_eq!(played.told.remove(0), (AttemptId(1), FlowEvent::Gone));
    assert!(played.courier.is_empty());
}

#[test]
fn an_answer_that_was_lost_ends_its_flow_and_holds_nobody_up() {
    let mut played = Played::new();
    for id in [1, 2] {
        played
            .courier
            .begin(played.now, attempt(id, driver::Flow::Adapter, Some(3)));
    }
    let (_, lost) = played.question().expect("a request");
    assert!(played.question().is_none(), "one at a time");
    played.courier.overrun(played.now);
    played.run();
    assert_eq!(played.asked.len(), 1);
    played.now += Duration::from_secs(3);
    played.courier.handle_timeout(played.now);
    played.run();
    assert_eq!(
        played.told,
        [(
            AttemptId(1),
            FlowEvent::Failed(Failure::AnswerLost(Step::Connect))
        )]
    );
    assert_eq!(played.courier.len(), 1, "the other one goes on");
    // It comes all the same, late.
    played.answer(&lost, Ok(Return::Endpoint { handle: 9 }));
    assert_eq!(played.courier.counts().unasked, 1);
}

#[test]
fn a_target_that_does_not_answer_is_given_up_when_its_time_is_over() {
    let mut played = Played::new();
    played
        .courier
        .begin(played.now, attempt(1, driver::Flow::Adapter, Some(3)));
    played.run();
    let at = played.courier.poll_timeout().expect("a deadline");
    assert_eq!(at - played.now, Duration::from_secs(15));
    played.now = at;
    played.courier.handle_timeout(at);
    played.run();
    assert_eq!(
        played.told,
        [(AttemptId(1), FlowEvent::Failed(Failure::TimedOut(Step::Login)))]
    );
}

#[test]
fn a_socket_that_does_not_connect_asks_the_kernel_nothing() {
    let mut played = Played::new();
    played
        .courier
        .begin(played.now, attempt(1, driver::Flow::Socket, None));
    assert!(matches!(
        played.courier.poll(played.now),
        Some(Effect::Dial { .. })
    ));
    let unreachable = LinkLoss::Unreachable;
    played
        .courier
        .connected(played.now, AttemptId(1), Err(unreachable));
    played.run();
    let why = Failure::Transport {
        step: Step::Connect,
        why: Unreached::Link(unreachable),
    };
    assert_eq!(
        (played.told, played.asked.len()),
        (vec![(AttemptId(1), FlowEvent::Failed(why))], 0)
    );
}
