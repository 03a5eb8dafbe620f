//! Targets that are logged in to again by themselves, in both stores: an adapter's flash, and records that start by themselves.
//!
//! Owns what counts as permanent, and that whoever adds or takes away says in which store. Must not know how an entry or a record is
//! written: [`crate::ops::flash`] and [`crate::ops::node`] do that, with their guards.
//!
//! Source: Windows' `ReportPersistentLogins` and `RemovePersistentLogin`; qla4xxx logs in to entries of its flash at start, open-iscsi to
//! records whose `node.startup` says so.

use schemars::JsonSchema;
use serde::Serialize;

use super::remove;
use crate::change::Change;
use crate::ctx::Ctx;
use crate::discovery::Store;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo, Portal, TargetName};
use crate::model::{FlashTarget, NodeBrief};
use crate::nodes::Database;
use crate::ops::flash::{self, NewFlashTarget};
use crate::ops::node::{self, Assigned, NewNode, Which};
use crate::step::Step;

const STARTUP: &str = "node.startup";
const MANUAL: &str = "manual";
const AUTOMATIC: &str = "automatic";

/// A target that is logged in to by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Persistent {
    /// The target.
    pub target: String,
    /// Its portal, `ADDRESS:PORT[,TAG]`.
    pub portal: String,
    /// Where that is kept.
    pub store: Store,
    /// The port whose flash it is in.
    pub host: Option<HostNo>,
    /// Its entry there.
    pub flash_index: Option<u32>,
    /// The interface of its record.
    pub iface: Option<String>,
    /// Who logs in by its record: `automatic` at start, `onboot` before.
    pub startup: Option<String>,
    /// Whether the machine boots from it, as far as flash tells.
    pub boot: bool,
    /// Whether the other store has the same target behind the same portal, too: then both log in, and one of them is refused.
    pub in_both: bool,
}

/// What is permanent, in one store or in both, by target and portal.
///
/// # Errors
/// An adapter or the database cannot be read.
pub fn list(ctx: &mut Ctx<'_>, id: Option<&AdapterId>, store: Option<Store>) -> Result<Vec<Persistent>> {
    // Both are looked at, whatever is shown: a target in the other one is worth knowing.
    let mut all = in_flash(ctx, id)?;
    all.extend(in_records(ctx)?);
    let twins: Vec<bool> = all
        .iter()
        .map(|one| {
            all.iter()
                .any(|other| other.store != one.store && same(one, other))
        })
        .collect();
    for (one, twin) in all.iter_mut().zip(twins) {
        one.in_both = twin;
    }
    all.retain(|one| store.is_none_or(|store| store == one.store));
    all.sort_by(|a, b| (&a.target, &a.portal, a.store).cmp(&(&b.target, &b.portal, b.store)));
    Ok(all)
}

fn same(one: &Persistent, other: &Persistent) -> bool {
    let at = |portal: &str| portal.parse::<Portal>().ok().map(Portal::at);
    iscsi::names::same(&one.target, &other.target)
        && at(&one.portal).is_some()
        && at(&one.portal) == at(&other.portal)
}

fn in_flash(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Persistent>> {
    let targets = super::list(ctx, id)?;
    let mut all = Vec::new();
    for target in targets {
        for path in target.paths {
            if let (Some(index), Some(host)) = (path.flash_index, target.host) {
                let tag = path.tag.map_or_else(String::new, |tag| format!(",{tag}"));
                all.push(Persistent {
                    target: target.name.clone(),
                    portal: path
                        .portal
                        .map_or_else(String::new, |portal| format!("{portal}{tag}")),
                    store: Store::Flash,
                    host: Some(host),
                    flash_index: Some(index),
                    iface: None,
                    startup: None,
                    boot: path.boot,
                    in_both: false,
                });
            }
        }
    }
    Ok(all)
}

fn in_records(ctx: &mut Ctx<'_>) -> Result<Vec<Persistent>> {
    let all = node::list(ctx, &Which::default())?;
    let starts = |node: &NodeBrief| node.startup.as_deref().is_some_and(|by| by != MANUAL);
    Ok(all.into_iter().filter(starts).map(of_record).collect())
}

fn of_record(node: NodeBrief) -> Persistent {
    Persistent {
        portal: node.portal(),
        target: node.target,
        store: Store::Db,
        host: None,
        flash_index: None,
        iface: Some(node.iface),
        startup: node.startup,
        boot: false,
        in_both: false,
    }
}

fn of_entry(entry: FlashTarget) -> Persistent {
    let address = entry.address.as_deref().and_then(|address| address.parse().ok());
    let portal = address.zip(entry.port).map(|(address, port)| Portal {
        address,
        port,
        tag: entry.tpgt,
    });
    Persistent {
        target: entry.target_name.unwrap_or_default(),
        portal: portal.map_or_else(String::new, |portal| portal.to_string()),
        store: Store::Flash,
        host: Some(entry.host),
        flash_index: Some(entry.index),
        iface: None,
        startup: None,
        boot: entry.boot,
        in_both: false,
    }
}

/// Keeps a target in a store, so that it is logged in to by itself from the next start on. Nobody logs in now.
///
/// # Errors
/// As `flash add` and `node add`.
pub fn add(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    store: Store,
    target: &TargetName,
    portal: Portal,
    iface: Option<&str>,
) -> Result<Change<Vec<Persistent>>> {
    match store {
        Store::Flash => {
            if iface.is_some() {
                return Err(Error::new(Kind::Invalid, format!("keep {target} in flash"))
                    .answered("an interface record binds records; a flash target is its port's")
                    .hint(Step::AdapterList));
            }
            let new = NewFlashTarget {
                target_name: Some(target.to_string()),
                address: portal.address,
                port: portal.port,
                tpgt: portal.tag,
                chap: None,
                bidi_chap: false,
                params: Vec::new(),
            };
            Ok(flash::add(ctx, id, &new)?.map(|entry| vec![of_entry(entry)]))
        }
        Store::Db => {
            let which = Which {
                target: Some(target.clone()),
                portal: Some(portal.to_string().parse()?),
                iface: iface.map(str::to_owned),
            };
            let startup = Assigned::plain(STARTUP, AUTOMATIC);
            if !node::list(ctx, &which)?.is_empty() {
                return Ok(node::set(ctx, &which, &[startup])?.map(of_records));
            }
            let new = NewNode {
                target: target.clone(),
                portal: crate::nodes::Portal {
                    address: portal.address.to_string(),
                    port: portal.port,
                    tag: portal.tag,
                },
                iface: iface.map(str::to_owned),
                assigned: vec![startup],
            };
            Ok(node::add(ctx, &new)?.map(|record| of_records(vec![record])))
        }
    }
}

fn of_records(records: Vec<crate::model::NodeRecord>) -> Vec<Persistent> {
    records
        .into_iter()
        .map(|record| of_record(record.brief))
        .collect()
}

/// Lets a target be logged in to by itself no more. Its sessions stay. A flash target goes; a record stays, and is manual.
///
/// # Errors
/// [`Kind::NotFound`]; as `target remove` and `node set`.
pub fn forget(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    store: Store,
    target: &TargetName,
    portal: Option<Portal>,
) -> Result<Change<Vec<Persistent>>> {
    match store {
        Store::Flash => {
            let change = remove(ctx, id, target.as_str(), portal)?;
            Ok(change.map(|entries| entries.into_iter().map(of_entry).collect()))
        }
        Store::Db => {
            let which = Which {
                target: Some(target.clone()),
                portal: portal.map(|portal| portal.to_string().parse()).transpose()?,
                iface: None,
            };
            let change = node::set(ctx, &which, &[Assigned::plain(STARTUP, MANUAL)])?;
            Ok(change.map(of_records))
        }
    }
}

/// The records of the database as paths of `target list`.
pub(super) fn records(ctx: &mut Ctx<'_>) -> Result<Vec<NodeBrief>> {
    let database = Database::at(ctx.home.records.clone());
    if database.place().records.exists() {
        node::list(ctx, &Which::default())
    } else {
        Ok(Vec::new())
    }
}
