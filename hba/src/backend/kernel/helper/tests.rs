//! The client against services that answer well, badly and not at all.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

/// Serves one client with `answer` and gives back what it asked.
fn serve(dir: &Path, answer: Vec<u8>) -> JoinHandle<serde_json::Value> {
    let at = dir.join("iscsiuio");
    std::fs::create_dir_all(&at).expect("made");
    let listener = UnixListener::bind(at.join(INTERFACE)).expect("bound");
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut asked = Vec::new();
        let mut byte = [0];
        while client.read(&mut byte).expect("asked") == 1 && byte[0] != 0 {
            asked.push(byte[0]);
        }
        // A client that has seen enough is gone.
        let _ = client.write_all(&answer);
        serde_json::from_slice(&asked).expect("json")
    })
}

fn endpoint(dir: &tempfile::TempDir) -> Endpoint {
    Endpoint::Dir(dir.path().to_owned())
}

fn soon() -> Deadline {
    Deadline::after(LIMIT)
}

fn pinged(answer: &str) -> (Result<PingStatus>, serde_json::Value) {
    let dir = tempfile::tempdir().expect("dir");
    let service = serve(dir.path(), format!("{answer}\0").into_bytes());
    let address = "10.0.0.50".parse().expect("address");
    let status = ping(&endpoint(&dir), HostNo(3), 100, address, 32, soon());
    (status, service.join().expect("served"))
}

#[test]
fn ports_are_told_with_everything_that_is_theirs() {
    let dir = tempfile::tempdir().expect("dir");
    let answer = include_str!("tests/ports.json");
    let service = serve(dir.path(), format!("{}\0", answer.trim()).into_bytes());
    let helper = report(&endpoint(&dir), soon()).expect("told");
    assert_eq!(
        service.join().expect("served")["method"],
        "io.hbactl.iscsiuio.GetPorts"
    );
    assert_eq!(helper.presence, HelperPresence::Running);
    let port = helper.port(3).expect("a port");
    assert_eq!(
        (port.ring.as_str(), port.counters.resolved),
        ("ring l2/iscsi_host3", 4)
    );
    let interface = &port.interfaces[1];
    assert_eq!((interface.vlan, interface.ipv4.as_str()), (100, "dhcp"));
    assert_eq!(interface.leases[0].expires, None, "a lease for ever");
    assert_eq!(interface.neighbours[0].mac.as_deref(), Some("02:00:00:00:00:50"));
    assert_eq!(helper.totals.map(|t| t.path_requests), Some(5));
}

#[test]
fn each_end_of_a_ping_is_told_apart() {
    let pong =
        |word: &str| format!(r#"{{"parameters":{{"answered":false,"status":"{word}","microseconds":1}}}}"#);
    for (word, status) in [
        ("ISCSI_PING_SUCCESS", PingStatus::Success),
        ("ISCSI_PING_TIMEOUT", PingStatus::Timeout),
        ("ISCSI_PING_NO_ARP_RECEIVED", PingStatus::NoArpReceived),
        ("ISCSI_PING_IPADDR_INVALID", PingStatus::IpAddressInvalid),
        ("ISCSI_PING_TOMORROW", PingStatus::Unknown(u32::MAX)),
    ] {
        let (ended, asked) = pinged(&pong(word));
        assert_eq!(ended.expect("ended"), status, "{word}");
        assert_eq!(asked["method"], "io.hbactl.iscsiuio.Ping");
        assert_eq!(asked["parameters"]["vlan"], 100);
        assert_eq!(asked["parameters"]["address"], "10.0.0.50");
    }
}

#[test]
fn what_the_helper_refuses_says_what_to_do() {
    let refusal = |name: &str| {
        format!(r#"{{"error":"io.hbactl.iscsiuio.{name}","parameters":{{"host":3,"vlan":100}}}}"#)
    };
    let (ended, _) = pinged(&refusal("NoSuchInterface"));
    let e = ended.expect_err("none");
    assert_eq!(e.kind(), Kind::NotFound);
    assert!(e.to_string().contains("VLAN 100 of host3"), "{e}");
    let (ended, _) = pinged(&refusal("NotReady"));
    assert_eq!(ended.expect_err("not yet").status(), Status::Again);
    let (ended, _) = pinged(&refusal("Ending"));
    assert!(ended.expect_err("ending").to_string().contains("Ending"));
}

#[test]
fn a_helper_that_is_not_there_is_no_failure_of_a_report() {
    let dir = tempfile::tempdir().expect("dir");
    let silent = |dir: &tempfile::TempDir| report(&endpoint(dir), soon()).expect("told").presence;
    assert_eq!(silent(&dir), HelperPresence::NotRunning, "no directory");
    std::fs::create_dir(dir.path().join("iscsiuio")).expect("made");
    assert_eq!(silent(&dir), HelperPresence::NotRunning, "no socket");
    // What a helper left that was killed.
    drop(UnixListener::bind(dir.path().join("iscsiuio").join(INTERFACE)).expect("bound"));
    assert_eq!(silent(&dir), HelperPresence::NotRunning, "nobody listens");
    let address = "10.0.0.50".parse().expect("address");
    let e = ping(&endpoint(&dir), HostNo(3), 0, address, 32, soon()).expect_err("nobody");
    assert_eq!((e.kind(), e.status()), (Kind::Failed, Status::HelperUnreachable));
    assert!(
        e.next_step()
            .is_some_and(|next| next.steps().any(|s| s == Step::StartHelper))
    );
}

#[test]
fn whoever_may_not_ask_is_told_so() {
    let dir = tempfile::tempdir().expect("dir");
    let service = serve(dir.path(), Vec::new());
    let helper = report(&endpoint(&dir), soon()).expect("told");
    assert_eq!(helper.presence, HelperPresence::NotPermitted);
    service.join().expect("served");
}

#[test]
fn an_answer_that_is_none_is_no_panic_and_no_empty_report() {
    for answer in [
        &b"{}\0"[..],
        b"\0",
        b"null\0",
        b"[1,2]\0",
        b"{\"parameters\":{\"ports\":[{}],\"totals\":{}}}\0",
        b"{\"parameters\":{}} and no end",
        b"\xff\xfe\0",
    ] {
        let dir = tempfile::tempdir().expect("dir");
        let service = serve(dir.path(), answer.to_vec());
        let told = report(&endpoint(&dir), soon());
        let e = told.expect_err("nonsense");
        assert_eq!(e.kind(), Kind::Failed, "{e}");
        service.join().expect("served");
    }
}

#[test]
fn an_answer_without_end_is_not_read_without_end() {
    let dir = tempfile::tempdir().expect("dir");
    let most = usize::try_from(call::MOST).expect("fits");
    let service = serve(dir.path(), vec![b' '; most + 4096]);
    let e = report(&endpoint(&dir), Deadline::after(Duration::from_secs(60))).expect_err("too long");
    assert_eq!(e.kind(), Kind::Failed, "{e}");
    drop(service.join());
}

#[test]
fn a_helper_that_says_nothing_is_waited_for_until_the_deadline() {
    let dir = tempfile::tempdir().expect("dir");
    std::fs::create_dir(dir.path().join("iscsiuio")).expect("made");
    let _mute = UnixListener::bind(dir.path().join("iscsiuio").join(INTERFACE)).expect("bound");
    let e = report(&endpoint(&dir), Deadline::after(Duration::from_millis(50))).expect_err("late");
    assert_eq!(e.kind(), Kind::Timeout);
    assert!(e.to_string().contains("network helper"), "{e}");
}
