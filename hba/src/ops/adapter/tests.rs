//! Adapter operations on a script.

use super::super::testing::{H0, TARGET, adapter, brief, ctx, key, late};
use super::*;
use crate::backend::scripted::{Call, Scripted};

#[test]
fn without_a_name_the_only_adapter_is_meant() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Adapter(H0), Ok(Some(adapter())));
    assert_eq!(show(&mut ctx(&mut s), None).expect("shown").host, H0);
    s.finish();
}

#[test]
fn without_a_name_several_adapters_are_refused() {
    let mut s = Scripted::new();
    let mut second = key();
    second.host = HostNo(1);
    s.expect(Call::AdapterKeys, Ok(vec![key(), second]));
    let e = show(&mut ctx(&mut s), None).expect_err("ambiguous");
    assert_eq!(e.kind(), Kind::Invalid);
    assert!(e.to_string().contains("host0, host1"), "{e}");
}

#[test]
fn a_port_that_vanishes_is_left_out_of_the_list() {
    let mut s = Scripted::new();
    let mut second = key();
    second.host = HostNo(1);
    s.expect(Call::AdapterKeys, Ok(vec![key(), second]))
        .expect(Call::Adapter(H0), Ok(Some(adapter())))
        .expect::<Option<Adapter>>(Call::Adapter(HostNo(1)), Ok(None));
    assert_eq!(list(&mut ctx(&mut s)).expect("listed").len(), 1);
    s.finish();
}

#[test]
fn reset_is_refused_while_sessions_are_up() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Adapter(H0), Ok(Some(adapter())))
        .expect(Call::Sessions, Ok(vec![brief(1, TARGET, "LOGGED_IN")]));
    assert_eq!(
        reset(&mut ctx(&mut s), None).expect_err("busy").kind(),
        Kind::Busy
    );
    s.finish();
}

#[test]
fn a_forced_reset_waits_until_the_adapter_runs() {
    let mut s = Scripted::new();
    let mut down = adapter();
    down.state = Some("recovery".into());
    let mut up = adapter();
    up.firmware_uptime = Some("0.100 secs".into());
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Adapter(H0), Ok(Some(adapter())))
        .expect(Call::Sessions, Ok(vec![brief(1, TARGET, "LOGGED_IN")]))
        .expect(Call::ResetAdapter(H0), Ok(()))
        .expect(Call::Adapter(H0), Ok(Some(down)))
        .expect(Call::Adapter(H0), Ok(Some(up)));
    let mut c = ctx(&mut s);
    c.force = true;
    let change = reset(&mut c, None).expect("reset");
    assert!(change.is_changed());
    assert_eq!(change.diff()[0].field, "firmware_uptime");
    assert_eq!(c.warnings.len(), 1);
    s.finish();
}

#[test]
fn a_reset_that_never_ends_says_what_was_waited_for() {
    let mut s = Scripted::new();
    let mut down = adapter();
    down.state = Some("recovery".into());
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Adapter(H0), Ok(Some(adapter())))
        .expect::<Vec<crate::model::SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::ResetAdapter(H0), Ok(()))
        .expect(Call::Adapter(H0), Ok(Some(down)));
    let e = reset(&mut late(&mut s), None).expect_err("late");
    assert_eq!(e.kind(), Kind::Timeout);
    assert!(e.to_string().contains("host0 in state running"), "{e}");
    s.finish();
}

#[test]
fn a_driver_without_a_feature_is_named() {
    let mut bnx = key();
    bnx.transport = Some("bnx2i".into());
    let e = require(&bnx, "list flash targets", Ability::Flash).expect_err("unsupported");
    assert_eq!(e.kind(), Kind::Unsupported);
    assert!(e.to_string().contains("bnx2i"), "{e}");
    let next = e.next_step().expect("what to do instead");
    assert!(next.steps().any(|s| s == Step::OpenIscsiLogin), "{next}");
    require(&key(), "list flash targets", Ability::Flash).expect("qla4xxx can");
}

#[test]
fn where_no_adapter_can_do_it_that_is_the_answer_and_no_empty_list() {
    let mut bnx = key();
    bnx.transport = Some("bnx2i".into());
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![bnx.clone()]))
        .expect(Call::AdapterKeys, Ok(vec![bnx, key()]))
        .expect::<Vec<AdapterKey>>(Call::AdapterKeys, Ok(vec![]));
    let mut c = ctx(&mut s);
    let mut hosts = || all_able(&mut c, None, "list flash targets", Ability::Flash);
    assert_eq!(hosts().expect_err("nobody can").kind(), Kind::Unsupported);
    assert_eq!(hosts().expect("one can"), [H0]);
    assert_eq!(hosts().expect("there is none"), []);
    s.finish();
}

#[test]
fn a_driver_without_a_reset_is_not_asked_for_one() {
    let mut bnx = key();
    bnx.transport = Some("bnx2i".into());
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![bnx]));
    let e = reset(&mut ctx(&mut s), None).expect_err("unsupported");
    assert_eq!(e.kind(), Kind::Unsupported);
    s.finish();
}
