//! Node records, as the operations leave them in a directory.

use std::path::Path;

use super::*;
use crate::backend::scripted::{Call, Scripted};
use crate::ctx::Ctx;
use crate::error::Kind;
use crate::model::SessionBrief;
use crate::nodes::Portal;
use crate::ops::testing;
use crate::secret::{REDACTED, Secret};
use crate::{Change, Result};

const TARGET: &str = "iqn.2026-11.test:disk0";

/// Runs `work` on the database below `dir`, with a backend that is asked nothing.
fn on<T>(dir: &Path, work: impl FnOnce(&mut Ctx<'_>) -> Result<T>) -> Result<T> {
    let mut backend = Scripted::new();
    let mut ctx = testing::ctx(&mut backend);
    ctx.home = testing::home(dir);
    work(&mut ctx)
}

fn at(address: &str) -> NewNode {
    NewNode {
        target: TARGET.parse().expect("name"),
        portal: Portal {
            address: address.to_owned(),
            port: 3260,
            tag: Some(1),
        },
        iface: None,
        assigned: Vec::new(),
    }
}

fn of_target() -> Which {
    Which {
        target: Some(TARGET.parse().expect("name")),
        ..Which::default()
    }
}

#[test]
fn a_record_that_was_made_is_listed_and_shown_and_goes() {
    let dir = tempfile::tempdir().expect("dir");
    let made = on(dir.path(), |ctx| add(ctx, &at("10.0.0.5"))).expect("made");
    assert!(made.is_changed());
    let again = on(dir.path(), |ctx| add(ctx, &at("10.0.0.5"))).expect("as it was");
    assert!(matches!(again, Change::Unchanged { .. }));
    on(dir.path(), |ctx| add(ctx, &at("fd00::1"))).expect("made");
    let all = on(dir.path(), |ctx| list(ctx, &Which::default())).expect("list");
    let portals: Vec<&str> = all.iter().map(|node| node.address.as_str()).collect();
    assert_eq!(portals, ["10.0.0.5", "fd00::1"]);
    let several = on(dir.path(), |ctx| show(ctx, &of_target())).expect_err("two");
    assert_eq!(several.kind(), Kind::Invalid);
    let mut one = of_target();
    one.portal = Some("[FD00:0::1]".parse().expect("portal"));
    let shown = on(dir.path(), |ctx| show(ctx, &one)).expect("one, whatever its spelling");
    assert_eq!(shown.brief.address, "fd00::1");
    let backend_asked = {
        let mut backend = Scripted::new();
        backend.expect(Call::Sessions, Ok(Vec::<SessionBrief>::new()));
        let mut ctx = testing::ctx(&mut backend);
        ctx.home = testing::home(dir.path());
        remove(&mut ctx, &one)
    };
    assert!(backend_asked.expect("removed").is_changed());
    let left = on(dir.path(), |ctx| list(ctx, &of_target())).expect("list");
    assert_eq!(left.len(), 1);
}

#[test]
fn keys_are_set_in_all_records_or_in_none() {
    let dir = tempfile::tempdir().expect("dir");
    for address in ["10.0.0.5", "10.0.1.5"] {
        on(dir.path(), |ctx| add(ctx, &at(address))).expect("made");
    }
    let set = |given: &[Assigned]| on(dir.path(), |ctx| set(ctx, &of_target(), given));
    let startup = Assigned::plain("node.startup", "automatic");
    let change = set(std::slice::from_ref(&startup)).expect("set");
    assert_eq!(change.diff().len(), 2, "one a record");
    assert!(matches!(
        set(std::slice::from_ref(&startup)),
        Ok(Change::Unchanged { .. })
    ));
    let bad = [
        Assigned::plain("node.startup", "manual"),
        Assigned::plain("node.session.timeo.replacement_timeout", "soon"),
    ];
    let error = set(&bad).expect_err("no number");
    assert_eq!(error.kind(), Kind::Invalid);
    assert!(error.to_string().contains("replacement_timeout"), "{error}");
    let all = on(dir.path(), |ctx| list(ctx, &of_target())).expect("list");
    assert!(
        all.iter()
            .all(|node| node.startup.as_deref() == Some("automatic"))
    );
    let refused =
        set(&[Assigned::plain("iface.hwaddress", "00:11:22:33:44:55")]).expect_err("an interface's");
    assert_eq!(refused.kind(), Kind::Invalid);
}

#[test]
fn a_secret_is_written_and_never_shown() {
    let dir = tempfile::tempdir().expect("dir");
    let password = Secret::new("correct horse battery").expect("secret");
    let mut new = at("10.0.0.5");
    new.assigned = vec![
        Assigned::plain("node.session.auth.username", "alice"),
        Assigned::secret("node.session.auth.password", &password).expect("text"),
    ];
    let made = on(dir.path(), |ctx| add(ctx, &new)).expect("made");
    let shown = on(dir.path(), |ctx| show(ctx, &of_target())).expect("shown");
    for text in [
        format!("{made:?}"),
        format!("{shown:?}"),
        format!("{new:?}"),
        serde_json::to_string(&shown).expect("json"),
    ] {
        assert!(!text.contains("horse"), "{text}");
    }
    let of = |key: &str| {
        shown
            .values
            .iter()
            .find(|value| value.key == key)
            .and_then(|v| v.value.clone())
    };
    assert_eq!(of("node.session.auth.password").as_deref(), Some(REDACTED));
    assert_eq!(of("node.session.auth.username").as_deref(), Some("alice"));
    let file = std::fs::read_to_string(&shown.file).expect("file");
    assert!(file.contains("node.session.auth.password = correct horse battery\n"));
}

#[test]
fn a_dry_run_writes_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let planned = on(dir.path(), |ctx| {
        ctx.dry_run = true.into();
        add(ctx, &at("10.0.0.5"))
    });
    assert!(matches!(planned, Ok(Change::Planned { .. })));
    assert!(!dir.path().join("db").exists(), "not even a directory");
}
