//! The record database on a file system that is full, and on one that is read-only. Needs root.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hba::nodes::{Database, NodeId, Place, Record};
use hba::{Deadline, Error};
use lab_tests::namespace::Namespace;
use lab_tests::need::{Need, left_out};
use lab_tests::peer::records::tree;
use nix::mount::{MsFlags, mount};

const NEEDS: &[Need] = &[Need::Root, Need::Namespaces];

fn id(target: &str) -> NodeId {
    NodeId {
        target: format!("iqn.2026-11.test:{target}").parse().expect("a name"),
        portal: "192.0.2.1:3260,1".parse().expect("a portal"),
        iface: "default".to_owned(),
    }
}

fn record(id: &NodeId, length: usize) -> Result<Record> {
    let text = format!(
        "# BEGIN RECORD 2.1.8\nnode.name = {}\n# {}\n# END RECORD\n",
        id.target,
        "x".repeat(length)
    );
    Ok(Record::parse("new", text.as_bytes())?)
}

/// A database of two records on a small file system, its lock elsewhere; for the namespace.
fn small(dir: &Path) -> Result<Database> {
    let records = dir.join("records");
    fs::create_dir(&records)?;
    let none: Option<&Path> = None;
    mount(
        none,
        &records,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("size=256k,mode=0700"),
    )?;
    let db = Database::at(Place {
        config: records.clone(),
        records,
        lock: dir.join("lock"),
        rival: None,
    });
    let held = lock(&db)?;
    for target in ["a", "b"] {
        db.put_node(&held, &id(target), &record(&id(target), 100)?)?;
    }
    drop(held);
    Ok(db)
}

fn lock(db: &Database) -> Result<hba::nodes::Held> {
    Ok(db.lock(Deadline::after(Duration::from_secs(60)), "a test")?)
}

/// Every write there is, of which each has to be refused.
fn refusals(db: &Database) -> Result<Vec<Error>> {
    let mut held = lock(db)?;
    let (a, c) = (id("a"), id("c"));
    let long = record(&a, 60_000)?;
    let mut refused = vec![
        db.put_node(&held, &a, &long)
            .err()
            .context("a change was written")?,
        db.put_node(&held, &c, &record(&c, 60_000)?)
            .err()
            .context("a new one was written")?,
        db.put_iface(&held, "eth0", &record(&c, 60_000)?)
            .err()
            .context("an interface was written")?,
    ];
    let mut batch = db.batch(&mut held)?;
    let many = batch.put(&a, long).and_then(|()| batch.finish().map(drop));
    refused.push(many.err().context("many were written")?);
    Ok(refused)
}

#[test]
fn a_full_file_system_refuses_whole_and_records_can_still_be_removed() -> Result<()> {
    if left_out("a full file system", NEEDS) {
        return Ok(());
    }
    let scratch = tempfile::tempdir()?;
    let dir = scratch.path().to_owned();
    Namespace::new(&[])?.run(move || -> Result<()> {
        let db = small(&dir)?;
        let before = tree(&dir.join("records"))?;
        let mut ballast = fs::File::create(dir.join("records/ballast"))?;
        while ballast.write_all(&[0; 4096]).is_ok() {}
        for error in refusals(&db)? {
            let said = error.to_string();
            ensure!(error.errno() == Some(nix::libc::ENOSPC), "{said}");
            ensure!(said.contains("records"), "no place: {said}");
            let next = error.next_step().context("no hint")?.to_string();
            ensure!(next.contains("room"), "{next}");
        }
        let mut kept = tree(&dir.join("records"))?;
        // Directories that the peer does not mind.
        kept.retain(|(name, _)| name != "ifaces");
        ensure!(kept == before, "{kept:?}");
        let held = lock(&db)?;
        ensure!(db.remove_node(&held, &id("a"))?, "nothing to remove");
        drop(ballast);
        fs::remove_file(dir.join("records/ballast"))?;
        db.put_node(&held, &id("c"), &record(&id("c"), 60_000)?)?;
        ensure!(db.nodes()?.collect::<Result<Vec<_>, _>>()?.len() == 2);
        Ok(())
    })?
}

#[test]
fn a_read_only_file_system_is_read_and_told() -> Result<()> {
    if left_out("a read-only file system", NEEDS) {
        return Ok(());
    }
    let scratch = tempfile::tempdir()?;
    let dir = scratch.path().to_owned();
    Namespace::new(&[])?.run(move || -> Result<()> {
        let db = small(&dir)?;
        let none: Option<&Path> = None;
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(none, &dir.join("records"), none, flags, none)?;
        ensure!(db.nodes()?.collect::<Result<Vec<_>, _>>()?.len() == 2);
        let held = lock(&db)?;
        let refused = [
            db.put_node(&held, &id("a"), &record(&id("a"), 10)?),
            db.put_node(&held, &id("c"), &record(&id("c"), 10)?),
            db.remove_node(&held, &id("a")).map(drop),
        ];
        for refused in refused {
            let error = refused.err().context("it was written")?;
            ensure!(error.errno() == Some(nix::libc::EROFS), "{error}");
            let next = error.next_step().context("no hint")?.to_string();
            ensure!(next.contains("read-only"), "{next}");
        }
        ensure!(db.node(&id("a"))?.is_some());
        Ok(())
    })?
}
