//! Unit attention conditions, one queue per I_T nexus and logical unit (SAM-5 §5.14).

use std::collections::BTreeMap;

use crate::sense::{AdditionalSense, Sense, SenseKey};

/// An I_T nexus: one iSCSI session. The transport chooses the numbers and never reuses one that is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NexusId(pub u64);

/// Pending unit attentions of one logical unit. A nexus that is not attached gets none.
#[derive(Debug, Default)]
pub(crate) struct UnitAttentions {
    pending: BTreeMap<NexusId, Vec<AdditionalSense>>,
}

impl UnitAttentions {
    /// A nexus appears; it owes one unit attention for the power-on that it never saw.
    pub(crate) fn attach(&mut self, nexus: NexusId) {
        self.pending.insert(nexus, vec![AdditionalSense::POWER_ON_RESET]);
    }

    pub(crate) fn detach(&mut self, nexus: NexusId) {
        self.pending.remove(&nexus);
    }

    /// Establishes a condition for every nexus but `except`. A condition that is pending already is not doubled; a reset
    /// supersedes what was pending.
    pub(crate) fn raise(&mut self, condition: AdditionalSense, except: Option<NexusId>) {
        for (nexus, queue) in &mut self.pending {
            if Some(*nexus) == except || queue.contains(&condition) {
                continue;
            }
            if condition.code == AdditionalSense::POWER_ON_RESET.code {
                queue.clear();
            }
            queue.push(condition);
        }
    }

    /// Establishes a condition for one nexus.
    pub(crate) fn raise_for(&mut self, nexus: NexusId, condition: AdditionalSense) {
        if let Some(queue) = self.pending.get_mut(&nexus)
            && !queue.contains(&condition)
        {
            queue.push(condition);
        }
    }

    /// Takes the oldest condition of a nexus.
    pub(crate) fn take(&mut self, nexus: NexusId) -> Option<Sense> {
        let queue = self.pending.get_mut(&nexus)?;
        if queue.is_empty() {
            return None;
        }
        Some(Sense::new(SenseKey::UnitAttention, queue.remove(0)))
    }

    /// Drops one kind of condition for a nexus (REPORT LUNS clears REPORTED LUNS DATA HAS CHANGED).
    pub(crate) fn clear(&mut self, nexus: NexusId, condition: AdditionalSense) {
        if let Some(queue) = self.pending.get_mut(&nexus) {
            queue.retain(|c| *c != condition);
        }
    }
}
