//! What drivers can do and which parameters they take, as data.
//!
//! `driver` has what each driver is and can do, `qla4xxx` and `module` what only that driver has: parameters, chips, module parameters.

pub mod ability;
pub mod driver;
pub mod module;
pub mod qla4xxx;

pub use ability::{Ability, Can};
pub use driver::Driver;
pub use qla4xxx::Chip;

use crate::message::{Message, Part};
use crate::params::{FlashnodeParam, IfaceCode, NetParam};

/// What a driver does with a parameter that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Takes it, and it is in force.
    Taken,
    /// Takes it; it is in force when the adapter starts again.
    AtStart,
    /// Takes it as a part of another parameter.
    Within(NetParam),
    /// Takes it when the object is made; why not later.
    Once(&'static str),
    /// Does not take it; why.
    Refused(&'static str),
    /// Does not take it; what to do instead.
    Instead(&'static [Part]),
}

impl Take {
    /// Why an object that is there cannot have it set; `None` when it can.
    #[must_use]
    pub fn why_not(self) -> Option<Message> {
        match self {
            Self::Taken | Self::AtStart | Self::Within(_) => None,
            Self::Once(why) | Self::Refused(why) => Some(why.into()),
            Self::Instead(parts) => Some(Message::of(parts)),
        }
    }
}

/// What becomes of a flash target's parameter. Only qla4xxx has flash targets.
#[must_use]
pub fn flash(param: FlashnodeParam) -> Take {
    row(qla4xxx::FLASH, param)
}

/// What becomes of an interface's parameter. Names are read before an adapter is asked for, so qla4xxx answers for all.
#[must_use]
pub fn iface(param: IfaceCode) -> Take {
    row(qla4xxx::IFACE, param)
}

fn row<P: Copy + Eq>(rows: &[(P, Take)], param: P) -> Take {
    let found = rows.iter().find(|row| row.0 == param);
    found.map_or(Take::Taken, |row| row.1)
}
