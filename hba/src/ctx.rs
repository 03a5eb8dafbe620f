//! What every operation is given: the backend, the deadline and the operator's switches.

use std::sync::Weak;

use crate::backend::Backend;
use crate::deadline::Deadline;
use crate::home::Home;
use crate::intent::Open;
use crate::message::Message;
use crate::ops::{Consent, DryRun};
use crate::writer::Held;

/// The surroundings of one operation.
pub struct Ctx<'a> {
    /// The adapter's interface: kernel, emulated kernel or a script.
    pub backend: &'a mut dyn Backend,
    /// When to give up waiting.
    pub deadline: Deadline,
    /// Validate, read and show the difference, but write nothing.
    pub dry_run: DryRun,
    /// What may be done that no reset mends.
    pub consent: Consent,
    /// Go on although sessions would drop.
    pub force: bool,
    /// The program, and where it keeps things.
    pub home: Home,
    /// Remarks for the operator, collected by the operation; never secrets.
    pub warnings: Vec<Message>,
    /// The locks that this context has (see [`crate::writer`]).
    pub(crate) held: Vec<Weak<Held>>,
    /// What this context is about to do (see [`crate::intent`]).
    pub(crate) intent: Open,
}

impl<'a> Ctx<'a> {
    /// A context without dry run or force.
    pub fn new(backend: &'a mut dyn Backend, deadline: Deadline, home: Home) -> Self {
        Self {
            backend,
            deadline,
            dry_run: DryRun::default(),
            consent: Consent::default(),
            force: false,
            home,
            warnings: Vec::new(),
            held: Vec::new(),
            intent: Open::default(),
        }
    }

    /// Adds a remark for the operator.
    pub fn warn(&mut self, text: impl Into<Message>) {
        self.warnings.push(text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_can_be_handed_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Ctx<'_>>();
        is_send::<Box<dyn Backend>>();
    }
}
