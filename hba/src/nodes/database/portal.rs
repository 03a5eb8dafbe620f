//! Discovery portals: the records of how a target's portals are asked for.
//!
//! `send_targets/ADDRESS,PORT/st_config` and `isns/ADDRESS,PORT/isns_config`; the oldest versions have the file `ADDRESS,PORT` itself.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use files::Dir;

use super::Database;
use super::read::unusable;
use super::write::{Last, failed, make, put};
use crate::error::{Error, Kind, Result};
use crate::nodes::lock::Held;
use crate::nodes::{Portal, Record};

/// How targets are found through a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discovery {
    /// A target is asked which targets there are.
    SendTargets,
    /// A name server is.
    Isns,
}

impl Discovery {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SendTargets, Self::Isns];

    /// The directory of its portals.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SendTargets => "send_targets",
            Self::Isns => "isns",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::SendTargets => "st_config",
            Self::Isns => "isns_config",
        }
    }

    /// The directory of a portal.
    pub(super) fn dir(self, portal: &Portal) -> PathBuf {
        Path::new(self.name()).join(portal.bare_name())
    }
}

impl Database {
    /// The record of a discovery portal; `None` when there is none. The portal's tag is of no account.
    ///
    /// # Errors
    /// What is there is no record.
    pub fn portal(&self, kind: Discovery, portal: &Portal) -> Result<Option<Record>> {
        portal.check()?;
        let Some(root) = self.root()? else {
            return Ok(None);
        };
        self.portal_in(&root, kind, &kind.dir(portal))
    }

    fn portal_in(&self, root: &Dir, kind: Discovery, dir: &Path) -> Result<Option<Record>> {
        match self.read(root, &dir.join(kind.file()))? {
            Some(record) => Ok(Some(record)),
            None if root.kind_beneath(dir).map_err(|e| unusable(&e))? == Some(files::Kind::File) => {
                self.read(root, dir)
            }
            None => Ok(None),
        }
    }

    /// All discovery portals of a kind, in the order of their names. What cannot be used is an error in its place.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn portals(&self, kind: Discovery) -> Result<Portals<'_>> {
        let mut names = VecDeque::new();
        let root = self.root()?;
        if let Some(root) = &root {
            let dir = root.beneath(kind.name()).map_err(|e| unusable(&e))?;
            if let Some(dir) = dir {
                names = dir.names().map_err(|e| unusable(&e))?.into();
            }
        }
        Ok(Portals {
            database: self,
            kind,
            root,
            names,
        })
    }

    /// Makes or replaces the record of a discovery portal.
    ///
    /// # Errors
    /// The names lead elsewhere, or the system refuses; what was there is untouched then.
    pub fn put_portal(&self, held: &Held, kind: Discovery, portal: &Portal, record: &Record) -> Result<()> {
        portal.check()?;
        let tried = format!("write the record of the discovery portal {portal}");
        let root = self.root_for(held, &tried)?;
        let name = portal.bare_name();
        if root
            .kind_beneath(kind.dir(portal))
            .map_err(|e| failed(&tried, &e))?
            == Some(files::Kind::File)
        {
            let dir = make(&root, [kind.name()], Last::Now, &tried)?;
            return put(&root, &dir, &name, record, &tried);
        }
        let dir = make(&root, [kind.name(), &name], Last::Now, &tried)?;
        put(&root, &dir, kind.file(), record, &tried)
    }

    /// Removes the record of a discovery portal with its links; the records of the nodes stay (see [`Database::found_by`]). Whether there was
    /// anything.
    ///
    /// # Errors
    /// The names lead elsewhere, or the system refuses.
    pub fn remove_portal(&self, held: &Held, kind: Discovery, portal: &Portal) -> Result<bool> {
        portal.check()?;
        let tried = format!("remove the record of the discovery portal {portal}");
        let refused = |e: files::Error| failed(&tried, &e);
        let root = self.root_for(held, &tried)?;
        let Some(all) = root.beneath(kind.name()).map_err(refused)? else {
            return Ok(false);
        };
        let name = portal.bare_name();
        let mut removed = false;
        match all.kind(&name).map_err(refused)? {
            None => return Ok(false),
            Some(files::Kind::Directory) => {
                if let Some(dir) = root.beneath(kind.dir(portal)).map_err(refused)? {
                    removed |= dir.remove(kind.file()).map_err(refused)?;
                    for link in dir.names().map_err(refused)? {
                        if dir.kind(&link).map_err(refused)? == Some(files::Kind::Link) {
                            removed |= dir.remove(&link).map_err(refused)?;
                        }
                    }
                    dir.sync().map_err(refused)?;
                }
                removed |= all.remove_empty(&name).map_err(refused)?;
            }
            Some(_) => removed = all.remove(&name).map_err(refused)?,
        }
        all.sync().map_err(refused)?;
        Ok(removed)
    }
}

/// The discovery portals of a listing.
#[derive(Debug)]
pub struct Portals<'a> {
    database: &'a Database,
    kind: Discovery,
    root: Option<Dir>,
    names: VecDeque<OsString>,
}

impl Iterator for Portals<'_> {
    type Item = Result<(Portal, Record)>;

    fn next(&mut self) -> Option<Self::Item> {
        let root = self.root.as_ref()?;
        loop {
            let name = self.names.pop_front()?;
            let dir = Path::new(self.kind.name()).join(&name);
            let bad = |why: &str| {
                Error::new(
                    Kind::Invalid,
                    format!("use the discovery record {}", root.path().join(&dir).display()),
                )
                .answered(why)
            };
            let Some(portal) = name.to_str().and_then(Portal::from_name) else {
                return Some(Err(bad("its name is no portal")));
            };
            return Some(match self.database.portal_in(root, self.kind, &dir) {
                Ok(Some(record)) => Ok((portal, record)),
                // Links without a record: the peer leaves such a directory behind. Or it is gone meanwhile.
                Ok(None) => continue,
                Err(error) => Err(error),
            });
        }
    }
}
