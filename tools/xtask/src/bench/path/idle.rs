//! What a helper takes while nobody asks it: resident memory, and how often it wakes up.
//!
//! Source: proc(5), `/proc/PID/smaps_rollup` and `/proc/PID/task/TID/status`.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use lab_tests::network::Segment;
use lab_tests::peer::helper;

use super::super::table::{Verdicts, Wanted};
use super::road::Road;

/// How long it is looked at.
const WATCH: Duration = Duration::from_secs(20);

struct Idle {
    kib: f64,
    wakes: f64,
}

/// Ours with a port and an address, the peer without: it finds no ring here, and has less to do.
pub(super) fn measure(
    road: &mut Road,
    segment: &Segment,
    program: &Path,
    verdicts: &mut Verdicts,
) -> Result<()> {
    let running = road.helper(segment, program)?;
    let ours = watch(running.pid())?;
    drop(running);
    road.hang_up();
    println!(
        "\nidle: ours {:.1} MiB, {:.1} wake-ups a second",
        ours.kib / 1024.0,
        ours.wakes
    );
    let peer = match helper::idle(segment) {
        Ok(peer) => watch(peer.helper.pid())?,
        Err(why) => {
            println!("left out: the peer while idle: {why:#}");
            return Ok(());
        }
    };
    Verdicts::heading("idle");
    let mib = |idle: &Idle| format!("{:.1} MiB", idle.kib / 1024.0);
    let third = Wanted::AtMost(0.33);
    verdicts.figure(
        "resident memory",
        &mib(&peer),
        &mib(&ours),
        ours.kib / peer.kib,
        third,
    );
    let wakes = |idle: &Idle| format!("{:.1}", idle.wakes);
    // A peer without a port does not wake up at all: there is no third of that.
    let (ratio, wanted) = match peer.wakes > 0.0 {
        true => (ours.wakes / peer.wakes, third),
        false => (ours.wakes, Wanted::Shown),
    };
    verdicts.figure("wake-ups a second", &wakes(&peer), &wakes(&ours), ratio, wanted);
    Ok(())
}

fn watch(pid: u32) -> Result<Idle> {
    sleep(Duration::from_secs(3));
    let before = switches(pid)?;
    sleep(WATCH);
    let after = switches(pid)?;
    Ok(Idle {
        kib: number(&format!("/proc/{pid}/smaps_rollup"), "Rss:")?,
        wakes: (after - before) / WATCH.as_secs_f64(),
    })
}

/// How often its threads went to sleep.
fn switches(pid: u32) -> Result<f64> {
    let mut all = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = task?.path().join("status");
        let status = status.to_str().context("a path of /proc")?;
        all += number(status, "voluntary_ctxt_switches:")?;
    }
    Ok(all)
}

fn number(file: &str, key: &str) -> Result<f64> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let word = line.and_then(|line| line.split_whitespace().next());
    Ok(word.with_context(|| format!("no {key} in {file}"))?.parse()?)
}
