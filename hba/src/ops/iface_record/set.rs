//! Changing an interface record.

use std::collections::BTreeSet;

use super::list::{find, whole};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::{IfaceRecord, shown};
use crate::nodes::{Database, Record, key};
use crate::ops::node::{Assigned, hold};
use crate::ops::write::{Done, Plan, as_it_is};

/// Sets keys of an interface record. Node records that name it keep the copy they have; who logs in by them reads the interface's record.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] for a key or value that a record cannot have; [`Kind::Busy`] when others write;
/// [`Kind::VerifyFailed`].
pub fn set(ctx: &mut Ctx<'_>, name: &str, assigned: &[Assigned]) -> Result<Change<IfaceRecord>> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("change the interface record {}", name.escape_debug());
    let held = hold(ctx, &database, "iface record set", &tried)?;
    let before = find(&database, name, &tried)?;
    let mut after = before.clone();
    assign(&mut after, assigned)?;
    let plan = Plan {
        diff: difference(Some(&before), &after),
        before: Some(whole(name, &before)),
        after: Some(whole(name, &after)),
    };
    if plan.diff.is_empty() {
        return Ok(as_it_is(plan.before));
    }
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        database.put_iface(held, name, &after)?;
        verify(&database, name, &after, &tried)?;
        Ok(Done::AsPlanned)
    })
}

pub(super) fn assign(record: &mut Record, assigned: &[Assigned]) -> Result<()> {
    for Assigned { key, value } in assigned {
        if key == "iface.iscsi_ifacename" {
            return Err(Error::new(Kind::Invalid, format!("set {key}"))
                .answered("it is the record's name: make another record"));
        }
        record.set(key::Object::Iface, key, value)?;
    }
    Ok(())
}

pub(super) fn verify(database: &Database, name: &str, wanted: &Record, tried: &str) -> Result<()> {
    match database.iface(name)? {
        Some(there) if there == *wanted => Ok(()),
        _ => Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
            .answered("read back, the record is another")),
    }
}

pub(super) fn difference(before: Option<&Record>, after: &Record) -> Vec<Difference> {
    let old = |name: &str| before.and_then(|record| record.get(name));
    let names = after.pairs().map(|(name, _)| name);
    let names: BTreeSet<&str> = match before {
        Some(before) => names.chain(before.pairs().map(|(name, _)| name)).collect(),
        None => names.collect(),
    };
    let show = |name: &str, value: Option<&str>| value.map(|value| shown(name, value));
    names
        .into_iter()
        .filter(|name| old(name) != after.get(name))
        .map(|name| Difference::new(name, show(name, old(name)), show(name, after.get(name))))
        .collect()
}
