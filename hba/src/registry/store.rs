//! Where the entries are: reading all of them, writing and taking away one, and what is done about sessions that are gone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use files::{Dir, Why};

use super::claim::Claim;
use super::life::Living;
use crate::error::{Error, Kind, Result};
use crate::home::Home;
use crate::writer::file_turn;

/// What an entry's directory is called, before the session's number.
const PREFIX: &str = "session-";
/// The writers' lock.
const LOCK: &str = "registry";
/// So often an entry is read again that was exchanged while it was read.
const TRIES: usize = 8;
/// Of so many entries that do not read it is said.
const TOLD: usize = 4;

/// All entries that read, by session.
#[derive(Debug, Default)]
pub struct Claims {
    /// The entries. Whether one is about the session that has the number now, only the kernel's tree tells ([`Claim::is_of`]).
    pub all: BTreeMap<u32, Claim>,
    /// What does not read, and why: whoever reads goes on without.
    pub remarks: Vec<String>,
}

/// The registry of an endpoint.
#[derive(Debug, Clone)]
pub struct Registry {
    home: Home,
}

impl Registry {
    /// That of a program's home.
    #[must_use]
    pub fn of(home: &Home) -> Self {
        Self { home: home.clone() }
    }

    /// Where it is.
    #[must_use]
    pub const fn path(&self) -> &PathBuf {
        &self.home.registry
    }

    /// The entry of a session's number, whoever had that; `None` when there is none.
    ///
    /// # Errors
    /// It, or the registry, is not to be trusted or does not read.
    pub fn read(&self, sid: u32) -> Result<Option<Claim>> {
        let tried = format!("read who owns session {sid}");
        match self.reading().map_err(|e| Error::file(&tried, &e))? {
            Some(dir) => read(&dir, sid).map_err(|why| Error::new(Kind::Failed, tried).answered(why)),
            None => Ok(None),
        }
    }

    /// All entries. It never fails: without a registry that can be trusted nobody has claimed anything, and that is remarked.
    #[must_use]
    pub fn all(&self) -> Claims {
        let mut claims = Claims::default();
        let names = self.reading().and_then(|dir| match dir {
            Some(dir) => dir.names().map(|names| Some((dir, names))),
            None => Ok(None),
        });
        let (dir, names) = match names {
            Ok(Some(found)) => found,
            Ok(None) => return claims,
            Err(e) => {
                claims.remarks.push(format!(
                    "who owns which session cannot be read: {e}; every session is shown as its maker's"
                ));
                return claims;
            }
        };
        let mut bad = 0;
        for sid in names.iter().filter_map(|name| number(name.to_str()?)) {
            match read(&dir, sid) {
                Ok(Some(claim)) => drop(claims.all.insert(sid, claim)),
                Ok(None) => {}
                Err(why) => {
                    bad += 1;
                    if bad <= TOLD {
                        let path = self.home.registry.join(name(sid));
                        claims.remarks.push(format!(
                            "{} says nothing about the owner of session {sid}: {why}",
                            path.display()
                        ));
                    }
                }
            }
        }
        if bad > TOLD {
            let more = bad - TOLD;
            claims
                .remarks
                .push(format!("and {more} more say nothing about their owners"));
        }
        claims
    }

    /// Writes an entry in place of what stands at its number, if `may` agrees to that: it is asked with nobody else writing.
    ///
    /// # Errors
    /// What `may` refuses with; the registry cannot be written. Then what was there is there.
    pub fn claim(
        &self,
        claim: &Claim,
        tried: &str,
        may: impl FnOnce(Option<&Claim>) -> Result<()>,
    ) -> Result<()> {
        let _turn = file_turn(&self.home, LOCK, "session claim", tried)?;
        let dir = self.writing(tried)?;
        // What does not read is nobody's.
        may(read(&dir, claim.sid).ok().flatten().as_ref())?;
        let facts = claim.facts();
        let facts: Vec<_> = facts
            .iter()
            .map(|(name, bytes)| (*name, bytes.as_slice()))
            .collect();
        dir.replace_folder(name(claim.sid), &facts)
            .map_err(|e| unwritable(&e, tried))
    }

    /// Takes the entry of a session's number away; whether there was one.
    ///
    /// # Errors
    /// The registry cannot be written.
    pub fn release(&self, sid: u32, tried: &str) -> Result<bool> {
        let _turn = file_turn(&self.home, LOCK, "session release", tried)?;
        self.writing(tried)?
            .remove_folder(name(sid))
            .map_err(|e| unwritable(&e, tried))
    }

    /// The entries that are about no session; `living` tells the session that has a number now.
    pub fn gone(&self, mut living: impl FnMut(u32) -> Option<Living>) -> Vec<Claim> {
        let mut all: Vec<Claim> = self.all().all.into_values().collect();
        all.retain(|claim| living(claim.sid).is_none_or(|living| !claim.is_of(&living)));
        all
    }

    /// Takes the entries away that are about no session, and what killed writers left; gives those entries.
    ///
    /// A session that comes while this goes on keeps its entry: whoever claims it waits for its turn, and `living` is asked in ours.
    ///
    /// # Errors
    /// The registry cannot be written.
    pub fn settle(&self, tried: &str, mut living: impl FnMut(u32) -> Option<Living>) -> Result<Vec<Claim>> {
        if self.reading().is_ok_and(|dir| dir.is_none()) {
            return Ok(Vec::new());
        }
        let _turn = file_turn(&self.home, LOCK, "session release", tried)?;
        let dir = self.writing(tried)?;
        let failed = |e: files::Error| unwritable(&e, tried);
        dir.sweep_folders().map_err(failed)?;
        let mut gone = Vec::new();
        let names = dir.names().map_err(failed)?;
        for sid in names.iter().filter_map(|name| number(name.to_str()?)) {
            let living = living(sid);
            match read(&dir, sid) {
                Ok(Some(claim)) if living.as_ref().is_none_or(|living| !claim.is_of(living)) => {
                    dir.remove_folder(name(sid)).map_err(failed)?;
                    gone.push(claim);
                }
                // What does not read is left to be looked at while there is a session.
                Err(_) if living.is_none() => drop(dir.remove_folder(name(sid)).map_err(failed)?),
                _ => {}
            }
        }
        gone.sort_by_key(|claim| claim.sid);
        Ok(gone)
    }

    fn reading(&self) -> files::Result<Option<Dir>> {
        Dir::trusted_if_there(&self.home.registry)
    }

    /// The directory, made if it is missing. In the state directory, which is ours alone, it is entered from there.
    fn writing(&self, tried: &str) -> Result<Dir> {
        let Home { state, registry, .. } = &self.home;
        let dir = match (
            registry.strip_prefix(state),
            registry.parent(),
            registry.file_name(),
        ) {
            (Ok(name), ..) if !name.as_os_str().is_empty() => {
                Dir::private(state).and_then(|dir| dir.readable_subdir(name))
            }
            (_, Some(parent), Some(name)) => Dir::readable(parent).and_then(|dir| dir.readable_subdir(name)),
            _ => Dir::readable(registry),
        };
        dir.map_err(|e| unwritable(&e, tried))
    }
}

fn unwritable(error: &files::Error, tried: &str) -> Error {
    let e = Error::file(tried, error);
    match e.kind() {
        Kind::Permission if matches!(error.why(), Why::Os(_)) => {
            e.hint("run as root, or as the user who serves the directory")
        }
        Kind::NotFound => e.with_kind(Kind::Failed),
        _ => e,
    }
}

fn name(sid: u32) -> String {
    format!("{PREFIX}{sid}")
}

/// The session whose entry's directory has this name.
fn number(text: &str) -> Option<u32> {
    let sid = text.strip_prefix(PREFIX)?.parse().ok()?;
    (name(sid) == text).then_some(sid)
}

/// Reads an entry; again, when it was exchanged or taken away meanwhile.
fn read(dir: &Dir, sid: u32) -> std::result::Result<Option<Claim>, String> {
    let mut tries = 0;
    loop {
        tries += 1;
        let entry = match dir.trusted_subdir(name(sid)) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Ok(None),
            Err(e) => return Err(e.why().to_string()),
        };
        let read = Claim::read(sid, &entry);
        if tries == TRIES || !is_away(dir, sid, &entry) {
            return read.map(Some);
        }
    }
}

/// Whether another directory, or none, has the entry's name by now.
fn is_away(dir: &Dir, sid: u32, entry: &Dir) -> bool {
    dir.trusted_subdir(name(sid))
        .map_or(true, |now| now.is_none_or(|now| !now.is_same(entry)))
}
