//! Many sessions at once, idle ones, and short ones.

use anyhow::{Context, Result};

use super::pair::Case;
use super::sides::Sides;
use super::{COLUMNS, Pair, Samples, compare};
use crate::bench::table::{Verdicts, Wanted, median};

/// All sessions at once, against one of the same depth.
pub(super) const MANY: Case = Case {
    sessions: 64,
    ..Case::reads(4, 32)
};
/// Sessions that idle while memory is looked at.
pub(super) const IDLE: u32 = 256;
/// Visits, taken in turn.
const VISITS: usize = 25;

/// Measures what the samples do not have, and prints.
pub(super) fn report(samples: &Samples, sides: &Sides, verdicts: &mut Verdicts) -> Result<()> {
    let mut columns = COLUMNS;
    (columns[0], columns[2]) = ("1 session", "64 sessions");
    Verdicts::heading_of("io: many sessions, our initiator and our target", &columns);
    let (one, many) = (
        samples.of(Pair::Ours, Case::reads(4, 32))?,
        samples.of(Pair::Ours, MANY)?,
    );
    compare(
        verdicts,
        &Case::reads(4, 32).to_string(),
        one,
        many,
        Wanted::AtLeast(1.0),
    )?;

    Verdicts::heading_of("io: memory of an idle session, in KiB", &["tgt", "ours"]);
    let mut target = Vec::new();
    let mut initiator = 0.0;
    for pair in [Pair::Peers, Pair::Ours] {
        // The first session brings what a target has once.
        let (target_one, initiator_one) = sides.idle(pair, 1)?;
        let (target_all, initiator_all) = sides.idle(pair, IDLE)?;
        let each = |one: f64, all: f64| (all - one) / f64::from(IDLE - 1);
        target.push(each(target_one, target_all));
        initiator = each(initiator_one, initiator_all);
    }
    let kib = |value: f64| format!("{value:.1} KiB");
    let cells: Vec<String> = target.iter().map(|value| kib(*value)).collect();
    let ours = target.last().copied().context("no runs")?;
    verdicts.row("target", &cells, ours, Wanted::AtMost(64.0));
    verdicts.row(
        "initiator",
        &[String::new(), kib(initiator)],
        initiator,
        Wanted::AtMost(64.0),
    );

    Verdicts::heading("io: connect, login, one command, logout");
    let mut taken = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..=VISITS {
        for (pair, times) in [Pair::Peers, Pair::OurTarget, Pair::Ours]
            .into_iter()
            .zip(&mut taken)
        {
            let took = sides.visit(pair)?.as_secs_f64() * 1e3;
            // The first round warms caches.
            if round > 0 {
                times.push(took);
            }
        }
    }
    let [peers, target, ours] = taken.map(|times| median(times).unwrap_or_default());
    let millis = |value: f64| format!("{value:.2} ms");
    for (what, value) in [
        ("a program: libiscsi and our target", target),
        ("a program: our initiator and our target", ours),
    ] {
        verdicts.figure(
            what,
            &millis(peers),
            &millis(value),
            value / peers,
            Wanted::AtMost(1.0),
        );
    }
    let within = sides.visits(200)? * 1e3;
    verdicts.figure(
        "within our program, against the peer's 1.5 ms",
        "1.50 ms",
        &millis(within),
        within / 1.5,
        Wanted::AtMost(1.0),
    );
    Ok(())
}
