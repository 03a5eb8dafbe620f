//! Flash targets.

use hba::Message;
use hba::model::FlashTarget;
use hba::ops::flash::Discovery;

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

pub(crate) fn discovery(out: &Out, found: &Discovery, warnings: &[Message]) -> Done {
    if out.format() == Format::Json {
        return out.json("flash.discover", found, warnings);
    }
    if found.sessions.is_empty() && found.targets.is_empty() {
        terminal::note(&format!(
            "{} named no target that is not in flash already.",
            found.portal
        ));
    }
    if !found.targets.is_empty() {
        out.list("flash.discover", &found.targets, warnings, table)?;
    }
    for session in &found.sessions {
        out.details(&vec![(
            format!("session {}", session.sid),
            session.target_name.clone(),
        )])?;
    }
    Ok(())
}

fn portal(t: &FlashTarget) -> String {
    let Some(address) = &t.address else {
        return "n/a".to_owned();
    };
    let port = t.port.map_or_else(String::new, |port| format!(":{port}"));
    if address.contains(':') {
        format!("[{address}]{port}")
    } else {
        format!("{address}{port}")
    }
}
