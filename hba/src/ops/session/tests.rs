//! Session operations on a script.

mod owners;

use super::super::testing::{H0, TARGET, brief, ctx, flash, key, late, session};
use super::*;
use crate::backend::scripted::{Call, Scripted};
use crate::backend::{BlockNode, StackDisk};
use crate::ids::HostNo;

fn shown(s: &mut Scripted, found: Session, target: FlashTarget) {
    let sid = found.sid;
    s.expect(Call::Session(sid), Ok(Some(found)))
        .expect(Call::FlashTargets(H0), Ok(vec![target]));
}

#[test]
fn a_listing_can_be_cut_to_one_port_and_stopped() {
    let mut s = Scripted::new();
    let mut other = brief(2, TARGET, "LOGGED_IN");
    other.host = HostNo(1);
    let all = vec![brief(1, TARGET, "LOGGED_IN"), other, brief(3, TARGET, "FAILED")];
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Sessions, Ok(all.clone()));
    s.expect(Call::Sessions, Ok(all));
    let mut c = ctx(&mut s);
    let sids: Vec<u32> = list(&mut c, Some(&AdapterId::Host(H0)))
        .expect("list")
        .iter()
        .map(|s| s.sid)
        .collect();
    assert_eq!(sids, [1, 3]);
    let mut seen = 0;
    for_each(&mut c, None, &mut |_| {
        seen += 1;
        ControlFlow::Break(())
    })
    .expect("stopped");
    assert_eq!(seen, 1);
    s.finish();
}

#[test]
fn a_session_knows_its_flash_target_and_that_it_is_for_booting() {
    let mut s = Scripted::new();
    shown(
        &mut s,
        session(1, TARGET, "LOGGED_IN"),
        flash(3, &[("is_boot_target", "1")]),
    );
    let found = show(&mut ctx(&mut s), 1).expect("shown");
    assert_eq!((found.flash_index, found.kind), (Some(3), SessionKind::Boot));
    s.finish();
}

#[test]
fn logout_waits_until_the_session_is_gone() {
    let mut s = Scripted::new();
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    s.expect(Call::LogoutSession(H0, 1), Ok(()))
        .expect(Call::Sessions, Ok(vec![brief(1, TARGET, "FREE")]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let change = logout(&mut ctx(&mut s), 1, &Leaving::default()).expect("logged out");
    assert!(change.is_changed() && change.after().is_none());
    s.finish();
}

#[test]
fn a_session_whose_disk_is_in_use_is_logged_out_by_force_alone() {
    let mut s = Scripted::new();
    s.stack.disks.push(StackDisk {
        address: "0:0:0:0".into(),
        sid: Some(1),
        name: "sdb".into(),
    });
    s.stack.nodes.push(BlockNode {
        name: "sdb".into(),
        ..BlockNode::default()
    });
    s.stack.swaps.push("sdb".into());
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    let e = logout(&mut ctx(&mut s), 1, &Leaving::default()).expect_err("in use");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("0:0:0:0 (sdb) is swap space"), "{e}");
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    s.expect(Call::LogoutSession(H0, 1), Ok(()))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let mut c = ctx(&mut s);
    c.force = true;
    assert!(
        logout(&mut c, 1, &Leaving::default())
            .expect("by force")
            .is_changed()
    );
    assert_eq!(c.warnings.len(), 1);
    s.finish();
}

#[test]
fn a_session_that_does_not_end_in_time_may_end_yet() {
    let mut s = Scripted::new();
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    s.expect(Call::LogoutSession(H0, 1), Ok(()))
        .expect(Call::Sessions, Ok(vec![brief(1, TARGET, "FREE")]));
    let e = logout(&mut late(&mut s), 1, &Leaving::default()).expect_err("late");
    assert_eq!(e.kind(), Kind::Unknown);
    assert!(e.to_string().contains("the end of session 1"), "{e}");
    s.finish();
}

#[test]
fn boot_and_foreign_sessions_are_not_logged_out() {
    let mut s = Scripted::new();
    shown(
        &mut s,
        session(1, TARGET, "LOGGED_IN"),
        flash(0, &[("is_boot_target", "1")]),
    );
    assert_eq!(
        logout(&mut ctx(&mut s), 1, &Leaving::default())
            .expect_err("boot")
            .kind(),
        Kind::Permission
    );
    let mut user = session(2, TARGET, "LOGGED_IN");
    user.owner = Owner::User;
    s.expect(Call::Session(2), Ok(Some(user)));
    let e = logout(&mut ctx(&mut s), 2, &Leaving::default()).expect_err("user");
    assert_eq!(e.kind(), Kind::Unsupported);
    assert!(e.to_string().contains("qla4xxx"), "{e}");
    s.finish();
}

#[test]
fn a_dry_run_writes_nothing() {
    let mut s = Scripted::new();
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    let mut c = ctx(&mut s);
    c.dry_run = true.into();
    assert!(matches!(
        logout(&mut c, 1, &Leaving::default()),
        Ok(Change::Planned { .. })
    ));
    s.finish();
}

#[test]
fn the_detailed_listing_is_cut_to_one_port_too() {
    let detail = |sid, host| SessionDetail {
        brief: SessionBrief {
            host,
            ..brief(sid, TARGET, "LOGGED_IN")
        },
        current_address: None,
        current_port: None,
        connection_state: None,
        connection_standing: None,
        initiator_name: None,
        iface: None,
        mac: None,
        port_address: None,
        netdev: None,
    };
    let all = vec![detail(1, H0), detail(2, HostNo(1)), detail(3, H0)];
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::SessionDetails, Ok(all.clone()))
        .expect(Call::SessionDetails, Ok(all.clone()));
    let mine = list_detail(&mut ctx(&mut s), Some(&AdapterId::Host(H0))).expect("listed");
    assert_eq!(mine.iter().map(|d| d.brief.sid).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(list_detail(&mut ctx(&mut s), None).expect("listed"), all);
    s.finish();
}

#[test]
fn a_session_that_another_program_logged_out_first_is_as_good_as_ours() {
    let mut s = Scripted::new();
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    s.expect::<()>(Call::LogoutSession(H0, 1), Err(Error::new(Kind::NotFound, "x")))
        .expect::<Option<Session>>(Call::Session(1), Ok(None));
    let change = logout(&mut ctx(&mut s), 1, &Leaving::default()).expect("gone");
    assert!(matches!(change, Change::Unchanged { current: None, .. }));
    s.finish();
}
