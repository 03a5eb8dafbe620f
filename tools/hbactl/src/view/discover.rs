//! What a discovery came to, and whom the database has to be asked.

use hba::Message;
use hba::discovery::{Answer, Discovery, PathState, Store};
use hba::ops::target::{DiscoveryPortal, PortalKind};

use crate::args::Format;
use crate::output::{Details, Done, Out, Table, known, yes};

/// The answer; for people with what became of each path.
pub(crate) fn discovery(out: &Out, found: &Discovery, warnings: &[Message]) -> Done {
    if out.format() == Format::Json {
        return out.json("target.discover", found, warnings);
    }
    if found.answer == Answer::Nothing {
        terminal::note(&format!(
            "{} answers, and has no targets for this initiator.",
            found.portal
        ));
    }
    out.table(paths(found))?;
    for path in found.paths.iter().filter(|path| !path.changes.is_empty()) {
        let each = path.changes.iter().map(|c| {
            format!(
                "{} {} → {}",
                c.field,
                c.before.as_deref().unwrap_or("-"),
                c.after.as_deref().unwrap_or("-")
            )
        });
        terminal::note(&format!(
            "{} at {}: {}",
            path.target,
            path.portal,
            each.collect::<Vec<_>>().join(", ")
        ));
    }
    Ok(())
}

fn paths(found: &Discovery) -> Table {
    let rows = found.paths.iter().map(|path| {
        let stored: Vec<&str> = path.stored.iter().map(|store| store_name(*store)).collect();
        vec![
            state_name(path.state).to_owned(),
            if stored.is_empty() {
                "-".to_owned()
            } else {
                stored.join("+")
            },
            path.iface.clone().unwrap_or_else(|| "-".to_owned()),
            path.portal.clone(),
            path.target.clone(),
            path.unusable.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    });
    Table {
        heads: &["STATE", "STORED", "IFACE", "PORTAL", "TARGET", "UNUSABLE"],
        rows: rows.collect(),
    }
}

const fn store_name(store: Store) -> &'static str {
    match store {
        Store::Flash => "flash",
        Store::Db => "db",
    }
}

const fn state_name(state: PathState) -> &'static str {
    match state {
        PathState::New => "new",
        PathState::Found => "found",
        PathState::Changed => "changed",
        PathState::Gone => "gone",
        PathState::LeftOut => "left-out",
    }
}

/// A portal a line.
pub(crate) fn portals(all: &[DiscoveryPortal]) -> Table {
    let rows = all.iter().map(|portal| {
        vec![
            kind(portal.kind).to_owned(),
            portal.portal(),
            portal.chap_user.clone().unwrap_or_else(|| "-".to_owned()),
            yes(portal.mutual_chap).to_owned(),
            portal.records.to_string(),
        ]
    });
    Table {
        heads: &["KIND", "PORTAL", "CHAP-USER", "MUTUAL", "RECORDS"],
        rows: rows.collect(),
    }
}

pub(crate) const fn kind(kind: PortalKind) -> &'static str {
    match kind {
        PortalKind::Sendtargets => "sendtargets",
        PortalKind::Isns => "isns",
    }
}

/// One portal with its settings.
pub(crate) fn portal(one: &DiscoveryPortal) -> Details {
    let mut rows: Details = vec![
        ("Kind".to_owned(), kind(one.kind).to_owned()),
        ("Portal".to_owned(), one.portal()),
        ("CHAP user".to_owned(), known(one.chap_user.as_ref())),
        ("Mutual CHAP".to_owned(), yes(one.mutual_chap).to_owned()),
        ("Records".to_owned(), one.records.to_string()),
        ("Settings".to_owned(), String::new()),
    ];
    rows.extend(one.settings.iter().map(|s| (s.key.clone(), s.value.clone())));
    rows
}
