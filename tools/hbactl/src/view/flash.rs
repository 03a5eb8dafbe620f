//! Flash targets.

use hba::Message;
use hba::discovery::{Answer, Discovery};
use hba::ids::Portal;
use hba::model::FlashTarget;

use crate::args::Format;
use crate::output::{Details, Done, Out, Table, flag, known, yes};

pub(crate) fn table(all: &[FlashTarget]) -> Table {
    let rows = all.iter().map(|t| {
        let session = t.session.as_ref();
        vec![
            t.host.to_string(),
            t.index.to_string(),
            if t.discovery { "sendtargets" } else { "target" }.to_owned(),
            portal(t),
            known(t.chap_index),
            yes(t.boot).to_owned(),
            session.map_or_else(|| "-".to_owned(), |s| s.sid.to_string()),
            session.map_or_else(|| "-".to_owned(), |s| known(s.state.as_ref())),
            t.target_name
                .clone()
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "-".to_owned()),
        ]
    });
    Table {
        heads: &[
            "HOST", "INDEX", "KIND", "PORTAL", "CHAP", "BOOT", "SESSION", "STATE", "TARGET",
        ],
        rows: rows.collect(),
    }
}

pub(crate) fn details(t: &FlashTarget) -> Details {
    let mut rows: Details = vec![
        ("Host".to_owned(), t.host.to_string()),
        ("Index".to_owned(), t.index.to_string()),
        (
            "Target".to_owned(),
            known(t.target_name.as_ref().filter(|name| !name.is_empty())),
        ),
        (
            "Kind".to_owned(),
            if t.discovery {
                "SendTargets entry"
            } else {
                "target"
            }
            .to_owned(),
        ),
        ("Portal".to_owned(), portal(t)),
        ("Boot target".to_owned(), yes(t.boot).to_owned()),
        ("CHAP entry".to_owned(), known(t.chap_index)),
        ("Mutual CHAP".to_owned(), flag(t.bidi_chap)),
        ("Found by entry".to_owned(), known(t.discovery_parent)),
    ];
    let session = t.session.as_ref();
    rows.push((
        "Session".to_owned(),
        session.map_or_else(
            || "none".to_owned(),
            |s| format!("{} ({})", s.sid, known(s.state.as_ref())),
        ),
    ));
    rows.push(("Parameters".to_owned(), String::new()));
    rows.extend(
        t.params
            .named()
            .map(|(name, value)| (name.to_owned(), known(value.as_ref()))),
    );
    rows
}

/// A path of a discovery: what became of it.
struct Path {
    state: String,
    session: String,
    portal: String,
    target: String,
}

pub(crate) fn discovery(out: &Out, found: &Discovery, warnings: &[Message]) -> Done {
    if out.format() == Format::Json {
        return out.json("flash.discover", found, warnings);
    }
    match found.answer {
        Answer::Nothing => terminal::note(&format!(
            "{} answers, and has no targets for this initiator.",
            found.portal
        )),
        Answer::NotAsked => terminal::note(&format!("{} would be asked.", found.portal)),
        Answer::Found => {}
    }
    let Some(made) = &found.adapter else {
        return Ok(());
    };
    let new = made.sessions.iter().map(|s| Path {
        state: known(s.state.as_ref()),
        session: s.sid.to_string(),
        portal: s
            .connections
            .first()
            .and_then(|c| {
                c.persistent_address
                    .as_deref()?
                    .parse()
                    .ok()
                    .zip(c.persistent_port)
            })
            .map_or_else(
                || "n/a".to_owned(),
                |(address, port)| Portal::new(address, port).to_string(),
            ),
        target: s.target_name.clone(),
    });
    let present = made.present.iter().map(|p| Path {
        state: format!("{} (before)", known(p.state.as_ref())),
        session: p.sid.to_string(),
        portal: p.portal.clone(),
        target: p.target.clone(),
    });
    let left_out = made.left_out.iter().map(|l| Path {
        state: "left out".to_owned(),
        session: "-".to_owned(),
        portal: l.portal.clone(),
        target: l.target.clone(),
    });
    let rows = new
        .chain(present)
        .chain(left_out)
        .map(|p| vec![p.session, p.state, p.portal, p.target]);
    out.table(Table {
        heads: &["SESSION", "STATE", "PORTAL", "TARGET"],
        rows: rows.collect(),
    })?;
    if !made.targets.is_empty() {
        out.table(table(&made.targets))?;
    }
    Ok(())
}

pub(crate) fn listing(out: &Out, listing: &Discovery, warnings: &[Message]) -> Done {
    if out.format() == Format::Json {
        return out.json("flash.discover.list", listing, warnings);
    }
    if listing.paths.is_empty() {
        terminal::note(&format!(
            "{} answers this host, and has no targets for this initiator.",
            listing.portal
        ));
    }
    let rows = listing.paths.iter().map(|p| {
        let usable = p.unusable.clone().unwrap_or_else(|| "yes".to_owned());
        vec![p.portal.clone(), usable, p.target.clone()]
    });
    out.table(Table {
        heads: &["PORTAL", "USABLE", "TARGET"],
        rows: rows.collect(),
    })
}

fn portal(t: &FlashTarget) -> String {
    let Some(address) = &t.address else {
        return "n/a".to_owned();
    };
    match (address.parse(), t.port) {
        (Ok(address), Some(port)) => Portal::new(address, port).to_string(),
        (_, port) => format!(
            "{address}{}",
            port.map_or_else(String::new, |port| format!(":{port}"))
        ),
    }
}
