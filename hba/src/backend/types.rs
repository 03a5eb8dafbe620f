//! What passes over the seam beside the nouns of [`crate::model`]: plain data of single operations.

use std::fmt;

use crate::ids::HostNo;
use crate::model::{BootTarget, ChapDirection, LoginFailureType};
use crate::secret::Secret;

/// What the boot firmware tells the kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirmwareBoot {
    /// Boot targets exported.
    pub targets: Vec<BootTarget>,
    /// Initiator name.
    pub initiator_name: Option<String>,
    /// MAC address of the boot port.
    pub mac: Option<String>,
    /// Whether the driver logs in by itself and exports nothing; `None` when the driver does not tell.
    pub driver_logs_in: Option<bool>,
}

/// A target that the machine starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootMark {
    /// The port whose flash has it; `None` for what the firmware tells the kernel.
    pub host: Option<HostNo>,
    /// Target name.
    pub target: String,
    /// Portal address.
    pub address: String,
    /// Portal port.
    pub port: u16,
    /// Initiator's part of the session id, where flash has one.
    pub isid: Option<String>,
}

/// A CHAP table record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapRecord {
    /// Index in the table.
    pub index: u16,
    /// Who proves itself.
    pub direction: ChapDirection,
    /// User name.
    pub username: String,
    /// The secret.
    pub secret: Secret,
}

/// A part of what an adapter remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Flash, in bytes as READ_FLASH counts them.
    Flash {
        /// First byte.
        offset: u32,
        /// How many.
        length: u32,
    },
    /// NVRAM.
    Nvram {
        /// First byte.
        offset: u32,
        /// How many.
        length: u32,
    },
    /// An address control block that the firmware works with.
    ControlBlock {
        /// Which.
        index: u32,
    },
    /// The state of one address: eight mailboxes.
    AddressState {
        /// The control block.
        block: u32,
        /// The address: 0 IPv4, 1 link-local, 2 and 3 routable IPv6.
        address: u32,
    },
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash { offset, length } => write!(f, "{length} bytes of flash at {offset:#010x}"),
            Self::Nvram { .. } => f.write_str("the nvram"),
            Self::ControlBlock { index } => write!(f, "address control block {index}"),
            Self::AddressState { block, address } => {
                write!(f, "the state of address {address} in block {block}")
            }
        }
    }
}

/// How a self test of the firmware ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTest {
    /// Whether the firmware found nothing wrong.
    pub passed: bool,
    /// The mailboxes that it answered with.
    pub mailboxes: Vec<u32>,
}

/// The data phase of a SCSI command.
#[derive(Debug, PartialEq, Eq)]
pub enum ScsiData<'a> {
    /// No data.
    None,
    /// Data to the device.
    Out(&'a [u8]),
    /// Data from the device, into this buffer.
    In(&'a mut [u8]),
}

/// How a SCSI command ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScsiOutcome {
    /// SCSI status byte: 0 good, 2 check condition.
    pub status: u8,
    /// Host (transport) status: 0 ok.
    pub host_status: u32,
    /// Sense data.
    pub sense: Vec<u8>,
    /// Bytes transferred.
    pub transferred: usize,
}

/// Which sessions to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LunScope {
    /// Every logical unit behind an iSCSI session.
    All,
    /// Those of one port.
    Host(HostNo),
    /// Those of one session.
    Session(u32),
}

/// A login of the host's own, to learn why the adapter's is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginProbe {
    /// Initiator name, the adapter's.
    pub initiator: String,
    /// Target name.
    pub target: String,
    /// The target's portal.
    pub portal: std::net::SocketAddr,
    /// What we prove ourselves with, and what the target must prove itself with.
    pub chap: Option<(ChapRecord, Option<ChapRecord>)>,
}

/// Why a login is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// In words.
    pub why: String,
    /// What kind of failure it is.
    pub kind: LoginFailureType,
}

impl Refusal {
    /// One that is of no kind of its own.
    pub fn other(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            kind: LoginFailureType::LoginOtherFail,
        }
    }
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Self {
        Self::other(why)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// What a [`LoginProbe`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// The target takes the login.
    Accepted,
    /// The target refuses the list of CHAP algorithms, and takes MD5 alone.
    AcceptedMd5Alone,
    /// The target, or our side of the authentication, refuses it.
    Refused(Refusal),
    /// This host cannot reach the portal: why.
    Unreachable(String),
    /// Something takes the connection there, and speaks no iSCSI in time: what it does.
    Silent(String),
    /// It cannot be told: why.
    Unknown(String),
}

/// A SendTargets of the host's own, to learn what a portal lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListProbe {
    /// Initiator name, the adapter's.
    pub initiator: String,
    /// The portal.
    pub portal: std::net::SocketAddr,
    /// What we prove ourselves with, and what the other side must prove itself with.
    pub chap: Option<(ChapRecord, Option<ChapRecord>)>,
}

/// What a [`ListProbe`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListOutcome {
    /// The portal lists these.
    Listed(Vec<ListedTarget>),
    /// There is no list, and the reason is that of a login.
    Not(ProbeOutcome),
}

/// A target that a portal lists, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTarget {
    /// Its name.
    pub name: String,
    /// Where it says it is; empty: at the portal that was asked.
    pub portals: Vec<ListedPortal>,
}

/// A portal as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPortal {
    /// Its text.
    pub text: String,
    /// Where that is; or why an adapter cannot go there.
    pub at: Result<crate::ids::Portal, String>,
}
