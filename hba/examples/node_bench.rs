//! Helper of `cargo xtask bench db`: the operations on the record database as a program has them in hand.
//!
//! `node_bench DIR VERB ...` does one of them: `list`, `show`, `set`, `set-all`, `create`, `remove`; `node_bench DIR times ...` does each of
//! them again and again and prints what each took, in microseconds.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use hba::Deadline;
use hba::nodes::key::Object;
use hba::nodes::{Database, Held, NodeId, Place, Record};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Longer than the peer waits for the lock.
const LIMIT: Duration = Duration::from_secs(120);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, verb, rest @ ..] = args.as_slice() else {
        return Err("usage: node_bench DIR VERB ...".into());
    };
    let db = Database::at(Place::under(Path::new(dir)));
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (verb.as_str(), rest.as_slice()) {
        ("list", []) => list(&db),
        ("show", [target, portal]) => say(&show(&db, target, portal)?.masked()),
        ("set", [target, portal, key, value]) => set(&db, target, portal, key, value),
        ("set-all", [key, value]) => set_all(&db, key, value),
        ("create", [like, from, count]) => create(&db, like, from.parse()?, count.parse()?),
        ("remove", [target, portal]) => remove(&db, target, portal),
        ("times", [target, portal, key, rounds]) => times(&db, target, portal, key, rounds.parse()?),
        _ => Err(format!("unknown: {verb} {rest:?}").into()),
    }
}

fn say(text: &str) -> Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn lock(db: &Database) -> Result<Held> {
    Ok(db.lock(Deadline::after(LIMIT), "node_bench")?)
}

fn id(target: &str, portal: &str) -> Result<NodeId> {
    Ok(NodeId {
        target: target.parse()?,
        portal: portal.parse()?,
        iface: "default".to_owned(),
    })
}

fn list(db: &Database) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for node in db.nodes()? {
        let (id, record) = node?;
        writeln!(out, "{} {}", id, record.get("node.startup").unwrap_or_default())?;
    }
    Ok(())
}

fn show(db: &Database, target: &str, portal: &str) -> Result<Record> {
    db.node(&id(target, portal)?)?
        .ok_or_else(|| "no such record".into())
}

fn set(db: &Database, target: &str, portal: &str, key: &str, value: &str) -> Result<()> {
    let id = id(target, portal)?;
    let held = lock(db)?;
    let mut record = db.node(&id)?.ok_or("no such record")?;
    record.set(Object::Node, key, value)?;
    Ok(db.put_node(&held, &id, &record)?)
}

fn set_all(db: &Database, key: &str, value: &str) -> Result<()> {
    let mut held = lock(db)?;
    let mut batch = db.batch(&mut held)?;
    for node in db.nodes()? {
        let (id, mut record) = node?;
        record.set(Object::Node, key, value)?;
        batch.put(&id, record)?;
    }
    batch.finish()?;
    Ok(())
}

/// Records like the one in a file, for targets that are numbered.
fn create(db: &Database, like: &str, from: u32, count: u32) -> Result<()> {
    let like = Record::parse(like, &std::fs::read(like)?)?;
    let old = like.get("node.name").ok_or("a record without a name")?;
    let mut held = lock(db)?;
    let mut batch = db.batch(&mut held)?;
    for number in from..from + count {
        let name = format!("iqn.2026-11.test:bench.{number:06}");
        let text = like.text().replacen(
            &format!("node.name = {old}\n"),
            &format!("node.name = {name}\n"),
            1,
        );
        let record = Record::parse("new", text.as_bytes())?;
        batch.put(&NodeId::of(&record)?, record)?;
    }
    batch.finish()?;
    Ok(())
}

fn remove(db: &Database, target: &str, portal: &str) -> Result<()> {
    let held = lock(db)?;
    if db.remove_node(&held, &id(target, portal)?)? {
        Ok(())
    } else {
        Err("no such record".into())
    }
}

/// Microseconds of each operation, without the start of a process.
fn times(db: &Database, target: &str, portal: &str, key: &str, rounds: u32) -> Result<()> {
    let took = |what: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        let begun = Instant::now();
        what()?;
        Ok(begun.elapsed().as_secs_f64() * 1e6)
    };
    for round in 0..rounds {
        let value = (20 + round % 50).to_string();
        let record = show(db, target, portal)?;
        let show = took(&mut || show(db, target, portal).map(drop))?;
        let list = took(&mut || db.nodes()?.try_for_each(|node| Ok(node.map(drop)?)))?;
        let set = took(&mut || set(db, target, portal, key, &value))?;
        let all = took(&mut || set_all(db, key, &value))?;
        let remove = took(&mut || remove(db, target, portal))?;
        let create = took(&mut || {
            let held = lock(db)?;
            Ok(db.put_node(&held, &id(target, portal)?, &record)?)
        })?;
        say(&format!("{show} {list} {set} {all} {create} {remove}\n"))?;
    }
    Ok(())
}
