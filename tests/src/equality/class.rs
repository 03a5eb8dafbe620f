//! The kinds of adapters that a script is for, and what of the kernel is each one's own.

use anyhow::{Result, bail};
use driver_sys::netlink::code::{GROUP_ISCSID, GROUP_UIP};

use super::script;

/// A kind of adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The card logs in by itself; two ports.
    Qla4xxx,
    /// A daemon logs in, a network helper finds the ways; one port.
    Bnx2i,
}

impl Class {
    /// Driver and transport.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qla4xxx => "qla4xxx",
            Self::Bnx2i => "bnx2i",
        }
    }

    /// How many ports the script needs; its hosts are `$A`, `$B`.
    #[must_use]
    pub const fn ports(self) -> usize {
        match self {
            Self::Qla4xxx => 2,
            Self::Bnx2i => 1,
        }
    }

    /// The table of steps.
    #[must_use]
    pub const fn script(self) -> &'static str {
        match self {
            Self::Qla4xxx => script::QLA4XXX,
            Self::Bnx2i => script::BNX2I,
        }
    }

    /// Who hears what the kernel multicasts of it.
    pub(super) const fn groups(self) -> u32 {
        match self {
            Self::Qla4xxx => GROUP_ISCSID,
            Self::Bnx2i => GROUP_ISCSID | GROUP_UIP,
        }
    }
}

impl std::str::FromStr for Class {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        match [Self::Qla4xxx, Self::Bnx2i]
            .into_iter()
            .find(|class| class.name() == name)
        {
            Some(class) => Ok(class),
            None => bail!("there is no script for {name}"),
        }
    }
}
