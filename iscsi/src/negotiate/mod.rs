//! Negotiation of operational parameters, for both sides.
//!
//! [`table`](KeySpec) holds every key of the RFC once: type, range, default, sender, phase and result function. [`Negotiation`] runs
//! offers and answers over it. Must not know PDUs nor login stages. Source: RFC 7143 sections 6.2 and 13.

mod key;
mod params;
mod run;
mod table;
#[cfg(test)]
mod tests;

pub use key::Key;
pub use params::{Offer, Params};
pub use run::{Negotiation, NegotiationError, Taken};
pub use table::{BoolRule, KeySpec, Kind, NumberRule, Phase, Sender};

/// Which half of the protocol this side speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The initiator.
    Initiator,
    /// The target.
    Target,
}

/// SessionType.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SessionType {
    /// Full feature session with SCSI.
    #[default]
    Normal,
    /// Text only.
    Discovery,
}

impl SessionType {
    /// The value of the SessionType key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Discovery => "Discovery",
        }
    }
}

/// The answer "I do not know this key".
pub const NOT_UNDERSTOOD: &str = "NotUnderstood";
/// The answer "this value is impossible".
pub const REJECT: &str = "Reject";
/// The answer "this key does not matter here".
pub const IRRELEVANT: &str = "Irrelevant";
/// The value "nothing".
pub const NONE: &str = "None";
/// Boolean true.
pub const YES: &str = "Yes";
/// Boolean false.
pub const NO: &str = "No";

/// `Yes` or `No`.
#[must_use]
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        YES => Some(true),
        NO => Some(false),
        _ => None,
    }
}

/// `Yes` or `No`.
#[must_use]
pub const fn bool_text(value: bool) -> &'static str {
    if value { YES } else { NO }
}
