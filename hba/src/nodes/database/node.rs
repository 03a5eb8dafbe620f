//! Node records by what they are found by: one path, whatever the number of records.
//!
//! A record whose tag is known is in `nodes/TARGET/ADDRESS,PORT,TAG/IFACE`; one whose tag is not is the file `nodes/TARGET/ADDRESS,PORT`, for
//! which the peer has one interface only. Read are also what libopeniscsiusr lists: a file `ADDRESS,PORT,TAG`, and a directory
//! `ADDRESS,PORT,-1`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use files::Dir;

use super::Database;
use super::links::{link_new, unlink_all};
use super::read::unusable;
use super::write::{Last, failed, make, put};
use crate::error::{Error, Kind, Result};
use crate::nodes::id::{contradiction, iface_of, tag_of};
use crate::nodes::lock::Held;
use crate::nodes::{NodeId, Record};

/// The directory of node records.
pub(super) const NODES: &str = "nodes";

/// A file that may have a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) path: PathBuf,
    /// One file for a portal: which interface it is for only its text says, and for `ADDRESS,PORT` which tag.
    pub(super) single: bool,
}

/// Where the record of a tag that is known is.
fn usual(id: &NodeId) -> Spot {
    Spot {
        path: Path::new(NODES).join(id.portal_dir()).join(&id.iface),
        single: false,
    }
}

/// Where the record can be, the likeliest place first.
fn spots(id: &NodeId) -> Vec<Spot> {
    let target = Path::new(NODES).join(id.target.as_str());
    let full = target.join(id.portal.full_name());
    let usual = usual(id);
    let bare = Spot {
        path: target.join(id.portal.bare_name()),
        single: true,
    };
    let file = Spot {
        path: full,
        single: true,
    };
    if id.portal.tag.is_some() {
        vec![usual, file, bare]
    } else {
        vec![bare, usual, file]
    }
}

impl Database {
    /// The record of a node; `None` when there is none.
    ///
    /// # Errors
    /// [`Kind::Invalid`] with the path: what is there is no record, or one of another node.
    pub fn node(&self, id: &NodeId) -> Result<Option<Record>> {
        id.check()?;
        let Some(root) = self.root()? else {
            return Ok(None);
        };
        Ok(self.find(&root, id)?.map(|(_, record)| record))
    }

    /// The record and where it is.
    fn find(&self, root: &Dir, id: &NodeId) -> Result<Option<(Spot, Record)>> {
        for spot in spots(id) {
            let record = match self.read(root, &spot.path) {
                Ok(Some(record)) => record,
                Ok(None) => continue,
                // A directory where the older layout has a file: that of another layout.
                Err(_) if spot.single && root.beneath(&spot.path).is_ok_and(|dir| dir.is_some()) => continue,
                Err(error) => return Err(error),
            };
            if spot.single && !is_of(&record, id) {
                continue;
            }
            agree(root, &spot.path, id, &record)?;
            return Ok(Some((spot, record)));
        }
        Ok(None)
    }

    /// Makes or replaces the record of a node. A new one gets the link that the way it was found by asks for (`node.discovery_type`).
    ///
    /// A record whose tag is known takes the place of one for the same portal whose tag was not: the peer would go on reading that one.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: the record is one of another node, the names lead elsewhere, or there is one of another interface in the older
    /// layout, which has one a portal; the system refuses. What was there is untouched then.
    pub fn put_node(&self, held: &Held, id: &NodeId, record: &Record) -> Result<()> {
        let tried = format!("write the record of {id}");
        let root = self.root_for(held, &tried)?;
        let spot = self.may_put(&root, id, record)?;
        let (dir, name) = self.home_of(&root, id, spot.as_ref(), Last::Now)?;
        if let Err(error) = put(&root, &dir, &name, record, &tried) {
            // Directories that were made for it.
            let _ = sweep(&root, id, &tried);
            return Err(error);
        }
        if spot.is_none() {
            self.settle_new(&root, id, record, Last::Now)?;
        }
        Ok(())
    }

    /// Where the record is already; that it may be written there, or anew.
    pub(super) fn may_put(&self, root: &Dir, id: &NodeId, record: &Record) -> Result<Option<Spot>> {
        id.check()?;
        if let Some(why) = contradiction(id, record) {
            return Err(Error::new(Kind::Invalid, format!("write the record of {id}")).answered(why));
        }
        self.taken_by(root, id)
    }

    /// The directory and name of the file of a record, made when it is a new one's.
    pub(super) fn home_of(
        &self,
        root: &Dir,
        id: &NodeId,
        spot: Option<&Spot>,
        last: Last,
    ) -> Result<(Dir, OsString)> {
        let tried = format!("write the record of {id}");
        let target = id.target.as_str();
        match spot {
            Some(spot) => split(root, spot, &tried),
            None if id.portal.tag.is_none() => Ok((
                make(root, [NODES, target], last, &tried)?,
                id.portal.bare_name().into(),
            )),
            None => Ok((
                make(root, [NODES, target, &id.portal.full_name()], last, &tried)?,
                OsString::from(&id.iface),
            )),
        }
    }

    /// What is done after a record that was not there: the one that it replaces goes, and its link is made.
    pub(super) fn settle_new(&self, root: &Dir, id: &NodeId, record: &Record, last: Last) -> Result<()> {
        let tried = format!("write the record of {id}");
        if id.portal.tag.is_some() {
            let target = make(root, [NODES, id.target.as_str()], last, &tried)?;
            self.drop_untagged(&target, id, last, &tried)?;
        }
        link_new(root, &self.place, id, record, last, &tried)
    }

    /// Where the record is already, and that nothing else is in its way.
    fn taken_by(&self, root: &Dir, id: &NodeId) -> Result<Option<Spot>> {
        for spot in spots(id) {
            let kind = root.kind_beneath(&spot.path).map_err(|e| unusable(&e))?;
            match kind {
                None => {}
                Some(files::Kind::Directory) if spot.single => {}
                // Perhaps not even a record: it is replaced all the same.
                Some(_) if !spot.single => return Ok(Some(spot)),
                Some(_) => {
                    let other = match self.read(root, &spot.path) {
                        Ok(Some(record)) if !is_of(&record, id) => record,
                        Ok(None) => continue,
                        _ => return Ok(Some(spot)),
                    };
                    // The tagged one takes the place of what has no tag.
                    if id.portal.tag.is_some() && tag_of(&other).flatten().is_none() {
                        continue;
                    }
                    return Err(Error::new(Kind::Invalid, format!("write the record of {id}"))
                        .answered(format!(
                            "{} is a record for the interface {}, and this layout has one interface a portal",
                            root.path().join(&spot.path).display(),
                            iface_of(&other).escape_debug()
                        ))
                        .hint("name the target portal group tag"));
                }
            }
        }
        Ok(None)
    }

    /// Removes the record of the same portal whose tag is not known.
    fn drop_untagged(&self, target: &Dir, id: &NodeId, last: Last, tried: &str) -> Result<()> {
        let name = id.portal.bare_name();
        if target.kind(&name).map_err(|e| failed(tried, &e))? == Some(files::Kind::File)
            && target.remove(&name).map_err(|e| failed(tried, &e))?
        {
            last.names(target, tried)?;
            self.remarks.add(format!(
                "{} took the place of the record whose portal group tag was not known",
                id
            ));
        }
        Ok(())
    }

    /// Removes the record of a node, the links that lead to it, and the directories that are empty then; whether there was one.
    ///
    /// # Errors
    /// The names lead elsewhere, or the system refuses.
    pub fn remove_node(&self, held: &Held, id: &NodeId) -> Result<bool> {
        id.check()?;
        let tried = format!("remove the record of {id}");
        let root = self.root_for(held, &tried)?;
        let mut found = false;
        for spot in spots(id) {
            let kind = root.kind_beneath(&spot.path).map_err(|e| failed(&tried, &e))?;
            match kind {
                None => continue,
                Some(files::Kind::Directory) if spot.single => continue,
                // What cannot be read is nobody else's either.
                Some(_)
                    if spot.single
                        && self
                            .read(&root, &spot.path)
                            .is_ok_and(|r| r.is_some_and(|r| !is_of(&r, id))) =>
                {
                    continue;
                }
                Some(_) => {}
            }
            if !found {
                unlink_all(&root, id, &tried)?;
            }
            let (dir, name) = split(&root, &spot, &tried)?;
            found |= dir.remove(&name).map_err(|e| failed(&tried, &e))?;
            dir.sync().map_err(|e| failed(&tried, &e))?;
        }
        let swept = sweep(&root, id, &tried);
        // Without a record there may be directories that a killed writer left, or nothing to do at all.
        if found {
            swept?;
        }
        Ok(found)
    }
}

/// Whether the single file of a portal is for this node.
fn is_of(record: &Record, id: &NodeId) -> bool {
    let tag = tag_of(record).unwrap_or(id.portal.tag);
    iface_of(record) == id.iface && tag == id.portal.tag
}

/// Whether a record says of itself what its file's name says.
pub(super) fn agree(root: &Dir, path: &Path, id: &NodeId, record: &Record) -> Result<()> {
    match contradiction(id, record) {
        None => Ok(()),
        Some(why) => Err(Error::new(
            Kind::Invalid,
            format!("use the record {}", root.path().join(path).display()),
        )
        .answered(why)
        .hint("remove it, or put it where it belongs")),
    }
}

/// The directory of a file that is there, and its name in it.
fn split(root: &Dir, spot: &Spot, tried: &str) -> Result<(Dir, OsString)> {
    let missing = || Error::new(Kind::NotFound, tried).answered("its directory is gone");
    let parent = spot.path.parent().ok_or_else(missing)?;
    let name = spot.path.file_name().ok_or_else(missing)?.to_owned();
    let dir = root.beneath(parent).map_err(|e| failed(tried, &e))?;
    Ok((dir.ok_or_else(missing)?, name))
}

/// Removes directories of a node that are empty.
fn sweep(root: &Dir, id: &NodeId, tried: &str) -> Result<()> {
    let failed = |e: files::Error| failed(tried, &e);
    let Some(nodes) = root.beneath(NODES).map_err(failed)? else {
        return Ok(());
    };
    if let Some(target) = root
        .beneath(Path::new(NODES).join(id.target.as_str()))
        .map_err(failed)?
    {
        target.remove_empty(id.portal.full_name()).map_err(failed)?;
        target.sync().map_err(failed)?;
    }
    nodes.remove_empty(id.target.as_str()).map_err(failed)?;
    nodes.sync().map_err(failed)
}
