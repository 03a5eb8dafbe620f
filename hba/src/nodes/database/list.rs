//! Listings: one record at a time, or a few ahead ([`super::ahead`]), whatever their number. Held are the names of the directories on the way;
//! what cannot be used is an error in its place, and the listing goes on.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::{Dir, Why};
use iscsi::names::IscsiName;

use super::Database;
use super::ahead::Ahead;
use super::iface::IFACES;
use super::node::{NODES, agree};
use super::read::unusable;
use crate::error::{Error, Kind, Result};
use crate::nodes::id::{check_name, iface_of, tag_of};
use crate::nodes::{NodeId, Portal, Record};

/// One record of a listing: what it is, or which file cannot be used and why.
pub type Listed = Result<(NodeId, Record)>;

impl Database {
    /// All node records, in the order of their targets, portals and interfaces as the names of files sort.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn nodes(&self) -> Result<Nodes> {
        let root = self.root()?;
        let targets = match &root {
            Some(root) => names(root, Path::new(NODES))?.unwrap_or_default(),
            None => VecDeque::new(),
        };
        Ok(Nodes::new(self, root, targets))
    }

    /// The node records of one target.
    ///
    /// # Errors
    /// The name leads elsewhere.
    pub fn nodes_of(&self, target: &IscsiName) -> Result<Nodes> {
        check_name("target", target.as_str())?;
        let root = self.root()?;
        let there = match &root {
            Some(root) => root
                .kind_beneath(Path::new(NODES).join(target.as_str()))
                .map_err(|e| unusable(&e))?,
            None => None,
        };
        let targets = there.map(|_| OsString::from(target.as_str()));
        Ok(Nodes::new(self, root, targets.into_iter().collect()))
    }
}

/// The names in a directory; `None` when it is missing.
fn names(root: &Dir, path: &Path) -> Result<Option<VecDeque<OsString>>> {
    let Some(dir) = root.beneath(path).map_err(|e| unusable(&e))? else {
        return Ok(None);
    };
    Ok(Some(dir.into_names().map_err(|e| unusable(&e))?.into()))
}

/// The node records of a listing.
#[derive(Debug)]
pub struct Nodes(From);

#[derive(Debug)]
enum From {
    /// Read as it is asked for.
    Here(Box<Here>),
    /// Read ahead.
    Ahead(Ahead<Listed>),
}

#[derive(Debug)]
struct Here {
    database: Database,
    root: Option<Arc<Dir>>,
    targets: VecDeque<OsString>,
    target: Option<Target>,
}

impl Nodes {
    fn new(database: &Database, root: Option<Dir>, targets: VecDeque<OsString>) -> Self {
        let root = root.map(Arc::new);
        let here = |targets| Here {
            database: database.clone(),
            root: root.clone(),
            targets,
            target: None,
        };
        let (one, root) = (database.clone(), root.clone());
        let all_of = move |target| {
            let here = Here {
                database: one.clone(),
                root: root.clone(),
                targets: VecDeque::from([target]),
                target: None,
            };
            here.collect()
        };
        Self(match Ahead::begin(targets, all_of) {
            Ok(ahead) => From::Ahead(ahead),
            Err(targets) => From::Here(Box::new(here(targets))),
        })
    }
}

impl Iterator for Nodes {
    type Item = Listed;

    fn next(&mut self) -> Option<Listed> {
        match &mut self.0 {
            From::Here(here) => here.next(),
            From::Ahead(ahead) => ahead.next().map(|listed| {
                listed.unwrap_or_else(|()| {
                    Err(Error::new(Kind::Failed, "list the record database")
                        .answered("a part of the reader ended before its time"))
                })
            }),
        }
    }
}

impl Iterator for Here {
    type Item = Listed;

    fn next(&mut self) -> Option<Listed> {
        let Self {
            database,
            root,
            targets,
            target,
        } = self;
        let root: &Dir = root.as_ref()?;
        loop {
            if let Some(at) = target {
                if let Some(listed) = at.next(database, root) {
                    return Some(listed);
                }
                *target = None;
            }
            let name = targets.pop_front()?;
            match Target::enter(root, &name) {
                Ok(entered) => *target = entered,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The target that a listing is at.
#[derive(Debug)]
struct Target {
    name: IscsiName,
    path: PathBuf,
    portals: VecDeque<OsString>,
    portal: Option<(Portal, PathBuf, VecDeque<OsString>)>,
}

impl Target {
    /// `None` when it is gone meanwhile.
    fn enter(root: &Dir, name: &OsString) -> Result<Option<Self>> {
        let path = Path::new(NODES).join(name);
        let Some(name) = name.to_str().and_then(|name| name.parse().ok()) else {
            return Err(misplaced(root, &path, "its name is no name of a target"));
        };
        Ok(names(root, &path)?.map(|portals| Self {
            name,
            path,
            portals,
            portal: None,
        }))
    }

    fn next(&mut self, database: &Database, root: &Dir) -> Option<Listed> {
        loop {
            if let Some((portal, path, ifaces)) = &mut self.portal {
                while let Some(name) = ifaces.pop_front() {
                    let path = path.join(&name);
                    let Some(iface) = name.to_str() else {
                        return Some(Err(misplaced(root, &path, "its name is no text")));
                    };
                    let id = NodeId {
                        target: self.name.clone(),
                        portal: portal.clone(),
                        iface: iface.to_owned(),
                    };
                    match database.read(root, &path) {
                        Ok(None) => {}
                        Ok(Some(record)) => {
                            return Some(agree(root, &path, &id, &record).map(|()| (id, record)));
                        }
                        Err(error) => return Some(Err(error)),
                    }
                }
                self.portal = None;
            }
            let name = self.portals.pop_front()?;
            let path = self.path.join(&name);
            let Some(portal) = name.to_str().and_then(Portal::from_name) else {
                return Some(Err(misplaced(root, &path, "its name is no portal")));
            };
            match root.beneath(&path) {
                Ok(Some(dir)) => match dir.into_names() {
                    Ok(ifaces) => self.portal = Some((portal, path, ifaces.into())),
                    Err(error) => return Some(Err(unusable(&error))),
                },
                Ok(None) => {}
                Err(error) if matches!(error.why(), Why::Kind(..)) => {
                    match self.single(database, root, &path, portal) {
                        Ok(None) => {}
                        Ok(Some(found)) => return Some(Ok(found)),
                        Err(error) => return Some(Err(error)),
                    }
                }
                Err(error) => return Some(Err(unusable(&error))),
            }
        }
    }

    /// A portal that is a file: its text says the interface, and the tag where its name does not.
    fn single(
        &self,
        database: &Database,
        root: &Dir,
        path: &Path,
        portal: Portal,
    ) -> Result<Option<(NodeId, Record)>> {
        let Some(record) = database.read(root, path)? else {
            return Ok(None);
        };
        let tag = portal.tag.or_else(|| tag_of(&record).flatten());
        let id = NodeId {
            target: self.name.clone(),
            portal: portal.with_tag(tag),
            iface: iface_of(&record).to_owned(),
        };
        id.check()?;
        agree(root, path, &id, &record)?;
        Ok(Some((id, record)))
    }
}

fn misplaced(root: &Dir, path: &Path, why: &str) -> Error {
    Error::new(
        Kind::Invalid,
        format!(
            "use {} as part of the record database",
            root.path().join(path).display()
        ),
    )
    .answered(why)
    .hint("move it out of the database")
}

/// The interface records of a listing.
#[derive(Debug)]
pub struct Ifaces<'a> {
    database: &'a Database,
    root: Option<Dir>,
    names: VecDeque<OsString>,
}

impl<'a> Ifaces<'a> {
    pub(super) fn new(database: &'a Database, root: Option<Dir>, names: Vec<OsString>) -> Self {
        Self {
            database,
            root,
            names: names.into(),
        }
    }
}

impl Iterator for Ifaces<'_> {
    type Item = Result<(String, Record)>;

    fn next(&mut self) -> Option<Self::Item> {
        let root = self.root.as_ref()?;
        loop {
            let name = self.names.pop_front()?;
            let path = Path::new(IFACES).join(&name);
            let Ok(name) = name.into_string() else {
                return Some(Err(misplaced(root, &path, "its name is no text")));
            };
            match self.database.read(root, &path) {
                Ok(Some(record)) => return Some(Ok((name, record))),
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
