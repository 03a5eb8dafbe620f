//! What a port must not be logged in through when nobody named the target: the list as a discovery asks it.
//!
//! Must not know the list's form: [`crate::exclude`] does.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exclude::{Candidate, Exclusions};
use crate::ids::{HostNo, Portal};
use crate::model::AdapterKey;
use crate::ops::target::exclude::read;

/// The list, and the port that asks.
pub(in crate::ops) struct Excluding {
    rules: Exclusions,
    key: Option<AdapterKey>,
}

impl Excluding {
    /// As it is now. Without a rule the port is not looked at.
    pub(in crate::ops) fn of(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Self> {
        let rules = read(ctx);
        let key = if rules.rules.is_empty() {
            None
        } else {
            ctx.backend
                .adapter_keys()?
                .into_iter()
                .find(|key| key.host == host)
        };
        Ok(Self { rules, key })
    }

    /// Why a target at a portal is not logged in to, in words; a portal without a target is one that is asked.
    pub(in crate::ops) fn why(&self, target: Option<&str>, portal: Option<Portal>) -> Option<String> {
        let candidate = Candidate {
            target,
            portal,
            adapter: self.key.as_ref(),
            ..Candidate::default()
        };
        let placed = self.rules.why_not(&candidate)?;
        Some(format!("excluded by {} ({})", placed.place, placed.rule))
    }
}
