//! A lock between processes: flock(2) on a file that says who holds it. The kernel frees it when the holder dies.
//!
//! Source: flock(2). The file stays when the lock is freed: removing it would let two hold "it" at once.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Stat, fstat};
use rustix::io::{Errno, retry_on_intr};

use crate::dir::{Dir, create};
use crate::error::{Result, Why};
use crate::kind::{permit, same};
use crate::named::{Access, open_plain};
use crate::walk;

/// As much is read of what a holder wrote about himself.
const HOLDER_MAX: usize = 512;
/// How long between two tries while waiting: short at first.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(25));

/// A lock that is held; dropping frees it.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock `name` in `dir` if it is free, and writes there who holds it: `holder`, a line for people.
    ///
    /// # Errors
    /// [`Why::Held`] with the holder's text, or the system refuses.
    pub fn take(dir: &Dir, name: impl AsRef<OsStr>, holder: &str) -> Result<Self> {
        let name = name.as_ref();
        Self::attempt(dir, name, holder).map_err(|why| dir.failed("lock", name, why))
    }

    /// Takes the lock, waiting for it until `deadline`.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub fn take_until(dir: &Dir, name: impl AsRef<OsStr>, holder: &str, deadline: Instant) -> Result<Self> {
        let name = name.as_ref();
        let mut pause = PAUSE.0;
        loop {
            let why = match Self::attempt(dir, name, holder) {
                Ok(lock) => return Ok(lock),
                Err(why) => why,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if !matches!(why, Why::Held(_)) || left.is_zero() {
                return Err(dir.failed("lock", name, why));
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(PAUSE.1);
        }
    }

    /// Takes the lock, waiting in a queue that the kernel keeps: whoever came first is woken first. `more` says how long to wait before it
    /// is asked again, and `None` to give up.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub fn take_in_turn(
        dir: &Dir,
        name: impl AsRef<OsStr>,
        holder: &str,
        mut more: impl FnMut() -> Option<Duration>,
    ) -> Result<Self> {
        let name = name.as_ref();
        let failed = |why: Why| dir.failed("lock", name, why);
        loop {
            let by = match Self::attempt(dir, name, holder) {
                Err(Why::Held(by)) => by,
                Err(Why::Changed) => continue,
                other => return other.map_err(failed),
            };
            let (file, here) = Self::open(dir, name).map_err(failed)?;
            let (tell, told) = mpsc::channel();
            // When nobody waits any more, the file goes with the message, and the lock with it.
            thread::Builder::new()
                .name("waiting for a lock".to_owned())
                .spawn(move || {
                    let got = retry_on_intr(|| rustix::fs::flock(&file, FlockOperation::LockExclusive));
                    let _ = tell.send(got.map(|()| file));
                })
                .map_err(|error| failed(error.into()))?;
            let file = loop {
                let Some(wait) = more() else {
                    let by = Self::holder(dir, name)?.unwrap_or(by);
                    return Err(failed(Why::Held(by)));
                };
                match told.recv_timeout(wait) {
                    Ok(got) => break got.map_err(|errno| failed(errno.into()))?,
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => {
                        return Err(failed(io::Error::other("the waiting thread is gone").into()));
                    }
                }
            };
            match Self::taken(dir, name, file, &here, holder) {
                Err(Why::Changed) => {}
                other => return other.map_err(failed),
            }
        }
    }

    /// Who holds the lock: his text, perhaps empty. `None` when nobody does. Never waits, and never makes a holder wait.
    ///
    /// # Errors
    /// The system refuses.
    pub fn holder(dir: &Dir, name: impl AsRef<OsStr>) -> Result<Option<String>> {
        let name = name.as_ref();
        let Some(file) = dir.open_file(name, Access::Read)? else {
            return Ok(None);
        };
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(None),
            Err(Errno::WOULDBLOCK) => Ok(Some(text(&file))),
            Err(errno) => Err(dir.failed("look at", name, errno)),
        }
    }

    fn attempt(dir: &Dir, name: &OsStr, holder: &str) -> Result<Self, Why> {
        let (file, here) = Self::open(dir, name)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(Why::Held(text(&file))),
            Err(errno) => return Err(errno.into()),
        }
        Self::taken(dir, name, file, &here, holder)
    }

    /// The lock's file, made when it is missing.
    fn open(dir: &Dir, name: &OsStr) -> Result<(File, Stat), Why> {
        let file = loop {
            if let Some(stat) = walk::stat(dir.fd(), name)? {
                break open_plain(dir.fd(), name, &stat, Access::Write)?;
            }
            match create(dir.fd(), name, 0o600) {
                Err(Why::Exists) => {}
                other => break other?,
            }
        };
        let here = fstat(&file)?;
        crate::kind::ours(&here)?;
        permit(&file, 0o600)?;
        Ok((file, here))
    }

    /// Of a file that is locked: it is still the one under the name.
    fn taken(dir: &Dir, name: &OsStr, file: File, here: &Stat, holder: &str) -> Result<Self, Why> {
        let lock = Self { file };
        if !walk::stat(dir.fd(), name)?.is_some_and(|there| same(here, &there)) {
            return Err(Why::Changed);
        }
        lock.write(holder)?;
        Ok(lock)
    }

    /// Says something else about the holder.
    ///
    /// # Errors
    /// The system refuses.
    pub fn tell(&self, holder: &str) -> std::io::Result<()> {
        self.write(holder)
    }

    fn write(&self, holder: &str) -> std::io::Result<()> {
        let line = holder.lines().next().unwrap_or_default();
        self.file.write_all_at(line.as_bytes(), 0)?;
        self.file.set_len(line.len() as u64)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Who reads it afterwards shall not think that we hold it.
        let _ = self.file.set_len(0);
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

fn text(file: &File) -> String {
    let mut bytes = [0; HOLDER_MAX];
    let length = file.read_at(&mut bytes, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..length]);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn whoever_waits_in_turn_gets_the_lock_when_it_is_free_or_is_told_who_has_it() {
        let scratch = tempfile::tempdir().expect("a directory");
        let dir = Dir::open(scratch.path()).expect("open");
        let held = Lock::take(&dir, "lock", "the first").expect("free");
        let mut asked = 0;
        let refused = Lock::take_in_turn(&dir, "lock", "the second", || {
            asked += 1;
            (asked < 4).then_some(Duration::from_millis(1))
        });
        let refused = refused.expect_err("held");
        assert!(
            matches!(refused.why(), Why::Held(by) if by == "the first"),
            "{refused}"
        );
        assert_eq!(asked, 4);
        let inside = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let lock = Lock::take_in_turn(&dir, "lock", "another", || Some(Duration::from_secs(1)));
                    let lock = lock.expect("its turn");
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(lock);
                });
            }
            drop(held);
        });
        // Those who gave up hold nothing.
        drop(Lock::take_in_turn(&dir, "lock", "the last", || Some(Duration::from_secs(1))).expect("free"));
    }
}
