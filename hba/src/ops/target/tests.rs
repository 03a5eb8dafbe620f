//! What a login asks for is judged before anything is asked of an adapter.

use super::*;
use crate::Change;
use crate::backend::scripted::{Call, Scripted};
use crate::error::{Kind, Status};
use crate::ids::HostNo;
use crate::model::{FlashTarget, SessionBrief};
use crate::ops::session::Leaving;
use crate::ops::testing::{H0, TARGET, brief, ctx, flash, iface, key, session};

fn wish() -> LoginWish {
    LoginWish {
        target: TARGET.into(),
        ..LoginWish::default()
    }
}

#[test]
fn what_no_adapter_can_do_is_refused_by_name_before_anything_is_asked() {
    let cases: Vec<(&str, LoginWish)> = vec![
        (
            "IPsec",
            LoginWish {
                ipsec: true,
                ..wish()
            },
        ),
        (
            "RADIUS",
            LoginWish {
                radius: true,
                ..wish()
            },
        ),
        (
            "RADIUS",
            LoginWish {
                radius_verify: true,
                ..wish()
            },
        ),
        (
            "several connections",
            LoginWish {
                max_connections: Some(2),
                ..wish()
            },
        ),
        (
            "mappings",
            LoginWish {
                mappings: vec!["0=1:0:0:0".into()],
                ..wish()
            },
        ),
        (
            "initiator alias",
            LoginWish {
                alias: Some("me".into()),
                ..wish()
            },
        ),
        (
            "discovery session",
            LoginWish {
                kind: SessionType::Discovery,
                ..wish()
            },
        ),
        (
            "informational",
            LoginWish {
                kind: SessionType::Informational,
                ..wish()
            },
        ),
        (
            "boot session",
            LoginWish {
                kind: SessionType::Boot,
                ..wish()
            },
        ),
    ];
    for (named, wish) in cases {
        let mut s = Scripted::new();
        let e = login(&mut ctx(&mut s), &wish).expect_err(named);
        assert_eq!(e.kind(), Kind::Unsupported, "{named}: {e}");
        assert!(e.answer().is_some_and(|a| a.contains(named)), "{named}: {e}");
        s.finish();
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    for wish in [
        LoginWish {
            target: "iqn.a b".into(),
            ..wish()
        },
        LoginWish {
            target: String::new(),
            ..wish()
        },
        LoginWish {
            auth: Some(Auth::None),
            chap: Some(1),
            ..wish()
        },
        LoginWish {
            auth: Some(Auth::Chap),
            ..wish()
        },
        LoginWish {
            auth: Some(Auth::Mutual),
            ..wish()
        },
        LoginWish {
            isid: Some("1234".into()),
            ..wish()
        },
    ] {
        let mut s = Scripted::new();
        let e = login(&mut ctx(&mut s), &wish).expect_err("invalid");
        assert_eq!(e.kind(), Kind::Invalid, "{wish:?}: {e}");
        s.finish();
    }
}

/// What flash and the sessions know.
fn known(s: &mut Scripted, entries: Vec<FlashTarget>, sessions: &[SessionBrief]) {
    let named = entries.iter().any(|t| !t.discovery);
    s.expect(Call::FlashTargets(H0), Ok(entries));
    if named {
        s.expect(Call::Sessions, Ok(sessions.to_vec()));
    }
    s.expect(Call::Sessions, Ok(sessions.to_vec()));
    for one in sessions {
        let mut full = session(one.sid, &one.target_name, "LOGGED_IN");
        full.connections[0].persistent_address = Some(one.address.clone());
        s.expect(Call::Session(one.sid), Ok(Some(full)));
    }
}

fn elsewhere(sid: u32) -> SessionBrief {
    let mut one = brief(sid, TARGET, "LOGGED_IN");
    one.address = "192.168.10.51".into();
    one
}

#[test]
fn a_second_session_wants_to_be_asked_for() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]));
    known(&mut s, vec![], &[elsewhere(4)]);
    let wish = LoginWish {
        portal: Some("192.168.10.50".parse().expect("a portal")),
        ..wish()
    };
    let e = login(&mut ctx(&mut s), &wish).expect_err("there is one");
    assert_eq!((e.kind(), e.status()), (Kind::Busy, Status::SessionExists));
    assert!(e.to_string().contains("session 4 over 192.168.10.51:3260"), "{e}");
    s.finish();
}

#[test]
fn a_target_that_nobody_knows_wants_a_portal() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]));
    known(&mut s, vec![], &[]);
    let e = login(&mut ctx(&mut s), &wish()).expect_err("unknown");
    assert_eq!((e.kind(), e.status()), (Kind::NotFound, Status::TargetNotFound));
    s.finish();
}

#[test]
fn a_portal_that_the_port_cannot_call_is_not_tried_and_told() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]));
    let entries = vec![
        flash(2, &[("ipaddress", "2001:db8::50"), ("portal_type", "ipv6")]),
        flash(3, &[]),
    ];
    known(&mut s, entries, &[]);
    s.expect(Call::Ifaces(H0), Ok(vec![iface(&[])]));
    let mut c = ctx(&mut s);
    c.dry_run = true.into();
    let planned = login(&mut c, &wish()).expect("a plan");
    let Change::Planned { diff, .. } = &planned else {
        panic!("{planned:?}");
    };
    let portal = diff.iter().find(|d| d.field == "portal").expect("a portal");
    assert_eq!(portal.after.as_deref(), Some("192.168.10.50:3260"));
    let said: Vec<String> = c.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["portal [2001:db8::50]:3260 is left out: the port has no IPv6 address"]
    );
    s.finish();
}

#[test]
fn one_view_has_flash_and_sessions_each_path_once() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]));
    let entries = vec![
        flash(2, &[]),
        flash(3, &[("targetname", "iqn.other")]),
        flash(4, &[("targetname", ""), ("discovery_session", "1")]),
    ];
    known(&mut s, entries, &[brief(7, TARGET, "LOGGED_IN"), elsewhere(8)]);
    let all = list(&mut ctx(&mut s), None).expect("list");
    let shape: Vec<_> = all
        .iter()
        .flat_map(|t| {
            t.paths.iter().map(|p| {
                (
                    t.name.as_str(),
                    p.flash_index,
                    p.session.as_ref().map(|s| s.sid),
                    p.known,
                )
            })
        })
        .collect();
    assert_eq!(
        shape,
        [
            (TARGET, Some(2), Some(7), Known::Flash),
            (TARGET, None, Some(8), Known::Discovered),
            ("iqn.other", Some(3), None, Known::Flash),
        ]
    );
    assert!(all.iter().all(|t| t.host == Some(HostNo(0))));
    s.finish();
}

#[test]
fn a_port_without_flash_knows_the_targets_of_its_sessions_and_leaves_them_to_their_daemon() {
    let bnx2i = || crate::model::AdapterKey {
        transport: Some("bnx2i".into()),
        ..key()
    };
    let of_a_daemon = || {
        let mut full = session(9, TARGET, "LOGGED_IN");
        full.owner = crate::model::Owner::User;
        full.transport = Some("bnx2i".into());
        Ok(Some(full))
    };
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::Sessions, Ok(vec![brief(9, TARGET, "LOGGED_IN")]))
        .expect(Call::Session(9), of_a_daemon());
    let all = list(&mut ctx(&mut s), None).expect("list");
    assert_eq!(
        (all[0].name.as_str(), all[0].paths[0].known),
        (TARGET, Known::User)
    );
    s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]))
        .expect::<Vec<FlashTarget>>(Call::FlashTargets(H0), Ok(vec![]))
        .expect(Call::Sessions, Ok(vec![brief(9, TARGET, "LOGGED_IN")]))
        .expect(Call::Session(9), of_a_daemon())
        .expect(Call::Session(9), of_a_daemon());
    let e = logout(&mut ctx(&mut s), None, TARGET, None, &Leaving::default()).expect_err("not ours");
    assert_eq!(e.kind(), Kind::Unsupported);
    let steps = e.next_step().into_iter().flat_map(crate::Message::steps);
    assert_eq!(steps.collect::<Vec<_>>(), [crate::Step::OpenIscsiLogout(9)]);
    s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]));
    let host = crate::AdapterId::Host(H0);
    let e = remove(&mut ctx(&mut s), Some(&host), TARGET, None).expect_err("no flash");
    assert_eq!(e.kind(), Kind::Unsupported);
    s.finish();
}

#[test]
fn a_name_that_nobody_has_is_not_found() {
    let mut s = Scripted::new();
    for asked in [true, false] {
        s.expect(Call::AdapterKeys, Ok(vec![key()]));
        known(&mut s, vec![], &[]);
        let mut c = ctx(&mut s);
        let e = if asked {
            logout(&mut c, None, "iqn.nobody", None, &Leaving::default()).expect_err("logout")
        } else {
            remove(&mut c, None, "iqn.nobody", None).expect_err("remove")
        };
        assert_eq!(e.kind(), Kind::NotFound, "{e}");
    }
    s.finish();
}

#[test]
fn where_a_target_has_moved_is_shown_when_the_adapter_tells_it() {
    for (told, shown) in [("0.0.0.0", None), ("10.0.0.9", Some("10.0.0.9"))] {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![key()]));
        known(&mut s, vec![flash(2, &[("redirect_ipaddr", told)])], &[]);
        let all = list(&mut ctx(&mut s), None).expect("list");
        assert_eq!(all[0].paths[0].redirected_to.as_deref(), shown);
        s.finish();
    }
}
