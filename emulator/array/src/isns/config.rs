//! What a served iSNS server is told before it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use iscsi::IscsiName;
use iscsi::address::TargetAddress;

use super::fault::IsnsFault;

/// A server.
#[derive(Clone, Debug)]
pub struct IsnsConfig {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Targets that are registered from the start.
    pub targets: Vec<IsnsTarget>,
    /// Queries of nodes that are not registered are refused (Source Unknown).
    pub registered_only: bool,
    /// What the server does wrong.
    pub faults: Vec<IsnsFault>,
    /// Everything that goes over its connections is written to this pcap file.
    pub pcap: Option<PathBuf>,
}

impl IsnsConfig {
    /// A server without targets and faults.
    #[must_use]
    pub const fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            targets: Vec::new(),
            registered_only: false,
            faults: Vec::new(),
            pcap: None,
        }
    }
}

/// A target at a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsnsTarget {
    /// Its name.
    pub name: IscsiName,
    /// Its portal.
    pub at: SocketAddr,
    /// Portal group tag; 1 unless given.
    pub tag: Option<u16>,
}

/// Not `IQN,ADDR:PORT[,TAG]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no target at a portal: say IQN,ADDR:PORT or IQN,ADDR:PORT,TAG")]
pub struct BadTarget(pub String);

impl FromStr for IsnsTarget {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let bad = || BadTarget(text.chars().take(300).collect());
        let (name, portal) = text.split_once(',').ok_or_else(bad)?;
        let portal: TargetAddress = portal.parse().map_err(|_| bad())?;
        Ok(Self {
            name: name.parse().map_err(|_| bad())?,
            at: portal.socket_addr().ok_or_else(bad)?,
            tag: portal.tag,
        })
    }
}
