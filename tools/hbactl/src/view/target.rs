//! Targets.

use hba::discovery::{PathState, Store};
use hba::ops::target::exclude::{Checked, Exclusion};
use hba::ops::target::persistent::Persistent;
use hba::ops::target::{DiscoverySettings, Known, PortalKind, Refresh, Target};

use crate::output::{Details, Table, known, yes};

pub(crate) fn table(all: &[Target]) -> Table {
    let rows = all.iter().flat_map(|target| {
        target.paths.iter().map(|path| {
            let tag = path.tag.map_or_else(String::new, |tag| format!(",{tag}"));
            let session = path.session.as_ref();
            vec![
                target
                    .host
                    .map_or_else(|| "db".to_owned(), |host| host.to_string()),
                path.portal
                    .as_ref()
                    .map_or_else(|| "n/a".to_owned(), |portal| format!("{portal}{tag}")),
                match path.known {
                    Known::Flash => "flash",
                    Known::Discovered => "discovered",
                    Known::User => "user",
                    Known::Record => "record",
                }
                .to_owned(),
                path.flash_index
                    .map_or_else(|| "-".to_owned(), |index| index.to_string()),
                session.map_or_else(|| "-".to_owned(), |s| s.sid.to_string()),
                session.map_or_else(|| "-".to_owned(), |s| known(s.state.as_ref())),
                known(path.isid.as_ref()),
                path.redirected_to.clone().unwrap_or_else(|| "-".to_owned()),
                target.name.clone(),
            ]
        })
    });
    Table {
        heads: &[
            "HOST", "PORTAL", "KNOWN", "FLASH", "SESSION", "STATE", "ISID", "MOVED-TO", "TARGET",
        ],
        rows: rows.collect(),
    }
}

fn host(of: &Refresh) -> String {
    of.host.map_or_else(|| "db".to_owned(), |host| host.to_string())
}

/// What is logged in to by itself.
pub(crate) fn persistent(all: &[Persistent]) -> Table {
    let rows = all.iter().map(|one| {
        vec![
            match one.store {
                Store::Flash => one
                    .host
                    .map_or_else(|| "flash".to_owned(), |host| format!("flash of {host}")),
                Store::Db => "db".to_owned(),
            },
            one.flash_index
                .map_or_else(|| "-".to_owned(), |index| index.to_string()),
            one.iface.clone().unwrap_or_else(|| "-".to_owned()),
            one.startup.clone().unwrap_or_else(|| "by the adapter".to_owned()),
            yes(one.in_both).to_owned(),
            one.portal.clone(),
            one.target.clone(),
        ]
    });
    Table {
        heads: &[
            "STORE", "ENTRY", "IFACE", "STARTUP", "IN BOTH", "PORTAL", "TARGET",
        ],
        rows: rows.collect(),
    }
}

/// What became of each portal that was asked again.
pub(crate) fn refreshed(all: &[Refresh]) -> Table {
    let mut rows = Vec::new();
    for port in all {
        for portal in &port.portals {
            let found = portal.discovery.as_ref();
            let made = found.and_then(|d| d.adapter.as_ref());
            let counted = |state| found.map(|d| d.count(state));
            let count = |count: Option<usize>| count.map_or_else(|| "-".to_owned(), |n| n.to_string());
            rows.push(vec![
                host(port),
                portal
                    .entry
                    .map_or_else(|| "-".to_owned(), |entry| entry.to_string()),
                match portal.kind {
                    PortalKind::Sendtargets => portal.portal.clone(),
                    PortalKind::Isns => format!("isns: {}", portal.portal),
                },
                count(made.map(|a| a.sessions.len()).or_else(|| counted(PathState::New))),
                count(
                    made.map(|a| a.present.len())
                        .or_else(|| counted(PathState::Found)),
                ),
                count(counted(PathState::LeftOut)),
                match (&portal.failure, &portal.excluded) {
                    (Some(why), _) => why.clone(),
                    (None, Some(why)) => format!("not asked: {why}"),
                    (None, None) => "ok".to_owned(),
                },
            ]);
        }
        let lacks = match port.not_supported.as_slice() {
            [] => String::new(),
            lacks => format!("; there is no {}", lacks.join(", no ")),
        };
        rows.push(vec![
            host(port),
            "-".to_owned(),
            format!("static: {}", port.static_targets),
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            format!("targets known now: {}{lacks}", port.targets),
        ]);
    }
    Table {
        heads: &["HOST", "ENTRY", "PORTAL", "NEW", "BEFORE", "LEFT-OUT", "ANSWER"],
        rows,
    }
}

/// The rules in force.
pub(crate) fn exclusions(all: &[Exclusion]) -> Table {
    let rows = all.iter().map(|one| vec![place(one), one.rule.clone()]);
    Table {
        heads: &["PLACE", "RULE"],
        rows: rows.collect(),
    }
}

fn place(one: &Exclusion) -> String {
    one.file
        .as_ref()
        .zip(one.line)
        .map_or_else(|| "-".to_owned(), |(file, line)| format!("{file}:{line}"))
}

/// What the list says of a login.
pub(crate) fn checked(one: &Checked) -> Details {
    let mut rows = vec![("Excluded".to_owned(), yes(one.excluded).to_owned())];
    if let Some(by) = &one.by {
        rows.push(("By".to_owned(), place(by)));
        rows.push(("Rule".to_owned(), by.rule.clone()));
    }
    rows
}

/// Ways, portals and settings, a fact a line.
pub(crate) fn discovery(all: &[DiscoverySettings]) -> Table {
    let mut rows = Vec::new();
    for port in all {
        let mut row = |what: &str, name: &str, value: String| {
            rows.push(vec![
                port.host.to_string(),
                what.to_owned(),
                name.to_owned(),
                value,
            ]);
        };
        row("initiator", "name", known(port.initiator_name.as_ref()));
        for way in &port.ways {
            row("way", &way.name, format!("{} ({})", yes(way.supported), way.note));
        }
        for portal in &port.portals {
            row("portal", portal, "asked at every start".to_owned());
        }
        for setting in &port.settings {
            row(&setting.of, &setting.name, known(setting.value.as_ref()));
        }
    }
    Table {
        heads: &["HOST", "OF", "NAME", "VALUE"],
        rows,
    }
}
