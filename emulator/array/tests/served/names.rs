//! Names as they are: served byte for byte, compared without the case of letters.

use emu_array::Target;
use emu_net::reactor::Reactor;
use iscsi::initiator::Event;
use iscsi::pdu::{LoginFlags, LoginStatus, Stage, TargetPdu};

use super::host::{Host, config, serve, target_config};
use super::raw::Raw;

const MIXED: &str = "iqn.2026-11.org.Example:Disk_A";
const INITIATOR: (&str, &str) = ("InitiatorName", "iqn.2026-11.org.example:raw");

#[test]
fn a_target_is_listed_as_it_was_named_and_found_in_any_case() {
    let mut settings = target_config();
    settings.iqn = MIXED.to_owned();
    settings.extra_targets.push("LUN/0".to_owned());
    let target = serve(settings);
    let portal = target.portal();
    let (mut raw, _) = Raw::login_as(portal, &[INITIATOR, ("SessionType", "Discovery")]);
    for (asked, listed) in [
        ("All", &[MIXED, "LUN/0"][..]),
        ("iqn.2026-11.org.example:disk_a", &[MIXED]),
        ("lun/0", &["LUN/0"]),
    ] {
        raw.text(&format!("SendTargets={asked}\0"));
        let (TargetPdu::TextResponse(_), text) = raw.hear() else {
            panic!("no answer to SendTargets={asked}")
        };
        let want: String = listed
            .iter()
            .map(|name| format!("TargetName={name}\0TargetAddress={portal},1\0"))
            .collect();
        assert_eq!(String::from_utf8(text).unwrap(), want);
    }
    for name in [MIXED, "IQN.2026-11.ORG.EXAMPLE:DISK_A", "Lun/0"] {
        Raw::login_as(portal, &[INITIATOR, ("TargetName", name)]);
    }
    let flags = LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE);
    let (refused, _) = Raw::connect(portal).login_step(flags, &[INITIATOR, ("TargetName", "LUN/1")]);
    assert_eq!(refused.status, LoginStatus::NOT_FOUND);
}

#[test]
fn the_same_initiator_in_another_case_takes_the_place_of_its_session() {
    let target = serve(target_config());
    let mut old = Host::login(target.portal(), config(1));
    let mut again = config(1);
    again.initiator_name = again.initiator_name.as_str().to_uppercase().parse().unwrap();
    let _new = Host::login(target.portal(), again);
    old.until("end of the old session", |host| {
        host.has(|e| matches!(e, Event::Dropped(_)))
    });
    assert_eq!(target.sessions().unwrap(), 1);
}

#[test]
fn names_that_nothing_can_carry_are_not_served() {
    for name in ["", "a disk", "iqn.2026-11.org.example:\n", &"d".repeat(224)] {
        let mut settings = target_config();
        settings.extra_targets.push(name.to_owned());
        let refused = Target::bind(&mut Reactor::new().unwrap(), 0, settings);
        let error = refused.expect_err("a name that no login text can carry");
        assert!(
            error.to_string().contains(&name.escape_debug().to_string()) || name.is_empty(),
            "{error}"
        );
    }
}
