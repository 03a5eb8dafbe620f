//! Applying what is staged: one message for the whole port, since the driver restarts it with every message.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_iface_set_param`: flash commit, port disabled and enabled again).

use std::time::Duration;

use super::super::adapter::{guard_sessions, require, resolve_key};
use super::super::write::{Done, Plan, Write, as_it_is, unless_dry};
use super::check;
use super::list::of;
use super::stage::{Stage, Values};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo, IfaceId};
use crate::intent::Intent;
use crate::message::Message;
use crate::model::Iface;
use crate::params::{Assignment, IfaceCode, NetParam, Parameter, Settable};
use crate::quirks::{Ability, Take};
use crate::step::Step;
use crate::writer::Scope;

const VERB: &str = "iface apply";
/// How long the port may take to show the new settings.
const PATIENCE: Duration = Duration::from_secs(30);

type Batch = Vec<(IfaceId, Vec<Assignment<IfaceCode>>)>;

/// Sends everything staged for a port in one message and reads back. The port restarts: needs `force` while sessions are up.
///
/// # Errors
/// [`Kind::Busy`] with sessions and without `force`; [`Kind::VerifyFailed`]; [`Kind::RollbackFailed`]; [`Kind::Timeout`].
pub fn apply(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Change<Vec<Iface>>> {
    let key = resolve_key(ctx, id)?;
    let host = key.host;
    let tried = format!("apply staged settings to {host}");
    require(&key, "apply staged settings", Ability::Iface)?;
    let _writer = ctx.writer(host, VERB, &tried)?;
    let stage = Stage::load(ctx)?;
    let before = of(ctx, &stage, &key)?;
    let batch = batch(&before, &tried)?;
    if batch.is_empty() {
        // What was staged is applied already: nothing is left to do for it.
        unless_dry(ctx, |ctx| leave(ctx, &stage, &key, &before, &tried, true))?;
        return Ok(as_it_is(Some(before)));
    }
    for remark in before
        .iter()
        .filter(|i| !i.staged.is_empty())
        .flat_map(check::remarks)
    {
        if remark.fatal {
            return Err(Error::new(Kind::Invalid, tried)
                .answered(format!("{}; nothing was sent", remark.text))
                .hint(Step::IfaceList.then(" shows what is staged; stage another value, then apply again")));
        }
        ctx.warn(remark.text);
    }
    guard_sessions(ctx, host, &tried)?;
    let plan = Plan {
        diff: difference(&before),
        after: Some(planned(&before)),
        before: Some(before.clone()),
    };
    plan.carry_out(ctx, |ctx, _| {
        leave(ctx, &stage, &key, &before, &tried, false)?;
        let after = send(ctx, host, &before, &batch, &tried)?;
        unverified(ctx, &batch, &after);
        // The settings are in force whatever becomes of the file, and what is applied already shows as staged no more.
        if let Err(e) = leave(ctx, &stage, &key, &before, &tried, true) {
            ctx.warn(format!(
                "the settings are applied, but they stay in the staging file: {e}"
            ));
        }
        Ok(Done::ReadBack {
            after: Some(after),
            diff: difference(&before),
        })
    })
}

/// Sends the settings, and returns the interfaces as they are then.
fn send(ctx: &mut Ctx<'_>, host: HostNo, before: &[Iface], batch: &Batch, tried: &str) -> Result<Vec<Iface>> {
    let old = old_values(before, batch);
    let intent = Intent::Ifaces {
        values: values(before, batch),
    };
    ctx.intending(host, VERB, tried, intent, |ctx| {
        Write {
            tried: tried.to_owned(),
            look: Step::IfaceList,
            based: Some(&|now: &Vec<Iface>| as_before(now, before, batch)),
            write: &mut |ctx| {
                ctx.backend
                    .set_iface_params(host, batch, ctx.deadline)
                    .map_err(|e| e.during(tried.to_owned()))
            },
            read: &mut |ctx| ctx.backend.ifaces(host),
            wrong: &|now: &Vec<Iface>| wrong(now, batch, before),
            foreign: &|_| Vec::new(),
            undo: &mut |ctx, _| ctx.backend.set_iface_params(host, &old, ctx.deadline),
            restored: &|now: &Vec<Iface>| wrong(now, &old, before).is_empty(),
            patience: PATIENCE,
        }
        .run(ctx)
    })
}

/// What is to be set, as others are told: none of it is secret.
fn values(before: &[Iface], batch: &Batch) -> Vec<(String, String, Option<String>, String)> {
    let mut all = Vec::new();
    for (id, params) in batch {
        let iface = before.iter().find(|i| i.id() == *id);
        for a in params.iter().filter(|a| a.param.take() != Take::AtStart) {
            let now = iface.and_then(|i| i.params.value(a.param));
            all.push((
                id.to_string(),
                a.name().to_owned(),
                now.map(ToString::to_string),
                a.value.to_string(),
            ));
        }
    }
    all
}

fn batch(ifaces: &[Iface], tried: &str) -> Result<Batch> {
    let mut batch = Batch::new();
    for iface in ifaces {
        let mut params = Vec::new();
        for (param, value) in iface.staged.iter() {
            // The file may have been written by hand: the table decides again.
            let a = Assignment::new(param, &value.staged.to_string()).map_err(|e| {
                Error::new(Kind::Invalid, tried).answered(format!("the staging file is wrong: {e}"))
            })?;
            params.push(a);
        }
        if !params.is_empty() {
            batch.push((iface.id(), params));
        }
    }
    Ok(batch)
}

/// What is not as `wanted`, of the parameters that the kernel shows.
fn wrong(now: &[Iface], wanted: &Batch, before: &[Iface]) -> Vec<String> {
    let mut texts = Vec::new();
    for (id, params) in wanted {
        let Some(iface) = now.iter().find(|i| i.id() == *id) else {
            // An interface that is switched off goes away in some kernels.
            if before.iter().any(|i| i.id() == *id) && !switches_off(params) {
                texts.push(format!("{id} is gone"));
            }
            continue;
        };
        for a in params {
            match iface.params.value(a.param) {
                Some(value) if *value != a.value && a.param.take() != Take::AtStart => {
                    texts.push(format!("{} of {id} is {value}, wanted {}", a.name(), a.value));
                }
                _ => {}
            }
        }
    }
    texts
}

fn switches_off(params: &[Assignment<IfaceCode>]) -> bool {
    params
        .iter()
        .any(|a| a.param == IfaceCode::Net(NetParam::IfaceEnable) && a.value.as_flag() == Some(false))
}

fn old_values(before: &[Iface], batch: &Batch) -> Batch {
    batch
        .iter()
        .map(|(id, params)| {
            let iface = before.iter().find(|i| i.id() == *id);
            let old = |a: &Assignment<IfaceCode>| {
                let value = iface.and_then(|i| i.params.value(a.param).cloned())?;
                Some(Assignment {
                    param: a.param,
                    value,
                })
            };
            (*id, params.iter().filter_map(old).collect())
        })
        .collect()
}

/// Tells what reading back could not prove.
fn unverified(ctx: &mut Ctx<'_>, batch: &Batch, after: &[Iface]) {
    for (id, params) in batch {
        let iface = after.iter().find(|i| i.id() == *id);
        for a in params {
            let now = iface.and_then(|i| i.params.value(a.param));
            if a.param.take() == Take::AtStart && now.is_some_and(|value| *value != a.value) {
                ctx.warn(format!(
                    "{} of {id} takes effect when the adapter starts again",
                    a.name()
                ));
            }
            if iface.is_some_and(|i| i.params.value(a.param).is_none()) {
                ctx.warn(format!(
                    "{} of {id} could not be verified: the kernel does not show it",
                    a.name()
                ));
            }
        }
    }
}

/// Writes the staging file as it is now, without what was applied once that is `sent`: others' settings, other interfaces and other values
/// stay. Before anything is sent it goes through with all that is staged: a file that could not be written afterwards is found in time.
fn leave(
    ctx: &mut Ctx<'_>,
    applied: &Stage,
    key: &crate::model::AdapterKey,
    ifaces: &[Iface],
    tried: &str,
    sent: bool,
) -> Result<()> {
    let _turn = ctx.turn(Scope::Stage, key.host, VERB, tried)?;
    let mut stage = Stage::load(ctx)?;
    let old = stage.clone();
    for iface in ifaces {
        let (done, mut left): (Values, Values) = (applied.of(key, iface.id()), stage.of(key, iface.id()));
        // Whoever staged meanwhile wants it applied with the rest, or not at all.
        if !sent && left != done {
            return Err(Error::new(Kind::Busy, tried)
                .answered("what is staged was changed meanwhile; nothing was applied")
                .hint(
                    Message::from("look at it with ")
                        .then(Step::IfaceList)
                        .then(", and apply again"),
                ));
        }
        left.retain(|name, value| !sent || done.get(name) != Some(value));
        stage.put(key, iface.id(), left);
    }
    if sent {
        return if stage == old { Ok(()) } else { stage.save(ctx) };
    }
    old.save(ctx).map_err(|e| {
        let answer = format!("{e}; nothing was applied");
        e.during(tried.to_owned()).answered(answer)
    })
}

/// Whether the parameters that are to be set are what they were when the difference was shown.
fn as_before(now: &[Iface], before: &[Iface], batch: &Batch) -> bool {
    let value = |of: &[Iface], id: IfaceId, param: IfaceCode| {
        let iface = of.iter().find(|i| i.id() == id)?;
        iface.params.value(param).cloned()
    };
    batch.iter().all(|(id, params)| {
        let same = |a: &Assignment<IfaceCode>| value(now, *id, a.param) == value(before, *id, a.param);
        params.iter().all(same)
    })
}

fn planned(before: &[Iface]) -> Vec<Iface> {
    before
        .iter()
        .map(|i| {
            let mut params = i.params.clone();
            params.extend(i.staged.iter().map(|(n, v)| (n, Some(v.staged.clone()))));
            Iface::from_params(i.id(), params)
        })
        .collect()
}

fn difference(before: &[Iface]) -> Vec<Difference> {
    let of = |i: &Iface| -> Vec<Difference> {
        i.staged
            .iter()
            .map(|(n, v)| {
                let field = format!("{}.{}", i.name, n.name());
                Difference::new(
                    field,
                    v.applied.as_ref().map(ToString::to_string),
                    Some(v.staged.to_string()),
                )
            })
            .collect()
    };
    before.iter().flat_map(of).collect()
}
