//! The product's login flows over bnx2i: the chip connects and carries, the login is ours.

use driver_sys::netlink::code::IscsiErr;
use emu_array::{Fault, LunSource, Served, TargetConfig};
use hba::session::flow::{Attempt, AttemptId, Counted, Failure, FlowEvent, Loss, Redirected};
use lab_tests::offload::flow::{Flows, rebind};

use super::answering::Answering;
use super::lab::{HOST, Lab};

const IQN: &str = "iqn.2026-01.net.example:disk";
const ONE: AttemptId = AttemptId(1);

fn target() -> Served {
    let mut config = TargetConfig::new(IQN, "127.0.0.1:0".parse().expect("address"));
    config.luns = vec![LunSource::Size(1 << 20).into()];
    Served::start(config).expect("target")
}

fn flows(lab: &Lab) -> Flows {
    Flows::open(&lab.path()).expect("netlink")
}

fn attempt(flows: &Flows, number: u8, target: &Served) -> Attempt {
    let link = flows.link("bnx2i", Some(HOST)).expect("the transport");
    Flows::attempt(link, number, target.portal(), IQN).expect("names")
}

#[test]
fn a_session_comes_up_is_lost_comes_back_under_its_number_and_goes_without_a_trace() {
    let (lab, target) = (Lab::start(), target());
    let _helper = Answering::start(&lab);
    let mut flows = flows(&lab);
    let before = flows.tree();
    let first = flows.up(attempt(&flows, 1, &target)).expect("up");
    assert_eq!(first.host, HOST);
    assert!(first.endpoint.is_some());
    let path = format!("class/iscsi_session/session{}", first.sid);
    assert_eq!(lab.read(&format!("{path}/state")), "LOGGED_IN");
    target.fault(&Fault::DropSessions).expect("fault");
    let lost = flows.next(ONE).expect("told");
    assert!(
        matches!(
            lost,
            FlowEvent::Lost(Loss::Kernel(IscsiErr::TcpConnClose | IscsiErr::ConnFailed))
        ),
        "{lost:?}"
    );
    let mut again = attempt(&flows, 2, &target);
    again.rebind = Some(rebind(&first));
    let back = flows.up(again).expect("back");
    assert_eq!((back.sid, back.host), (first.sid, HOST));
    flows.end(AttemptId(2)).expect("ended");
    assert_eq!(flows.tree(), before);
}

#[test]
fn a_login_that_is_broken_off_at_any_step_leaves_the_tree_as_it_was() {
    let (lab, target) = (Lab::start(), target());
    let _helper = Answering::start(&lab);
    let mut flows = flows(&lab);
    let before = flows.tree();
    let mut up_at = None;
    for step in 0.. {
        let wanted = attempt(&flows, 1, &target);
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
fn a_redirection_is_followed_over_another_endpoint_of_the_same_session() {
    let (lab, here, there) = (Lab::start(), target(), target());
    let _helper = Answering::start(&lab);
    let mut flows = flows(&lab);
    let before = flows.tree();
    here.fault(&Fault::Redirect(there.portal(), false))
        .expect("fault");
    let up = flows.up(attempt(&flows, 1, &here)).expect("up");
    assert_eq!(up.portal, there.portal());
    let once = Redirected {
        times: 1,
        permanent: false,
    };
    assert_eq!(up.redirected, Some(once));
    flows.end(ONE).expect("ended");
    assert_eq!(flows.tree(), before);
}

#[test]
fn a_path_that_nobody_finds_is_a_failure_of_the_transport_and_leaves_nothing() {
    let (lab, target) = (Lab::start(), target());
    let mut flows = flows(&lab);
    let before = flows.tree();
    let mut wanted = attempt(&flows, 1, &target);
    wanted.login.times.login = 1;
    let why = flows.failed(wanted).expect("a failure");
    assert_eq!(why.counted(), Counted::Transport, "{why}");
    assert_eq!(flows.tree(), before);
}
