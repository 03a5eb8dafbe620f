//! A store in memory, for tests and for cards that need not remember.
//!
//! Owns bytes behind a shared handle, so that a "power cycle" (a new card on a clone of the handle) finds what was
//! committed, and a kill point that loses power in the middle of a commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::{Change, FlashStore, Loaded, Region, StoreError};

/// When a [`MemoryStore`] loses power during its next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillPoint {
    /// Before anything became permanent: the old bytes stay.
    BeforeCommit,
    /// After everything became permanent, before the firmware hears of it.
    AfterCommit,
}

/// A store in memory. Clones share the bytes.
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    held: Loaded,
    commits: usize,
    kill: Option<KillPoint>,
    full: bool,
}

impl MemoryStore {
    /// A store that holds this.
    #[must_use]
    pub fn new(held: Loaded) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Shared {
                held,
                commits: 0,
                kill: None,
                full: false,
            })),
        }
    }

    /// What is held now.
    #[must_use]
    pub fn contents(&self) -> Loaded {
        self.lock().held.clone()
    }

    /// How many commits have been made.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.lock().commits
    }

    /// Loses power during the next commit.
    pub fn kill_at(&self, point: KillPoint) {
        self.lock().kill = Some(point);
    }

    /// From now on (or no longer) there is no room.
    pub fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore")
            .field("commits", &self.commits())
            .finish_non_exhaustive()
    }
}

impl FlashStore for MemoryStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        Ok(self.contents())
    }

    fn commit(&mut self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        let mut shared = self.lock();
        if shared.full {
            return Err(StoreError::Io {
                doing: "write the flash image".into(),
                source: std::io::ErrorKind::StorageFull.into(),
            });
        }
        let mut new = shared.held.clone();
        for change in changes {
            apply(&mut new, change)?;
        }
        match shared.kill.take() {
            Some(KillPoint::BeforeCommit) => return Err(StoreError::PowerLost),
            Some(KillPoint::AfterCommit) => {
                shared.held = new;
                return Err(StoreError::PowerLost);
            }
            None => shared.held = new,
        }
        shared.commits += 1;
        Ok(())
    }
}

fn apply(held: &mut Loaded, change: &Change<'_>) -> Result<(), StoreError> {
    let (what, areas) = match change.region {
        Region::Nvram => ("EEPROM image", vec![(0, &mut held.nvram)]),
        Region::Flash => (
            "flash image",
            held.areas.iter_mut().map(|(at, bytes)| (*at, bytes)).collect(),
        ),
    };
    for (base, bytes) in areas {
        let Some(at) = change
            .offset
            .checked_sub(base)
            .and_then(|at| usize::try_from(at).ok())
        else {
            continue;
        };
        let end = at.saturating_add(change.bytes.len());
        if let Some(room) = bytes.get_mut(at..end) {
            room.copy_from_slice(change.bytes);
            return Ok(());
        }
    }
    Err(StoreError::Range {
        what,
        offset: change.offset,
        len: change.bytes.len(),
    })
}
