//! What servers and routers said that was not taken, and why.

use std::fmt;

macro_rules! refusals {
    ($($name:ident $text:literal,)*) => {
        /// Why a message, or a part of it, was not taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Refusal {
            $(#[doc = $text] $name,)*
        }

        impl Refusal {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// In words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

refusals! {
    TooShort "shorter than its header",
    TooLong "longer than any message of its kind",
    NotAnAnswer "not an answer to a client",
    Malformed "options that run over their end",
    BadOption "an option of the wrong length",
    OtherTransaction "answers another transaction",
    OtherHardware "for another hardware address",
    OtherClient "for another client identifier",
    Unexpected "not what is waited for",
    NoServer "without a server's identifier",
    BadServer "a server's identifier that cannot be one",
    OtherServer "from another server than the one that was asked",
    NoAddress "without an address",
    BadAddress "an address that a host cannot have",
    OtherAddress "another address than the one that was asked for",
    AddressIsServer "an address that is the server's own",
    AddressIsGateway "an address that is the gateway's",
    BadMask "a mask that is none",
    NoLeaseTime "without a lease time",
    LeaseTooShort "a lease time too short to be renewed",
    BadTimes "renewal times that contradict each other or the lease",
    BadGateway "a gateway that cannot be reached or is none",
    BadRoutes "routes that are none",
    BadMtu "an MTU out of bounds",
    TooMany "more than there is room for",
    OtherLink "from beyond the link",
    BadPrefix "a prefix that cannot be used",
    BadLifetime "a lifetime longer than the one it is part of",
    FailedBefore "from a server that failed before, while others may answer",
    ServerFailed "a server that says it cannot",
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// How often what was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals([u64; Refusal::ALL.len()]);

impl Default for Refusals {
    fn default() -> Self {
        Self([0; Refusal::ALL.len()])
    }
}

impl Refusals {
    /// Counts it. The first of each kind is told, unless it is what others on a link are told every day.
    pub(super) fn note(&mut self, why: Refusal) {
        let Some(count) = self.0.get_mut(why as usize) else {
            return;
        };
        let others = matches!(
            why,
            Refusal::OtherTransaction | Refusal::OtherHardware | Refusal::OtherClient | Refusal::Unexpected
        );
        if *count == 0 && !others {
            tracing::warn!(reason = %why, "something that a server or a router said is not taken; more of it is only counted");
        }
        *count = count.saturating_add(1);
    }

    /// How often for this reason.
    #[must_use]
    pub fn of(&self, why: Refusal) -> u64 {
        self.0.get(why as usize).copied().unwrap_or(0)
    }

    /// The reasons that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Refusal, u64)> {
        Refusal::ALL.iter().copied().zip(self.0).filter(|(_, n)| *n > 0)
    }

    /// How often altogether.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Adds another's.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.saturating_add(theirs);
        }
    }
}
