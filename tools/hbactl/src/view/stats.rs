//! Counters.

use hba::model::{AdapterStats, Helper, HostStats, RequestTimes, SessionStats};

use crate::output::{Details, known};

pub(crate) fn host(stats: &HostStats) -> Details {
    let mut rows = vec![("Host".to_owned(), stats.host.to_string())];
    for (group, counters) in &stats.groups {
        rows.push((group.clone(), String::new()));
        rows.extend(
            counters
                .iter()
                .map(|(name, value)| (name.clone(), value.to_string())),
        );
    }
    if !stats.custom.is_empty() {
        rows.push(("driver".to_owned(), String::new()));
        rows.extend(stats.custom.iter().map(|c| (c.name.clone(), c.value.to_string())));
    }
    rows
}

pub(crate) fn session(stats: &SessionStats) -> Details {
    let mut rows = vec![("Session".to_owned(), stats.sid.to_string())];
    if let Some(cid) = stats.cid {
        rows.push(("Connection".to_owned(), cid.to_string()));
    }
    rows.push(("Target".to_owned(), known(stats.target_name.as_ref())));
    rows.extend(
        stats
            .counters
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string())),
    );
    rows.extend(stats.custom.iter().map(|c| (c.name.clone(), c.value.to_string())));
    rows
}

pub(crate) fn adapter(stats: &AdapterStats) -> Details {
    let mut rows = vec![
        ("Host".to_owned(), stats.host.to_string()),
        ("Sessions asked".to_owned(), stats.sessions.to_string()),
        ("Digest errors".to_owned(), stats.digest_errors.to_string()),
        ("Timeout errors".to_owned(), stats.timeout_errors.to_string()),
        ("Format errors".to_owned(), known(stats.format_errors)),
        (
            "Session failures".to_owned(),
            stats.session_failures.map_or_else(
                || "n/a (no driver counts them; session watch does while it runs)".to_owned(),
                |count| count.to_string(),
            ),
        ),
    ];
    if !stats.unasked.is_empty() {
        let sids: Vec<String> = stats.unasked.iter().map(ToString::to_string).collect();
        rows.push(("Sessions without counters".to_owned(), sids.join(" ")));
    }
    rows.push(("Sums over its sessions".to_owned(), String::new()));
    rows.extend(
        stats
            .counters
            .iter()
            .map(|(name, value)| (name.clone(), value.to_string())),
    );
    rows
}

pub(crate) fn requests(times: &RequestTimes) -> Details {
    let average = |us: Option<u64>| {
        us.map_or_else(
            || "n/a (no requests)".to_owned(),
            |us| format!("{}.{:03} ms", us / 1000, us % 1000),
        )
    };
    let mut rows = vec![
        ("Session".to_owned(), times.sid.to_string()),
        (
            "Over".to_owned(),
            times
                .over_ms
                .map_or_else(|| "since the disks came".to_owned(), |ms| format!("{ms} ms")),
        ),
        ("Requests".to_owned(), times.requests.to_string()),
        ("Average".to_owned(), average(times.average_us)),
        ("Longest".to_owned(), format!("n/a ({})", times.longest_unknown)),
    ];
    for unit in &times.units {
        rows.push((format!("{} ({})", unit.address, unit.block_device), String::new()));
        rows.push(("Requests".to_owned(), unit.requests.to_string()));
        rows.push(("Average".to_owned(), average(unit.average_us)));
        rows.push(("Under way".to_owned(), unit.in_flight.to_string()));
    }
    rows
}

pub(crate) fn helper(helper: &Helper) -> Details {
    let mut rows = Vec::new();
    let mut add = |name: &str, value: u64| rows.push((name.to_owned(), value.to_string()));
    if let Some(totals) = &helper.totals {
        add("Path requests", totals.path_requests);
        add("Path requests for ports without a ring", totals.no_ring);
        add("Messages of the kernel lost (times)", totals.overruns);
        add("Messages of the kernel that made no sense", totals.malformed);
        add("Answers that the kernel did not take", totals.refused);
        add("Rings that vanished", totals.vanished);
    }
    for port in &helper.ports {
        let c = &port.counters;
        rows.push((format!("host{}", port.host), String::new()));
        rows.push(("Ring".to_owned(), port.ring.clone()));
        let mut add = |name: &str, value: u64| rows.push((name.to_owned(), value.to_string()));
        add("Frames in", c.received);
        add("Frames out", c.sent);
        add("Frames of no use", c.dropped);
        add("Frames that the ring had no room for", port.ring_full);
        add("Path requests", c.requests);
        add("Path requests with a path", c.resolved);
        add("Path requests without one", c.failed);
        add("Path requests under way", port.pending);
        add("Entries pushed out of a full table", c.evicted);
    }
    rows
}
