//! The stock helper and ours on one card: a BCM5709's ring, which is a model in memory that looks for doorbells.
//!
//! Both are asked on the same road, and reach it by UIO. The stock one looks four times a second whether ARP was answered, and keeps one
//! request that it has not begun; so it is asked less, and a request is lost when for a while nothing comes.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use lab_tests::need::missing;
use lab_tests::network::Segment;
use lab_tests::network::asker::{HOST, MAC, NETDEV};
use lab_tests::peer::helper::{Port, Slot, needs};
use lab_tests::process::Running;

use super::super::Args;
use super::super::table::{Verdicts, Wanted, median};
use super::road::{Measured, Road};
use super::{AT_ONCE, PATIENCE, REQUESTS, run_of};

/// How many the stock helper is asked, for each number in flight.
const PEER_REQUESTS: [usize; 3] = [32, 32, 256];
/// A request that the stock helper has not answered by then is lost; it asks for a second time after two seconds.
const PEER_PATIENCE: Duration = Duration::from_secs(4);
/// How long a client waits before it asks again whether an interface is up, as iscsiadm does.
const PEER_PACE: Duration = Duration::from_secs(1);

/// The card on the road.
pub(super) struct OnCard<'a> {
    slot: Slot,
    segment: &'a Segment,
    program: &'a Path,
}

impl<'a> OnCard<'a> {
    /// Plugs it in, unless something is missing: that is said.
    pub(super) fn plug(road: &Road, segment: &'a Segment, program: &'a Path) -> Result<Option<Self>> {
        if let Some(reason) = missing(&needs()) {
            println!("left out: the peer on a card: {reason}");
            return Ok(None);
        }
        let port = Port {
            host: HOST,
            netdev: NETDEV,
            mac: MAC,
        };
        Ok(Some(Self {
            slot: Slot::plug(segment, road.endpoint(), port)?,
            segment,
            program,
        }))
    }

    /// The stock helper, with the port's address.
    pub(super) fn stock(&self, road: &mut Road) -> Result<Running> {
        let running = self.slot.stock()?;
        road.configure(self.segment, PEER_PACE)?;
        Ok(running)
    }

    /// Ours, with the port's address.
    pub(super) fn ours(&self, road: &mut Road) -> Result<Running> {
        let running = self.slot.ours(self.program)?;
        road.configure(self.segment, Duration::from_millis(20))?;
        Ok(running)
    }

    /// Asks both.
    pub(super) fn measure(&self, road: &mut Road, args: &Args, verdicts: &mut Verdicts) -> Result<()> {
        Verdicts::heading("path requests by UIO, on a card whose ring is a model in memory");
        for (at_once, peer_requests) in AT_ONCE.into_iter().zip(PEER_REQUESTS) {
            let helper = self.stock(road)?;
            let stock = road.measure(peer_requests, at_once, PEER_PATIENCE)?;
            drop(helper);
            road.hang_up();
            let mut all = Vec::new();
            for _ in 0..args.runs {
                let helper = self.ours(road)?;
                all.push(road.measure(REQUESTS, at_once, PATIENCE)?);
                drop(helper);
                road.hang_up();
            }
            rows(verdicts, at_once, (&stock, peer_requests), &all);
        }
        Ok(())
    }
}

fn rows(verdicts: &mut Verdicts, at_once: usize, (stock, asked): (&Measured, usize), ours: &[Measured]) {
    let peer = run_of(&stock.times, stock.took);
    let of = |what: fn(&super::Run) -> f64| {
        let runs = ours.iter().map(|run| what(&run_of(&run.times, run.took)));
        median(runs.collect()).unwrap_or(f64::NAN)
    };
    let micros = |value: f64| format!("{value:.0} µs");
    for (what, peer, ours) in [
        ("median", peer.median, of(|run| run.median)),
        ("99 %", peer.late, of(|run| run.late)),
    ] {
        verdicts.figure(
            &format!("{what}, {at_once} at once"),
            &micros(peer),
            &micros(ours),
            ours / peer,
            Wanted::Shown,
        );
    }
    let ours_per_second = of(|run| run.per_second);
    verdicts.figure(
        &format!("requests a second, {at_once} at once"),
        &format!("{:.1}", peer.per_second),
        &format!("{ours_per_second:.0}"),
        ours_per_second / peer.per_second,
        Wanted::Shown,
    );
    let (all, answered) = (
        REQUESTS * ours.len(),
        ours.iter().map(|run| run.times.len()).sum(),
    );
    let share = |answered: usize, asked: usize| answered as f64 / asked as f64;
    verdicts.figure(
        &format!("answered with a path, {at_once} at once"),
        &format!("{} of {asked}", stock.times.len()),
        &format!("{answered} of {all}"),
        share(answered, all) / share(stock.times.len(), asked),
        Wanted::Shown,
    );
}
