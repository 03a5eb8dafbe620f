//! What another program does while settings are applied.

use super::*;

#[test]
fn an_apply_takes_out_of_the_stage_what_it_applied_and_nothing_else() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000"), wish("ttl=32")]);
    let path = dir.0.path().join("state/staged-ifaces.json");
    let mut s = Scripted::new();
    no_sessions(found(&mut s, port(&[])));
    still(&mut s);
    sends(
        &mut s,
        &[("mtu", ParamValue::Number(9000)), ("ttl", ParamValue::Number(32))],
    );
    // While the port restarts somebody writes the file by hand: another value for one, and the other port's.
    let meanwhile = "{\"version\":1,\"ifaces\":{\"00:c0:dd:11:22:35\":{\"ipv4-0\":{\"mtu\":9000,\"ttl\":64}},\
                     \"00:c0:dd:11:22:37\":{\"ipv4-0\":{\"mtu\":9000}}}}";
    let write = path.clone();
    s.meanwhile(Call::Ifaces(H0), move || {
        std::fs::write(&write, meanwhile).expect("written");
    });
    s.expect(
        Call::Ifaces(H0),
        Ok(vec![port(&[("mtu", "9000"), ("ttl", "32")])]),
    );
    apply(&mut dir.ctx(&mut s), None).expect("applied");
    s.finish();
    let left: serde_json::Value = serde_json::from_str(&dir.staged()).expect("json");
    assert_eq!(
        left["ifaces"]["00:c0:dd:11:22:35"]["ipv4-0"],
        serde_json::json!({"ttl": 64})
    );
    assert_eq!(
        left["ifaces"]["00:c0:dd:11:22:37"]["ipv4-0"],
        serde_json::json!({"mtu": 9000})
    );
}

#[test]
fn a_setting_that_another_program_changed_meanwhile_is_not_overwritten() {
    let dir = Dir::new();
    stage(&dir, &[wish("ttl=32")]);
    let mut s = Scripted::new();
    no_sessions(found(&mut s, port(&[("ttl", "64")])));
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[("ttl", "9")])]));
    let e = apply(&mut dir.ctx(&mut s), None).expect_err("changed");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(dir.staged().contains("ttl"), "what was wanted is not lost");
    s.finish();
}
