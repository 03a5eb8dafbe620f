//! The peer's lock itself: who has it, taking, taking over and freeing it. Only whoever has the turn among ours may call these.

use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use files::{Access, Dir, Result, Why};

/// The name whose being there is the lock.
pub(super) const WRITE: &str = "lock.write";
/// Our link before it has that name.
const STAGED: &str = "hba.link";
/// How a line of ours begins.
pub(super) const MARK: &str = "hba ";
const LINE_MAX: u64 = 512;

/// Who has the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// One of ours, which says this of itself.
    Ours(String),
    /// A peer.
    Peer(Mark),
}

/// Which of the peer's locks it is: a link changes the time of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    inode: u64,
    seconds: i64,
    nanos: i64,
}

impl Mark {
    /// When it was taken.
    pub(super) fn since(self) -> SystemTime {
        let seconds = u64::try_from(self.seconds).unwrap_or(0);
        let nanos = u32::try_from(self.nanos).unwrap_or(0);
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }
}

/// Who has the lock now; `None` when it is free.
pub(super) fn owner(dir: &Dir) -> Result<Option<Owner>> {
    let Some(file) = dir.open_file(WRITE, Access::Read)? else {
        return Ok(None);
    };
    let mut bytes = [0; LINE_MAX as usize];
    let read = file.read_at(&mut bytes, 0).unwrap_or(0);
    if let Some(line) = ours(&bytes[..read]) {
        return Ok(Some(Owner::Ours(line)));
    }
    let Ok(stat) = file.metadata() else {
        return Ok(None);
    };
    Ok(Some(Owner::Peer(Mark {
        inode: stat.ino(),
        seconds: stat.ctime(),
        nanos: stat.ctime_nsec(),
    })))
}

fn ours(bytes: &[u8]) -> Option<String> {
    let line = String::from_utf8_lossy(bytes).trim_end().to_owned();
    line.starts_with(MARK).then_some(line)
}

/// Takes the lock when it is free; whether it was.
pub(super) fn take(dir: &Dir, line: &str) -> Result<bool> {
    if dir.kind(WRITE)?.is_some() {
        return Ok(false);
    }
    dir.stage(STAGED, line.as_bytes())?;
    match dir.rename_new(STAGED, WRITE) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.why(), Why::Exists) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Takes over a lock that nobody holds: in one step, so that it is never free meanwhile.
pub(super) fn take_over(dir: &Dir, line: &str) -> Result<()> {
    dir.stage(STAGED, line.as_bytes())?;
    dir.rename(STAGED, WRITE)
}

/// Frees the lock if it is still the one with this line.
pub(super) fn free(dir: &Dir, line: &str) {
    let there = dir.read(WRITE, LINE_MAX).ok().flatten();
    if there.and_then(|bytes| ours(&bytes)).as_deref() == Some(line) {
        let _ = dir.remove(WRITE);
    }
}
