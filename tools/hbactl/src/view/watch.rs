//! What a watch tells: events as they are listed elsewhere, deeds with a line a unit, the counts at the end.

use hba::model::{Deed, LoginCounts, Watched};
use terminal::printable;

use super::event;

/// One thing, a line or several.
pub(crate) fn lines(told: &Watched, plain: bool) -> Vec<String> {
    match told {
        Watched::Event(record) => vec![event::line(record, plain)],
        Watched::Deed(deed) => self::deed(deed, plain),
        Watched::End(counts) => end(counts, plain),
    }
}

fn deed(deed: &Deed, plain: bool) -> Vec<String> {
    let gap = if plain { "\t" } else { "  " };
    let seconds = format!("{}.{:03}", deed.time_ms / 1000, deed.time_ms % 1000);
    let done = match (&deed.error, deed.planned) {
        (Some(error), _) => format!("failed: {error}"),
        (None, true) => "not done (dry run or report only)".to_owned(),
        (None, false) => "done".to_owned(),
    };
    let words = [
        seconds,
        "watch".to_owned(),
        deed.deed.as_str().to_owned(),
        format!("sid={}", deed.sid),
        format!("because={}", deed.because),
        done,
    ];
    let mut lines = vec![printable::text(&words.join(gap)).into_owned()];
    let unit = |unit: &hba::model::UnitChange| format!("{gap}{}{gap}{}", unit.fate.as_str(), unit.address);
    lines.extend(deed.units.iter().map(unit));
    lines.extend(
        deed.remarks
            .iter()
            .map(|remark| printable::text(&format!("{gap}remark: {remark}")).into_owned()),
    );
    lines
}

fn end(counts: &LoginCounts, plain: bool) -> Vec<String> {
    let gap = if plain { "\t" } else { "  " };
    let mut words = vec![
        "end".to_owned(),
        format!("watched_ms={}", counts.until_ms.saturating_sub(counts.since_ms)),
        format!("accepted={}", counts.accepted),
        format!("failed={}", counts.failed),
        format!("expired={}", counts.expired),
        format!("ended={}", counts.ended),
    ];
    for (kind, count) in &counts.login_failures {
        let name = serde_json::to_value(kind).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
        words.push(format!("{name}={count}"));
    }
    if counts.gaps > 0 {
        words.push(format!("gaps={}", counts.gaps));
    }
    vec![words.join(gap)]
}
