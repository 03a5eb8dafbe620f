//! The product's login flows over iscsi_tcp.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use driver_sys::netlink::code::IscsiErr;
use emu_array::{Accounts, DigestPolicy, Fault};
use hba::Secret;
use hba::initiator::Account;
use hba::session::flow::{
    Attempt, AttemptId, Chap, Counted, Failure, FlowEvent, Loss, Redirected, Step, Told, Unreached,
};
use iscsi::chap::ChapAlgorithm;
use iscsi::digest::Digest;
use iscsi::pdu::LoginStatus;
use lab_tests::offload::flow::{Flows, rebind};

use super::lab::{HOST, IQN, Lab, PATIENCE, good, read};

const ONE: AttemptId = AttemptId(1);

fn flows(lab: &Lab) -> Flows {
    Flows::open(&lab.path()).expect("netlink")
}

fn attempt(flows: &Flows, number: u8, portal: SocketAddr) -> Attempt {
    let link = flows.link("tcp", None).expect("the transport");
    Flows::attempt(link, number, portal, IQN).expect("names")
}

fn next(flows: &mut Flows, id: AttemptId) -> FlowEvent {
    flows.next(id).expect("told")
}

#[test]
fn a_session_comes_up_is_what_was_agreed_carries_commands_and_goes_without_a_trace() {
    let lab = Lab::with(|target| target.digests = DigestPolicy::Require);
    let mut flows = flows(&lab);
    let before = flows.tree();
    let mut wanted = attempt(&flows, 1, lab.target.portal());
    wanted.login.iface = "port0".to_owned();
    wanted.login.times.noop_interval = 17;
    let up = flows.up(wanted).expect("up");
    let path = format!("class/iscsi_session/session{}", up.sid);
    assert_eq!(lab.read(&format!("{path}/state")), "LOGGED_IN");
    assert_eq!(lab.read(&format!("{path}/targetname")), IQN);
    assert_eq!(lab.read(&format!("{path}/ifacename")), "port0");
    assert_eq!(lab.read(&format!("{path}/recovery_tmo")), "120");
    let conn = format!("class/iscsi_connection/connection{}:0", up.sid);
    assert_eq!(lab.read(&format!("{conn}/state")), "up");
    assert_eq!(lab.read(&format!("{conn}/recv_tmo")), "17");
    assert_eq!(lab.read(&format!("{conn}/header_digest")), "1");
    let agreed = up.agreed.expect("it was our login");
    assert_eq!(agreed.params.data_digest, Digest::Crc32c);
    assert_eq!((up.redirected, up.portal), (None, lab.target.portal()));
    good(&mut lab.scan(up.host), &read(0, 8));
    flows.end(ONE).expect("ended");
    assert_eq!(flows.tree(), before);
    assert!(flows.courier().is_empty());
}

#[test]
fn sixty_four_come_up_at_once_over_one_socket_and_go() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let before = flows.tree();
    for number in 1..=64 {
        let wanted = attempt(&flows, number, lab.target.portal());
        flows.begin(wanted);
    }
    let mut sids = std::collections::BTreeSet::new();
    let limit = Instant::now() + PATIENCE;
    while sids.len() < 64 {
        assert!(Instant::now() < limit, "{} are up", sids.len());
        for told in flows.run(limit).expect("the kernel answers") {
            match told {
                Told::Flow(_, FlowEvent::Up(up)) => assert!(sids.insert(up.sid)),
                Told::Flow(id, other) => panic!("{id:?}: {other:?}"),
                Told::Other(_) => {}
            }
        }
    }
    (1..=64).for_each(|number| flows.finish(AttemptId(number)));
    while !flows.courier().is_empty() {
        assert!(Instant::now() < limit, "{} are left", flows.courier().len());
        flows.run(limit).expect("the kernel answers");
    }
    assert_eq!(flows.tree(), before);
    let counts = flows.courier().counts();
    assert_eq!((counts.unasked, counts.malformed), (0, 0));
}

const PASSWORD: &str = "a long secret";
const REVERSE: &str = "another secret";

fn chap(secret: &str, back: Option<&str>) -> Chap {
    let account = |name: &str, secret: &str| Account {
        name: name.to_owned(),
        secret: Secret::new(secret).expect("a secret"),
    };
    Chap {
        outgoing: account("joe", secret),
        incoming: back.map(|secret| account("array", secret)),
        algorithms: Vec::new(),
        optional: false,
    }
}

fn guarded(algorithms: Vec<ChapAlgorithm>) -> Lab {
    Lab::with(|target| {
        target.accounts = Accounts {
            incoming: vec![emu_array::Account::new("joe", PASSWORD)],
            mutual: Some(emu_array::Account::new("array", REVERSE)),
        };
        target.chap_algorithms = algorithms;
        target.chap_delay = Duration::ZERO;
    })
}

#[test]
fn both_sides_prove_themselves_by_every_algorithm() {
    for algorithm in ChapAlgorithm::ALL {
        let lab = guarded(vec![algorithm]);
        let mut flows = flows(&lab);
        let mut wanted = attempt(&flows, 1, lab.target.portal());
        wanted.login.chap = Some(chap(PASSWORD, Some(REVERSE)));
        let up = flows.up(wanted).expect("up");
        assert!(up.agreed.expect("our login").authenticated, "{algorithm}");
        flows.end(ONE).expect("ended");
    }
}

#[test]
fn a_wrong_secret_is_told_as_such_and_leaves_nothing() {
    let lab = guarded(Vec::new());
    let mut flows = flows(&lab);
    let before = flows.tree();
    let mut wanted = attempt(&flows, 1, lab.target.portal());
    wanted.login.chap = Some(chap("a wrong secret", None));
    let why = flows.failed(wanted.clone()).expect("a failure");
    assert_eq!(why.counted(), Counted::Authentication, "{why}");
    assert_eq!(why.status(), Some(LoginStatus::AUTHENTICATION_FAILURE));
    // The target is not who it has to be.
    wanted.id = AttemptId(2);
    wanted.login.chap = Some(chap(PASSWORD, Some("not its secret")));
    let why = flows.failed(wanted).expect("a failure");
    assert_eq!(
        (why.counted(), why.status()),
        (Counted::Authentication, None),
        "{why}"
    );
    assert!(!format!("{why:?} {why}").contains("secret\""));
    assert_eq!(flows.tree(), before);
}

#[test]
fn what_a_target_refuses_is_told_by_its_kind() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let before = flows.tree();
    for (number, (status, counted)) in [
        (LoginStatus::AUTHORIZATION_FAILURE, Counted::Authorization),
        (LoginStatus::NOT_FOUND, Counted::Other),
        (LoginStatus::UNSUPPORTED_VERSION, Counted::Negotiation),
        (LoginStatus::SERVICE_UNAVAILABLE, Counted::Other),
    ]
    .into_iter()
    .enumerate()
    {
        let raw = u16::from_be_bytes([status.class, status.detail]);
        lab.target.fault(&Fault::RefuseLogins(raw)).expect("fault");
        let number = u8::try_from(number).expect("few");
        let why = flows
            .failed(attempt(&flows, number, lab.target.portal()))
            .expect("a failure");
        assert_eq!((why.status(), why.counted()), (Some(status), counted));
    }
    lab.target.fault(&Fault::Portals(false)).expect("fault");
    let why = flows
        .failed(attempt(&flows, 9, lab.target.portal()))
        .expect("a failure");
    assert_eq!(why.counted(), Counted::Transport, "{why}");
    assert!(matches!(
        why,
        Failure::Transport {
            step: Step::Connect,
            ..
        }
    ));
    assert_eq!(flows.tree(), before);
}

#[test]
fn a_redirection_is_followed_and_kept_only_when_it_is_for_good() {
    let (lab, elsewhere) = (Lab::start(), Lab::start());
    let (here, there) = (lab.target.portal(), elsewhere.target.portal());
    let mut flows = flows(&lab);
    for (number, permanent) in [(1, false), (2, true)] {
        lab.target
            .fault(&Fault::Redirect(there, permanent))
            .expect("fault");
        let up = flows.up(attempt(&flows, number, here)).expect("up");
        assert_eq!(up.portal, there);
        assert_eq!(up.redirected, Some(Redirected { times: 1, permanent }));
        let conn = format!("class/iscsi_connection/connection{}:0", up.sid);
        let kept = if permanent { there } else { here };
        assert_eq!(
            lab.read(&format!("{conn}/persistent_port")),
            kept.port().to_string()
        );
        flows.end(AttemptId(number.into())).expect("ended");
    }
    // In a circle.
    let before = flows.tree();
    lab.target.fault(&Fault::Redirect(here, false)).expect("fault");
    let why = flows.failed(attempt(&flows, 3, here)).expect("a failure");
    assert!(matches!(why, Failure::Redirects(8, _)), "{why}");
    assert_eq!(why.counted(), Counted::Redirect);
    assert_eq!(flows.tree(), before);
}

#[test]
fn a_session_that_is_lost_comes_back_under_its_number() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let first = flows.up(attempt(&flows, 1, lab.target.portal())).expect("up");
    let mut sg = lab.scan(first.host);
    good(&mut sg, &read(0, 1));
    for number in 2..5 {
        lab.target.fault(&Fault::DropSessions).expect("fault");
        let lost = next(&mut flows, AttemptId(u64::from(number) - 1));
        assert_eq!(lost, FlowEvent::Lost(Loss::Kernel(IscsiErr::TcpConnClose)));
        let mut again = attempt(&flows, number, lab.target.portal());
        again.rebind = Some(rebind(&first));
        // A portal that is closed meanwhile takes nothing away.
        lab.target.fault(&Fault::Portals(false)).expect("fault");
        let mut vain = again.clone();
        vain.id = AttemptId(100 + u64::from(number));
        assert!(matches!(
            flows.failed(vain).expect("a failure"),
            Failure::Transport { .. }
        ));
        let path = format!("class/iscsi_session/session{}", first.sid);
        assert_eq!(lab.read(&format!("{path}/state")), "FAILED");
        lab.target.fault(&Fault::Portals(true)).expect("fault");
        let back = flows.up(again).expect("up");
        assert_eq!((back.sid, back.host), (first.sid, first.host));
        good(&mut sg, &read(0, 1));
    }
    drop(sg);
    flows.end(AttemptId(4)).expect("ended");
    assert!(!lab.exists(&format!("class/iscsi_session/session{}", first.sid)));
}

#[test]
fn what_a_target_says_of_itself_is_told() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    flows.up(attempt(&flows, 1, lab.target.portal())).expect("up");
    lab.target.fault(&Fault::RequestLogout(7)).expect("fault");
    assert_eq!(next(&mut flows, ONE), FlowEvent::LogoutRequested { seconds: 7 });
    lab.target.fault(&Fault::AnnounceDrop).expect("fault");
    let lost = next(&mut flows, ONE);
    assert!(
        matches!(lost, FlowEvent::Lost(Loss::ByTarget { session: true, .. })),
        "{lost:?}"
    );
}

#[test]
fn a_session_that_somebody_takes_away_is_told_as_gone() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let before = flows.tree();
    let up = flows.up(attempt(&flows, 1, lab.target.portal())).expect("up");
    let mut other = lab.client();
    for request in [
        driver_sys::netlink::Request::StopConn {
            sid: up.sid,
            cid: 0,
            conn_handle: 0,
            flag: driver_sys::netlink::code::StopFlag::Term,
        },
        driver_sys::netlink::Request::DestroyConn { sid: up.sid, cid: 0 },
        driver_sys::netlink::Request::DestroySession { sid: up.sid },
    ] {
        other.ask(&request).expect("answered");
    }
    assert_eq!(next(&mut flows, ONE), FlowEvent::Gone);
    assert_eq!(next(&mut flows, ONE), FlowEvent::Ended { left: Vec::new() });
    assert_eq!(flows.tree(), before);
}

#[test]
fn a_target_that_says_nothing_is_given_up_in_time() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let before = flows.tree();
    lab.target.fault(&Fault::Silent).expect("fault");
    let mut wanted = attempt(&flows, 1, lab.target.portal());
    wanted.login.times.login = 1;
    let why = flows.failed(wanted).expect("a failure");
    assert_eq!(why.counted(), Counted::Transport, "{why:?}");
    assert_eq!(flows.tree(), before);
}

#[test]
fn a_login_that_is_broken_off_at_any_step_leaves_the_tree_as_it_was() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let before = flows.tree();
    let mut up_at = None;
    for step in 0.. {
        let wanted = attempt(&flows, 1, lab.target.portal());
        let told = flows.broken_off(wanted, step).expect("it ends");
        assert_eq!(flows.tree(), before, "step {step}");
        match told.first() {
            Some(FlowEvent::Up(_)) => {
                assert_eq!(
                    told.last(),
                    Some(&FlowEvent::Ended { left: Vec::new() }),
                    "step {step}"
                );
                if step > *up_at.get_or_insert(step) + 2 {
                    break;
                }
            }
            _ => assert_eq!(told, [FlowEvent::Failed(Failure::Aborted)], "step {step}"),
        }
    }
    assert!(up_at > Some(20), "{up_at:?} turns are a login");
}

#[test]
fn a_login_that_was_to_bring_a_session_back_and_is_broken_off_leaves_the_session() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let first = flows.up(attempt(&flows, 1, lab.target.portal())).expect("up");
    let with = flows.tree();
    lab.target.fault(&Fault::DropSessions).expect("fault");
    assert!(matches!(next(&mut flows, ONE), FlowEvent::Lost(_)));
    for step in 0..20 {
        let mut again = attempt(&flows, 1, lab.target.portal());
        again.id = AttemptId(1000 + step as u64);
        again.rebind = Some(rebind(&first));
        let told = flows.broken_off(again, step).expect("it ends");
        assert_eq!(told, [FlowEvent::Failed(Failure::Aborted)], "step {step}");
        assert_eq!(flows.tree(), with, "step {step}");
    }
    let mut again = attempt(&flows, 2, lab.target.portal());
    again.rebind = Some(rebind(&first));
    assert_eq!(flows.up(again).expect("up").sid, first.sid);
    flows.end(AttemptId(2)).expect("ended");
}

#[test]
fn a_connection_that_breaks_in_the_login_is_a_failure_of_the_transport() {
    let lab = Lab::start();
    let mut flows = flows(&lab);
    let before = flows.tree();
    lab.target.fault(&Fault::CloseMidPdu).expect("fault");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let at = listener.local_addr().expect("its address");
    let closer = std::thread::spawn(move || drop(listener.accept()));
    let why = flows.failed(attempt(&flows, 1, at)).expect("a failure");
    assert!(
        matches!(
            why,
            Failure::Transport {
                step: Step::Login,
                why: Unreached::Conn(_)
            }
        ),
        "{why}"
    );
    closer.join().expect("it closed");
    assert_eq!(flows.tree(), before);
}

/// A session that user space makes through an adapter which logs in by itself.
#[test]
fn an_adapter_that_logs_in_is_told_where_and_tells_when_it_is_in() {
    let lab = Lab::start();
    let mut client = lab_tests::netlink::Client::open(&lab.path()).expect("netlink");
    let local = "127.0.0.1".parse().expect("an address");
    client.set_address(HOST - 1, local).expect("an address");
    let mut flows = flows(&lab);
    let before = flows.tree();
    let link = flows.link("qla4xxx", Some(HOST - 1)).expect("the transport");
    let wanted = |id: u64| {
        let mut wanted = Flows::attempt(link.clone(), 1, lab.target.portal(), IQN).expect("names");
        wanted.id = AttemptId(id);
        wanted
    };
    let up = flows.up(wanted(1)).expect("up");
    assert_eq!((up.host, &up.agreed), (HOST - 1, &None));
    let path = format!("class/iscsi_session/session{}", up.sid);
    lab.wait_for(&format!("{path}/state"), "LOGGED_IN");
    assert_eq!(lab.read(&format!("{path}/targetname")), IQN);
    flows.end(ONE).expect("ended");
    assert_eq!(flows.tree(), before);
    // Nobody listens any more: it does not get in, and nothing stays.
    lab.target.fault(&Fault::Portals(false)).expect("fault");
    let mut vain = wanted(2);
    vain.login.times.login = 2;
    flows.failed(vain).expect("a failure");
    assert_eq!(flows.tree(), before);
    lab.target.fault(&Fault::Portals(true)).expect("fault");
    for step in 0..30 {
        let id = 100 + step as u64;
        flows.broken_off(wanted(id), step).expect("it ends");
        assert_eq!(flows.tree(), before, "step {step}");
    }
}
