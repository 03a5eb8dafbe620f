//! What waits to be done and told. What is to be done is never left out; events are, when nobody takes them, and that is told.

use std::collections::VecDeque;

use super::effect::Effect;
use super::told::Told;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    effects: VecDeque<Effect>,
    events: usize,
    missed: u64,
}

impl Outbox {
    pub(super) fn push(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// Tells everybody. The same twice in a row is told once.
    pub(super) fn event(&mut self, told: Told, most: usize) {
        if matches!(self.effects.back(), Some(Effect::Tell(last)) if *last == told) {
            return;
        }
        if self.events >= most {
            self.missed += 1;
            return;
        }
        self.events += 1;
        self.effects.push_back(Effect::Tell(told));
    }

    pub(super) fn pop(&mut self) -> Option<Effect> {
        let Some(effect) = self.effects.pop_front() else {
            let missed = std::mem::take(&mut self.missed);
            return (missed > 0).then_some(Effect::Tell(Told::Missed(missed)));
        };
        if matches!(&effect, Effect::Tell(Told::Event(..) | Told::Link { .. })) {
            self.events -= 1;
        }
        Some(effect)
    }
}
