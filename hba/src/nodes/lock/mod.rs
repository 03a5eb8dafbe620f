//! The lock of the database, which the peer takes, too.
//!
//! Owns [`Held`]: whoever writes has one. Ours queue on a lock of their own first, which the kernel keeps in order and frees when its holder
//! dies; whoever is its turn takes the peer's. So of ours only one at a time touches the peer's lock, and only that one may take over what a
//! dead holder left. Must not know what is written.
//!
//! The peer's lock is the name `lock.write` in the lock's directory, made by link(2) from the file `lock`: it is taken when the link can be
//! made, tried every 10 ms, at most 3000 times, and freed by unlink(2). Nothing frees it when its holder is killed. Our link has a file of its own,
//! with a line that says who holds it.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_lock`, `idbm_unlock`), `libopeniscsiusr/idbm.c` (the same lock).

mod living;
mod peers;
mod take;
mod turns;
mod verdict;
mod within;

use std::path::Path;

use files::{Dir, Lock};

/// Permission to write to a database, until it is dropped. Take it before reading what the write is based on.
#[derive(Debug)]
#[must_use = "others may write as soon as this is dropped"]
pub struct Held {
    dir: Dir,
    /// What our link's file says: no two holders say the same.
    line: String,
    told: Option<String>,
    within: within::Turn,
    _queue: Lock,
}

impl Held {
    /// What an operator should know about how it was got: whose lock was taken over.
    #[must_use]
    pub fn told(&self) -> Option<&str> {
        self.told.as_deref()
    }

    /// Whether it is the lock in this directory.
    pub(super) fn is_of(&self, lock: &Path) -> bool {
        self.dir.path() == lock
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        peers::free(&self.dir, &self.line);
        turns::note(&self.dir);
        within::end(self.within);
    }
}

pub(super) use within::turn as held_here;

#[cfg(test)]
mod tests;
