//! What a changing operation did: nothing, planned (dry run), or changed, with the fields that differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ops::Seal;

/// One field that differs between two states. Secrets appear only as `********`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The field, as named in the JSON output.
    pub field: String,
    /// The value before, `None` when there was none.
    pub before: Option<String>,
    /// The value after, `None` when there is none.
    pub after: Option<String>,
}

impl Difference {
    /// A difference from display values.
    pub fn new(field: impl Into<String>, before: Option<String>, after: Option<String>) -> Self {
        Self {
            field: field.into(),
            before,
            after,
        }
    }
}

// Only the road of writes makes one: nobody else has its seal. (Not in the text below, which is in the schema too.)
/// The result of an operation that can change an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change<T> {
    /// The adapter was already as asked; nothing was written.
    Unchanged {
        /// The current state, when there is one.
        current: Option<T>,
        /// Who says so.
        #[serde(skip)]
        by: Seal,
    },
    /// Dry run: this is what would be written.
    Planned {
        /// The state now, `None` when the object does not exist.
        before: Option<T>,
        /// The state wanted, `None` when the object would be removed or is not known in advance.
        after: Option<T>,
        /// The fields that differ.
        diff: Vec<Difference>,
        /// Who says so.
        #[serde(skip)]
        by: Seal,
    },
    /// Written and verified by reading back.
    Changed {
        /// The state before, `None` when the object did not exist.
        before: Option<T>,
        /// The state read back, `None` when the object was removed.
        after: Option<T>,
        /// The fields that differ.
        diff: Vec<Difference>,
        /// Who says so.
        #[serde(skip)]
        by: Seal,
    },
}

impl<T> Change<T> {
    /// Whether the adapter was changed.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Changed { .. })
    }

    /// The state after the operation (or now, when nothing changed).
    pub fn after(&self) -> Option<&T> {
        match self {
            Self::Unchanged { current, .. } => current.as_ref(),
            Self::Planned { after, .. } | Self::Changed { after, .. } => after.as_ref(),
        }
    }

    /// The same change of something that is seen otherwise.
    pub(crate) fn map<U>(self, mut see: impl FnMut(T) -> U) -> Change<U> {
        match self {
            Self::Unchanged { current, by } => Change::Unchanged {
                current: current.map(see),
                by,
            },
            Self::Planned {
                before,
                after,
                diff,
                by,
            } => Change::Planned {
                before: before.map(&mut see),
                after: after.map(see),
                diff,
                by,
            },
            Self::Changed {
                before,
                after,
                diff,
                by,
            } => Change::Changed {
                before: before.map(&mut see),
                after: after.map(see),
                diff,
                by,
            },
        }
    }

    /// Leaves only the differences in fields that are wanted, for people who asked for some of many.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        if let Self::Changed { diff, .. } | Self::Planned { diff, .. } = self {
            diff.retain(|difference| wanted(&difference.field));
        }
    }

    /// The fields that differ; empty when nothing changed.
    pub fn diff(&self) -> &[Difference] {
        match self {
            Self::Unchanged { .. } => &[],
            Self::Planned { diff, .. } | Self::Changed { diff, .. } => diff,
        }
    }
}
