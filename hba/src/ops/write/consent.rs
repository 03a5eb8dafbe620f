//! What a write needs beside its turn: the operator's word that memory may be written whose loss no reset mends.
//!
//! Owns who asks for it and how the refusal reads. Must not know how the word is given.

use super::plan::Plan;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::step::Step;

/// What the operator has said yes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consent {
    /// Flash may be written past the driver.
    pub flash: bool,
    /// The NVRAM may be written.
    pub nvram: bool,
    /// A self test may disturb the port's work.
    pub disturb: bool,
}

/// A kind of consent, what it is about, and the switch that gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Needs {
    Flash,
    Nvram,
}

impl Needs {
    const fn row(self) -> (&'static str, Step) {
        match self {
            Self::Flash => ("the adapter's flash, past the driver", Step::WithYesWriteFlash),
            Self::Nvram => ("the adapter's nvram", Step::WithYesWriteNvram),
        }
    }

    const fn given(self, consent: Consent) -> bool {
        match self {
            Self::Flash => consent.flash,
            Self::Nvram => consent.nvram,
        }
    }
}

/// Refuses a plan that needs a consent which was not given. A dry run needs none.
///
/// # Errors
/// [`Kind::Invalid`], with what would be written.
pub(in crate::ops) fn consented<T>(ctx: &Ctx<'_>, needs: Needs, plan: &Plan<T>, tried: &str) -> Result<()> {
    if needs.given(ctx.consent) || ctx.dry_run.is_on() {
        return Ok(());
    }
    let (memory, switch) = needs.row();
    let what: Vec<String> = plan.diff.iter().map(shown).collect();
    Err(Error::new(Kind::Invalid, tried)
        .answered(format!(
            "it would write {memory}; nothing was written ({})",
            what.join("; ")
        ))
        .hint(
            Message::from("look at it with ")
                .then(Step::WithDryRun)
                .then(", then say so with ")
                .then(switch),
        ))
}

fn shown(difference: &Difference) -> String {
    let text = |value: &Option<String>| value.as_deref().unwrap_or("-").to_owned();
    format!(
        "{}: {} → {}",
        difference.field,
        text(&difference.before),
        text(&difference.after)
    )
}
