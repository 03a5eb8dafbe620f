//! Host, channel, target, LUN: the kernel's address of a SCSI device.

use core::fmt;
use core::str::FromStr;

/// A SCSI device as `class/scsi_device` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hctl {
    /// Host number.
    pub host: u32,
    /// Channel.
    pub channel: u32,
    /// Target ID.
    pub target: u32,
    /// LUN.
    pub lun: u64,
}

/// Text that is not `H:C:T:L`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a device address of the form HOST:CHANNEL:TARGET:LUN")]
pub struct BadHctl {
    /// The text.
    pub text: String,
}

impl fmt::Display for Hctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.host, self.channel, self.target, self.lun)
    }
}

impl FromStr for Hctl {
    type Err = BadHctl;

    fn from_str(text: &str) -> Result<Self, BadHctl> {
        let parse = || {
            let mut parts = text.split(':');
            let address = Self {
                host: parts.next()?.parse().ok()?,
                channel: parts.next()?.parse().ok()?,
                target: parts.next()?.parse().ok()?,
                lun: parts.next()?.parse().ok()?,
            };
            parts.next().is_none().then_some(address)
        };
        parse().ok_or_else(|| BadHctl { text: text.into() })
    }
}
