//! What drivers can do and which parameters they take, as data.
//!
//! Source: kernel 6.1 `iscsi_transport` templates of each driver.

pub mod module;
pub mod qla4xxx;

pub use qla4xxx::Chip;

use crate::ids::Family;
use crate::message::{Message, Part};
use crate::model::{Features, Limits};
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

/// What can be managed through the driver of a transport on an adapter of this model (of any, when it is not known); everything off for
/// an unknown one.
#[must_use]
pub fn features(transport: &str, model: Option<&str>) -> Features {
    let none = Features::default();
    match transport {
        "qla4xxx" => Features {
            flash: true,
            chap_table: true,
            iface: true,
            ping: true,
            host_stats: true,
            boot: Chip::of(model).why_no_boot().is_none(),
            ..none
        },
        "be2iscsi" => Features { iface: true, ..none },
        _ => none,
    }
}

/// Table sizes of a model.
#[must_use]
pub fn limits(transport: &str, model: Option<&str>) -> Limits {
    if transport != "qla4xxx" {
        return Limits::default();
    }
    let chip = Chip::of(model);
    let ten_gig = chip == Chip::Isp80xx;
    Limits {
        flash_targets: Some(if ten_gig { 512 } else { 64 }),
        chap_entries: (!ten_gig).then_some(128),
        ipv4_ifaces: Some(1),
        ipv6_ifaces: Some(if chip == Chip::Isp4010 { 0 } else { 2 }),
    }
}

/// Interfaces of a port, by family and number, whose objects the driver makes and takes away as their protocol is switched:
/// without an object the protocol is off. Source: `ql4_os.c` (`qla4xxx_create_ifaces`, `qla4xxx_destroy_ipv6_iface`).
pub fn switched_ifaces(transport: &str, model: Option<&str>) -> impl Iterator<Item = (Family, u32)> {
    let limits = if qla4xxx::applies(transport) {
        limits(transport, model)
    } else {
        Limits::default()
    };
    let all = |family, count: Option<u32>| (0..count.unwrap_or(0)).map(move |num| (family, num));
    all(Family::Ipv4, limits.ipv4_ifaces).chain(all(Family::Ipv6, limits.ipv6_ifaces))
}
