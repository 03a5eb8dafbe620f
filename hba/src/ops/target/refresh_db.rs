//! Asking again whom the database has: all portals and servers at once, each within its own time.
//!
//! Owns that a dead one does not hold up the others, and that what they answer is taken in their order. Must not know how one is asked.

use std::collections::BTreeSet;

use iscsi::address::TargetAddress;

use super::super::node::tell;
use super::discover::{DiscoverWish, Whom, ask_all, questions, settle};
use super::portals::PortalKind;
use super::refresh::{Refresh, Refreshed};
use crate::ctx::Ctx;
use crate::discovery::sendtargets::Listed;
use crate::error::{Error, Kind, Result};
use crate::nodes::{Conf, DEFAULT_IFACE, Database, Portal};
use crate::policy::refresh::{Way, order};

/// A portal of the database, and what is asked there.
struct One {
    kind: PortalKind,
    at: TargetAddress,
    wish: DiscoverWish,
    /// How many questions are its; or why there are none.
    asked: Result<usize>,
}

/// Asks all of them; nothing when there are none.
pub(super) fn refresh(ctx: &mut Ctx<'_>) -> Result<Option<Refresh>> {
    let database = Database::at(ctx.home.records.clone());
    let known = known(ctx, &database)?;
    if known.is_empty() {
        return Ok(None);
    }
    let conf = Conf::read(database.place(), &mut |told| ctx.warn(told))?;
    let (mut all, mut asked): (Vec<One>, Vec<_>) = (Vec::new(), Vec::new());
    for (kind, at, ifaces) in known {
        let wish = DiscoverWish {
            ifaces,
            ..DiscoverWish::new(match kind {
                PortalKind::Sendtargets => Whom::Portal(at.clone()),
                PortalKind::Isns => Whom::Isns(at.clone()),
            })
        };
        let tried = format!("ask {at} again");
        let its = questions(ctx, &database, &conf, &at, &wish, &tried);
        let count = its.map(|its| {
            let count = its.len();
            asked.extend(its);
            count
        });
        all.push(One {
            kind,
            at,
            wish,
            asked: count,
        });
    }
    let mut answers = ask_all(ctx, asked).into_iter();
    let mut portals = Vec::new();
    for one in all {
        let its: Vec<(String, Result<Listed>)> = match &one.asked {
            Ok(count) => answers.by_ref().take(*count).collect(),
            Err(_) => Vec::new(),
        };
        let came = one
            .asked
            .and_then(|_| settle(ctx, &database, &conf, &one.at, &one.wish, its));
        let (discovery, failure) = match came {
            Ok(found) => (Some(found), None),
            Err(e) if e.kind() == Kind::Interrupted => return Err(e),
            Err(e) => (None, Some(e.answer().unwrap_or("it failed").to_owned())),
        };
        portals.push(Refreshed {
            entry: None,
            kind: one.kind,
            portal: one.at.to_string(),
            discovery,
            failure,
            excluded: None,
        });
    }
    let (static_targets, targets) = counted(ctx, &database)?;
    tell(ctx, &database);
    Ok(Some(Refresh {
        host: None,
        portals,
        static_targets,
        targets,
        not_supported: Vec::new(),
    }))
}

type Known = (PortalKind, TargetAddress, Vec<String>);

/// Portals and servers in the order in which they are asked, with the interfaces by which they found something before.
fn known(ctx: &mut Ctx<'_>, database: &Database) -> Result<Vec<Known>> {
    let mut all: Vec<(Way, TargetAddress, PortalKind, Vec<String>)> = Vec::new();
    for (way, kind) in [
        (Way::SendTargets, PortalKind::Sendtargets),
        (Way::Isns, PortalKind::Isns),
    ] {
        for listed in database.portals(kind.way())? {
            let read = listed.and_then(|(portal, _)| {
                let ifaces: BTreeSet<String> = database
                    .found_by(kind.way(), &portal)?
                    .into_iter()
                    .map(|id| id.iface)
                    .collect();
                Ok((address(&portal)?, ifaces.into_iter().collect::<Vec<_>>()))
            });
            match read {
                Ok((at, ifaces)) => all.push((way, at, kind, ifaces)),
                Err(why) => ctx.warn(format!("a portal was passed over: {why}")),
            }
        }
    }
    let ways: Vec<(Way, &TargetAddress)> = all.iter().map(|(way, at, ..)| (*way, at)).collect();
    let mut ordered = Vec::new();
    for (way, at) in order(&ways) {
        let it = all.iter().find(|(w, a, ..)| *w == way && a == at);
        ordered.extend(it.map(|(_, at, kind, ifaces)| {
            let ifaces = if ifaces.is_empty() {
                vec![DEFAULT_IFACE.to_owned()]
            } else {
                ifaces.clone()
            };
            (*kind, at.clone(), ifaces)
        }));
    }
    Ok(ordered)
}

fn address(portal: &Portal) -> Result<TargetAddress> {
    let host = portal.address.parse().map_err(|_| {
        Error::new(Kind::Invalid, format!("ask {portal}"))
            .answered("its address is neither an address nor a name")
    })?;
    Ok(TargetAddress {
        host,
        port: portal.port,
        tag: None,
    })
}

/// Targets that somebody wrote down, and all that there are.
fn counted(ctx: &mut Ctx<'_>, database: &Database) -> Result<(usize, usize)> {
    let (mut by_hand, mut all) = (BTreeSet::new(), BTreeSet::new());
    for listed in database.nodes()? {
        match listed {
            Ok((id, record)) => {
                if record.get("node.discovery_type") == Some("static") {
                    by_hand.insert(id.target.clone());
                }
                all.insert(id.target);
            }
            Err(why) => ctx.warn(format!("a record was passed over: {why}")),
        }
    }
    Ok((by_hand.len(), all.len()))
}
