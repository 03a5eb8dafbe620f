//! Changing node records: all that are meant, or none.

use std::fmt;

use zeroize::Zeroizing;

use super::Which;
use super::show::whole;
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::model::{NodeRecord, shown};
use crate::nodes::{Database, Held, NodeId, Record, key};
use crate::ops::write::{Done, Plan, as_it_is};
use crate::secret::Secret;
use crate::step::Step;

/// A key and what it becomes; empty: the key goes, and its default counts.
#[derive(Clone, PartialEq, Eq)]
pub struct Assigned {
    pub(in crate::ops) key: String,
    pub(in crate::ops) value: Zeroizing<String>,
}

impl Assigned {
    /// A value that is no secret.
    #[must_use]
    pub fn plain(key: &str, value: &str) -> Self {
        Self {
            key: key.to_owned(),
            value: Zeroizing::new(value.to_owned()),
        }
    }

    /// A secret. Records hold text.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a secret that is no text of one line.
    pub fn secret(key: &str, secret: &Secret) -> Result<Self> {
        match std::str::from_utf8(secret.expose()) {
            Ok(text) if !text.contains(char::is_control) => Ok(Self::plain(key, text)),
            _ => Err(Error::new(Kind::Invalid, format!("set {key}"))
                .answered("a record holds text of one line, and this secret is none")),
        }
    }
}

impl fmt::Debug for Assigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Assigned").field(&self.key).finish()
    }
}

/// One record and what becomes of it.
struct Wanted {
    id: NodeId,
    before: Record,
    after: Record,
}

/// Sets keys in every record meant.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] for a key or value that a record cannot have; [`Kind::Busy`] when others write;
/// [`Kind::VerifyFailed`].
pub fn set(ctx: &mut Ctx<'_>, which: &Which, assigned: &[Assigned]) -> Result<Change<Vec<NodeRecord>>> {
    let database = Database::at(ctx.home.records.clone());
    let tried = format!("change the records of {which}");
    let held = hold(ctx, &database, "node set", &tried)?;
    let found = which.all(&database, &tried)?;
    let wanted = found.into_iter().map(|(id, before)| {
        let mut after = before.clone();
        assign(&mut after, assigned)?;
        Ok(Wanted { id, before, after })
    });
    let wanted = wanted.collect::<Result<Vec<_>>>()?;
    let show = |record: fn(&Wanted) -> &Record| {
        let all = wanted.iter().map(|w| whole(&w.id, record(w)));
        Some(all.collect::<Vec<_>>())
    };
    let plan = Plan {
        diff: difference(&wanted),
        before: show(|w| &w.before),
        after: show(|w| &w.after),
    };
    if plan.diff.is_empty() {
        return Ok(as_it_is(plan.before));
    }
    plan.carry_out(ctx, |_, _| {
        let held = held
            .as_ref()
            .ok_or_else(|| Error::new(Kind::Failed, tried.clone()))?;
        write(&database, held, &wanted, &tried)?;
        Ok(Done::AsPlanned)
    })
}

/// The lock of whoever writes; nothing in a dry run.
pub(in crate::ops) fn hold(
    ctx: &mut Ctx<'_>,
    database: &Database,
    verb: &str,
    tried: &str,
) -> Result<Option<Held>> {
    let program = ctx.home.program;
    let deadline = ctx.deadline;
    crate::ops::write::unless_dry(ctx, |ctx| {
        let held = database
            .lock(deadline, &format!("{program} {verb}"))
            .map_err(|e| e.during(tried))?;
        super::tell(ctx, database);
        Ok(held)
    })
}

/// Sets keys that an operator may set in a node record.
pub(super) fn assign(record: &mut Record, assigned: &[Assigned]) -> Result<()> {
    for Assigned { key, value } in assigned {
        if key.starts_with("iface.") && key != "iface.transport_name" {
            return Err(Error::new(Kind::Invalid, format!("set {key}"))
                .answered("what an interface is stands in its own record")
                .hint(Step::IfaceRecordSet));
        }
        record.set(key::Object::Node, key, value)?;
    }
    Ok(())
}

/// Writes what changed and reads it back. What was written is put back when not all of it can be.
fn write(database: &Database, held: &Held, wanted: &[Wanted], tried: &str) -> Result<()> {
    let changed: Vec<&Wanted> = wanted.iter().filter(|w| w.before != w.after).collect();
    for (n, one) in changed.iter().enumerate() {
        let written =
            database
                .put_node(held, &one.id, &one.after)
                .and_then(|()| match database.node(&one.id)? {
                    Some(there) if there == one.after => Ok(()),
                    _ => Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
                        .answered(format!("read back, the record of {} is another", one.id))),
                });
        let Err(error) = written else { continue };
        let back = changed[..=n]
            .iter()
            .map(|one| database.put_node(held, &one.id, &one.before))
            .filter_map(Result::err)
            .next();
        return Err(match back {
            None => error,
            Some(why) => Error::new(Kind::RollbackFailed, tried)
                .answered(format!("{error}; putting the others back: {why}"))
                .hint(Step::NodeList),
        });
    }
    Ok(())
}

/// The keys that differ; with several records, each under the record's name.
fn difference(wanted: &[Wanted]) -> Vec<Difference> {
    let mut all = Vec::new();
    for one in wanted {
        let names = one.after.pairs().chain(one.before.pairs()).map(|(name, _)| name);
        let mut seen = std::collections::BTreeSet::new();
        for name in names.filter(|name| seen.insert(*name)) {
            let (old, new) = (one.before.get(name), one.after.get(name));
            if old == new {
                continue;
            }
            let field = if wanted.len() == 1 {
                name.to_owned()
            } else {
                format!("{}: {name}", one.id)
            };
            let show = |value: &str| shown(name, value);
            all.push(Difference::new(field, old.map(show), new.map(show)));
        }
    }
    all
}
