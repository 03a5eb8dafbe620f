//! What is asked of a parameter, whatever object it belongs to.

use std::borrow::Cow;
use std::fmt;

use driver_sys::netlink::params::Object;

use super::{FlashnodeParam, IfaceCode, IfaceParam, IscsiParam, NetParam, ParamInfo, ParamValue, sense};
use crate::ids::Family;
use crate::quirks::{self, Take};

/// A parameter that has a row.
pub trait Parameter: Copy + Eq + fmt::Debug + 'static {
    /// Every parameter that has a name.
    fn all() -> impl Iterator<Item = Self>;

    /// Its row; `None` for a code that has none.
    fn info(self) -> Option<&'static ParamInfo>;

    /// Its name, as in sysfs; empty for a parameter that has none.
    fn name(self) -> &'static str {
        self.info().and_then(|info| info.name).unwrap_or_default()
    }

    /// As [`Parameter::all`], each name once: an interface's address has one row for each family.
    fn listed() -> impl Iterator<Item = Self> {
        let first = |name: &str| Self::all().find(|other| other.name() == name);
        Self::all().filter(move |param| first(param.name()) == Some(*param))
    }
}

/// A parameter that drivers may take.
pub trait Settable: Parameter {
    /// What the driver does with it.
    fn take(self) -> Take;

    /// What was written, in the form in which values are read.
    fn form(self, text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    /// Why a value of the right form makes no sense for it.
    fn nonsense(self, _value: &ParamValue) -> Option<&'static str> {
        None
    }
}

impl Parameter for FlashnodeParam {
    fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied()
    }
    fn info(self) -> Option<&'static ParamInfo> {
        self.info()
    }
}

impl Settable for FlashnodeParam {
    fn take(self) -> Take {
        quirks::flash(self)
    }
    fn nonsense(self, value: &ParamValue) -> Option<&'static str> {
        sense::flash(self, value)
    }
}

impl Parameter for IfaceCode {
    fn all() -> impl Iterator<Item = Self> {
        let net = NetParam::ALL.iter().copied().map(Self::Net);
        net.chain(IfaceParam::ALL.iter().copied().map(Self::Iscsi))
            .filter(|param| !param.name().is_empty())
    }
    fn info(self) -> Option<&'static ParamInfo> {
        self.info()
    }
}

impl Settable for IfaceCode {
    fn take(self) -> Take {
        quirks::iface(self)
    }
    fn form(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Net(NetParam::Ipv4Subnet) => sense::mask(text),
            _ => Cow::Borrowed(text),
        }
    }
    fn nonsense(self, value: &ParamValue) -> Option<&'static str> {
        sense::iface(self, value)
    }
}

impl Parameter for IscsiParam {
    fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|param| param.attr().is_some())
    }
    fn info(self) -> Option<&'static ParamInfo> {
        self.info()
    }
}

/// Whether interfaces of a family have the parameter.
#[must_use]
pub fn fits_family(param: IfaceCode, family: Family) -> bool {
    match param.info().map(|info| info.object) {
        Some(Object::Ipv4Iface) => family == Family::Ipv4,
        Some(Object::Ipv6Iface) => family == Family::Ipv6,
        _ => true,
    }
}

/// The parameter that is the address of a family's interfaces.
#[must_use]
pub fn address_of(family: Family) -> IfaceCode {
    IfaceCode::Net(match family {
        Family::Ipv4 => NetParam::Ipv4Addr,
        Family::Ipv6 => NetParam::Ipv6Addr,
    })
}
