//! A discovery logs in by itself: what is excluded is logged out of again, and does not become a flash target.

use std::path::Path;

use super::*;
use crate::ops::testing::home;

const OTHER: &str = "iqn.2026-01.test:other";

fn excluding(s: &mut Scripted, dir: &Path, rules: &str) -> Discovery {
    std::fs::write(dir.join("exclusions.conf"), rules).expect("written");
    let mut c = ctx(s);
    c.home = home(dir);
    let found = discover(&mut c, None, asking()).expect("found");
    s.finish();
    found
}

/// Sessions 2 and 3 come up; those in `ended` are ended again.
fn script(ended: &[u32]) -> Scripted {
    let mut s = Scripted::new();
    let new = [to(2, TARGET, "192.168.10.50"), to(3, OTHER, "192.168.10.50")];
    let briefs = |but: &[u32]| -> Vec<SessionBrief> {
        let stay = new.iter().filter(|s| !but.contains(&s.sid));
        stay.map(|s| brief(s.sid, &s.target_name, "LOGGED_IN")).collect()
    };
    ready(&mut s)
        .expect(Call::Ifaces(H0), Ok(vec![iface(&[])]))
        .expect(Call::FlashTargets(H0), Ok(vec![entry(7)]))
        .expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
        .expect(Call::LoginFlashTarget(H0, 7), Ok(()))
        .expect(Call::Sessions, Ok(briefs(&[])))
        .expect(Call::AdapterKeys, Ok(vec![key()]));
    for one in &new {
        s.expect(Call::Session(one.sid), Ok(Some(one.clone())));
        if ended.contains(&one.sid) {
            s.expect(Call::LogoutSession(H0, one.sid), Ok(()));
        }
    }
    s.expect(Call::Sessions, Ok(briefs(ended)));
    for one in new.iter().filter(|s| !ended.contains(&s.sid)) {
        s.expect(Call::Session(one.sid), Ok(Some(one.clone())));
    }
    let portals = ["192.168.10.50:3260,1"];
    answers(
        &mut s,
        ListOutcome::Listed(vec![listed(TARGET, &portals), listed(OTHER, &portals)]),
    );
    s.expect(Call::FlashTargets(H0), Ok(vec![entry(7)]));
    s
}

#[test]
fn an_excluded_target_is_left_out_with_the_rule_that_says_so() {
    let dir = tempfile::tempdir().expect("dir");
    let rules = format!("# not this one\ntarget={TARGET} host=00:c0:dd:11:22:35\n");
    let found = excluding(&mut script(&[2]), dir.path(), &rules);
    assert_eq!(
        made(&found).sessions.iter().map(|s| s.sid).collect::<Vec<_>>(),
        [3]
    );
    let made = made(&found);
    let [left] = &made.left_out[..] else {
        panic!("{:?}", made.left_out)
    };
    assert_eq!(left.target, TARGET);
    assert!(left.why.contains("exclusions.conf:2"), "{}", left.why);
}

#[test]
fn a_portal_whose_every_target_is_excluded_was_found_all_the_same() {
    let dir = tempfile::tempdir().expect("dir");
    let found = excluding(&mut script(&[2, 3]), dir.path(), "portal=192.168.10.50\n");
    assert_eq!((found.answer, made(&found).sessions.len()), (Answer::Found, 0));
    assert_eq!(made(&found).left_out.len(), 2);
}

#[test]
fn a_rule_of_another_port_excludes_nothing_here() {
    let dir = tempfile::tempdir().expect("dir");
    let rules = "portal=192.168.10.50 host=00:c0:dd:11:22:36\ntransport=bnx2i\n";
    let found = excluding(&mut script(&[]), dir.path(), rules);
    assert_eq!(made(&found).sessions.len(), 2);
    assert!(made(&found).left_out.is_empty());
}
