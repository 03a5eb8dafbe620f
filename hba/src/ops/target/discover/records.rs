//! What a discovery does to the record database: what is there, what becomes of it, and writing that.
//!
//! Owns that the plan is made under the lock, that what is written is read back, and that a record on which a session stands is not removed.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use crate::change::Difference;
use crate::ctx::Ctx;
use crate::discovery::heard::Found;
use crate::discovery::merge::{Known, Planned, Step as Fate, Terms, plan, same_place};
use crate::discovery::records::{Beside, Origin, differences, moved, new, prove};
use crate::error::{Error, Kind, Result};
use crate::initiator::Chap;
use crate::model::SessionBrief;
use crate::nodes::key::Object;
use crate::nodes::{Conf, DEFAULT_IFACE, Database, Discovery as Way, Held, NodeId, Portal, Record};
use crate::ops::iface_record::find;
use crate::ops::node::{hold, tell};

/// What a discovery wants of the records.
pub(in crate::ops::target) struct Wanted<'a> {
    pub(super) tried: &'a str,
    pub(super) conf: &'a Conf,
    pub(super) origin: &'a Origin,
    pub(super) found: &'a [Found],
    /// The interfaces that each path is reached by.
    pub(super) through: &'a [Vec<String>],
    /// What a new record of each path has beside the defaults.
    pub(super) beside: &'a [Beside],
    /// The interfaces that asked: records of others are not ours to judge. None: all.
    pub(super) asked: Option<&'a [String]>,
    pub(super) terms: Terms,
    /// What the portal's own record has when it is made: who proves himself with what, and the algorithms.
    pub(super) portal: Option<(Option<Chap>, Option<String>)>,
    /// Interface records that have to be made first.
    pub(super) ifaces: &'a [(String, Record)],
    /// Nothing is written.
    pub(super) look_only: bool,
}

/// What became of the records.
pub(in crate::ops::target) struct Became {
    pub(super) planned: Vec<Planned>,
    /// What differs, of those that are not as they were.
    pub(super) changes: HashMap<NodeId, Vec<Difference>>,
    /// Whether it was written; else it is a plan.
    pub(super) written: bool,
}

/// Brings the records to what is wanted.
pub(super) fn bring(ctx: &mut Ctx<'_>, database: &Database, wanted: &Wanted<'_>) -> Result<Became> {
    let held = if wanted.look_only {
        None
    } else {
        hold(ctx, database, "target discover", wanted.tried)?
    };
    let known = known(ctx, database, wanted)?;
    let mut planned = plan(
        &known,
        wanted.found,
        |n| wanted.through.get(n).map_or(&[], Vec::as_slice),
        wanted.terms,
    );
    keep_what_is_in_use(ctx, &mut planned)?;
    let mut became = Became {
        planned,
        changes: HashMap::new(),
        written: held.is_some(),
    };
    let texts = texts(database, wanted, &mut became)?;
    if let Some(mut held) = held {
        write(database, &mut held, wanted, &became, texts)?;
    }
    tell(ctx, database);
    Ok(became)
}

/// The records that the list may be about: those of the targets that it names, and what an earlier discovery of the same place found.
fn known(ctx: &mut Ctx<'_>, database: &Database, wanted: &Wanted<'_>) -> Result<Vec<Known>> {
    let mut all: Vec<Known> = Vec::new();
    let mut seen = BTreeSet::new();
    let linked: BTreeSet<NodeId> = match wanted.origin {
        Origin::SendTargets(portal) => database.found_by(Way::SendTargets, portal)?,
        Origin::Isns(portal) => database.found_by(Way::Isns, portal)?,
        Origin::Firmware => database.firmware_nodes()?,
    }
    .into_iter()
    .collect();
    let by_hand = |record: &Record| record.get("node.discovery_type") == Some("static");
    let targets: BTreeSet<&str> = wanted.found.iter().map(|f| f.target.as_str()).collect();
    for target in targets {
        let Ok(target) = target.parse() else { continue };
        for listed in database.nodes_of(&target)? {
            match listed {
                Ok((id, record)) => {
                    let ours = wanted.origin.is_of(&record) || (linked.contains(&id) && !by_hand(&record));
                    seen.insert(id.clone());
                    all.push(Known { id, ours });
                }
                Err(why) => ctx.warn(format!("a record was passed over: {why}")),
            }
        }
    }
    for id in linked.into_iter().filter(|id| !seen.contains(id)) {
        match database.node(&id) {
            Ok(Some(record)) => all.push(Known {
                ours: !by_hand(&record),
                id,
            }),
            // A link that leads nowhere.
            Ok(None) => {}
            Err(why) => ctx.warn(format!("a record was passed over: {why}")),
        }
    }
    if let Some(asked) = wanted.asked {
        all.retain(|known| asked.contains(&known.id.iface));
    }
    Ok(all)
}

/// A record on which a session stands stays although it is not named any more.
fn keep_what_is_in_use(ctx: &mut Ctx<'_>, planned: &mut [Planned]) -> Result<()> {
    let going = |p: &Planned| matches!(p.step, Fate::Gone { remove: true, .. });
    if ctx.force || !planned.iter().any(going) {
        return Ok(());
    }
    let mut sessions: Vec<SessionBrief> = Vec::new();
    ctx.backend.for_each_session(&mut |session| {
        sessions.push(session);
        ControlFlow::Continue(())
    })?;
    for planned in planned {
        let Fate::Gone { id, remove } = &mut planned.step else {
            continue;
        };
        let stands = |s: &&SessionBrief| {
            let at = Portal {
                address: s.address.clone(),
                port: s.port,
                tag: None,
            };
            iscsi::names::same(&s.target_name, id.target.as_str()) && same_place(&at, &id.portal)
        };
        if let Some(session) = sessions.iter().find(stands).filter(|_| *remove) {
            *remove = false;
            ctx.warn(
                crate::Message::from(format!(
                    "the record of {id} stays, since session {} stands on it: ",
                    session.sid
                ))
                .then(crate::Step::SessionLogout(session.sid))
                .then(" ends it"),
            );
        }
    }
    Ok(())
}

/// The texts of what is made, moved or begun anew, and what differs. What begins anew and comes out as it was is kept.
fn texts(database: &Database, wanted: &Wanted<'_>, became: &mut Became) -> Result<Vec<(NodeId, Record)>> {
    let mut texts = Vec::new();
    for planned in &mut became.planned {
        let path = planned.path.unwrap_or_default();
        let fresh = |id: &NodeId| {
            let made = wanted.ifaces.iter().find(|(name, _)| *name == id.iface);
            let iface = match made {
                Some((_, record)) => record.clone(),
                None if id.iface == DEFAULT_IFACE => Record::unbound(),
                None => find(database, &id.iface, wanted.tried)?,
            };
            let none = Beside::default();
            let beside = wanted.beside.get(path).unwrap_or(&none);
            new(id, &iface, wanted.conf, wanted.origin, beside)
        };
        let there = |id: &NodeId| {
            database.node(id)?.ok_or_else(|| {
                Error::new(Kind::Failed, wanted.tried)
                    .answered(format!("the record of {id} went away meanwhile"))
            })
        };
        match planned.step.clone() {
            Fate::Create(id) => {
                let record = fresh(&id)?;
                texts.push((id, record));
            }
            Fate::Move { from, to } => {
                let before = there(&from)?;
                let after = moved(&before, &to)?;
                became.changes.insert(to.clone(), differences(&before, &after));
                texts.push((to, after));
            }
            Fate::Reset { from, to } => {
                let before = there(&from)?;
                let after = fresh(&to)?;
                let changes = differences(&before, &after);
                if changes.is_empty() {
                    planned.step = Fate::Keep(to);
                    continue;
                }
                became.changes.insert(to.clone(), changes);
                texts.push((to, after));
            }
            Fate::Keep(_) | Fate::Gone { .. } => {}
        }
    }
    Ok(texts)
}

fn write(
    database: &Database,
    held: &mut Held,
    wanted: &Wanted<'_>,
    became: &Became,
    texts: Vec<(NodeId, Record)>,
) -> Result<()> {
    keep_portal(database, held, wanted)?;
    for (name, record) in wanted.ifaces {
        database.put_iface(held, name, record)?;
    }
    let mut batch = database.batch(held)?;
    for (id, record) in &texts {
        batch.put(id, record.clone())?;
    }
    batch.finish()?;
    for planned in &became.planned {
        match &planned.step {
            Fate::Move { from, to } | Fate::Reset { from, to } if from != to => {
                database.remove_node(held, from)?;
            }
            Fate::Gone { id, remove: true } => {
                database.remove_node(held, id)?;
            }
            _ => {}
        }
    }
    for (id, record) in &texts {
        if database.node(id)?.as_ref().map(Record::bytes) != Some(record.bytes()) {
            return Err(
                Error::new(Kind::VerifyFailed { rolled_back: false }, wanted.tried)
                    .answered(format!(
                        "read back, the record of {id} is another: somebody else writes it"
                    ))
                    .hint("look at the record, then try again"),
            );
        }
    }
    Ok(())
}

/// The record of who was asked: made where there is none, so that it can be asked again and its targets are known as its.
fn keep_portal(database: &Database, held: &Held, wanted: &Wanted<'_>) -> Result<()> {
    let (way, portal) = match wanted.origin {
        Origin::SendTargets(portal) => (Way::SendTargets, portal),
        Origin::Isns(portal) => (Way::Isns, portal),
        Origin::Firmware => return Ok(()),
    };
    if database.portal(way, portal)?.is_some() && !wanted.terms.reset {
        return Ok(());
    }
    let (chap, algorithms) = wanted.portal.clone().unwrap_or_default();
    let record = portal_record(way, portal, wanted.conf, chap.as_ref(), algorithms.as_deref())?;
    database.put_portal(held, way, portal, &record)
}

/// The record of a portal or server with what is said of it.
pub(in crate::ops::target) fn portal_record(
    way: Way,
    portal: &Portal,
    conf: &Conf,
    chap: Option<&Chap>,
    algorithms: Option<&str>,
) -> Result<Record> {
    let mut record = match way {
        Way::SendTargets => Record::send_targets(&portal.address, portal.port, conf),
        Way::Isns => Record::isns(&portal.address, portal.port, conf),
    };
    if let Some(chap) = chap {
        prove(
            &mut record,
            Object::SendTargets,
            "discovery.sendtargets.auth",
            chap,
        )?;
    }
    if let Some(algorithms) = algorithms {
        record.put(Object::SendTargets, "node.session.auth.chap_algs", algorithms)?;
    }
    Ok(record)
}
