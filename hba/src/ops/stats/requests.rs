//! How long requests take. No driver tells it of a connection; the block layer counts requests and their time of each disk
//! (`block/genhd.c`, `part_stat_show`; Documentation/block/stat.rst), which with one connection a session is the same thing.

use std::time::Duration;

use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::{RequestTimes, UnitRequests};
use crate::step::Step;

/// Requests of a session's disks: since they came, or over the next `over`.
///
/// # Errors
/// [`Kind::NotFound`] for a session that is not there, or has no disks.
pub fn requests(ctx: &mut Ctx<'_>, sid: u32, over: Option<Duration>) -> Result<RequestTimes> {
    let tried = format!("measure the requests of session {sid}");
    super::super::session::show(ctx, sid).map_err(|e| e.during(tried.clone()))?;
    let first = counts(ctx, sid)?;
    if first.is_empty() {
        return Err(Error::new(Kind::NotFound, tried)
            .answered("the session has no disks")
            .hint(Step::LunList.then(" shows what there is")));
    }
    let (units, over_ms) = match over {
        None => (first, None),
        Some(over) => {
            let until = ctx.deadline.at_most(over);
            let begin = std::time::Instant::now();
            while !until.expired() {
                ctx.backend
                    .pause(Duration::from_millis(100).min(until.remaining()));
            }
            let passed = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
            (since(&first, counts(ctx, sid)?), Some(passed))
        }
    };
    let requests: u64 = units.iter().map(|unit| unit.requests).sum();
    let busy: u64 = units.iter().map(|unit| unit.busy_ms).sum();
    Ok(RequestTimes {
        sid,
        over_ms,
        requests,
        average_us: average(requests, busy),
        longest_us: None,
        longest_unknown: "the block layer keeps sums, and no driver keeps the longest".to_owned(),
        units,
    })
}

fn counts(ctx: &mut Ctx<'_>, sid: u32) -> Result<Vec<UnitRequests>> {
    let mut units = Vec::new();
    for lun in ctx.backend.luns(LunScope::Session(sid))? {
        let (Some(block_device), Ok(at)) = (lun.block_device, lun.address.parse::<Hctl>()) else {
            continue;
        };
        let Some(text) = ctx.backend.disk_stat(at, &block_device)? else {
            continue;
        };
        let Some((requests, busy_ms, in_flight)) = stat(&text) else {
            continue;
        };
        units.push(UnitRequests {
            address: lun.address,
            block_device,
            requests,
            busy_ms,
            average_us: average(requests, busy_ms),
            in_flight,
        });
    }
    Ok(units)
}

/// What was counted between two looks; a disk that came in between counts from its beginning.
fn since(first: &[UnitRequests], now: Vec<UnitRequests>) -> Vec<UnitRequests> {
    now.into_iter()
        .map(|unit| {
            let before = first.iter().find(|old| old.address == unit.address);
            let (requests, busy_ms) = before.map_or((0, 0), |old| (old.requests, old.busy_ms));
            let (requests, busy_ms) = (
                unit.requests.saturating_sub(requests),
                unit.busy_ms.saturating_sub(busy_ms),
            );
            UnitRequests {
                requests,
                busy_ms,
                average_us: average(requests, busy_ms),
                ..unit
            }
        })
        .collect()
}

/// Requests, their milliseconds, and those under way: reads, writes, discards and flushes are in columns 0/3, 4/7, 11/14 and 15/16.
fn stat(text: &str) -> Option<(u64, u64, u64)> {
    let fields: Vec<u64> = text
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    if fields.len() < 11 {
        return None;
    }
    let sum = |columns: [usize; 4]| columns.iter().filter_map(|at| fields.get(*at)).sum();
    Some((sum([0, 4, 11, 15]), sum([3, 7, 14, 16]), fields[8]))
}

fn average(requests: u64, busy_ms: u64) -> Option<u64> {
    busy_ms.saturating_mul(1000).checked_div(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_request_counts_with_its_time() {
        let text = "      10        0      80       40        5        0       40       20        2       60       75        1        0        8        3        4        7";
        assert_eq!(stat(text), Some((20, 70, 2)));
        assert_eq!(average(20, 70), Some(3500));
        assert_eq!(average(0, 0), None);
        // Before 4.18 there were eleven columns.
        assert_eq!(stat("1 0 8 4 1 0 8 2 0 6 6"), Some((2, 6, 0)));
        assert_eq!(stat("1 2 3"), None);
    }
}
