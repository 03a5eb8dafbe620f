//! The record of an intent: a small file for each card in the state directory, written and gone whole, for its owner only.

use std::path::{Path, PathBuf};

use files::{Dir, Error};
use serde::{Deserialize, Serialize};

use super::Intent;
use crate::ids::HostNo;

/// Below the state directory.
const DIR: &str = "intent";
const VERSION: u32 = 1;
/// Largest record that is read; a full flash table makes some kilobytes.
const LIMIT: u64 = 1 << 20;

/// What is on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    version: u32,
    /// The port.
    pub(super) host: HostNo,
    /// The process, for messages.
    process: u32,
    /// The command, as `flash add`.
    verb: String,
    /// What it is about to do.
    pub(super) intent: Intent,
}

impl Record {
    pub(super) fn new(host: HostNo, verb: &str, intent: Intent) -> Self {
        Self {
            version: VERSION,
            host,
            process: std::process::id(),
            verb: verb.to_owned(),
            intent,
        }
    }

    /// Whose it is, for messages. Whoever shares a state directory is the same `program`.
    pub(super) fn who(&self, program: &str) -> String {
        let verb: String = self
            .verb
            .chars()
            .filter(|c| c.is_ascii_graphic() || *c == ' ')
            .collect();
        format!("{program} {verb} (process {})", self.process)
    }
}

/// Where a card's record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Store {
    dir: PathBuf,
    card: String,
}

impl Store {
    pub(super) fn new(state_dir: &Path, card: &str) -> Self {
        Self {
            dir: state_dir.join(DIR),
            card: card.to_owned(),
        }
    }

    fn name(&self) -> String {
        format!("{}.json", self.card)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.join(self.name())
    }

    /// Writes it, so that it survives a loss of power.
    pub(super) fn write(&self, record: &Record) -> Result<(), Error> {
        // Numbers, names and addresses do not fail to become text.
        let text = serde_json::to_vec_pretty(record).unwrap_or_default();
        Dir::private(&self.dir)?.replace(self.name(), &text)
    }

    /// Reads it; `None` when there is none.
    pub(super) fn read(&self) -> Result<Option<Record>, String> {
        let dir = match Dir::private_if_there(&self.dir) {
            Ok(Some(dir)) => dir,
            Ok(None) => return Ok(None),
            Err(e) => return Err(e.to_string()),
        };
        let Some(text) = dir.read(self.name(), LIMIT).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let record: Record = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
        if record.version != VERSION {
            return Err(format!("it has version {}", record.version));
        }
        Ok(Some(record))
    }

    pub(super) fn remove(&self) -> Result<(), Error> {
        if let Some(dir) = Dir::private_if_there(&self.dir)? {
            dir.remove(self.name())?;
        }
        Ok(())
    }

    /// Gives an unreadable one another name, for whoever wants to look at it.
    pub(super) fn put_aside(&self) -> Result<(), Error> {
        if let Some(dir) = Dir::private_if_there(&self.dir)? {
            dir.rename(self.name(), format!("{}.unreadable", self.card))?;
        }
        Ok(())
    }

    /// Whether its writer still has its turn. The lock is only asked for, and shared, so that a writer that comes just then finds it
    /// free at its next look.
    pub(super) fn writer_lives(&self, locks: &Path) -> bool {
        let Ok(Some(dir)) = Dir::private_if_there(locks) else {
            return false;
        };
        match dir.open_file(format!("adapter-{}", self.card), files::Access::Read) {
            Ok(Some(file)) => file.try_lock_shared().is_err(),
            _ => false,
        }
    }
}

/// Every record below a state directory.
pub(super) fn all(state_dir: &Path) -> Vec<Store> {
    let Ok(Some(dir)) = Dir::private_if_there(&state_dir.join(DIR)) else {
        return Vec::new();
    };
    let names = dir.names().unwrap_or_default();
    names
        .iter()
        .filter_map(|name| name.to_str()?.strip_suffix(".json"))
        .filter(|card| !card.starts_with('.'))
        .map(|card| Store::new(state_dir, card))
        .collect()
}
