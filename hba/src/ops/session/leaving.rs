//! What goes with a logout: whose sessions it may end, and that nobody shall log in again by himself.
//!
//! The rule is written before the session is ended: killed in between, there is a rule and a session, never neither.

use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::exclude::{self, PortalRule, Rule};
use crate::ids::{AdapterId, Portal, parse_mac};
use crate::model::Session;
use crate::registry::OwnerName;
use crate::step::Step;

/// How a session is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Lay down a rule that nobody logs in there again by himself.
    pub exclude: bool,
    /// Only a session that this one owns.
    pub owner: Option<OwnerName>,
}

/// The rule that keeps a session from being made again: its target and portal, through its port where that has a name that stays.
pub(in crate::ops) fn rule_of(session: &Session) -> Rule {
    let connection = session.connections.first();
    let portal = connection.and_then(|c| {
        let address = c.persistent_address.as_deref()?.parse().ok()?;
        Some(PortalRule::of(Portal::new(address, c.persistent_port?)))
    });
    Rule {
        target: Some(session.target_name.clone()),
        portal,
        host: session.mac.as_deref().and_then(parse_mac).map(AdapterId::Mac),
        ..Rule::default()
    }
}

/// What a plan says about a rule.
pub(in crate::ops) fn planned(rule: &Rule) -> Difference {
    Difference::new("exclusion", None, Some(rule.to_string()))
}

/// Lays a rule down and says where.
pub(in crate::ops) fn lay_down(ctx: &mut Ctx<'_>, rule: &Rule, tried: &str) -> Result<()> {
    let (place, new) = exclude::add(&ctx.home, rule, tried)?;
    let said = if new {
        format!("{place} excludes it from now on ({rule}), also when the logout does not succeed; ")
    } else {
        format!("{place} excludes it already ({rule}); ")
    };
    ctx.warn(
        crate::Message::from(said)
            .then(Step::TargetExcludeRemove)
            .then(" takes that back"),
    );
    Ok(())
}
