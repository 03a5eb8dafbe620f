//! Copies of the NVRAM as it was before a change, in the state directory. Owns their names (numbers that go up: no clock, which may
//! stand still or step back, makes a name) and how many are kept.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::ids::HostNo;

/// Copies kept for each port; the oldest go.
pub(super) const KEPT: usize = 16;
/// Names tried, should others be made at the same time.
const ATTEMPTS: u64 = 64;

/// Writes the image beside the state, readable by the owner only, says where, and lets the oldest go.
///
/// # Errors
/// It cannot be written whole: nothing should be changed then.
pub(super) fn save(ctx: &mut Ctx<'_>, host: HostNo, image: &[u8]) -> Result<()> {
    let dir = ctx.state_dir.join("backup");
    let fail = |e: &io::Error| Error::io(format!("write a backup into {}", dir.display()), e);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir)
        .map_err(|e| fail(&e))?;
    let older = numbers(&dir, host).map_err(|e| fail(&e))?;
    let name = write_next(&dir, host, older.last().map_or(1, |n| n.saturating_add(1)), image)
        .map_err(|e| fail(&e))?;
    ctx.warn(format!(
        "the nvram before is kept in {} (the last {KEPT} of {host} are kept)",
        dir.join(name).display()
    ));
    let surplus = (older.len() + 1).saturating_sub(KEPT);
    for number in older.iter().take(surplus) {
        let old = dir.join(name_of(host, *number));
        if let Err(e) = std::fs::remove_file(&old)
            && e.kind() != io::ErrorKind::NotFound
        {
            ctx.warn(format!("the old backup {} cannot be removed: {e}", old.display()));
        }
    }
    Ok(())
}

fn name_of(host: HostNo, number: u64) -> String {
    format!("nvram-{host}-{number}.bin")
}

/// The numbers of a port's copies, lowest first.
fn numbers(dir: &Path, host: HostNo) -> io::Result<Vec<u64>> {
    let before = format!("nvram-{host}-");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|n| n.strip_prefix(&before)?.strip_suffix(".bin")?.parse::<u64>().ok());
        all.extend(number);
    }
    all.sort_unstable();
    Ok(all)
}

/// Makes the first of the next names that nobody has.
fn write_next(dir: &Path, host: HostNo, first: u64, image: &[u8]) -> io::Result<String> {
    for number in first..first.saturating_add(ATTEMPTS) {
        let name = name_of(host, number);
        let path = dir.join(&name);
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match made {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        };
        let written = file.write_all(image).and_then(|()| file.sync_all());
        // The name is as durable as the bytes.
        let written = written.and_then(|()| std::fs::File::open(dir)?.sync_all());
        return match written {
            Ok(()) => Ok(name),
            Err(e) => {
                // Half a copy would be taken for one.
                let _ = std::fs::remove_file(&path);
                Err(e)
            }
        };
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "others keep taking the next name",
    ))
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
        let mut ctx = Ctx::new(&mut s, Deadline::after(Deadline::MAX), dir.path().to_owned());
        let backups = dir.path().join("backup");
        // One of a version that named them by the millisecond, and one of another port.
        DirBuilder::new().create(&backups).expect("made");
        std::fs::write(backups.join("nvram-host1-1795253400532.bin"), "old").expect("written");
        std::fs::write(backups.join("nvram-host11-1.bin"), "another port").expect("written");
        for round in 0..2 * KEPT {
            save(&mut ctx, H1, &[u8::try_from(round).expect("small")]).expect("saved");
        }
        let kept = numbers(&backups, H1).expect("read");
        assert_eq!(kept.len(), KEPT);
        let newest = backups.join(name_of(H1, *kept.last().expect("one")));
        assert_eq!(std::fs::read(newest).expect("read"), [31]);
        assert!(
            kept.iter().all(|n| *n > 1_795_253_400_532),
            "the order is kept: {kept:?}"
        );
        assert!(backups.join("nvram-host11-1.bin").exists());
        let said = format!("the last {KEPT} of host1 are kept");
        assert!(
            ctx.warnings.iter().all(|w| w.contains(&said)),
            "{:?}",
            ctx.warnings
        );
    }

    #[test]
    fn a_name_that_somebody_took_meanwhile_is_passed_over() {
        let dir = tempfile::tempdir().expect("dir");
        std::fs::write(dir.path().join(name_of(H1, 7)), "theirs").expect("written");
        assert_eq!(
            write_next(dir.path(), H1, 7, b"ours").expect("written"),
            name_of(H1, 8)
        );
        assert_eq!(
            std::fs::read(dir.path().join(name_of(H1, 7))).expect("read"),
            b"theirs"
        );
    }
}
