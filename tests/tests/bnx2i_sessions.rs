//! Sessions that a daemon makes through a bnx2i port, as `hbactl` shows and looks after them. The adapter and the target are emulated; the
//! test is the daemon, and the network helper too: a helper of ours resolves no address of loopback.

use lab_tests::lab::{Lab, READY};
use lab_tests::netlink::Client;
use lab_tests::offload::{Session, Wanted, helper};
use lab_tests::process::until;
use lab_tests::target::Target;
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:disk";
const HOST: u32 = 1;

#[test]
fn sessions_of_a_daemon_are_shown_watched_and_read_from_and_left_to_it() {
    let lab = Lab::start(&["--adapter", "bnx2i:1"]).expect("lab");
    let target = Target::start(lab.path(), IQN, &["--lun", "8M"]).expect("target");
    let _helper = helper::play(&lab.endpoint(), HOST).expect("a helper");
    let mut iscsid = Client::listening(&lab.endpoint(), "bnx2i", 1).expect("a daemon");
    let wanted = Wanted::plain(HOST, target.portal(), IQN).expect("names");
    let session = Session::login(&mut iscsid, wanted).expect("logged in");
    session.scan(&lab.endpoint()).expect("scanned");
    let sid = session.sid.to_string();
    let json = |words: &[&str]| lab.json(words).unwrap_or_else(|e| panic!("{words:?}: {e:#}"));

    let listed = json(&["session", "list"]);
    assert_eq!(
        (&listed[0]["owner"], &listed[0]["transport"]),
        (&"user".into(), &"bnx2i".into()),
        "{listed}"
    );
    assert_eq!(
        (&listed[0]["state"], &listed[0]["target_name"]),
        (&"LOGGED_IN".into(), &IQN.into())
    );
    let shown = json(&["session", "show", &sid]);
    assert_eq!(
        (&shown["netdev"], &shown["port_address"]),
        (&"ethbnx1".into(), &"127.0.0.1".into()),
        "{shown}"
    );
    assert_eq!(shown["iface"], "test", "the name that the daemon gave");
    assert_eq!(shown["connections"][0]["persistent_address"], "127.0.0.1");
    assert_eq!(json(&["adapter", "show"])["sessions"], 1);
    assert_eq!(json(&["target", "list"])[0]["paths"][0]["known"], "user");

    let units = until(READY, "a disk", || {
        let units = json(&["lun", "list"]);
        Ok((units.as_array().is_some_and(|all| !all.is_empty())).then_some(units))
    })
    .expect("a disk");
    let unit = units[0]["address"].as_str().expect("an address").to_owned();
    let blocks = json(&["lun", "capacity", &unit])["blocks"].as_u64();
    assert_eq!(blocks, Some(8 * 2048));
    let copy = lab.path().join("copy");
    let out = copy.to_str().expect("a path");
    json(&["lun", "read", &unit, "--out", out, "--blocks", "128"]);
    let counters = json(&["stats", "connection", &sid, "0"]);
    let octets = counters["counters"]["rxdata_octets"].as_u64().expect("octets");
    assert!(octets >= 128 * 512, "{counters}");
    assert_eq!(json(&["session", "paths", &sid])["paths"][0]["tcp_offload"], true);
    let policy = &json(&["session", "policy", "--sid", &sid])["session"];
    assert_eq!(
        (&policy["keeper"], &policy["first_wait"]),
        (&"iscsid".into(), &3.into()),
        "{policy}"
    );
    assert_eq!(
        json(&["session", "mappings"])[0]["sid"],
        session.sid,
        "each unit has its session"
    );
    json(&["session", "set", &sid, "recovery_tmo=30"]);
    assert_eq!(json(&["session", "show", &sid])["recovery_timeout"], 30);
    json(&["session", "rescan", &sid]);

    let refused = lab
        .hbactl(&["-o", "json", "session", "logout", &sid])
        .expect("run");
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    let told: Value = serde_json::from_slice(&refused.stderr).expect("a failure");
    let next = told["data"]["next"].as_str().expect("whose it is");
    assert!(
        next.contains(&format!("iscsiadm -m session -r {sid} -u")),
        "{next}"
    );

    session.end(&mut iscsid).expect("ended by its daemon");
    assert_eq!(json(&["session", "list"]), Value::Array(Vec::new()));
}
