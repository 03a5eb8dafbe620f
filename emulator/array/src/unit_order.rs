//! Orders about logical units of a running target, as lines of the control socket.
//!
//! Owns the words `unit-add`, `unit-remove` and `unit-list` and the lines of the list. Must not know how a unit is made.

use std::fmt;
use std::str::FromStr;

use crate::lun::{LunSpec, LunSpecError};

/// What a running target is told about its logical units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitOrder {
    /// A new unit; without a number, the lowest that is free.
    Add {
        /// Its number.
        number: Option<u16>,
        /// What it is.
        spec: LunSpec,
    },
    /// A unit goes, and its file is let go of.
    Remove(u16),
    /// The units from this number on, as many as one answer holds.
    List(u16),
}

/// A line that is no order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnitOrderError {
    /// Other words than expected.
    #[error("known are: unit-add NUMBER|- UNIT, unit-remove NUMBER, unit-list NUMBER")]
    Words,
    /// The unit cannot be understood.
    #[error(transparent)]
    Spec(#[from] LunSpecError),
}

impl FromStr for UnitOrder {
    type Err = UnitOrderError;

    fn from_str(text: &str) -> Result<Self, UnitOrderError> {
        let number = |text: &str| text.parse::<u16>().map_err(|_| UnitOrderError::Words);
        let (verb, rest) = text.split_once(' ').ok_or(UnitOrderError::Words)?;
        match verb {
            "unit-add" => {
                let (at, spec) = rest.split_once(' ').ok_or(UnitOrderError::Words)?;
                let number = if at == "-" { None } else { Some(number(at)?) };
                Ok(Self::Add {
                    number,
                    spec: spec.parse()?,
                })
            }
            "unit-remove" => number(rest).map(Self::Remove),
            "unit-list" => number(rest).map(Self::List),
            _ => Err(UnitOrderError::Words),
        }
    }
}

impl fmt::Display for UnitOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add {
                number: Some(number),
                spec,
            } => write!(f, "unit-add {number} {spec}"),
            Self::Add { number: None, spec } => write!(f, "unit-add - {spec}"),
            Self::Remove(number) => write!(f, "unit-remove {number}"),
            Self::List(from) => write!(f, "unit-list {from}"),
        }
    }
}

/// A logical unit of a running target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitLine {
    /// Logical unit number.
    pub number: u16,
    /// Logical block length in bytes.
    pub block_size: u32,
    /// Capacity in logical blocks.
    pub blocks: u64,
    /// Writes are refused.
    pub read_only: bool,
    /// What it was made of: a size or a file, with its options.
    pub spec: String,
}

impl fmt::Display for UnitLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.read_only { "ro" } else { "rw" };
        let Self {
            number,
            block_size,
            blocks,
            spec,
            ..
        } = self;
        write!(f, "{number} {block_size} {blocks} {mode} {spec}")
    }
}

impl UnitLine {
    /// Reads one line of the list; `None` if it is none.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.splitn(5, ' ');
        let mut word = || words.next();
        Some(Self {
            number: word()?.parse().ok()?,
            block_size: word()?.parse().ok()?,
            blocks: word()?.parse().ok()?,
            read_only: match word()? {
                "ro" => true,
                "rw" => false,
                _ => return None,
            },
            spec: word()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_survives_its_text() {
        for text in [
            "unit-add - 67108864",
            "unit-add 3 /a file,with a blank:ro,block=4096",
            "unit-add 16383 disk.img,removable,full,physical=512,create=1048576,reservations=/r",
            "unit-remove 7",
            "unit-list 0",
        ] {
            assert_eq!(text.parse::<UnitOrder>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "unit-add",
            "unit-add 1",
            "unit-add x 1M",
            "unit-add 70000 1M",
            "unit-remove",
            "unit-remove -",
            "unit-list x",
            "unit-sulk 1",
        ] {
            assert_eq!(text.parse::<UnitOrder>(), Err(UnitOrderError::Words), "{text}");
        }
        assert!(matches!(
            "unit-add - 1M,block=3".parse::<UnitOrder>(),
            Err(UnitOrderError::Spec(_))
        ));
    }

    #[test]
    fn every_line_of_the_list_survives_its_text() {
        let line = UnitLine {
            number: 4,
            block_size: 512,
            blocks: 1 << 40,
            read_only: true,
            spec: "/a file with blanks:ro".to_owned(),
        };
        assert_eq!(UnitLine::read(&line.to_string()), Some(line));
        for text in ["", "1 512 9 rw", "1 512 x rw 1M", "1 512 9 maybe 1M"] {
            assert_eq!(UnitLine::read(text), None, "{text}");
        }
    }
}
