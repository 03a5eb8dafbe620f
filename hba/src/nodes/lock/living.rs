//! Living processes that take the peer's lock, and are older than a moment.
//!
//! Source: proc(5), `/proc/PID/stat` (fields 2, 3 and 22), `/proc/uptime`; the kernel counts start times in hundredths of a second since boot
//! (`USER_HZ`, `include/asm-generic/param.h`).

use std::fs;
use std::time::{Duration, SystemTime};

use super::verdict::Candidate;

/// Programs that take the lock, and whether they stay.
const PROGRAMS: &[(&str, bool)] = &[("iscsiadm", false), ("iscsistart", false), ("iscsid", true)];
/// Clocks and roundings differ by less.
const SLACK: Duration = Duration::from_secs(1);

/// Those that were there before `since`.
pub(super) fn older_than(since: SystemTime) -> Vec<Candidate> {
    let Some(boot) = boot() else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        // Whoever asks does not hold it, whatever its name.
        .filter(|pid| *pid != std::process::id())
        .filter_map(|pid| {
            let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
            let (program, started) = read(&String::from_utf8_lossy(&stat))?;
            let daemon = PROGRAMS.iter().find(|(name, _)| *name == program)?.1;
            (boot + started <= since + SLACK).then_some(Candidate { program, pid, daemon })
        })
        .collect()
}

fn boot() -> Option<SystemTime> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    let up: f64 = text.split(' ').next()?.parse().ok()?;
    SystemTime::now().checked_sub(Duration::try_from_secs_f64(up).ok()?)
}

/// Program and start after boot of a process that lives.
fn read(stat: &str) -> Option<(String, Duration)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, program) = before.split_once('(')?;
    let mut fields = after.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    // Field 22; the state is the third.
    let ticks: u64 = fields.nth(18)?.parse().ok()?;
    Some((
        program.to_owned(),
        Duration::from_millis(ticks.saturating_mul(10)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_with_its_program_state_and_start() {
        let stat = "4711 (odd) name) S 1 4711 4711 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 1000 2 3";
        let (program, started) = read(stat).expect("a process");
        assert_eq!(
            (program.as_str(), started),
            ("odd) name", Duration::from_millis(1_234_560))
        );
        assert_eq!(read(&stat.replace(") S", ") Z")), None);
        assert_eq!(read("nonsense"), None);
        let own = fs::read_to_string("/proc/self/stat").expect("own");
        let started = boot().expect("boot") + read(&own).expect("own").1;
        assert!(started <= SystemTime::now() + SLACK);
    }
}
