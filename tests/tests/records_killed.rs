//! Writers of the record database that are killed at any moment: whoever reads sees old or new, and nothing else is left that the peer
//! would take for a record.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hba::Deadline;
use hba::nodes::{Database, Discovery, NodeId, Place, Record};
use lab_tests::process::own_binary;

const KILLS: u32 = 300;

fn id(target: &str) -> NodeId {
    NodeId {
        target: format!("iqn.2026-11.test:{target}").parse().expect("a name"),
        portal: "192.0.2.1:3260,1".parse().expect("a portal"),
        iface: "default".to_owned(),
    }
}

/// The version of a whole record.
fn version(record: &Record) -> Result<u32> {
    let text = record.text();
    let (version, length) = record
        .get("version")
        .and_then(|said| said.split_once(' '))
        .with_context(|| format!("no version in {text}"))?;
    let begins = text.starts_with(&format!("# BEGIN RECORD {version}\n"));
    let filler = text.matches('x').count();
    ensure!(
        begins && text.ends_with("# END RECORD\n") && filler == length.parse::<usize>()?,
        "a torn record: {text}"
    );
    Ok(version.parse()?)
}

/// Reads without end; gives the number of looks.
fn read(db: &Database, over: &AtomicBool, newest: &AtomicU32) -> Result<u32> {
    let portal = "192.0.2.9:3260".parse()?;
    let mut looks = 0;
    while !over.load(Ordering::SeqCst) {
        if let Some(record) = db.node(&id("stays"))? {
            let now = version(&record)?;
            let before = newest.fetch_max(now, Ordering::SeqCst);
            ensure!(now >= before, "version {before} became {now}");
        }
        for node in db.nodes()? {
            version(&node?.1)?;
        }
        for found in db.found_by(Discovery::SendTargets, &portal)? {
            ensure!(found == id("goes"), "a link to {found}");
        }
        looks += 1;
    }
    Ok(looks)
}

#[test]
fn three_hundred_killed_writers_leave_old_or_new() -> Result<()> {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        tempfile::tempdir_in(memory)?
    } else {
        tempfile::tempdir()?
    };
    let db = || Database::at(Place::under(dir.path()));
    let program = own_binary("records")?;
    let (over, newest) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| -> Result<()> {
        let reader = scope.spawn(|| read(&db(), &over, &newest));
        let killed = || -> Result<()> {
            let mut seed = 1_u64;
            for number in 0..KILLS {
                let mut churn = Command::new(&program);
                churn
                    .arg(dir.path())
                    .arg("churn")
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped());
                let mut writer = churn.spawn()?;
                if number == 0 {
                    writer
                        .stdout
                        .as_mut()
                        .context("stdout")?
                        .read_exact(&mut [0; 6])?;
                }
                // Anywhere between the start of the process and some writes.
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let wait = Duration::from_micros((seed >> 33) % 12_000);
                let begun = Instant::now();
                while begun.elapsed() < wait {
                    std::thread::yield_now();
                }
                writer.kill()?;
                let status = writer.wait()?;
                ensure!(status.code().is_none(), "the writer ended by itself: {status}");
            }
            Ok(())
        };
        let killed = killed();
        over.store(true, Ordering::SeqCst);
        let looks = reader.join().ok().context("the reader panicked")??;
        killed?;
        ensure!(looks > 0, "nobody looked");
        Ok(())
    })?;
    let db = db();
    let last = version(&db.node(&id("stays"))?.context("the record is gone")?)?;
    ensure!(
        last >= newest.into_inner() && last > KILLS / 4,
        "version {last} after {KILLS} writers"
    );
    // All that the peer would read is whole; what killed writers left is elsewhere, and goes with the next write.
    let mut held = db.lock(Deadline::after(Duration::from_secs(60)), "a test")?;
    let record = db.node(&id("stays"))?.context("the record is gone")?;
    let mut batch = db.batch(&mut held)?;
    batch.put(&id("stays"), record.clone())?;
    batch.put(&id("stays"), record.clone())?;
    batch.finish()?;
    db.put_node(&held, &id("stays"), &record)?;
    db.remove_node(&held, &id("goes"))?;
    let nodes: Vec<_> = db.nodes()?.collect::<Result<_, _>>()?;
    ensure!(nodes.len() == 1, "{nodes:?}");
    let left: Vec<_> = fs::read_dir(dir.path().join(".hba"))?.collect::<Result<_, _>>()?;
    ensure!(left.is_empty(), "{left:?}");
    let targets: Vec<_> = fs::read_dir(dir.path().join("nodes"))?.collect::<Result<_, _>>()?;
    ensure!(targets.len() == 1, "{targets:?}");
    Ok(())
}
