//! Flash targets: entries of the adapter's device database (DDBs).

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::ids::HostNo;
use crate::params::{FlashnodeParam, ParamValue, Params};

/// The address family of a flash target's portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortalType {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl PortalType {
    /// The spelling the kernel uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

impl fmt::Display for PortalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PortalType {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "ipv4" => Ok(Self::Ipv4),
            "ipv6" => Ok(Self::Ipv6),
            _ => Err(Error::new(Kind::Invalid, "read a portal type").answered("expected ipv4 or ipv6")),
        }
    }
}

/// One flash target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FlashTarget {
    /// The port.
    pub host: HostNo,
    /// Index in the device database.
    pub index: u32,
    /// Target name; empty for a SendTargets (discovery) entry.
    pub target_name: Option<String>,
    /// Whether this is a SendTargets entry.
    pub discovery: bool,
    /// IPv4 or IPv6.
    pub portal_type: Option<PortalType>,
    /// Portal address.
    pub address: Option<String>,
    /// Portal TCP port.
    pub port: Option<u16>,
    /// Target portal group tag.
    pub tpgt: Option<u16>,
    /// Whether it is a boot target.
    pub boot: bool,
    /// CHAP table entry used to prove ourselves, if any.
    pub chap_index: Option<u16>,
    /// Whether the target must prove itself too.
    pub bidi_chap: Option<bool>,
    /// The SendTargets entry that found it, if any.
    pub discovery_parent: Option<u32>,
    /// The session made from it, if there is one.
    pub session: Option<FlashSession>,
    /// All parameters, by name; secrets redacted.
    pub params: Params<FlashnodeParam>,
}

/// The table index that means "no entry".
const NO_INDEX: u64 = 0xFFFF;

/// The entry that a link names; `None` for those that name none: no entry, and an iSNS server (`ql4_fw.h`: `DDB_NO_LINK`, `DDB_ISNS`).
pub(super) fn linked(link: u64) -> Option<u32> {
    u32::try_from(link)
        .ok()
        .filter(|_| ![NO_INDEX, 0xFFFD].contains(&link))
}

impl FlashTarget {
    /// A flash target from its parameters; the session is left out.
    #[must_use]
    pub fn from_params(host: HostNo, index: u32, params: Params<FlashnodeParam>) -> Self {
        use FlashnodeParam as P;

        let text = |param| {
            params
                .value(param)
                .and_then(ParamValue::as_text)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        let number = |param| params.value(param).and_then(ParamValue::as_number);
        let flag = |param| params.value(param).and_then(ParamValue::as_flag);
        let small = |param| number(param).and_then(|n| u16::try_from(n).ok());
        let target_name = text(P::Name);
        Self {
            host,
            index,
            discovery: flag(P::DiscoverySess).unwrap_or(target_name.is_none()),
            portal_type: text(P::PortalType).and_then(|t| t.parse().ok()),
            address: text(P::Ipaddr),
            port: small(P::Port),
            tpgt: small(P::Tpgt),
            boot: flag(P::IsBootTgt).unwrap_or(false),
            chap_index: small(P::ChapOutIdx).filter(|n| u64::from(*n) != NO_INDEX),
            bidi_chap: flag(P::BidiChapEn),
            discovery_parent: number(P::DiscoveryParentIdx).and_then(linked),
            session: None,
            target_name,
            params,
        }
    }

    /// A short description for messages: `flash target 3 (iqn…)`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.target_name {
            Some(name) if !name.is_empty() => format!("flash target {} ({name})", self.index),
            _ if self.discovery => format!("discovery entry {}", self.index),
            _ => format!("flash target {}", self.index),
        }
    }
}

/// The session of a flash target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlashSession {
    /// Session id.
    pub sid: u32,
    /// Session state, as `LOGGED_IN`.
    pub state: Option<String>,
}
