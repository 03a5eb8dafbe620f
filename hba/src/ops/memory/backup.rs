//! Copies of what an adapter remembered before a change, in the state directory. Owns their names (numbers that go up: no clock, which may
//! stand still or step back, makes a name) and how many are kept.

use files::{Dir, Why};

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;

/// Copies kept for each port; the oldest go.
pub(in crate::ops) const KEPT: usize = 16;
/// Names tried, should others be made at the same time.
const ATTEMPTS: u64 = 64;

/// What a copy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Copy {
    /// The NVRAM.
    Nvram,
    /// The control block in flash.
    Ifcb,
    /// The device database.
    Ddb,
    /// The CHAP table, secrets included.
    Chap,
}

impl Copy {
    const fn name(self) -> &'static str {
        match self {
            Self::Nvram => "nvram",
            Self::Ifcb => "ifcb",
            Self::Ddb => "ddb",
            Self::Chap => "chap",
        }
    }
}

/// Writes the image beside the state, readable by the owner only, says where, and lets the oldest go.
///
/// # Errors
/// It cannot be written whole: nothing should be changed then.
pub(in crate::ops) fn save(ctx: &mut Ctx<'_>, host: HostNo, of: Copy, image: &[u8]) -> Result<()> {
    let at = ctx.home.state.join("backup");
    let tried = format!("write a backup into {}", at.display());
    let fail = |e: files::Error| Error::io(tried.clone(), &e.into());
    let dir = Dir::private(&ctx.home.state)
        .and_then(|state| state.subdir("backup"))
        .map_err(fail)?;
    let older = numbers(&dir, of, host).map_err(fail)?;
    let first = older.last().map_or(1, |n| n.saturating_add(1));
    let Some(name) = write_next(&dir, of, host, first, image).map_err(fail)? else {
        return Err(Error::new(Kind::Busy, tried).answered("others keep taking the next name"));
    };
    ctx.warn(format!(
        "the {} before is kept in {} (the last {KEPT} of {host} are kept)",
        of.name(),
        at.join(name).display()
    ));
    let surplus = (older.len() + 1).saturating_sub(KEPT);
    for number in older.iter().take(surplus) {
        if let Err(e) = dir.remove(name_of(of, host, *number)) {
            ctx.warn(format!("an old backup stays: {e}"));
        }
    }
    Ok(())
}

fn name_of(of: Copy, host: HostNo, number: u64) -> String {
    format!("{}-{host}-{number}.bin", of.name())
}

/// The numbers of a port's copies, lowest first.
fn numbers(dir: &Dir, of: Copy, host: HostNo) -> files::Result<Vec<u64>> {
    let before = format!("{}-{host}-", of.name());
    let number = |name: &str| {
        name.strip_prefix(&before)?
            .strip_suffix(".bin")?
            .parse::<u64>()
            .ok()
    };
    let names = dir.names()?;
    let mut all: Vec<u64> = names.iter().filter_map(|name| number(name.to_str()?)).collect();
    all.sort_unstable();
    Ok(all)
}

/// Makes the first of the next names that nobody has; `None` when others have them all.
fn write_next(dir: &Dir, of: Copy, host: HostNo, first: u64, image: &[u8]) -> files::Result<Option<String>> {
    for number in first..first.saturating_add(ATTEMPTS) {
        let name = name_of(of, host, number);
        match dir.write_new(&name, image) {
            Ok(()) => return Ok(Some(name)),
            Err(e) if matches!(e.why(), Why::Exists) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::scripted::Scripted;
    use crate::deadline::Deadline;

    const H1: HostNo = HostNo(1);

    #[test]
    fn copies_made_at_one_moment_have_names_of_their_own_and_the_oldest_go() {
        let dir = tempfile::tempdir().expect("dir");
        let mut s = Scripted::new();
        let mut ctx = Ctx::new(
            &mut s,
            Deadline::after(Deadline::MAX),
            crate::ops::testing::home(dir.path()),
        );
        let backups = dir.path().join("backup");
        // One of a version that named them by the millisecond, and one of another port.
        std::fs::create_dir(&backups).expect("made");
        std::fs::write(backups.join("nvram-host1-1795253400532.bin"), "old").expect("written");
        std::fs::write(backups.join("nvram-host11-1.bin"), "another port").expect("written");
        for round in 0..2 * KEPT {
            save(&mut ctx, H1, Copy::Nvram, &[u8::try_from(round).expect("small")]).expect("saved");
        }
        let kept = numbers(&Dir::ours(&backups).expect("ours"), Copy::Nvram, H1).expect("read");
        assert_eq!(kept.len(), KEPT);
        let newest = backups.join(name_of(Copy::Nvram, H1, *kept.last().expect("one")));
        assert_eq!(std::fs::read(newest).expect("read"), [31]);
        assert!(
            kept.iter().all(|n| *n > 1_795_253_400_532),
            "the order is kept: {kept:?}"
        );
        assert!(backups.join("nvram-host11-1.bin").exists());
        let said = format!("the last {KEPT} of host1 are kept");
        assert!(
            ctx.warnings.iter().all(|w| w.to_string().contains(&said)),
            "{:?}",
            ctx.warnings
        );
    }

    #[test]
    fn a_name_that_somebody_took_meanwhile_is_passed_over() {
        let dir = tempfile::tempdir().expect("dir");
        let theirs = dir.path().join(name_of(Copy::Nvram, H1, 7));
        std::fs::write(&theirs, "theirs").expect("written");
        let ours = Dir::ours(dir.path()).expect("ours");
        let name = write_next(&ours, Copy::Nvram, H1, 7, b"ours").expect("written");
        assert_eq!(name, Some(name_of(Copy::Nvram, H1, 8)));
        assert_eq!(std::fs::read(theirs).expect("read"), b"theirs");
    }
}
