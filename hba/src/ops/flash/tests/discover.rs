//! Discovery.

use super::*;
use crate::model::Session;

fn entry(index: u32) -> FlashTarget {
    flash(index, &[("targetname", ""), ("discovery_session", "1")])
}

#[test]
fn discovery_adds_an_entry_asks_and_takes_it_away_again() {
    let mut elsewhere = session(1, "iqn.before", "LOGGED_IN");
    elsewhere.connections[0].persistent_address = Some("192.168.10.99".into());
    // Found by an earlier entry that had the same index.
    elsewhere
        .params
        .insert(IscsiParam::DiscoveryParentIdx, Some(ParamValue::Number(2)));
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, entry_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(entry(2))))
        .expect(Call::Sessions, Ok(vec![brief(1, "iqn.before", "LOGGED_IN")]))
        .expect(Call::LoginFlashTarget(H0, 2), Ok(()))
        .expect(
            Call::Sessions,
            Ok(vec![
                brief(1, "iqn.before", "LOGGED_IN"),
                brief(2, TARGET, "LOGGED_IN"),
            ]),
        )
        .expect(Call::Session(1), Ok(Some(elsewhere)))
        .expect(Call::Session(2), Ok(Some(session(2, TARGET, "LOGGED_IN"))))
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let found = discover(&mut ctx(&mut s), None, portal, None, false).expect("found");
    assert_eq!(found.sessions.iter().map(|s| s.sid).collect::<Vec<_>>(), [2]);
    assert_eq!((found.entry, found.portal.as_str()), (None, "192.168.10.50:3260"));
    s.finish();
}

#[test]
fn a_portal_that_does_not_answer_leaves_no_entry_behind() {
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let mut s = Scripted::new();
    ready(&mut s)
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, entry_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(entry(2))))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect::<()>(
            Call::LoginFlashTarget(H0, 2),
            Err(Error::new(Kind::Failed, "x").answered("EIO")),
        )
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
    let e = discover(&mut ctx(&mut s), None, portal, None, false).expect_err("silent");
    assert!(
        e.to_string().contains("discover targets at 192.168.10.50:3260"),
        "{e}"
    );
    s.finish();
}

#[test]
fn an_entry_that_was_there_before_stays() {
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let mut s = Scripted::new();
    ready(&mut s).expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    s.expect::<()>(
        Call::LoginFlashTarget(H0, 7),
        Err(Error::new(Kind::Failed, "x").answered("EIO")),
    );
    assert!(discover(&mut ctx(&mut s), None, portal, None, false).is_err());
    s.finish();
}

#[test]
fn logging_in_to_a_discovery_entry_points_to_discover() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), entry(7), vec![]);
    let e = login(&mut ctx(&mut s), None, 7).expect_err("discovery");
    assert!(
        e.next_step()
            .is_some_and(|h| h.steps().any(|step| step == crate::Step::FlashDiscover))
    );
    s.finish();
}

#[test]
fn only_a_discovery_entry_of_this_very_portal_is_used_and_only_what_is_new_is_found() {
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let known = || {
        vec![
            flash(1, &[]),
            flash(
                2,
                &[("targetname", ""), ("discovery_session", "1"), ("port", "3261")],
            ),
            flash(
                3,
                &[
                    ("targetname", ""),
                    ("discovery_session", "1"),
                    ("ipaddress", "192.168.10.51"),
                ],
            ),
            entry(7),
        ]
    };
    let mut after = known();
    after.push(flash(8, &[("targetname", "iqn.new")]));
    let mut s = Scripted::new();
    ready(&mut s)
        .expect(Call::FlashTargets(H0), Ok(known()))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::LoginFlashTarget(H0, 7), Ok(()))
        .expect(Call::Sessions, Ok(vec![brief(2, TARGET, "LOGGED_IN")]));
    let mut full = session(2, TARGET, "LOGGED_IN");
    full.params
        .insert(IscsiParam::DiscoveryParentIdx, Some(ParamValue::Number(7)));
    s.expect(Call::Session(2), Ok(Some(full)))
        .expect(Call::FlashTargets(H0), Ok(after));
    let found = discover(&mut ctx(&mut s), None, portal, None, false).expect("found");
    assert_eq!(found.entry, Some(7));
    let new: Vec<u32> = found.targets.iter().map(|target| target.index).collect();
    assert_eq!(new, [8]);
    s.finish();
}

#[test]
fn found_are_new_sessions_those_of_the_entry_and_those_that_were_up_to_the_portal() {
    let portal = ("192.168.10.50".parse().expect("address"), 3260);
    let at = |sid: u32, state: &str, address: &str, parent: u64| {
        let mut full = session(sid, TARGET, state);
        full.connections[0].persistent_address = Some(address.into());
        let parent = Some(ParamValue::Number(parent));
        full.params.insert(IscsiParam::DiscoveryParentIdx, parent);
        full
    };
    let all = [
        at(1, "LOGGED_IN", "192.168.10.99", 7),
        at(3, "LOGGED_IN", "192.168.10.50", 2),
        at(4, "FAILED", "192.168.10.50", 2),
        at(5, "LOGGED_IN", "192.168.10.99", 2),
        at(6, "LOGGED_IN", "192.168.10.99", 2),
    ];
    let briefs = |known: &[Session]| -> Vec<SessionBrief> {
        let state = |s: &Session| if s.logged_in() { "LOGGED_IN" } else { "FAILED" };
        known.iter().map(|s| brief(s.sid, TARGET, state(s))).collect()
    };
    let mut s = Scripted::new();
    ready(&mut s)
        .expect(Call::FlashTargets(H0), Ok(vec![entry(7)]))
        .expect(Call::Sessions, Ok(briefs(&all[..4])))
        .expect(Call::LoginFlashTarget(H0, 7), Ok(()))
        .expect(Call::Sessions, Ok(briefs(&all)));
    for full in all {
        s.expect(Call::Session(full.sid), Ok(Some(full)));
    }
    s.expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    let found = discover(&mut ctx(&mut s), None, portal, None, false).expect("found");
    let sids: Vec<u32> = found.sessions.iter().map(|s| s.sid).collect();
    assert_eq!(sids, [1, 3, 6]);
    s.finish();
}
