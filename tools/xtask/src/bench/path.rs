//! Path requests to the network helper beside the bare round trip of ARP, and what it takes while idle beside the peer.
//!
//! This process is the kernel that asks and the cable: it plays an endpoint with one host, and hands frames between the host's L2 ring and
//! a packet socket; the kernel of another network namespace answers ARP for every address that is asked for, and each is asked for once.
//! In the helper's place a thread does the least that answers a request ([`bare`]): that is the bare round trip on the same road. The one
//! without any road, a packet socket and the kernel that answers it, is shown. The peer knows only UIO devices: it and ours are compared
//! on a card of memory ([`card`]).

mod bare;
mod card;
mod idle;
mod road;

use std::time::Duration;

use anyhow::{Result, ensure};
use lab_tests::need::missing;
use lab_tests::network::{NEEDS, Plan, Segment};

use self::card::OnCard;
use self::road::Road;
use super::Args;
use super::sessions::released;
use super::table::{Verdicts, Wanted, median};

/// Requests in flight.
const AT_ONCE: [usize; 3] = [1, 16, 256];
/// Requests of a run.
const REQUESTS: usize = 2048;
/// A request of a run that is not answered by then is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a side did in a run.
#[derive(Clone, Copy)]
struct Run {
    median: f64,
    late: f64,
    per_second: f64,
}

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    if let Some(reason) = missing(NEEDS) {
        println!("left out: bench path: {reason}");
        return Ok(verdicts);
    }
    let program = released(&["--package", "iscsiuio"], "iscsiuio")?;
    let segment = Segment::start(Plan::default())?;
    let mut road = Road::start(&segment)?;
    println!(
        "\npath requests, {} runs of {REQUESTS}, each for another address",
        args.runs
    );
    let alone: Vec<Duration> = road.arp(REQUESTS)?;
    println!(
        "  ARP from a packet socket, no road: median {:.0} µs",
        run_of(&alone, Duration::ZERO).median
    );
    Verdicts::heading("path requests");
    for at_once in AT_ONCE {
        let (mut bares, mut helpers) = (Vec::new(), Vec::new());
        for _ in 0..args.runs {
            let bare = bare::Bare::start(road.endpoint())?;
            road.accept()?;
            bares.push(measured(&mut road, at_once)?);
            road.hang_up();
            bare.end()?;

            let helper = road.helper(&segment, &program)?;
            helpers.push(measured(&mut road, at_once)?);
            // Left alone while it runs it comes again, and the next one's place on the road is taken.
            drop(helper);
            road.hang_up();
        }
        let of =
            |runs: &[Run], what: fn(&Run) -> f64| median(runs.iter().map(what).collect()).unwrap_or(f64::NAN);
        let (bare, ours) = (of(&bares, |run| run.median), of(&helpers, |run| run.median));
        let wanted = if at_once == 1 {
            Wanted::AtMost(1.5)
        } else {
            Wanted::Shown
        };
        let micros = |value: f64| format!("{value:.0} µs");
        verdicts.figure(
            &format!("median, {at_once} at once"),
            &micros(bare),
            &micros(ours),
            ours / bare,
            wanted,
        );
        let (bare, ours) = (of(&bares, |run| run.late), of(&helpers, |run| run.late));
        verdicts.figure(
            &format!("99 %, {at_once} at once"),
            &micros(bare),
            &micros(ours),
            ours / bare,
            Wanted::Shown,
        );
        let (bare, ours) = (
            of(&bares, |run| run.per_second),
            of(&helpers, |run| run.per_second),
        );
        verdicts.figure(
            &format!("requests a second, {at_once} at once"),
            &format!("{bare:.0}"),
            &format!("{ours:.0}"),
            ours / bare,
            Wanted::Shown,
        );
    }
    println!("  no request was lost: each run ends when all are answered");
    if let Some(card) = OnCard::plug(&road, &segment, &program)? {
        card.measure(&mut road, args, &mut verdicts)?;
        idle::measure(&mut road, &card, &mut verdicts)?;
    }
    Ok(verdicts)
}

/// A run in which every request is answered.
fn measured(road: &mut Road, at_once: usize) -> Result<Run> {
    let measured = road.measure(REQUESTS, at_once, PATIENCE)?;
    let lost = REQUESTS - measured.times.len();
    ensure!(lost == 0, "{lost} of {REQUESTS} requests were lost");
    Ok(run_of(&measured.times, measured.took))
}

fn run_of(times: &[Duration], took: Duration) -> Run {
    let mut micros: Vec<f64> = times.iter().map(|one| one.as_secs_f64() * 1e6).collect();
    micros.sort_by(f64::total_cmp);
    Run {
        median: median(micros.clone()).unwrap_or(f64::NAN),
        late: micros.get(micros.len() * 99 / 100).copied().unwrap_or(f64::NAN),
        per_second: times.len() as f64 / took.as_secs_f64(),
    }
}
