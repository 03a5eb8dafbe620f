//! `hbactl` on ports of the bnx2i class: what it shows of them, what goes by the network helper, and what it refuses with which words.
//! The adapter is emulated; the helper is ours, on the adapter's ring.

use std::io::{Read as _, Write as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use driver_sys::uip::{IfaceRecord, Reply, Request, Status};
use lab_tests::lab::{Lab, READY};
use lab_tests::netlink::Client;
use lab_tests::offload::endpoint;
use lab_tests::process::{Running, own_binary, until};
use serde_json::Value;

/// The qla4xxx port and the bnx2i port behind it.
const BOTH: &[&str] = &["--adapter", "qla4xxx:1", "--adapter", "bnx2i:1"];
/// The emulator's network gives the bnx2i port (the second) this address, and has every other one itself.
const LEASE: &[&str] = &["--dhcp-lease", "1=10.0.0.21/24,10.0.0.1"];
const H2: &str = "host2";

/// The helper's daemon.
struct Helper {
    daemon: Option<Running>,
    control: String,
}

impl Helper {
    fn start(lab: &Lab) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let control = format!("bnx2i-ports-{}-{next}", std::process::id());
        let mut helper = Self {
            daemon: None,
            control,
        };
        helper.restart(lab);
        helper
    }

    fn restart(&mut self, lab: &Lab) {
        // Its messages are on stderr.
        let mut command = Command::new("sh");
        command
            .args(["-c", r#"exec "$0" "$@" 2>&1"#])
            .arg(own_binary("iscsiuio").expect("built"))
            .args(["-f", "--control", &self.control, "--endpoint"])
            .arg(lab.endpoint());
        self.daemon = Some(Running::start(&mut command, "ready", READY).expect("a helper"));
    }

    /// Asks for the interface of an iface record, as iscsid does before it logs in.
    fn bring_up(&self, record: &IfaceRecord) {
        let message = Request::Iface(record.clone()).encode().expect("a message");
        let name = SocketAddr::from_abstract_name(&self.control).expect("a name");
        until(READY, "the interface to be up", || {
            let mut socket = UnixStream::connect_addr(&name)?;
            socket.set_read_timeout(Some(READY))?;
            socket.write_all(&message)?;
            let mut bytes = [0; Reply::SIZE];
            socket.read_exact(&mut bytes)?;
            let status = Reply::decode(&bytes)?.status;
            Ok(matches!(status, Status::Ok | Status::DeviceUp).then_some(()))
        })
        .expect("an interface");
    }
}

/// What `hbactl` answers, of this kind and as its schema has it.
fn kept(lab: &Lab, kind: &str, args: &[&str]) -> Value {
    let out = lab.hbactl(&[&["-o", "json"], args].concat()).expect("run");
    assert!(out.status.success(), "{args:?}: {out:?}");
    let mut envelope: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(lab.kind(&envelope).expect("the schema"), kind);
    envelope["data"].take()
}

fn record(lab: &Lab) -> IfaceRecord {
    let hwaddress = lab.json(&["adapter", "show", H2]).expect("shown")["mac"].clone();
    IfaceRecord {
        name: "bnx2i.test".into(),
        transport_name: "bnx2i".into(),
        hwaddress: hwaddress.as_str().expect("a MAC address").to_owned(),
        ipaddress: "0.0.0.0".into(),
        bootproto: "dhcp".into(),
        ..IfaceRecord::default()
    }
}

/// Runs a command that must not end well: its exit code and the failure it tells, which must say the same in text.
fn refused(lab: &Lab, words: &[&str]) -> (i32, Value) {
    let json = lab.hbactl(&[&["-o", "json"], words].concat()).expect("run");
    let told = String::from_utf8_lossy(&json.stderr).into_owned();
    let envelope: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{words:?}: {e}: {told}"));
    let failure = envelope["data"].clone();
    let text = lab.hbactl(words).expect("run");
    let shown = String::from_utf8_lossy(&text.stderr).into_owned();
    for field in ["answer", "next"] {
        if let Some(part) = failure[field].as_str() {
            assert!(
                shown.contains(part),
                "{words:?}: {field} {part:?} is not in {shown}"
            );
        }
    }
    assert_eq!(json.status.code(), text.status.code(), "{words:?}");
    (json.status.code().unwrap_or(-1), failure)
}

#[test]
fn what_a_bnx2i_port_cannot_do_is_refused_with_the_reason_and_what_to_do_instead() {
    let lab = Lab::start(BOTH).expect("lab");
    for words in [
        &["flash", "list", "-a", H2][..],
        &["flash", "discover", "10.0.0.50", "-a", H2],
        &["chap", "list", "-a", H2],
        &["boot", "show", "-a", H2],
        &["stats", "host", "-a", H2],
        &["adapter", "reset", H2],
        &["adapter", "dump", "nvram", "-a", H2],
        &["adapter", "diag", "flash", "-a", H2],
        &["adapter", "set-name", "iqn.2026-11.org.example:host", "-a", H2],
        &["adapter", "restore-defaults", "ifcb", "-a", H2],
        &["iface", "set", "ipv4", "-a", H2, "ipaddress=10.0.0.9"],
        &["iface", "unset", "ipv4", "-a", H2],
        &["iface", "apply", "-a", H2],
        &["target", "login", "iqn.2026-11.org.example:disk", "-a", H2],
        &["target", "discovery", "show", "-a", H2],
        &["target", "remove", "iqn.2026-11.org.example:disk", "-a", H2],
    ] {
        let (code, failure) = refused(&lab, words);
        assert_eq!(code, 4, "{words:?}: {failure}");
        assert_eq!(failure["kind"], "unsupported", "{words:?}");
        assert_eq!(failure["status"]["name"], "not_supported", "{words:?}: {failure}");
        let answer = failure["answer"].as_str().expect("a reason");
        assert!(answer.starts_with("host2 is of bnx2i: "), "{words:?}: {answer}");
        assert!(
            failure["next"].as_str().is_some_and(|next| next.len() > 20),
            "{words:?}: {failure}"
        );
    }
    let (code, failure) = refused(&lab, &["stats", "helper", "-a", "host1"]);
    assert_eq!((code, &failure["kind"]), (4, &Value::from("unsupported")));
    // The other adapter of the endpoint is as it was.
    assert!(lab.json(&["flash", "list"]).expect("listed").is_array());
    let ports = kept(&lab, "adapter.list", &["adapter", "list"]);
    let shape = |field: &str| -> Vec<Value> {
        ports
            .as_array()
            .expect("a list")
            .iter()
            .map(|port| port[field].clone())
            .collect()
    };
    assert_eq!(shape("logs_in"), ["adapter", "daemon"]);
    assert_eq!(shape("helper"), [Value::Null, "not_running".into()]);
    assert_eq!(shape("netdev"), [Value::Null, "ethbnx2".into()]);
    assert_eq!(ports[1]["link"], "LINK UP");
    assert_eq!(ports[1]["features"]["ping"], true);
}

#[test]
fn addresses_leases_neighbours_and_pings_go_by_the_helper() {
    let lab = Lab::start(&[BOTH, LEASE].concat()).expect("lab");
    let iface = |words: &[&str]| lab.json(&[&["iface"], words].concat()).expect("an answer");
    let ping = [
        "ping",
        "ipv4",
        "10.0.0.50",
        "-a",
        H2,
        "--count",
        "2",
        "--interval",
        "1",
    ];
    // Nobody is there yet.
    let (code, failure) = refused(&lab, &ping);
    assert_eq!(
        (code, &failure["status"]["name"]),
        (1, &Value::from("helper_unreachable")),
        "{failure}"
    );
    let listed = iface(&["list", "-a", H2]);
    assert_eq!(
        (&listed[0]["name"], &listed[0]["address"]),
        (&"ipv4-iface-2-0".into(), &Value::Null)
    );
    assert_eq!(
        lab.json(&["adapter", "show", H2]).expect("shown")["health"]["status"],
        "degraded"
    );

    let mut helper = Helper::start(&lab);
    assert_eq!(
        lab.json(&["adapter", "show", H2]).expect("shown")["helper"],
        "running"
    );
    let (code, failure) = refused(&lab, &ping);
    assert_eq!(code, 3, "it has no interface yet: {failure}");

    helper.bring_up(&record(&lab));
    let listed = iface(&["list", "-a", H2]);
    assert_eq!(
        (&listed[0]["address"], &listed[0]["address_state"]),
        (&"10.0.0.21".into(), &"Valid".into())
    );
    let result = lab.json(&ping).expect("pings");
    assert_eq!(
        (&result["sent"], &result["received"]),
        (&2.into(), &2.into()),
        "{result}"
    );
    let shown = iface(&["show", "ipv4", "-a", H2]);
    let part = &shown["helper"];
    assert_eq!((&part["ipv4"], &part["state"]), (&"dhcp".into(), &"ready".into()));
    assert_eq!(part["leases"][0]["address"], "10.0.0.21");
    assert_eq!(part["routers"][0], "10.0.0.1");
    let neighbours = part["neighbours"].as_array().expect("neighbours");
    assert!(
        neighbours
            .iter()
            .any(|n| n["address"] == "10.0.0.50" && n["mac"].is_string()),
        "{part}"
    );
    let table = lab
        .hbactl(&["iface", "show", "ipv4", "-a", H2, "--neighbours"])
        .expect("run");
    assert!(
        String::from_utf8_lossy(&table.stdout).contains("10.0.0.50"),
        "{table:?}"
    );
    let counters = kept(&lab, "stats.helper", &["stats", "helper"]);
    assert_eq!(counters["ports"][0]["host"], 2);
    assert!(
        counters["ports"][0]["counters"]["sent"]
            .as_u64()
            .is_some_and(|sent| sent > 2),
        "{counters}"
    );
    let portals = kept(&lab, "adapter.portals", &["adapter", "portals", H2]);
    assert_eq!(
        (&portals[0]["address"], &portals[0]["state"]),
        (&"10.0.0.21".into(), &"Valid".into())
    );

    // A neighbour that is known and does not answer is a loss, one that never answered is unreachable; neither is an error of ours.
    lab.fault(&["l2-silent", "1", "on"]).expect("silence");
    for to in ["10.0.0.50", "10.0.0.60"] {
        let out = lab.hbactl(&[
            "-o", "json", "ping", "ipv4", to, "-a", H2, "--count", "1", "--wait", "15000",
        ]);
        let out = out.expect("run");
        assert_eq!(out.status.code(), Some(1), "{to}: {out:?}");
        let told: Value = serde_json::from_slice(&out.stdout).expect("an answer");
        assert_eq!(told["data"]["received"], 0, "{to}: {told}");
    }
    lab.fault(&["l2-silent", "1", "off"]).expect("speech");

    // Killed, it is seen to be gone; started again, it has its address without asking for it.
    helper.daemon = None;
    let (code, _) = refused(&lab, &["stats", "helper"]);
    assert_eq!(code, 1);
    helper.restart(&lab);
    assert_eq!(iface(&["list", "-a", H2])[0]["address"], "10.0.0.21");
}

#[test]
fn what_the_kernel_asks_of_the_helper_can_be_followed_and_its_connections_are_counted() {
    let lab = Lab::start(&[BOTH, LEASE].concat()).expect("lab");
    let helper = Helper::start(&lab);
    helper.bring_up(&record(&lab));
    let portal = std::net::SocketAddr::from(([10, 0, 0, 50], 3260));
    let follow = [
        "-o",
        "json",
        "event",
        "follow",
        "--paths",
        "--only",
        "path_requested",
        "--count",
        "1",
        "--for",
        "60",
    ];
    let mut follower = lab.command(&follow).expect("built");
    let follower = follower.stdout(Stdio::piped()).spawn().expect("started");
    let mut iscsid = Client::listening(&lab.endpoint(), "bnx2i", 1).expect("iscsid");
    // Asked again until the follower listens, too: nothing tells when it does.
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || told.send(follower.wait_with_output()));
    let mut out = None;
    for _ in 0..120 {
        let connection = endpoint::connect(&mut iscsid, 2, portal).expect("an endpoint");
        let shown = lab.json(&["adapter", "show", H2]).expect("shown");
        assert_eq!(shown["endpoints"], 1, "{shown}");
        endpoint::disconnect(&mut iscsid, connection).expect("closed");
        if let Ok(done) = heard.recv_timeout(Duration::from_millis(500)) {
            out = Some(done.expect("followed"));
            break;
        }
    }
    let out = out.expect("an event");
    let event: Value = serde_json::from_slice(&out.stdout).expect("an event");
    assert_eq!(
        (&event["data"]["host"], &event["data"]["to"]),
        (&2.into(), &"10.0.0.50".into()),
        "{event}"
    );
    assert_eq!(lab.json(&["adapter", "show", H2]).expect("shown")["endpoints"], 0);
}

#[test]
fn a_network_device_that_goes_down_shows_at_its_port() {
    let lab = Lab::start(BOTH).expect("lab");
    lab.fault(&["netdev-down", "1"]).expect("down");
    let shown = lab.json(&["adapter", "show", H2]).expect("shown");
    assert_eq!(
        (&shown["link"], &shown["health"]["status"]),
        (&"LINK DOWN".into(), &"degraded".into())
    );
    lab.fault(&["netdev-up", "1"]).expect("up");
    assert_eq!(
        lab.json(&["adapter", "show", H2]).expect("shown")["link"],
        "LINK UP"
    );
}
