//! A gap for the peer.
//!
//! The peer looks every 10 ms whether the lock is free; ours, which queue, have it again microseconds after one of them freed it, so that a
//! busy crowd of ours would never let a peer in. Whoever of ours takes the lock after it has been theirs for [`STREAK`] without such a gap waits
//! for [`GAP`] first, with the lock free. Owns the file that says since when and until when.

use std::os::unix::fs::FileExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use files::{Access, Dir};

/// So long the lock may go from one of ours to the next.
const STREAK: Duration = Duration::from_millis(100);
/// Long enough for everybody who looks every 10 ms to look once.
pub(super) const GAP: Duration = Duration::from_millis(12);
const FILE: &str = "hba.turns";

/// How long to leave the lock alone first.
pub(super) fn gap(dir: &Dir) -> Option<Duration> {
    let (begun, freed) = read(dir)?;
    wanted(begun, freed, now()).then_some(GAP)
}

/// Says that there has been a gap: a new streak begins.
pub(super) fn begin(dir: &Dir) {
    write(dir, now(), now());
}

/// Says that one of ours has just freed the lock.
pub(super) fn note(dir: &Dir) {
    let now = now();
    let begun = match read(dir) {
        Some((begun, freed)) if !interrupted(freed, now) && begun <= now => begun,
        _ => now,
    };
    write(dir, begun, now);
}

/// A gap is due.
fn wanted(begun: Duration, freed: Duration, now: Duration) -> bool {
    !interrupted(freed, now) && now.saturating_sub(begun) >= STREAK
}

/// It was free for so long already.
fn interrupted(freed: Duration, now: Duration) -> bool {
    now < freed || now - freed >= GAP
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn read(dir: &Dir) -> Option<(Duration, Duration)> {
    let bytes = dir.read(FILE, 64).ok()??;
    let text = String::from_utf8(bytes).ok()?;
    let mut parts = text.split_whitespace().map(str::parse);
    let (begun, freed) = (parts.next()?.ok()?, parts.next()?.ok()?);
    Some((Duration::from_micros(begun), Duration::from_micros(freed)))
}

/// Without it there are no gaps, and everything else works.
fn write(dir: &Dir, begun: Duration, freed: Duration) {
    let line = format!("{:020} {:020}\n", begun.as_micros(), freed.as_micros());
    let file = match dir.open_file(FILE, Access::Write) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => dir.create_new(FILE),
        Err(error) => Err(error),
    };
    let _ = file.map(|file| file.write_all_at(line.as_bytes(), 0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_due_when_the_lock_went_round_among_ours_for_long() {
        let ms = Duration::from_millis;
        for (begun, freed, now, due) in [
            (1000, 1050, 1051, false),
            (1000, 1099, 1100, true),
            (1000, 1099, 1099, false),
            // It was free meanwhile.
            (1000, 1099, 1099 + 12, false),
            // The clock was set back.
            (1000, 1099, 900, false),
        ] {
            assert_eq!(
                wanted(ms(begun), ms(freed), ms(now)),
                due,
                "{begun} {freed} {now}"
            );
        }
    }

    #[test]
    fn streaks_are_noted_and_begun_anew() {
        let scratch = tempfile::tempdir().expect("a directory");
        let dir = Dir::open(scratch.path()).expect("open");
        assert_eq!(read(&dir), None);
        let long_ago = now() - Duration::from_secs(1);
        write(&dir, long_ago, now());
        assert!(gap(&dir).is_some() || interrupted(read(&dir).expect("noted").1, now()));
        begin(&dir);
        assert!(read(&dir).expect("begun").0 > long_ago);
    }
}
