//! Whose sessions are, and what that keeps from being ended.

use std::path::Path;

use super::*;
use crate::backend::BootMark;
use crate::exclude::{Exclusions, Rule};
use crate::model::Connection;
use crate::ops::testing::home;
use crate::registry::{Claim, Life, Living, OwnerName, Registry};

const LIFE: Life = Life { inode: 7, born: None };

fn owner(name: &str) -> OwnerName {
    name.parse().expect("an owner")
}

/// A script in which sessions live, and a context at home in `dir`.
fn alive(sids: &[u32]) -> Scripted {
    let mut s = Scripted::new();
    for sid in sids {
        let life = Living {
            life: LIFE,
            target: TARGET.into(),
        };
        s.living.insert(*sid, life);
    }
    s
}

fn at<'s>(s: &'s mut Scripted, dir: &Path) -> Ctx<'s> {
    let mut c = ctx(s);
    c.home = home(dir);
    c
}

fn claimed(dir: &Path, sid: u32, name: &str, life: Life) {
    let claim = Claim::of(&session(sid, TARGET, "LOGGED_IN"), owner(name), life);
    Registry::of(&home(dir))
        .claim(&claim, "claim", |_| Ok(()))
        .expect("claimed");
}

fn held(c: &mut Ctx<'_>) -> Vec<(u32, String)> {
    let all = list(c, None).expect("listed");
    all.into_iter().map(|s| (s.sid, s.held_by)).collect()
}

#[test]
fn a_listing_tells_the_owner_of_this_life_of_a_number() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = alive(&[1, 2]);
    claimed(dir.path(), 1, "hbad", LIFE);
    claimed(dir.path(), 2, "hbad", Life { inode: 8, born: None });
    claimed(dir.path(), 3, "hbad", LIFE);
    let all = [1, 2, 3].map(|sid| brief(sid, TARGET, "LOGGED_IN"));
    s.expect(Call::Sessions, Ok(all.to_vec()));
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    let mut c = at(&mut s, dir.path());
    let flash = || "flash".to_owned();
    assert_eq!(held(&mut c), [(1, "hbad".into()), (2, flash()), (3, flash())]);
    let one = show(&mut c, 1).expect("shown");
    assert_eq!((one.held_by.as_str(), one.owner), ("hbad", Owner::Flash));
    assert!(one.held_since.is_some());
    assert!(c.warnings.is_empty(), "{:?}", c.warnings);
    s.finish();
}

#[test]
fn what_the_machine_starts_from_is_boot_s_whoever_claims_it() {
    let dir = tempfile::tempdir().expect("dir");
    let mark = |host, isid: Option<&str>| BootMark {
        host,
        target: TARGET.into(),
        address: "192.168.10.50".into(),
        port: 3260,
        isid: isid.map(str::to_owned),
    };
    claimed(dir.path(), 1, "hbad", LIFE);
    // By the firmware, whoever made the session; by flash, only what the driver made, and of this port.
    let mut user = brief(2, TARGET, "LOGGED_IN");
    user.owner = Owner::User;
    user.held_by = "user".into();
    let mut s = alive(&[1, 2]);
    s.boot_marks.push(mark(None, None));
    let all = vec![brief(1, TARGET, "LOGGED_IN"), user.clone()];
    s.expect(Call::Sessions, Ok(all.clone()))
        .expect(Call::Sessions, Ok(all.clone()));
    let boot = || "boot".to_owned();
    assert_eq!(held(&mut at(&mut s, dir.path())), [(1, boot()), (2, boot())]);
    s.finish();
    let mut s = alive(&[1, 2]);
    s.boot_marks.push(mark(Some(H0), Some("011e0e010040")));
    s.expect(Call::Sessions, Ok(all.clone()))
        .expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))))
        .expect(Call::Sessions, Ok(all.clone()));
    assert_eq!(
        held(&mut at(&mut s, dir.path())),
        [(1, boot()), (2, "user".into())]
    );
    s.finish();
    // An entry beside it to the same portal.
    let mut s = alive(&[1]);
    s.boot_marks.push(mark(Some(H0), Some("000000000001")));
    s.boot_marks.push(mark(Some(HostNo(1)), None));
    let twins = vec![
        flash(2, &[("is_boot_target", "1"), ("isid", "000000000001")]),
        flash(3, &[]),
    ];
    s.expect(Call::Sessions, Ok(all.clone()))
        .expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))))
        .expect(Call::FlashTargets(H0), Ok(twins))
        .expect(Call::Sessions, Ok(all));
    assert_eq!(
        held(&mut at(&mut s, dir.path())),
        [(1, "hbad".into()), (2, "user".into())]
    );
    s.finish();
}

#[test]
fn a_claim_is_somebody_s_until_he_lets_it_go_or_force_takes_it() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = alive(&[1]);
    for _ in 0..5 {
        shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    }
    let mut c = at(&mut s, dir.path());
    c.dry_run = true.into();
    let change = claim(&mut c, 1, &owner("hbad")).expect("planned");
    assert!(matches!(change, Change::Planned { .. }));
    assert!(!dir.path().join("registry").exists(), "a dry run writes nothing");
    c.dry_run = false.into();
    assert!(claim(&mut c, 1, &owner("hbad")).expect("claimed").is_changed());
    assert!(!claim(&mut c, 1, &owner("hbad")).expect("again").is_changed());
    let e = claim(&mut c, 1, &owner("hbactl")).expect_err("taken");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("owned by hbad since 2"), "{e}");
    c.force = true;
    let change = claim(&mut c, 1, &owner("hbactl")).expect("by force");
    let shown: Vec<_> = change
        .diff()
        .iter()
        .map(|d| (d.before.clone(), d.after.clone()))
        .collect();
    assert_eq!(shown, [(Some("hbad".into()), Some("hbactl".into()))]);
    c.force = false;
    assert!(release(&mut c, 1).expect("released").is_changed());
    assert!(!release(&mut c, 1).expect("again").is_changed());
    s.finish();
}

#[test]
fn what_holds_the_boot_device_is_nobody_else_s() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = alive(&[1]);
    for _ in 0..2 {
        shown(
            &mut s,
            session(1, TARGET, "LOGGED_IN"),
            flash(0, &[("is_boot_target", "1")]),
        );
    }
    let mut c = at(&mut s, dir.path());
    c.force = true;
    let e = claim(&mut c, 1, &owner("hbad")).expect_err("boot's");
    assert_eq!(e.kind(), Kind::Permission);
    assert!(
        claim(&mut c, 1, &owner("boot"))
            .expect("it says what is so")
            .is_changed()
    );
    s.finish();
}

#[test]
fn a_session_of_boot_is_ended_by_force_alone() {
    let dir = tempfile::tempdir().expect("dir");
    claimed(dir.path(), 1, "boot", LIFE);
    let mut s = alive(&[1]);
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    shown(&mut s, session(1, TARGET, "LOGGED_IN"), flash(3, &[]));
    s.expect(Call::LogoutSession(H0, 1), Ok(()))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let mut c = at(&mut s, dir.path());
    let leaving = Leaving {
        exclude: true,
        owner: None,
    };
    let e = logout(&mut c, 1, &leaving).expect_err("protected");
    assert_eq!(e.kind(), Kind::Permission);
    assert!(!dir.path().join("exclusions.conf").exists(), "nor is it excluded");
    c.force = true;
    assert!(
        logout(&mut c, 1, &Leaving::default())
            .expect("by force")
            .is_changed()
    );
    assert_eq!(c.warnings.len(), 1);
    let e = logout_owned(&mut c, None, &owner("boot"), false).expect_err("never together");
    assert_eq!(e.kind(), Kind::Permission);
    s.finish();
}

#[test]
fn only_the_owner_s_are_ended_and_only_those_that_may_be() {
    let dir = tempfile::tempdir().expect("dir");
    claimed(dir.path(), 1, "hbad", LIFE);
    let mut s = alive(&[1, 2]);
    shown(&mut s, session(2, TARGET, "LOGGED_IN"), flash(3, &[]));
    let mut user = session(1, TARGET, "LOGGED_IN");
    user.owner = Owner::User;
    s.expect(
        Call::Sessions,
        Ok(vec![brief(1, TARGET, "LOGGED_IN"), brief(2, TARGET, "LOGGED_IN")]),
    )
    .expect(Call::Session(1), Ok(Some(user)));
    s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]));
    let mut c = at(&mut s, dir.path());
    let leaving = Leaving {
        exclude: false,
        owner: Some(owner("hbad")),
    };
    let e = logout(&mut c, 2, &leaving).expect_err("not his");
    assert_eq!(e.kind(), Kind::Permission);
    assert!(e.to_string().contains("owned by flash, not by hbad"), "{e}");
    // One that a daemon made is the daemon's to end.
    let e = logout_owned(&mut c, None, &owner("hbad"), true).expect_err("a daemon's");
    assert_eq!(e.kind(), Kind::Unsupported);
    let none = logout_owned(&mut c, None, &owner("hbad"), true).expect("none");
    assert!(!none.is_changed());
    assert!(!dir.path().join("exclusions.conf").exists());
    s.finish();
}

#[test]
fn the_rule_stands_before_the_session_is_ended() {
    let dir = tempfile::tempdir().expect("dir");
    let mut s = alive(&[1]);
    let mut one = session(1, TARGET, "LOGGED_IN");
    one.mac = Some("00:c0:dd:11:22:35".into());
    shown(&mut s, one, flash(3, &[]));
    let before = home(dir.path());
    s.meanwhile(Call::LogoutSession(H0, 1), move || {
        let rules = Exclusions::read(&before).rules;
        let line = format!("target={TARGET} portal=192.168.10.50:3260 host=00:c0:dd:11:22:35");
        let wanted = Rule::parse(&line).expect("reads").expect("a rule");
        assert_eq!(rules.iter().map(|p| &p.rule).collect::<Vec<_>>(), [&wanted]);
    });
    s.expect::<()>(Call::LogoutSession(H0, 1), Err(Error::new(Kind::Failed, "x")))
        .expect(Call::Session(1), Ok(Some(session(1, TARGET, "LOGGED_IN"))));
    let mut c = late(&mut s);
    c.home = home(dir.path());
    let leaving = Leaving {
        exclude: true,
        owner: None,
    };
    assert!(logout(&mut c, 1, &leaving).is_err());
    // It is said, also where the logout was refused.
    assert!(
        c.warnings[0]
            .to_string()
            .contains("exclusions.conf:1 excludes it"),
        "{:?}",
        c.warnings
    );
    assert_eq!(Exclusions::read(&c.home).rules.len(), 1);
    s.finish();
}

#[test]
fn a_session_without_a_portal_is_excluded_by_its_name() {
    let mut one = session(1, TARGET, "LOGGED_IN");
    one.connections = Vec::<Connection>::new();
    assert_eq!(rule_of(&one).to_string(), format!("target={TARGET}"));
}
