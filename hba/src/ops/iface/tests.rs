//! Interface operations on a script, with a real staging file.

use super::super::testing::{H0, TARGET, brief, home, iface as port, key};
use super::*;
use crate::Change;
use crate::backend::scripted::{Call, Scripted};
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::error::{Error, Kind};
use crate::ids::{Family, IfaceId};
use crate::model::{Iface, SessionBrief};
use crate::params::{Assignment, IfaceCode, NetParam, ParamValue, fits_family};

mod meanwhile;

const ID: IfaceId = IfaceId {
    host: H0,
    family: Family::Ipv4,
    num: 0,
};

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("temporary directory"))
    }
    fn ctx<'a>(&self, s: &'a mut Scripted) -> Ctx<'a> {
        Ctx::new(
            s,
            Deadline::after(Deadline::MAX),
            home(&self.0.path().join("state")),
        )
    }
    fn late<'a>(&self, s: &'a mut Scripted) -> Ctx<'a> {
        Ctx::new(
            s,
            Deadline::after(std::time::Duration::ZERO),
            home(&self.0.path().join("state")),
        )
    }
    fn staged(&self) -> String {
        std::fs::read_to_string(self.0.path().join("state/staged-ifaces.json")).unwrap_or_default()
    }
}

fn found(s: &mut Scripted, iface: Iface) -> &mut Scripted {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::Ifaces(H0), Ok(vec![iface]))
}

fn wish(text: &str) -> Assignment<IfaceCode> {
    Assignment::parse(text).expect(text)
}

/// Stages `params` on a port as it is by default.
fn stage(dir: &Dir, params: &[Assignment<IfaceCode>]) {
    let mut s = Scripted::new();
    found(&mut s, port(&[]));
    set(&mut dir.ctx(&mut s), ID, params).expect("staged");
    s.finish();
}

#[test]
fn setting_stages_and_show_puts_it_beside_what_is_applied() {
    let dir = Dir::new();
    stage(
        &dir,
        &[wish("mtu=9000"), wish("ttl=32"), wish("bootproto=static")],
    );
    assert!(
        !dir.staged().contains("bootproto"),
        "applied already: {}",
        dir.staged()
    );
    let mut s = Scripted::new();
    found(&mut s, port(&[]));
    let shown = show(&mut dir.ctx(&mut s), ID).expect("shown");
    let mtu = shown.staged.get(IfaceCode::Net(NetParam::Mtu)).expect("staged");
    assert_eq!(mtu.applied, Some(ParamValue::Number(1500)));
    assert_eq!(mtu.staged, ParamValue::Number(9000));
    s.finish();
}

#[test]
fn staging_what_is_applied_takes_it_out_of_the_stage() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000")]);
    stage(&dir, &[wish("mtu=1500")]);
    assert!(!dir.staged().contains("mtu"), "{}", dir.staged());
}

#[test]
fn parameters_of_the_other_family_are_refused() {
    let dir = Dir::new();
    let mut s = Scripted::new();
    for text in ["hop_limit=3", "ipaddress=fe80::1"] {
        assert_eq!(
            set(&mut dir.ctx(&mut s), ID, &[wish(text)])
                .expect_err(text)
                .kind(),
            Kind::Invalid
        );
    }
    s.finish();
}

#[test]
fn unset_drops_one_or_all_and_names_what_is_not_staged() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000"), wish("ttl=32")]);
    let mut s = Scripted::new();
    for _ in 0..3 {
        found(&mut s, port(&[]));
    }
    assert!(
        unset(&mut dir.ctx(&mut s), ID, &["mtu".into()])
            .expect("dropped")
            .is_changed()
    );
    assert_eq!(
        unset(&mut dir.ctx(&mut s), ID, &["mtu".into()])
            .expect_err("again")
            .kind(),
        Kind::NotFound
    );
    unset(&mut dir.ctx(&mut s), ID, &[]).expect("all");
    assert!(!dir.staged().contains("ttl"));
    s.finish();
}

#[test]
fn a_dry_run_stages_nothing() {
    let dir = Dir::new();
    let mut s = Scripted::new();
    found(&mut s, port(&[]));
    let mut c = dir.ctx(&mut s);
    c.dry_run = true.into();
    let change = set(&mut c, ID, &[wish("mtu=9000")]).expect("planned");
    assert!(matches!(change, Change::Planned { .. }));
    assert_eq!(dir.staged(), "");
}

#[test]
fn a_staging_file_that_is_not_ours_is_named_and_left_alone() {
    let dir = Dir::new();
    let path = dir.0.path().join("state/staged-ifaces.json");
    std::fs::create_dir_all(path.parent().expect("parent")).expect("directory");
    for text in [
        "{",
        "{\"version\":9,\"ifaces\":{}}",
        "{\"version\":1,\"ifaces\":{},\"x\":1}",
    ] {
        std::fs::write(&path, text).expect("written");
        let mut s = Scripted::new();
        let e = show(&mut dir.ctx(&mut s), ID).expect_err(text);
        assert!(e.to_string().contains("staged-ifaces.json"), "{e}");
        assert_eq!(dir.staged(), text);
    }
}

/// The last look before the message, at a port as it is by default.
fn still(s: &mut Scripted) {
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[])]));
}

fn sends(s: &mut Scripted, params: &[(&str, ParamValue)]) {
    let pairs = params.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    s.expect(Call::SetIfaceParams(H0, vec![(ID, pairs)]), Ok(()));
}

fn no_sessions(s: &mut Scripted) -> &mut Scripted {
    s.expect::<Vec<SessionBrief>>(Call::Sessions, Ok(vec![]))
}

#[test]
fn applying_sends_one_message_reads_back_and_empties_the_stage() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000"), wish("ipaddress=10.0.0.7")]);
    let mut s = Scripted::new();
    no_sessions(found(&mut s, port(&[])));
    still(&mut s);
    sends(
        &mut s,
        &[
            ("ipaddress", ParamValue::Text("10.0.0.7".into())),
            ("mtu", ParamValue::Number(9000)),
        ],
    );
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[("mtu", "9000")])]));
    s.expect(
        Call::Ifaces(H0),
        Ok(vec![port(&[("mtu", "9000"), ("ipaddress", "10.0.0.7")])]),
    );
    let change = apply(&mut dir.ctx(&mut s), None).expect("applied");
    assert_eq!(change.diff().len(), 2);
    assert!(!dir.staged().contains("mtu"), "{}", dir.staged());
    assert_eq!(s.pauses, 1, "the address took a moment");
    s.finish();
}

#[test]
fn applying_nothing_changes_nothing() {
    let dir = Dir::new();
    let mut s = Scripted::new();
    found(&mut s, port(&[]));
    assert!(matches!(
        apply(&mut dir.ctx(&mut s), None),
        Ok(Change::Unchanged { .. })
    ));
    s.finish();
}

#[test]
fn applying_with_sessions_up_needs_force() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000")]);
    let mut s = Scripted::new();
    let up = vec![brief(1, TARGET, "LOGGED_IN")];
    found(&mut s, port(&[])).expect(Call::Sessions, Ok(up.clone()));
    let e = apply(&mut dir.ctx(&mut s), None).expect_err("sessions");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(
        e.next_step()
            .is_some_and(|h| h.steps().any(|step| step == crate::Step::WithForce))
    );

    found(&mut s, port(&[])).expect(Call::Sessions, Ok(up));
    still(&mut s);
    sends(&mut s, &[("mtu", ParamValue::Number(9000))]);
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[("mtu", "9000")])]));
    let mut c = dir.ctx(&mut s);
    c.force = true;
    assert!(apply(&mut c, None).expect("forced").is_changed());
    assert_eq!(c.warnings.len(), 1);
    s.finish();
}

#[test]
fn what_does_not_show_is_rolled_back_and_stays_staged() {
    let dir = Dir::new();
    stage(&dir, &[wish("ipaddress=10.0.0.7")]);
    let mut s = Scripted::new();
    no_sessions(found(&mut s, port(&[])));
    still(&mut s);
    sends(&mut s, &[("ipaddress", ParamValue::Text("10.0.0.7".into()))]);
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[("ipaddress", "10.0.0.9")])]));
    sends(&mut s, &[("ipaddress", ParamValue::Text("192.168.10.2".into()))]);
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[])]));
    let e = apply(&mut dir.late(&mut s), None).expect_err("wrong");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    assert!(
        e.to_string()
            .contains("ipaddress of ipv4-iface-0-0 is 10.0.0.9, wanted 10.0.0.7"),
        "{e}"
    );
    assert!(dir.staged().contains("ipaddress"), "what was wanted is not lost");
    s.finish();
}

#[test]
fn an_mtu_that_waits_for_the_next_start_is_told_and_not_rolled_back() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000")]);
    let mut s = Scripted::new();
    no_sessions(found(&mut s, port(&[])));
    still(&mut s);
    sends(&mut s, &[("mtu", ParamValue::Number(9000))]);
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[])]));
    let mut ctx = dir.late(&mut s);
    assert!(apply(&mut ctx, None).expect("applied").is_changed());
    assert!(
        ctx.warnings
            .iter()
            .any(|w| w.to_string().contains("mtu") && w.to_string().contains("starts again")),
        "{:?}",
        ctx.warnings
    );
    drop(ctx);
    s.finish();
}

#[test]
fn a_refused_message_that_changed_nothing_is_told_as_it_is() {
    let dir = Dir::new();
    stage(&dir, &[wish("mtu=9000")]);
    let mut s = Scripted::new();
    no_sessions(found(&mut s, port(&[])));
    still(&mut s);
    let pairs = vec![("mtu".to_owned(), ParamValue::Number(9000))];
    s.expect::<()>(
        Call::SetIfaceParams(H0, vec![(ID, pairs)]),
        Err(Error::new(Kind::Failed, "x").answered("the kernel answered EIO")),
    );
    s.expect(Call::Ifaces(H0), Ok(vec![port(&[])]));
    let e = apply(&mut dir.ctx(&mut s), None).expect_err("refused");
    assert!(
        e.to_string().contains("EIO") && e.to_string().contains("apply staged settings to host0"),
        "{e}"
    );
    s.finish();
}

const ID6: IfaceId = IfaceId {
    host: H0,
    family: Family::Ipv6,
    num: 0,
};

/// An IPv6 interface that is on, without an address or with one.
fn port6(address: &str) -> Iface {
    let pairs = [("enabled", "enable"), ("ipaddress", address)];
    Iface::from_params(
        ID6,
        super::super::testing::params(|p| fits_family(p, ID6.family), &pairs),
    )
}

#[test]
fn an_interface_that_is_off_is_switched_on_by_its_number() {
    let dir = Dir::new();
    let mut s = Scripted::new();
    found(&mut s, Iface::off(ID6));
    let mut c = dir.ctx(&mut s);
    set(&mut c, ID6, &[wish("ipaddress=fd00::6")]).expect("staged");
    assert!(
        c.warnings.iter().any(|w| w.to_string().contains("enabled=on")),
        "{:?}",
        c.warnings
    );
    drop(c);
    found(&mut s, Iface::off(ID6));
    let mut c = dir.ctx(&mut s);
    set(&mut c, ID6, &[wish("enabled=on")]).expect("staged");
    assert!(c.warnings.is_empty(), "{:?}", c.warnings);
    drop(c);
    no_sessions(found(&mut s, Iface::off(ID6)));
    let batch = vec![
        ("enabled".to_owned(), ParamValue::Flag(true)),
        ("ipaddress".to_owned(), ParamValue::Text("fd00::6".into())),
    ];
    s.expect(Call::Ifaces(H0), Ok(vec![Iface::off(ID6)]));
    s.expect(Call::SetIfaceParams(H0, vec![(ID6, batch)]), Ok(()));
    // The object comes, then the address.
    for now in [Iface::off(ID6), port6("::"), port6("fd00::6")] {
        s.expect(Call::Ifaces(H0), Ok(vec![now]));
    }
    let change = apply(&mut dir.ctx(&mut s), None).expect("applied");
    assert_eq!(change.diff().len(), 2);
    s.finish();
}

#[test]
fn an_interface_that_does_not_come_is_not_taken_for_on() {
    let dir = Dir::new();
    let mut s = Scripted::new();
    found(&mut s, Iface::off(ID6));
    set(&mut dir.ctx(&mut s), ID6, &[wish("enabled=on")]).expect("staged");
    no_sessions(found(&mut s, Iface::off(ID6)));
    let sent = |on| vec![(ID6, vec![("enabled".to_owned(), ParamValue::Flag(on))])];
    s.expect(Call::Ifaces(H0), Ok(vec![Iface::off(ID6)]))
        .expect(Call::SetIfaceParams(H0, sent(true)), Ok(()))
        .expect(Call::Ifaces(H0), Ok(vec![Iface::off(ID6)]))
        .expect(Call::SetIfaceParams(H0, sent(false)), Ok(()))
        .expect(Call::Ifaces(H0), Ok(vec![Iface::off(ID6)]));
    let e = apply(&mut dir.late(&mut s), None).expect_err("still off");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    assert!(e.to_string().contains("enabled of ipv6-iface-0-0"), "{e}");
    s.finish();
}

#[test]
fn switching_an_interface_off_that_is_off_stages_nothing() {
    let dir = Dir::new();
    let mut s = Scripted::new();
    found(&mut s, Iface::off(ID6));
    let change = set(&mut dir.ctx(&mut s), ID6, &[wish("enabled=off")]).expect("unchanged");
    assert!(matches!(change, Change::Unchanged { .. }));
    assert_eq!(dir.staged(), "");
    s.finish();
}
