//! One of several programs that work on a record database at once: ours, as small as it can be.
//!
//! `records DIR raise KEY TIMES` makes the number that KEY has in the first record larger by one, so often; `records DIR churn` writes,
//! links and removes records until it is killed; `records DIR hold` takes the lock, says so and waits.

#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hba::Deadline;
use hba::nodes::{Database, Discovery, Held, NodeId, Place, Record};

/// Longer than the peer waits for the lock.
const LIMIT: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, verb, rest @ ..] = args.as_slice() else {
        bail!("usage: records DIR VERB ...");
    };
    let db = Database::at(Place::under(Path::new(dir)));
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (verb.as_str(), rest.as_slice()) {
        ("raise", [key, times]) => raise(&db, key, times.parse()?),
        ("churn", []) => churn(&db),
        ("hold", []) => hold(&db),
        _ => bail!("unknown: records DIR {verb} {rest:?}"),
    }
}

fn say(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(std::io::stdout().flush()?)
}

fn lock(db: &Database, what: &str) -> Result<Held> {
    Ok(db.lock(Deadline::after(LIMIT), &format!("records {what}"))?)
}

fn id(target: &str, portal: &str) -> Result<NodeId> {
    Ok(NodeId {
        target: target.parse()?,
        portal: portal.parse()?,
        iface: "default".to_owned(),
    })
}

/// The record with another value.
fn with(record: &Record, key: &str, value: &str) -> Result<Record> {
    let mut text = String::new();
    let mut found = false;
    for line in record.text().lines() {
        if line.split_once(" = ").is_some_and(|(k, _)| k == key) {
            found = true;
            text.push_str(&format!("{key} = {value}\n"));
        } else {
            text.push_str(&format!("{line}\n"));
        }
    }
    ensure!(found, "no {key} in the record");
    Ok(Record::parse("changed", text.as_bytes())?)
}

fn raise(db: &Database, key: &str, times: u32) -> Result<()> {
    let first = db.nodes()?.next().context("no record")??.0;
    let mut expected: Option<u64> = None;
    for _ in 0..times {
        let held = lock(db, "raise")?;
        let record = db.node(&first)?.context("the record is gone")?;
        let value: u64 = record.get(key).context("no such key")?.parse()?;
        // Nobody else changes this key: another value is a lost update.
        ensure!(
            expected.is_none_or(|e| e == value),
            "{key} is {value}, not {expected:?}"
        );
        db.put_node(&held, &first, &with(&record, key, &(value + 1).to_string())?)?;
        expected = Some(value + 1);
    }
    Ok(())
}

/// A record that says its own version at both ends and in its length.
fn versioned(id: &NodeId, version: u32) -> Result<Record> {
    let filler = "x".repeat((version as usize * 37) % 9000);
    let text = format!(
        "# BEGIN RECORD {version}\nnode.name = {}\nnode.tpgt = 1\nnode.conn[0].address = {}\nnode.conn[0].port = {}\niface.iscsi_ifacename = {}\n# {filler}\nversion = {version} {}\n# END RECORD\n",
        id.target,
        id.portal.address,
        id.portal.port,
        id.iface,
        filler.len()
    );
    Ok(Record::parse("versioned", text.as_bytes())?)
}

fn churn(db: &Database) -> Result<()> {
    let stays = id("iqn.2026-11.test:stays", "192.0.2.1:3260,1")?;
    let goes = id("iqn.2026-11.test:goes", "192.0.2.1:3260,1")?;
    let portal = "192.0.2.9:3260".parse()?;
    let record = db.node(&stays)?;
    let last = record
        .as_ref()
        .and_then(|r| r.get("version")?.split(' ').next()?.parse().ok());
    let mut version: u32 = last.unwrap_or(0);
    loop {
        version += 1;
        let mut held = lock(db, "churn")?;
        db.put_node(&held, &stays, &versioned(&stays, version)?)?;
        db.put_node(&held, &goes, &versioned(&goes, version)?)?;
        db.link(&held, Discovery::SendTargets, &portal, &goes)?;
        if version.is_multiple_of(4) {
            let mut batch = db.batch(&mut held)?;
            for id in [&stays, &goes] {
                batch.put(id, versioned(id, version)?)?;
            }
            batch.finish()?;
        }
        db.remove_node(&held, &goes)?;
        drop(held);
        if version == 1 {
            say("ready\n")?;
        }
    }
}

fn hold(db: &Database) -> Result<()> {
    let _held = lock(db, "hold")?;
    say("held\n")?;
    let _ = std::io::stdin().read(&mut [0]);
    Ok(())
}
