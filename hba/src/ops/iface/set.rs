//! Staging parameters: nothing is sent to the adapter.

use std::collections::BTreeMap;

use super::super::write::{Done, Plan, as_it_is};
use super::check;
use super::list::{find_settable, of};
use super::stage::{Stage, Values, show_on};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::IfaceId;
use crate::model::{AdapterKey, Iface};
use crate::params::{Assignment, IfaceCode, NetParam, ParamValue, Parameter, address_of, fits_family};
use crate::writer::{Scope, Writer};

/// Stages parameters; nothing is sent to the adapter. Values that are applied already are taken
/// out of the stage.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when a parameter does not fit the interface.
pub fn set(ctx: &mut Ctx<'_>, iface: IfaceId, params: &[Assignment<IfaceCode>]) -> Result<Change<Iface>> {
    let tried = format!("stage settings of {iface}");
    for a in params {
        check(iface, a, &tried)?;
    }
    let _turns = turns(ctx, iface, "iface set", &tried)?;
    let mut stage = Stage::load(ctx)?;
    let (key, before, others) = find_settable(ctx, &stage, iface, &tried)?;
    let mut values = stage.of(&key, iface);
    for a in params {
        if before.params.value(a.param) == Some(&a.value) {
            values.remove(a.name());
        } else {
            values.insert(a.name().to_owned(), a.value.clone());
        }
    }
    let dhcp = |v: Option<&ParamValue>| v.and_then(ParamValue::as_text) == Some("dhcp");
    let staged = |param: IfaceCode| values.get(param.name());
    let source = IfaceCode::Net(NetParam::Ipv4Bootproto);
    let source = staged(source).or_else(|| before.params.value(source));
    if staged(address_of(iface.family)).is_some() && dhcp(source) {
        ctx.warn("the address has no effect while bootproto is dhcp");
    }
    let switch = IfaceCode::Net(NetParam::IfaceEnable);
    if !before.present && !values.is_empty() && staged(switch).is_none() {
        ctx.warn(format!(
            "{iface} is off: stage enabled=on too, or this has no effect"
        ));
    }
    let mut coming = before.clone();
    show_on(&mut coming, &values);
    let mut said = check::remarks(&coming);
    if params.iter().any(|a| a.param == address_of(iface.family)) {
        said.extend(check::twins(&coming, &neighbours(ctx, &stage, &others)?));
    }
    for remark in said {
        ctx.warn(remark.text);
    }
    finish(ctx, &mut stage, &key, before, values)
}

/// The interfaces of other ports.
fn neighbours(ctx: &mut Ctx<'_>, stage: &Stage, others: &[AdapterKey]) -> Result<Vec<Iface>> {
    let mut all = Vec::new();
    for key in others {
        all.extend(of(ctx, stage, key)?);
    }
    Ok(all)
}

/// Drops staged parameters: those named, or all.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn unset(ctx: &mut Ctx<'_>, iface: IfaceId, names: &[String]) -> Result<Change<Iface>> {
    let tried = format!("drop staged settings of {iface}");
    let _turns = turns(ctx, iface, "iface unset", &tried)?;
    let mut stage = Stage::load(ctx)?;
    let (key, before, _) = find_settable(ctx, &stage, iface, &tried)?;
    let mut values = stage.of(&key, iface);
    if names.is_empty() {
        values.clear();
    }
    for name in names {
        if values.remove(name).is_none() {
            return Err(
                Error::new(Kind::NotFound, tried).answered(format!("{} is not staged", name.escape_debug()))
            );
        }
    }
    finish(ctx, &mut stage, &key, before, values)
}

/// What is staged depends on what is applied, so nobody may apply meanwhile; and the file is the whole endpoint's.
fn turns(ctx: &mut Ctx<'_>, iface: IfaceId, verb: &str, tried: &str) -> Result<(Writer, Writer)> {
    let adapter = ctx.writer(iface.host, verb, tried)?;
    Ok((adapter, ctx.turn(Scope::Stage, iface.host, verb, tried)?))
}

fn finish(
    ctx: &mut Ctx<'_>,
    stage: &mut Stage,
    key: &AdapterKey,
    before: Iface,
    values: Values,
) -> Result<Change<Iface>> {
    let id = before.id();
    let mut after = before.clone();
    show_on(&mut after, &values);
    if stage.of(key, id) == values {
        return Ok(as_it_is(Some(before)));
    }
    let plan = Plan {
        diff: difference(&before, &after),
        before: Some(before),
        after: Some(after),
    };
    plan.carry_out(ctx, |ctx, _| {
        stage.put(key, id, values);
        stage.save(ctx)?;
        Ok(Done::AsPlanned)
    })
}

/// What is staged otherwise than before: value staged (or applied) before and after.
fn difference(before: &Iface, after: &Iface) -> Vec<Difference> {
    let value = |of: &Iface, param| {
        let staged = of.staged.get(param).map(|value| &value.staged);
        staged
            .or_else(|| of.params.value(param))
            .map(ParamValue::to_string)
    };
    let all = before.staged.iter().chain(after.staged.iter());
    let params: BTreeMap<&str, IfaceCode> = all.map(|(param, _)| (param.name(), param)).collect();
    params
        .into_iter()
        .map(|(name, param)| Difference::new(name, value(before, param), value(after, param)))
        .filter(|d| d.before != d.after)
        .collect()
}

fn check(iface: IfaceId, a: &Assignment<IfaceCode>, tried: &str) -> Result<()> {
    let refuse = |why: String| Err(Error::new(Kind::Invalid, tried).answered(why));
    if a.is_own_address() && a.param != address_of(iface.family) {
        return refuse(format!(
            "{} is not an address of family {}",
            a.value, iface.family
        ));
    }
    if !fits_family(a.param, iface.family) {
        return refuse(format!(
            "an {} interface has no parameter {}",
            iface.family,
            a.name()
        ));
    }
    Ok(())
}
