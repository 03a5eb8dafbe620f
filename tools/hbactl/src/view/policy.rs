//! When sessions are brought back: the rules as rows, the one that applies to a session as details.

use hba::model::SessionPolicy;

use crate::output::{Details, Table, known, yes};

pub(crate) fn table(of: &SessionPolicy) -> Table {
    let rows = of.policies.iter().map(|p| {
        vec![
            p.intent.to_string(),
            waits(p.first_wait, p.factor, p.longest_wait),
            p.given_up_after.map_or_else(|| "never".to_owned(), duration),
            yes(p.counts_attempts).to_owned(),
            p.why.clone(),
        ]
    });
    Table {
        heads: &["INTENT", "TRIED AGAIN", "GIVEN UP", "REOPEN_MAX", "WHY"],
        rows: rows.collect(),
    }
}

/// Of the session that was asked for.
pub(crate) fn applied(of: &SessionPolicy) -> Details {
    let Some(p) = &of.session else {
        return Details::new();
    };
    let recovery = match p.recovery_timeout {
        Some(tmo) if tmo < 0 => "for ever".to_owned(),
        Some(tmo) => format!("{tmo} s, then errors until it is back"),
        None => known::<String>(None),
    };
    [
        ("Session", p.sid.to_string()),
        ("Target", p.target_name.clone()),
        ("Owner", p.owner.to_string()),
        ("Brought back by", p.keeper.to_string()),
        ("Intent", format!("{} ({})", p.intent, p.intent_why)),
        ("Tried again", waits(p.first_wait, p.factor, p.longest_wait)),
        (
            "Given up",
            p.given_up_after
                .map_or_else(|| "never by itself".to_owned(), duration),
        ),
        ("DefaultTime2Wait (s)", known(p.time2wait)),
        ("Disks wait", recovery),
        ("Why", p.why.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// How long it is waited from one time to the next.
fn waits(first: u64, factor: u32, longest: u64) -> String {
    match factor {
        0 | 1 if first == longest => format!("every {}", duration(first)),
        0 | 1 => format!("after {}, then every {}", duration(first), duration(longest)),
        2 => format!("after {}, doubled up to {}", duration(first), duration(longest)),
        _ => format!(
            "after {}, times {factor} up to {}",
            duration(first),
            duration(longest)
        ),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        s if s >= 3600 && s % 3600 == 0 => format!("{} h", s / 3600),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_and_durations_are_said_in_the_unit_that_fits() {
        for (first, factor, longest, said) in [
            (5, 1, 5, "every 5 s"),
            (1, 1, 1, "every 1 s"),
            (5, 2, 300, "after 5 s, doubled up to 5 min"),
            (2, 1, 3, "after 2 s, then every 3 s"),
            (90, 3, 7200, "after 90 s, times 3 up to 2 h"),
        ] {
            assert_eq!(waits(first, factor, longest), said);
        }
        assert_eq!(duration(72 * 3600), "72 h");
    }
}
