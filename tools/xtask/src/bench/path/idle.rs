//! What a helper takes while nobody asks it: resident memory, and how often it wakes up.
//!
//! Source: proc(5), `/proc/PID/smaps_rollup` and `/proc/PID/task/TID/status`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use super::super::table::{Verdicts, Wanted};
use super::card::OnCard;
use super::road::Road;

/// How long it is looked at.
const WATCH: Duration = Duration::from_secs(20);
/// How long it is left alone before.
const SETTLE: Duration = Duration::from_secs(3);

struct Idle {
    kib: f64,
    wakes: f64,
}

/// Both with a port on the card, and an address.
pub(super) fn measure(road: &mut Road, card: &OnCard<'_>, verdicts: &mut Verdicts) -> Result<()> {
    let helper = card.ours(road)?;
    let ours = watch(road, helper.pid())?;
    drop(helper);
    road.hang_up();
    let helper = card.stock(road)?;
    let peer = watch(road, helper.pid())?;
    drop(helper);
    road.hang_up();
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
    verdicts.figure(
        "wake-ups a second",
        &wakes(&peer),
        &wakes(&ours),
        ours.wakes / peer.wakes,
        third,
    );
    Ok(())
}

fn watch(road: &mut Road, pid: u32) -> Result<Idle> {
    road.carry(SETTLE)?;
    let before = switches(pid)?;
    road.carry(WATCH)?;
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
