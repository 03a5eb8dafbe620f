//! Targets that are in an adapter's flash and in the database: found, marked in the answer, and told with what to do.

use std::collections::{BTreeSet, HashSet};

use super::super::super::adapter::all_able;
use crate::ctx::Ctx;
use crate::discovery::{Discovery, PathState, Store};
use crate::error::Result;
use crate::ids::{HostNo, parse_mac};
use crate::message::Message;
use crate::model::{AdapterKey, FlashTarget};
use crate::nodes::iface::AutoName;
use crate::nodes::{Database, NodeId};
use crate::policy::address::{Names, Nobody};
use crate::policy::stores::{FlashEntry, Record, Wins, find};
use crate::quirks::Ability;

/// So many are told; the answer marks them all.
const TOLD: usize = 3;

/// Marks and tells what both stores have. An adapter that cannot be read is passed over: the discovery was another matter.
pub(super) fn mark(ctx: &mut Ctx<'_>, database: &Database, ids: &[NodeId], answer: &mut Discovery) {
    let flash = match in_flash(ctx) {
        Ok(flash) => flash,
        Err(why) => return ctx.warn(format!("whether flash has them too is not known: {why}")),
    };
    if flash.is_empty() {
        return;
    }
    let entries: Vec<FlashEntry<'_>> = flash.iter().filter_map(|(host, t)| entry(*host, t)).collect();
    let keys = ctx.backend.adapter_keys().unwrap_or_default();
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut automatic = Vec::new();
    for id in ids {
        let record = database.node(id).ok().flatten();
        automatic.push(record.is_some_and(|r| r.get("node.startup") == Some("automatic")));
    }
    let records: Vec<Record<'_>> = ids
        .iter()
        .zip(&names)
        .zip(&automatic)
        .map(|((id, name), automatic)| Record {
            name,
            target: id.target.as_str(),
            address: &id.portal.address,
            port: id.portal.port,
            host: host_of(&keys, &id.iface),
            automatic: *automatic,
            session: None,
        })
        .collect();
    let mut nobody = Nobody;
    let twice = find(&entries, &records, None, &mut Names::new(&mut nobody));
    let both: HashSet<&str> = twice.iter().map(|t| t.record.as_str()).collect();
    let both: HashSet<Place<'_>> = ids
        .iter()
        .zip(&names)
        .filter(|(_, name)| both.contains(name.as_str()))
        .map(|(id, _)| (id.target.as_str(), id.iface.as_str(), at(id)))
        .collect();
    for path in &mut answer.paths {
        let iface = path.iface.clone().unwrap_or_default();
        let here = (path.target.as_str(), iface.as_str(), without_tag(&path.portal));
        if path.state != PathState::LeftOut && both.contains(&here) {
            path.stored.insert(0, Store::Flash);
        }
    }
    for one in twice.iter().take(TOLD) {
        let (host, index) = one.flash;
        let mut told = Message::from(format!(
            "{} is in flash, too (entry {index} of {host}): ",
            one.record
        ))
        .then(one.why.clone());
        if one.wins == Wins::Both {
            told = told.then("; both may be used");
        }
        for (n, todo) in one.todo.iter().enumerate() {
            told = told
                .then(if n == 0 { "; to do: " } else { ", then " })
                .then(Message::from(todo));
        }
        ctx.warn(told);
    }
    if let Some(more) = twice.len().checked_sub(TOLD).filter(|more| *more > 0) {
        ctx.warn(format!("{more} more are in flash and in the database"));
    }
}

/// Marks and tells what an adapter's discovery put into flash although the database has it.
pub(super) fn mark_kept_in_flash(ctx: &mut Ctx<'_>, database: &Database, answer: &mut Discovery) {
    let mut ids = Vec::new();
    let targets: BTreeSet<String> = answer.paths.iter().map(|path| path.target.clone()).collect();
    for target in targets {
        let Ok(target) = target.parse() else { continue };
        match database.nodes_of(&target) {
            Ok(nodes) => ids.extend(nodes.filter_map(|listed| listed.ok().map(|(id, _)| id))),
            Err(why) => return ctx.warn(format!("whether the database has them too is not known: {why}")),
        }
    }
    let known: HashSet<(&str, String)> = ids.iter().map(|id| (id.target.as_str(), at(id))).collect();
    for path in &mut answer.paths {
        let here = (path.target.as_str(), without_tag(&path.portal));
        if path.state != PathState::LeftOut && known.contains(&here) {
            path.stored.push(Store::Db);
        }
    }
    let mut twin = answer.clone();
    mark(ctx, database, &ids, &mut twin);
}

/// Target, interface, and where.
type Place<'a> = (&'a str, &'a str, String);

fn at(id: &NodeId) -> String {
    crate::address::portal(&id.portal.address, id.portal.port)
}

fn without_tag(portal: &str) -> String {
    portal.split(',').next().unwrap_or_default().to_owned()
}

fn in_flash(ctx: &mut Ctx<'_>) -> Result<Vec<(HostNo, FlashTarget)>> {
    let mut all = Vec::new();
    // Where nobody keeps targets in flash there is nothing to be found twice.
    let Ok(hosts) = all_able(ctx, None, "look for targets in flash", Ability::Flash) else {
        return Ok(all);
    };
    for host in hosts {
        let targets = ctx.backend.flash_targets(host)?;
        all.extend(targets.into_iter().filter(|t| !t.discovery).map(|t| (host, t)));
    }
    Ok(all)
}

fn entry(host: HostNo, t: &FlashTarget) -> Option<FlashEntry<'_>> {
    Some(FlashEntry {
        host,
        index: t.index,
        target: t.target_name.as_deref()?,
        address: t.address.as_deref()?,
        port: t.port?,
        boot: t.boot,
        logs_in: true,
        up: t.session.is_some(),
    })
}

/// The port that an interface's name says, as those of adapters do (`qla4xxx.00:c0:dd:11:22:33.ipv4.0`).
fn host_of(keys: &[AdapterKey], iface: &str) -> Option<HostNo> {
    let name: AutoName = iface.parse().ok()?;
    let of = |key: &&AdapterKey| key.mac.as_deref().and_then(parse_mac) == Some(name.mac);
    keys.iter().find(of).map(|key| key.host)
}
