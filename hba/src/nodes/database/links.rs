//! Links that say by which way a node was found: their names and what they say, both the peer's.
//!
//! `send_targets/ADDRESS,PORT/` and `isns/ADDRESS,PORT/` have those of a discovery portal, `static/` those made by hand, `fw/` those of the
//! firmware's tables; each is named `TARGET,ADDRESS,PORT,TAG,IFACE` and says the directory of the node's portal. They are read, never
//! followed: what a link says is taken apart, and has to be in this tree.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use files::{Dir, Why};

use super::Database;
use super::node::NODES;
use super::portal::Discovery;
use super::read::placed;
use super::write::{Last, failed, make};
use crate::error::{Error, Result};
use crate::nodes::lock::Held;
use crate::nodes::{NodeId, Place, Portal, Record};

/// Links of nodes that somebody made by hand.
const STATIC: &str = "static";
/// Links of nodes that the firmware has.
const FIRMWARE: &str = "fw";

impl Database {
    /// The nodes that were found through a discovery portal, in the order of their links' names. A link that is none of this tree is remarked
    /// and left out.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn found_by(&self, kind: Discovery, portal: &Portal) -> Result<Vec<NodeId>> {
        portal.check()?;
        self.linked(&kind.dir(portal))
    }

    /// The nodes that were made by hand.
    ///
    /// # Errors
    /// As [`Database::found_by`].
    pub fn static_nodes(&self) -> Result<Vec<NodeId>> {
        self.linked(Path::new(STATIC))
    }

    /// The nodes that the firmware has.
    ///
    /// # Errors
    /// As [`Database::found_by`].
    pub fn firmware_nodes(&self) -> Result<Vec<NodeId>> {
        self.linked(Path::new(FIRMWARE))
    }

    fn linked(&self, path: &Path) -> Result<Vec<NodeId>> {
        let refused = |e: files::Error| placed("read the links of discovery", &e);
        let Some(root) = self.root()? else {
            return Ok(Vec::new());
        };
        let Some(dir) = root.beneath(path).map_err(refused)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for name in dir.names().map_err(refused)? {
            if dir.kind(&name).map_err(refused)? != Some(files::Kind::Link) {
                continue;
            }
            let Some(to) = dir.read_link(&name).map_err(refused)? else {
                continue;
            };
            match read(&self.place, &name, &to) {
                Some(id) => found.push(id),
                None => self.remarks.add(format!(
                    "the link {} leads to {}, which is no node of this database; it is not followed",
                    dir.path().join(&name).display(),
                    to.display()
                )),
            }
        }
        Ok(found)
    }

    /// Says that a node was found through a discovery portal. The node's record is there before.
    ///
    /// # Errors
    /// The names lead elsewhere, or the system refuses.
    pub fn link(&self, held: &Held, kind: Discovery, portal: &Portal, id: &NodeId) -> Result<()> {
        portal.check()?;
        self.link_in(held, &[kind.name(), &portal.bare_name()], id)
    }

    /// Says no longer that a node was found through a discovery portal; whether it was said.
    ///
    /// # Errors
    /// As [`Database::link`].
    pub fn unlink(&self, held: &Held, kind: Discovery, portal: &Portal, id: &NodeId) -> Result<bool> {
        portal.check()?;
        id.check()?;
        let tried = format!("remove the link to {id}");
        let root = self.root_for(held, &tried)?;
        let dir = root.beneath(kind.dir(portal)).map_err(|e| failed(&tried, &e))?;
        dir.map_or(Ok(false), |dir| remove(&dir, &id.link_name(), &tried))
    }

    /// Says that a node was made by hand.
    ///
    /// # Errors
    /// As [`Database::link`].
    pub fn link_static(&self, held: &Held, id: &NodeId) -> Result<()> {
        self.link_in(held, &[STATIC], id)
    }

    /// Says that the firmware has a node.
    ///
    /// # Errors
    /// As [`Database::link`].
    pub fn link_firmware(&self, held: &Held, id: &NodeId) -> Result<()> {
        self.link_in(held, &[FIRMWARE], id)
    }

    fn link_in(&self, held: &Held, names: &[&str], id: &NodeId) -> Result<()> {
        id.check()?;
        let tried = format!("link {id} to what it was found by");
        let root = self.root_for(held, &tried)?;
        let dir = make(&root, names.iter().copied(), Last::Now, &tried)?;
        link(&dir, &self.place, id, Last::Now, &tried)
    }
}

/// Makes the link that a new record asks for, as the peer does: none for a tag that is not known, and none to a portal without a record.
pub(super) fn link_new(
    root: &Dir,
    place: &Place,
    id: &NodeId,
    record: &Record,
    last: Last,
    tried: &str,
) -> Result<()> {
    if id.portal.tag.is_none() {
        return Ok(());
    }
    let by_hand = |name: &'static str| make(root, [name], last, tried).map(Some);
    let found = |kind: Discovery| {
        let address = record.get("node.discovery_address")?.to_owned();
        let port = record.get("node.discovery_port")?.parse().ok()?;
        let portal = Portal {
            address,
            port,
            tag: None,
        };
        portal.check().is_ok().then(|| kind.dir(&portal))
    };
    let dir = match record.get("node.discovery_type") {
        None | Some("static") => by_hand(STATIC)?,
        Some("fw") => by_hand(FIRMWARE)?,
        Some(word) => {
            let kind = match word {
                "send_targets" | "sendtargets" => Discovery::SendTargets,
                "isns" => Discovery::Isns,
                _ => return Ok(()),
            };
            match found(kind) {
                Some(path) => root.beneath(path).map_err(|e| failed(tried, &e))?,
                None => None,
            }
        }
    };
    dir.map_or(Ok(()), |dir| link(&dir, place, id, last, tried))
}

fn link(dir: &Dir, place: &Place, id: &NodeId, last: Last, tried: &str) -> Result<()> {
    let records = std::path::absolute(&place.records).map_err(|e| Error::io(tried, &e))?;
    let to = records.join(NODES).join(id.portal_dir());
    let name = id.link_name();
    match dir.make_link(&name, &to) {
        Err(error) if matches!(error.why(), Why::Exists) => {
            let refused = |e: files::Error| failed(tried, &e);
            // A link by that name says nothing else, unless it was made before the tree was moved.
            if dir.read_link(&name).map_err(refused)?.as_ref() != Some(&to) {
                dir.remove(&name).map_err(refused)?;
                dir.make_link(&name, &to).map_err(refused)?;
            }
        }
        other => other.map_err(|e| failed(tried, &e))?,
    }
    last.names(dir, tried)
}

/// Removes all links to a node: of every discovery portal, by name.
pub(super) fn unlink_all(root: &Dir, id: &NodeId, tried: &str) -> Result<()> {
    let refused = |e: files::Error| failed(tried, &e);
    let name = id.link_name();
    let mut dirs = vec![PathBuf::from(STATIC), PathBuf::from(FIRMWARE)];
    for kind in Discovery::ALL {
        if let Some(portals) = root.beneath(kind.name()).map_err(refused)? {
            let names = portals.names().map_err(refused)?;
            dirs.extend(
                names
                    .into_iter()
                    .map(|portal| Path::new(kind.name()).join(portal)),
            );
        }
    }
    for path in dirs {
        // A portal's record of the oldest layout is a file.
        if root.kind_beneath(&path).map_err(refused)? == Some(files::Kind::Directory)
            && let Some(dir) = root.beneath(&path).map_err(refused)?
        {
            remove(&dir, &name, tried)?;
        }
    }
    Ok(())
}

/// Removes a link; what is no link stays.
fn remove(dir: &Dir, name: &str, tried: &str) -> Result<bool> {
    let refused = |e: files::Error| failed(tried, &e);
    if name.len() > 255 || dir.kind(name).map_err(refused)? != Some(files::Kind::Link) {
        return Ok(false);
    }
    let removed = dir.remove(name).map_err(refused)?;
    dir.sync().map_err(refused)?;
    Ok(removed)
}

/// Which node a link is for; `None` when it is none of this tree.
fn read(place: &Place, name: &OsStr, to: &Path) -> Option<NodeId> {
    let within = place
        .roots()
        .find_map(|root| to.strip_prefix(root).ok())
        .or_else(|| to.strip_prefix("../..").ok())
        .or_else(|| to.strip_prefix("..").ok())?;
    let mut parts = within.strip_prefix(NODES).ok()?.components();
    let mut part = || match parts.next()? {
        std::path::Component::Normal(part) => part.to_str(),
        _ => None,
    };
    let target: iscsi::names::IscsiName = part()?.parse().ok()?;
    let portal = Portal::from_name(part()?)?;
    if parts.next().is_some() {
        return None;
    }
    let iface = name
        .to_str()?
        .strip_prefix(&format!("{target},{},", portal.full_name()))?
        .to_owned();
    let id = NodeId {
        target,
        portal,
        iface,
    };
    id.check().is_ok().then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_by_what_it_says_and_never_leads_out_of_the_tree() {
        let place = Place::under(Path::new("/srv/db"));
        let read = |name: &str, to: &str| read(&place, OsStr::new(name), Path::new(to));
        let name = "iqn.2026-11.test:a,b,fd00::1,3260,1,eth0,1";
        let to = "nodes/iqn.2026-11.test:a,b/fd00::1,3260,1";
        for root in ["/srv/db/", "/etc/iscsi/", "/var/lib/iscsi/", "../../", "../"] {
            let id = read(name, &format!("{root}{to}")).expect(root);
            assert_eq!(id.target.as_str(), "iqn.2026-11.test:a,b");
            assert_eq!(id.portal.full_name(), "fd00::1,3260,1");
            // Names of interfaces can have commas: what a link says tells where they begin.
            assert_eq!(id.iface, "eth0,1");
        }
        for (name, to) in [
            (name, format!("/tmp/{to}")),
            (name, to.to_owned()),
            (name, format!("/srv/db/nodes/../{to}")),
            (name, format!("../../../{to}")),
            (name, format!("/srv/db/{to}/more")),
            (
                "iqn.2026-11.test:other,fd00::1,3260,1,eth0",
                format!("/srv/db/{to}"),
            ),
            (name, "/srv/db/nodes/iqn.2026-11.test:a,b".to_owned()),
        ] {
            assert_eq!(read(name, &to), None, "{name} {to}");
        }
    }
}
