//! Discovery: what the adapter did and what the portal lists, put together.

mod excluded;

use super::*;
use crate::Stop;
use crate::backend::{ListOutcome, ListedPortal, ListedTarget};
use crate::discovery::{Answer, ByAdapter, Discovery};
use crate::ids::Portal;
use crate::model::Session;
use crate::ops::testing::{adapter, iface};

fn made(found: &Discovery) -> ByAdapter {
    found.adapter.clone().expect("the adapter asked")
}

fn entry(index: u32) -> FlashTarget {
    flash(index, &[("targetname", ""), ("discovery_session", "1")])
}

fn at() -> Portal {
    "192.168.10.50".parse().expect("a portal")
}

fn asking() -> Asking {
    Asking {
        at: at(),
        chap: None,
        keep: false,
        adapter_only: false,
    }
}

fn listed(name: &str, portals: &[&str]) -> ListedTarget {
    let portal = |text: &&str| ListedPortal {
        text: (*text).to_owned(),
        at: text
            .parse()
            .map_err(|e: Error| e.answer().unwrap_or_default().to_owned()),
    };
    ListedTarget {
        name: name.to_owned(),
        portals: portals.iter().map(portal).collect(),
    }
}

/// The entry is made and logged in to; these sessions are there before and after.
fn asked(s: &mut Scripted, before: &[Session], new: &[Session]) {
    ready(s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let briefs: Vec<SessionBrief> = before
        .iter()
        .map(|s| brief(s.sid, &s.target_name, "LOGGED_IN"))
        .collect();
    s.expect(Call::Sessions, Ok(briefs));
    let mut params = entry_params();
    let mut made = entry(2);
    for one in before {
        s.expect(Call::Session(one.sid), Ok(Some(one.clone())));
        // Not that of the session that is up.
        params.push(("isid".into(), ParamValue::Text("000000002001".into())));
        made = flash(
            2,
            &[
                ("targetname", ""),
                ("discovery_session", "1"),
                ("isid", "000000002001"),
            ],
        );
    }
    s.expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, params), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(made)));
    sessions(s, 2, before, new, &[]);
    s.expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
}

fn sessions(s: &mut Scripted, index: u32, before: &[Session], new: &[Session], ended: &[u32]) {
    let briefs = |all: &[&Session]| -> Vec<SessionBrief> {
        all.iter()
            .map(|s| brief(s.sid, &s.target_name, "LOGGED_IN"))
            .collect()
    };
    let all: Vec<&Session> = before.iter().chain(new).collect();
    s.expect(Call::Sessions, Ok(briefs(&before.iter().collect::<Vec<_>>())))
        .expect(Call::LoginFlashTarget(H0, index), Ok(()))
        .expect(Call::Sessions, Ok(briefs(&all)));
    if !new.is_empty() {
        for one in &all {
            s.expect(Call::Session(one.sid), Ok(Some((*one).clone())));
            if ended.contains(&one.sid) {
                s.expect(Call::LogoutSession(H0, one.sid), Ok(()));
            }
        }
    }
    let stay: Vec<&Session> = all.into_iter().filter(|s| !ended.contains(&s.sid)).collect();
    s.expect(Call::Sessions, Ok(briefs(&stay)));
    for one in new.iter().filter(|s| !ended.contains(&s.sid)) {
        s.expect(Call::Session(one.sid), Ok(Some(one.clone())));
    }
    for one in before {
        s.expect(Call::Session(one.sid), Ok(Some(one.clone())));
    }
}

fn answers(s: &mut Scripted, list: ListOutcome) {
    s.expect(Call::Adapter(H0), Ok(Some(adapter())));
    s.expect(
        Call::ProbeTargets("192.168.10.50:3260".parse().expect("address")),
        Ok(list),
    );
}

/// A session with an ISID of its own.
fn to(sid: u32, target: &str, address: &str) -> Session {
    let mut one = session(sid, target, "LOGGED_IN");
    one.connections[0].persistent_address = Some(address.into());
    one.isid = Some(format!("0000000000{sid:02x}"));
    one
}

#[test]
fn what_is_new_is_found_and_the_entry_goes_again() {
    let mut s = Scripted::new();
    let old = to(1, "iqn.before", "192.168.10.99");
    asked(&mut s, &[old], &[to(2, TARGET, "192.168.10.50")]);
    answers(
        &mut s,
        ListOutcome::Listed(vec![listed(TARGET, &["192.168.10.50:3260,1"])]),
    );
    s.expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let mut c = ctx(&mut s);
    let found = discover(&mut c, None, asking()).expect("found");
    assert!(c.warnings.is_empty(), "{:?}", c.warnings);
    assert_eq!(
        made(&found).sessions.iter().map(|s| s.sid).collect::<Vec<_>>(),
        [2]
    );
    assert_eq!(
        (made(&found).entry, found.portal.as_str()),
        (None, "192.168.10.50:3260")
    );
    assert_eq!((found.answer, found.listed), (Answer::Found, Some(1)));
    s.finish();
}

/// A discovery through entry 7, of one session that looks one after the other like these; what it is found like.
fn found_after(looks: &[Session]) -> Session {
    let mut s = Scripted::new();
    ready(&mut s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect(Call::FlashTargets(H0), Ok(vec![entry(7)]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::LoginFlashTarget(H0, 7), Ok(()));
    let first = looks.first().expect("a look");
    // The first look tells twins apart.
    for look in std::iter::once(first).chain(looks) {
        let state = look.state.as_deref().expect("a state");
        s.expect(Call::Sessions, Ok(vec![brief(2, TARGET, state)]))
            .expect(Call::Session(2), Ok(Some(look.clone())));
    }
    answers(
        &mut s,
        ListOutcome::Listed(vec![listed(TARGET, &["192.168.10.50:3260,1"])]),
    );
    s.expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    let found = discover(&mut ctx(&mut s), None, asking()).expect("found");
    s.finish();
    assert_eq!(made(&found).sessions.len(), 1);
    made(&found).sessions.remove(0)
}

#[test]
fn what_is_found_is_shown_with_its_units_and_with_what_it_negotiated() {
    let like = |state: &str, tsih, scan: &str, luns: &[&str]| {
        let mut one = to(2, TARGET, "192.168.10.50");
        one.state = Some(state.into());
        one.tsid = Some(tsih);
        one.target_state = Some(scan.into());
        one.luns = luns.iter().map(|l| (*l).to_owned()).collect();
        one
    };
    let found = found_after(&[
        like("FAILED", 0, "ALLOCATED", &[]),
        like("LOGGED_IN", 0, "ALLOCATED", &[]),
        like("LOGGED_IN", 14, "ALLOCATED", &["0:0:0:0"]),
        like("LOGGED_IN", 14, "SCANNED", &["0:0:0:0", "0:0:0:1"]),
    ]);
    assert_eq!((found.tsid, found.luns.len()), (Some(14), 2));
    // The scan may be the faster one.
    let found = found_after(&[
        like("LOGGED_IN", 0, "SCANNED", &["0:0:0:0"]),
        like("LOGGED_IN", 14, "SCANNED", &["0:0:0:0"]),
    ]);
    assert_eq!(found.tsid, Some(14));
}

#[test]
fn a_scan_without_end_is_not_waited_for_without_end() {
    let mut one = to(2, TARGET, "192.168.10.50");
    one.target_state = Some("ALLOCATED".into());
    one.tsid = Some(0);
    let looks = vec![one; 51];
    assert_eq!(found_after(&looks).tsid, Some(0));
}

#[test]
fn a_session_that_was_there_is_present_only_when_the_portal_lists_it() {
    let old = || to(1, TARGET, "192.168.10.50");
    let mut s = Scripted::new();
    asked(&mut s, &[old()], &[]);
    answers(&mut s, ListOutcome::Listed(vec![listed(TARGET, &[])]));
    s.expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let found = discover(&mut ctx(&mut s), None, asking()).expect("present");
    assert!(made(&found).sessions.is_empty());
    assert_eq!(
        made(&found).present.iter().map(|p| p.sid).collect::<Vec<_>>(),
        [1]
    );
    s.finish();
    for (list, verdict) in [
        (
            ProbeOutcome::Refused(crate::backend::Refusal::other("authentication failure")),
            "refused: ",
        ),
        (ProbeOutcome::Unreachable("no route".into()), "no answer: "),
        (ProbeOutcome::Silent("closed".into()), "no answer: "),
        (ProbeOutcome::Unknown("no time".into()), "no answer is known: "),
    ] {
        let mut s = Scripted::new();
        asked(&mut s, &[old()], &[]);
        answers(&mut s, ListOutcome::Not(list));
        let e = discover(&mut ctx(&mut s), None, asking()).expect_err(verdict);
        let answer = e.answer().expect("an answer");
        assert!(answer.starts_with(verdict), "{answer}");
        assert!(
            answer.contains("session 1 over this portal was there before"),
            "{answer}"
        );
        s.finish();
    }
}

#[test]
fn a_portal_that_lists_nothing_is_no_failure() {
    let mut s = Scripted::new();
    asked(&mut s, &[], &[]);
    answers(&mut s, ListOutcome::Listed(vec![]));
    s.expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let found = discover(&mut ctx(&mut s), None, asking()).expect("nothing");
    assert_eq!((found.answer, found.listed), (Answer::Nothing, Some(0)));
    s.finish();
}

#[test]
fn targets_that_cannot_be_used_are_named_with_the_reason() {
    let mut s = Scripted::new();
    asked(&mut s, &[], &[]);
    let list = vec![
        listed("iqn.a", &["storage.example:3260,1"]),
        listed("iqn.b", &["[fd00::1]:3260,1", "[fe80::1%eth0]:3260,1"]),
    ];
    answers(&mut s, ListOutcome::Listed(list));
    let e = discover(&mut ctx(&mut s), None, asking()).expect_err("unusable");
    for part in [
        "unusable: ",
        "lists 2 targets",
        "iqn.a",
        "resolve no names",
        "no IPv6 address",
        "scope",
    ] {
        assert!(e.to_string().contains(part), "{part}: {e}");
    }
    s.finish();
}

#[test]
fn what_is_left_out_is_counted_and_named() {
    let mut s = Scripted::new();
    asked(&mut s, &[], &[to(2, TARGET, "192.168.10.50")]);
    let mut list = vec![listed(
        TARGET,
        &["192.168.10.50:3260,1", "storage.example:3260,1"],
    )];
    list.extend((0..9).map(|n| listed(&format!("iqn.n{n}"), &["192.168.10.50:3260,1"])));
    answers(&mut s, ListOutcome::Listed(list));
    s.expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let mut c = ctx(&mut s);
    let found = discover(&mut c, None, asking()).expect("found");
    assert_eq!((found.listed, made(&found).left_out.len()), (Some(10), 10));
    let said = c.warnings[0].to_string();
    assert!(
        said.starts_with("10 listed paths were left out") && said.contains("and 7 more"),
        "{said}"
    );
    s.finish();
}

#[test]
fn a_session_that_the_portal_does_not_list_is_no_finding() {
    let mut s = Scripted::new();
    asked(&mut s, &[], &[to(2, "iqn.removed", "192.168.10.50")]);
    answers(&mut s, ListOutcome::Listed(vec![]));
    s.expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]));
    let mut c = ctx(&mut s);
    let found = discover(&mut c, None, asking()).expect("nothing");
    assert_eq!((found.answer, made(&found).sessions.len()), (Answer::Nothing, 0));
    assert!(
        c.warnings[0]
            .steps()
            .any(|step| step == crate::Step::SessionLogout(2))
    );
    s.finish();
}

#[test]
fn of_paths_with_one_isid_one_stays() {
    let twin = |sid, address| {
        let mut one = to(sid, TARGET, address);
        one.isid = Some("011e0e010040".into());
        one
    };
    let mut s = Scripted::new();
    ready(&mut s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    let new = [
        twin(2, "192.168.10.50"),
        twin(3, "192.168.10.51"),
        to(4, "iqn.other", "192.168.10.50"),
    ];
    sessions(&mut s, 7, &[], &new, &[3]);
    let list = vec![
        listed(TARGET, &["192.168.10.50:3260,1", "192.168.10.51:3260,1"]),
        listed("iqn.other", &["192.168.10.50:3260,1"]),
    ];
    answers(&mut s, ListOutcome::Listed(list));
    s.expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    let found = discover(&mut ctx(&mut s), None, asking()).expect("found");
    assert_eq!(
        made(&found).sessions.iter().map(|s| s.sid).collect::<Vec<_>>(),
        [2, 4]
    );
    assert_eq!(made(&found).left_out.len(), 1, "{:?}", made(&found).left_out);
    assert_eq!(made(&found).left_out[0].portal, "192.168.10.51:3260");
    assert_eq!(made(&found).entry, Some(7), "one that was there stays");
    s.finish();
}

#[test]
fn a_port_without_an_address_asks_nobody() {
    for (address, portal) in [("0.0.0.0", "192.168.10.50"), ("192.168.10.2", "fd00::1")] {
        let mut s = Scripted::new();
        ready(&mut s).expect(Call::Ifaces(H0), Ok(vec![iface(&[("ipaddress", address)])]));
        let mut asking = asking();
        asking.at = portal.parse().expect("a portal");
        let e = discover(&mut ctx(&mut s), None, asking).expect_err("no address");
        assert!(e.to_string().contains("no address: host0 has no IPv"), "{e}");
        s.finish();
    }
}

#[test]
fn a_driver_that_refuses_leaves_no_entry_behind_and_one_that_was_there_stays() {
    let refused = || Err::<(), _>(Error::new(Kind::Failed, "x").answered("EIO"));
    let mut s = Scripted::new();
    ready(&mut s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![]))
        .expect(Call::NewFlashTarget(H0, V4), Ok(2u32))
        .expect::<Vec<(u32, Option<String>)>>(Call::FlashNames(H0), Ok(vec![(2, None)]))
        .expect(Call::SetFlashTarget(H0, 2, entry_params()), Ok(()))
        .expect(Call::FlashTarget(H0, 2), Ok(Some(entry(2))))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::LoginFlashTarget(H0, 2), refused())
        .expect(Call::DeleteFlashTarget(H0, 2), Ok(()))
        .expect::<Option<FlashTarget>>(Call::FlashTarget(H0, 2), Ok(None));
    let e = discover(&mut ctx(&mut s), None, asking()).expect_err("refused");
    assert!(
        e.to_string().contains("discover targets at 192.168.10.50:3260"),
        "{e}"
    );
    s.finish();

    let mut s = Scripted::new();
    let others = vec![
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
    ];
    ready(&mut s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect(Call::FlashTargets(H0), Ok(others))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::LoginFlashTarget(H0, 7), refused());
    assert!(discover(&mut ctx(&mut s), None, asking()).is_err());
    s.finish();
}

#[test]
fn logging_in_to_a_discovery_entry_points_to_discover() {
    let mut s = Scripted::new();
    one_read(ready(&mut s), entry(7), vec![]);
    let e = login(&mut ctx(&mut s), None, 7, Clash::Refuse).expect_err("discovery");
    let next = e.next_step().expect("a next step");
    assert!(next.steps().any(|step| step == crate::Step::FlashDiscover));
    s.finish();
}

#[test]
fn ended_before_the_portal_has_answered_a_discovery_is_no_answer() {
    let stop: &'static Stop = Box::leak(Box::new(Stop::new().expect("a stop")));
    let mut s = Scripted::new();
    ready(&mut s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect(Call::FlashTargets(H0), Ok(vec![entry(7)]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::LoginFlashTarget(H0, 7), Ok(()))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let mut asked = ctx(&mut s);
    asked.deadline = asked.deadline.stopped_by(stop);
    stop.ask();
    let error = discover(&mut asked, None, asking()).expect_err("no answer");
    assert_eq!(error.kind(), Kind::Timeout, "{error}");
    assert_eq!(error.interrupted("SIGINT").kind(), Kind::Interrupted);
    s.finish();
}
