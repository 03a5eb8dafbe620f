//! I/O over iSCSI: our target and our initiator beside tgt and libiscsi, over the same file in memory.
//!
//! Every round takes all pairs in turn, a figure is the median of the rounds' ratios. Targets stand on one processor, initiators on
//! another. tgt is started with allocator thresholds that spare it a page fault for every large transfer.

mod pair;
mod sessions;
mod sides;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use lab_tests::need::{Need, missing};

use self::pair::{Case, Measured};
use self::sides::{Loopback, Sides};
use super::Args;
use super::table::{Verdicts, Wanted, median};

const NEEDS: &[Need] = &[
    Need::Tool("tgtd", "tgt"),
    Need::Tool("tgtadm", "tgt"),
    Need::Tool("iscsi-perf", "libiscsi-bin"),
    Need::Tool("iscsi-inq", "libiscsi-bin"),
    Need::Root,
];

/// Who talks to whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pair {
    /// libiscsi and tgt.
    Peers,
    /// libiscsi and our target.
    OurTarget,
    /// Both are ours.
    Ours,
}

/// libiscsi's initiator, which only reads: our target in tgt's place.
const READS: [(Case, Wanted); 4] = [
    (Case::reads(4, 1), Wanted::AtLeast(1.0)),
    (Case::reads(4, 32), Wanted::AtLeast(1.5)),
    (Case::reads(4, 128), Wanted::Shown),
    (Case::reads(128, 32), Wanted::AtLeast(1.3)),
];

/// Our initiator in libiscsi's place as well; writes against the peers' reads.
const OURS: [(Case, Case, Wanted); 4] = [
    (Case::reads(4, 32), Case::reads(4, 32), Wanted::AtLeast(3.0)),
    (Case::writes(4, 32), Case::reads(4, 32), Wanted::AtLeast(3.0)),
    (Case::reads(128, 32), Case::reads(128, 32), Wanted::Shown),
    (Case::writes(128, 32), Case::reads(128, 32), Wanted::Shown),
];

#[derive(Default)]
struct Samples {
    runs: BTreeMap<(Pair, Case), Vec<Measured>>,
    loopback: BTreeMap<Loopback, Vec<Measured>>,
}

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    if let Some(reason) = missing(NEEDS) {
        println!("left out: bench io: {reason}");
        return Ok(verdicts);
    }
    let sides = Sides::start(args)?;
    let mut samples = Samples::default();
    let mut plan: Vec<(Pair, Case)> = Vec::new();
    for (case, _) in READS {
        plan.extend([(Pair::Peers, case), (Pair::OurTarget, case)]);
    }
    plan.extend(OURS.map(|(case, _, _)| (Pair::Ours, case)));
    plan.push((Pair::Ours, sessions::MANY));
    for _ in 0..args.runs {
        for (pair, case) in &plan {
            let measured = sides.measure(*pair, *case)?;
            samples.runs.entry((*pair, *case)).or_default().push(measured);
        }
        for kind in [Loopback::OneWrite, Loopback::Batched] {
            let measured = sides.loopback(kind)?;
            samples.loopback.entry(kind).or_default().push(measured);
        }
    }
    samples.report(&mut verdicts)?;
    sessions::report(&samples, &sides, &mut verdicts)?;
    Ok(verdicts)
}

const COLUMNS: [&str; 4] = ["peer", "µs/IO i+t", "ours", "µs/IO i+t"];

impl Samples {
    fn of(&self, pair: Pair, case: Case) -> Result<&[Measured]> {
        let found = self.runs.get(&(pair, case)).context("no runs")?;
        Ok(found)
    }

    fn report(&self, verdicts: &mut Verdicts) -> Result<()> {
        Verdicts::heading_of("io: libiscsi's initiator, tgt and our target", &COLUMNS);
        for (case, wanted) in READS {
            let (peer, ours) = (self.of(Pair::Peers, case)?, self.of(Pair::OurTarget, case)?);
            compare(verdicts, &case.to_string(), peer, ours, wanted)?;
        }
        Verdicts::heading_of("io: libiscsi and tgt, our initiator and our target", &COLUMNS);
        for (case, against, wanted) in OURS {
            let (peer, ours) = (self.of(Pair::Peers, against)?, self.of(Pair::Ours, case)?);
            compare(verdicts, &case.to_string(), peer, ours, wanted)?;
        }
        let columns = ["loopback", "µs/IO", "ours", "µs/IO i+t"];
        Verdicts::heading_of("io: share of what bare loopback carries", &columns);
        for (case, _, _) in OURS.iter().filter(|(case, ..)| case.kib == 4) {
            let ours = self.of(Pair::Ours, *case)?;
            for (kind, what, wanted) in [
                (Loopback::OneWrite, "a write each", Wanted::AtLeast(1.0)),
                (Loopback::Batched, "batched", Wanted::Shown),
            ] {
                let bare = self.loopback.get(&kind).context("no runs")?;
                compare(verdicts, &format!("{case}: {what}"), bare, ours, wanted)?;
            }
        }
        Ok(())
    }
}

/// One row: medians of both, and the median of the rounds' ratios.
fn compare(
    verdicts: &mut Verdicts,
    what: &str,
    peer: &[Measured],
    ours: &[Measured],
    wanted: Wanted,
) -> Result<()> {
    let ratios = peer
        .iter()
        .zip(ours)
        .map(|(peer, ours)| ours.rate / peer.rate)
        .collect();
    let ratio = median(ratios).context("no runs")?;
    let cells: Vec<String> = [peer, ours]
        .into_iter()
        .flat_map(|side| {
            let middle = |of: fn(&Measured) -> f64| median(side.iter().map(of).collect()).unwrap_or_default();
            let target = middle(|m| m.target_cpu);
            let initiator = middle(|m| m.initiator_cpu);
            let cpu = if target > 0.0 {
                format!("{initiator:.1}+{target:.1}")
            } else {
                format!("{initiator:.1}")
            };
            [format!("{:.1} k/s", middle(|m| m.rate) / 1e3), cpu]
        })
        .collect();
    verdicts.row(what, &cells, ratio, wanted);
    Ok(())
}
