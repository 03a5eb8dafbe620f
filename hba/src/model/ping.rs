//! Ping results.
//!
//! Source: `iscsi_if.h` (`ISCSI_PING_*` status values).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::HostNo;

/// How one ping ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PingStatus {
    /// Answered.
    Success,
    /// Ping is switched off in the firmware.
    FirmwareDisabled,
    /// The interface's address is not valid.
    IpAddressInvalid,
    /// The link-local address is not valid.
    LinkLocalInvalid,
    /// No answer in time.
    Timeout,
    /// The destination address is not valid.
    InvalidDestination,
    /// The packet is too large.
    OversizePacket,
    /// An ICMP error came back.
    IcmpError,
    /// Too many pings at once.
    MaxRequestsExceeded,
    /// No ARP answer.
    NoArpReceived,
    /// Any other value.
    Unknown(u32),
}

impl PingStatus {
    /// From the kernel's number.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Success,
            1 => Self::FirmwareDisabled,
            2 => Self::IpAddressInvalid,
            3 => Self::LinkLocalInvalid,
            4 => Self::Timeout,
            5 => Self::InvalidDestination,
            6 => Self::OversizePacket,
            7 => Self::IcmpError,
            8 => Self::MaxRequestsExceeded,
            9 => Self::NoArpReceived,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for PingStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "answered",
            Self::FirmwareDisabled => "ping is switched off in the firmware",
            Self::IpAddressInvalid => "the interface has no valid address",
            Self::LinkLocalInvalid => "the interface has no valid link-local address",
            Self::Timeout => "no answer in time",
            Self::InvalidDestination => "the destination address is not valid",
            Self::OversizePacket => "the packet is too large",
            Self::IcmpError => "an icmp error came back",
            Self::MaxRequestsExceeded => "too many pings at once",
            Self::NoArpReceived => "no arp answer",
            Self::Unknown(code) => return write!(f, "status {code}"),
        })
    }
}

/// One ping of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PingReply {
    /// Number in the series, from 1.
    pub sequence: u32,
    /// How it ended.
    pub status: PingStatus,
    /// Time until the adapter told, in microseconds.
    pub elapsed_us: u64,
}

/// A series of pings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PingResult {
    /// The port.
    pub host: HostNo,
    /// The interface.
    pub iface: String,
    /// The destination.
    pub address: String,
    /// Payload size in bytes.
    pub size: u32,
    /// Pings sent.
    pub sent: u32,
    /// Pings answered.
    pub received: u32,
    /// Each ping.
    pub replies: Vec<PingReply>,
}
