//! The exclusion list as a noun: what is on it, what comes and goes, whether it matches.
//!
//! Must not know the list's form: [`crate::exclude`] does.

use schemars::JsonSchema;
use serde::Serialize;

use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::exclude::{self, Candidate, Exclusions, Key, Placed, Rule};
use crate::ids::{AdapterId, Portal};
use crate::message::Message;
use crate::model::AdapterKey;
use crate::ops::write::{Done, Plan, as_it_is};

/// A rule and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Exclusion {
    /// The file; `None` for a rule that is not written yet.
    pub file: Option<String>,
    /// Its line, from 1 on.
    pub line: Option<usize>,
    /// Whether the file is a drop-in, which is not written by this program.
    pub drop_in: bool,
    /// The rule as a line.
    pub rule: String,
    /// The target's name.
    pub target: Option<String>,
    /// The portal, `ADDRESS` or `ADDRESS:PORT`.
    pub portal: Option<String>,
    /// The interface's name.
    pub iface: Option<String>,
    /// The adapter port.
    pub host: Option<String>,
    /// The transport.
    pub transport: Option<String>,
}

impl From<&Rule> for Exclusion {
    fn from(rule: &Rule) -> Self {
        Self {
            file: None,
            line: None,
            drop_in: false,
            rule: rule.to_string(),
            target: rule.value(Key::Target),
            portal: rule.value(Key::Portal),
            iface: rule.value(Key::Iface),
            host: rule.value(Key::Host),
            transport: rule.value(Key::Transport),
        }
    }
}

impl From<&Placed> for Exclusion {
    fn from(placed: &Placed) -> Self {
        Self {
            file: Some(placed.place.file.display().to_string()),
            line: Some(placed.place.line),
            drop_in: placed.place.drop_in,
            ..Self::from(&placed.rule)
        }
    }
}

/// A login that somebody might make by himself.
#[derive(Debug, Clone, Default)]
pub struct CheckOf {
    /// The target's name.
    pub target: Option<String>,
    /// Its portal.
    pub portal: Option<Portal>,
    /// The interface's name.
    pub iface: Option<String>,
    /// The adapter port.
    pub adapter: Option<AdapterId>,
    /// The transport, where it is not the adapter's.
    pub transport: Option<String>,
}

/// What the list says of a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checked {
    /// Whether it is excluded.
    pub excluded: bool,
    /// The first rule that says so.
    pub by: Option<Exclusion>,
}

/// The list, and what of it is not in force as remarks.
pub(in crate::ops) fn read(ctx: &mut Ctx<'_>) -> Exclusions {
    let all = Exclusions::read(&ctx.home);
    for remark in &all.remarks {
        // It may be read more than once.
        let remark = Message::from(remark.clone());
        if !ctx.warnings.contains(&remark) {
            ctx.warn(remark);
        }
    }
    all
}

/// The rules in force.
pub fn list(ctx: &mut Ctx<'_>) -> Vec<Exclusion> {
    read(ctx).rules.iter().map(Exclusion::from).collect()
}

/// Lays down a rule.
///
/// # Errors
/// As [`exclude::add`].
pub fn add(ctx: &mut Ctx<'_>, rule: &Rule) -> Result<Change<Exclusion>> {
    let tried = format!("exclude {rule}");
    rule.check("exclude something")?;
    if let Some(there) = read(ctx).rules.iter().find(|placed| placed.rule.same(rule)) {
        return Ok(as_it_is(Some(there.into())));
    }
    let plan = Plan {
        before: None,
        after: Some(Exclusion::from(rule)),
        diff: vec![Difference::new("exclusion", None, Some(rule.to_string()))],
    };
    plan.carry_out(ctx, |ctx, plan| {
        let (place, new) = exclude::add(&ctx.home, rule, &tried)?;
        let after = Exclusion::from(&Placed {
            rule: rule.clone(),
            place,
        });
        Ok(if new {
            Done::ReadBack {
                after: Some(after),
                diff: plan.diff.clone(),
            }
        } else {
            Done::AsItIs(Some(after))
        })
    })
}

/// Takes a rule away.
///
/// # Errors
/// As [`exclude::remove`].
pub fn remove(ctx: &mut Ctx<'_>, rule: &Rule) -> Result<Change<Vec<Exclusion>>> {
    let tried = format!("exclude {rule} no longer");
    rule.check("exclude something no longer")?;
    let there: Vec<Placed> = read(ctx)
        .rules
        .into_iter()
        .filter(|placed| placed.rule.same(rule))
        .collect();
    for one in there.iter().filter(|placed| placed.place.drop_in) {
        ctx.warn(format!(
            "{} goes on excluding it: drop-ins are not written here",
            one.place
        ));
    }
    let ours: Vec<Exclusion> = there
        .iter()
        .filter(|placed| !placed.place.drop_in)
        .map(Exclusion::from)
        .collect();
    if ours.is_empty() {
        return Err(exclude::missing(&there, rule, &tried));
    }
    let plan = Plan {
        diff: vec![Difference::new("exclusion", Some(rule.to_string()), None)],
        before: Some(ours),
        after: Some(Vec::new()),
    };
    plan.carry_out(ctx, |ctx, _| {
        exclude::remove(&ctx.home, rule, &tried)?;
        Ok(Done::AsPlanned)
    })
}

/// Whether the list excludes a login, and where it says so.
///
/// # Errors
/// [`Kind::Invalid`] when nothing is said; [`Kind::NotFound`] for an unknown adapter.
pub fn check(ctx: &mut Ctx<'_>, of: &CheckOf) -> Result<Checked> {
    let tried = "see whether a login is excluded";
    let said = of.target.is_some() || of.portal.is_some() || of.iface.is_some() || of.adapter.is_some();
    if !said && of.transport.is_none() {
        return Err(Error::new(Kind::Invalid, tried)
            .answered("nothing is said about it")
            .hint("name a target, a portal, an interface, an adapter or a transport"));
    }
    let key: Option<AdapterKey> = match &of.adapter {
        Some(id) => Some(id.resolve(&ctx.backend.adapter_keys()?)?.clone()),
        None => None,
    };
    let candidate = Candidate {
        target: of.target.as_deref(),
        portal: of.portal,
        iface: of.iface.as_deref(),
        adapter: key.as_ref(),
        transport: of.transport.as_deref(),
    };
    let by = read(ctx).why_not(&candidate).map(Exclusion::from);
    Ok(Checked {
        excluded: by.is_some(),
        by,
    })
}
