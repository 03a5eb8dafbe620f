//! Parameters of interfaces and flash targets: one table each with name, type, range, unit and whether the driver takes it.
//! Names are those of sysfs. Must not know netlink numbers (driver-sys has them) nor how values are encoded.

mod flash;
mod iface;
mod value;

use std::fmt;

pub use flash::FLASH;
pub use iface::{IFACE, fits_family};
pub use value::{Assignment, ParamValue, Params};

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// On or off.
    Flag,
    /// A number within a range, both ends included.
    Number {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
    },
    /// A number of bytes that the firmware stores in units: a multiple of `step`.
    Bytes {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
        /// The unit.
        step: u32,
    },
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An address of the entry's own family.
    Ip,
    /// Text of at most so many bytes.
    Text(usize),
    /// Twelve hex digits.
    Isid,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A secret, never shown and never set this way.
    Secret,
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("on or off"),
            Self::Number { min, max } => write!(f, "a number from {min} to {max}"),
            Self::Bytes { min, max, step } => write!(f, "a multiple of {step} from {min} to {max}"),
            Self::Ipv4 => f.write_str("an ipv4 address"),
            Self::Ipv6 => f.write_str("an ipv6 address"),
            Self::Ip => f.write_str("an address of the entry's family"),
            Self::Text(max) => write!(f, "text of at most {max} bytes"),
            Self::Isid => f.write_str("twelve hex digits"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Secret => f.write_str("a secret"),
        }
    }
}

/// Who may set a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Can be set.
    Settable,
    /// Cannot be set; why, and what to use.
    ReadOnly(&'static str),
}

/// One row of a parameter table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamSpec {
    /// Name, as in sysfs.
    pub name: &'static str,
    /// Type and range.
    pub kind: ParamKind,
    /// Unit, empty if none.
    pub unit: &'static str,
    /// Whether it can be set.
    pub access: Access,
    /// What it is, in a few words.
    pub help: &'static str,
}

impl ParamSpec {
    /// Whether it can be set.
    #[must_use]
    pub fn settable(&self) -> bool {
        self.access == Access::Settable
    }
}
