//! What a served iSNS server does wrong because it was told to.
//!
//! One table of words serves the command line, the guide and the tests. Every fault is one of answers to queries, unless it says otherwise.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use iscsi::isns::Status;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsnsFault {
    /// The last attribute is longer than its message.
    Truncated,
    /// PDUs follow each other and none is the last.
    Endless,
    /// Answers have another transaction id.
    WrongXid,
    /// Answers come a byte at a time, this long after each other.
    Slow(Duration),
    /// Requests are taken and nothing is answered.
    Silent,
    /// A long answer is one PDU whose length is cut to 16 bits, as Open-iSNS writes it.
    Wrapped,
    /// Queries are refused with this status.
    Refuse(Status),
    /// Registering what is registered is refused with Invalid Update unless it replaces, as Microsoft's server does.
    NoUpdate,
    /// Every node is the next one of the first: a walk never comes to an end.
    Circle,
}

/// The faults as text, with their arguments.
pub const WORDS: &[&str] = &[
    "truncated",
    "endless",
    "wrong-xid",
    "slow MILLISECONDS",
    "silent",
    "wrapped",
    "refuse STATUS",
    "no-update",
    "circle",
];

/// A text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault {0:?}; known: {words}", words = WORDS.join(", "))]
pub struct UnknownFault(pub String);

impl FromStr for IsnsFault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.chars().take(80).collect());
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        Ok(match *words.as_slice() {
            ["truncated"] => Self::Truncated,
            ["endless"] => Self::Endless,
            ["wrong-xid"] => Self::WrongXid,
            ["slow", millis] => {
                let millis: u32 = millis.parse().map_err(|_| unknown())?;
                Self::Slow(Duration::from_millis(millis.into()))
            }
            ["silent"] => Self::Silent,
            ["wrapped"] => Self::Wrapped,
            ["refuse", status] => Self::Refuse(Status(status.parse().map_err(|_| unknown())?)),
            ["no-update"] => Self::NoUpdate,
            ["circle"] => Self::Circle,
            _ => return Err(unknown()),
        })
    }
}

impl fmt::Display for IsnsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("truncated"),
            Self::Endless => f.write_str("endless"),
            Self::WrongXid => f.write_str("wrong-xid"),
            Self::Slow(time) => write!(f, "slow {}", time.as_millis()),
            Self::Silent => f.write_str("silent"),
            Self::Wrapped => f.write_str("wrapped"),
            Self::Refuse(status) => write!(f, "refuse {}", status.0),
            Self::NoUpdate => f.write_str("no-update"),
            Self::Circle => f.write_str("circle"),
        }
    }
}
