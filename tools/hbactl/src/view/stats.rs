//! Counters.

use hba::model::{HostStats, SessionStats};

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
