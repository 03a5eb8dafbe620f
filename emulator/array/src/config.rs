//! What a served target is told before it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use iscsi::address::TargetAddress;
use iscsi::chap::ChapAlgorithm;
use iscsi::target_node::{TraceLevel, TraceStep};

use scsi::AccessState;

use crate::accounts::Accounts;
use crate::lun::LunSpec;
use crate::portal::Portal;

/// Which digests the target agrees to when an initiator offers a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestPolicy {
    /// The first value of the initiator's list that the target knows.
    #[default]
    Initiator,
    /// CRC32C only; a login without it fails.
    Require,
    /// None only; a login that insists on CRC32C fails.
    Forbid,
}

/// Hears of a step of a connection's request.
pub type Told = fn(u64, &TraceStep);

/// A target and its portals.
#[derive(Clone, Debug)]
pub struct TargetConfig {
    /// Portals to listen on; port 0 lets the system choose (see [`crate::Target::portals`]).
    pub listen: Vec<Portal>,
    /// The target's name.
    pub iqn: String,
    /// TargetAlias, if any.
    pub alias: Option<String>,
    /// Logical units, numbered from [`TargetConfig::first_lun`].
    pub luns: Vec<LunSpec>,
    /// Number of the first logical unit. 0 unless a test wants a hole.
    pub first_lun: u16,
    /// Logical block length in bytes: 512 or 4096.
    pub block_size: u32,
    /// CHAP accounts of normal sessions.
    pub accounts: Accounts,
    /// CHAP algorithms that the target takes; empty: all.
    pub chap_algorithms: Vec<ChapAlgorithm>,
    /// Discovery sessions need CHAP too (with the same accounts).
    pub discovery_auth: bool,
    /// HeaderDigest and DataDigest.
    pub digests: DigestPolicy,
    /// Further target names that discovery shows and login takes, with the same logical units.
    pub extra_targets: Vec<String>,
    /// Portals that SendTargets shows beside those that are listened on: names, addresses with a zone, places where nobody is.
    pub announce: Vec<TargetAddress>,
    /// SendTargets shows nothing but [`TargetConfig::announce`] (a target behind an address translation).
    pub announce_only: bool,
    /// How well portal groups lead to the units; those that are not named are active/optimized.
    pub access: Vec<(u16, AccessState)>,
    /// The initiators that may see and use the targets, by name; empty: all. Others are refused with status 02/02.
    pub allow: Vec<String>,
    /// Sessions of one target at once; one more is refused with status 03/02.
    pub max_sessions: Option<usize>,
    /// A unix socket that takes [`crate::Fault`]s as lines; see [`crate::control`].
    pub control: Option<PathBuf>,
    /// Logins are sent to this portal, for good (`true`) or for this time, until [`crate::Fault::Clear`].
    pub redirect: Option<(SocketAddr, bool)>,
    /// Everything that goes over its connections is written to this pcap file.
    pub pcap: Option<PathBuf>,
    /// Sessions at once, half-open logins included.
    pub max_connections: usize,
    /// Logins at once from one address, and a third of that from others; one more takes the place of the oldest.
    pub max_half_open: usize,
    /// How long the answer to a wrong CHAP proof waits.
    pub chap_delay: Duration,
    /// Manage tasks as the UNH target's description has it, and no better.
    pub strict_unh: bool,
    /// What is traced, and who is told: the connection's number and the step.
    pub trace: Option<(TraceLevel, Told)>,
    /// How long a login may take.
    pub login_timeout: Duration,
    /// After this much silence the target sends a NOP-In; no answer for as long again ends the session. `None`: never.
    pub nop_interval: Option<Duration>,
    /// How long [`crate::Target::stop`] waits for initiators to log out.
    pub drain: Duration,
}

impl TargetConfig {
    /// A target on one portal without logical units or accounts.
    #[must_use]
    pub fn new(iqn: impl Into<String>, listen: SocketAddr) -> Self {
        Self {
            listen: vec![listen.into()],
            iqn: iqn.into(),
            alias: None,
            luns: Vec::new(),
            first_lun: 0,
            block_size: 512,
            accounts: Accounts::default(),
            chap_algorithms: Vec::new(),
            discovery_auth: false,
            digests: DigestPolicy::default(),
            extra_targets: Vec::new(),
            announce: Vec::new(),
            announce_only: false,
            access: Vec::new(),
            allow: Vec::new(),
            max_sessions: None,
            control: None,
            redirect: None,
            pcap: None,
            max_connections: 1024,
            max_half_open: 64,
            chap_delay: Duration::from_secs(1),
            strict_unh: false,
            trace: None,
            login_timeout: Duration::from_secs(15),
            nop_interval: None,
            drain: Duration::from_secs(2),
        }
    }
}
