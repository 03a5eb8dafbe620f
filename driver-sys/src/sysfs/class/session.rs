//! `/sys/class/iscsi_session/sessionS`: what a session shows.
//!
//! Owns: [`Session`], its attribute groups and states. Must not know: how sessions are listed ([`super::sessions`]).
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_session_attrs`, `iscsi_session_state_names`).

use std::sync::Arc;

use crate::sysfs::value::words;
use crate::sysfs::{Address, FromAttr, Secret, attrs};

use super::connection::{ConnectionAttrs, ConnectionState, Portals};

words! {
    /// A session's state in the transport class.
    pub enum SessionState, "a session state" {
        /// Full feature phase.
        LoggedIn = "LOGGED_IN",
        /// Lost; recovery goes on until the recovery timeout.
        Failed = "FAILED",
        /// Given up: commands fail.
        Free = "FREE",
    }
}

/// Seconds that may be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// Never (`off`).
    Off,
    /// After that many seconds.
    Seconds(u32),
}

impl FromAttr for Timeout {
    const EXPECTED: &'static str = "seconds or off";
    fn from_attr(text: &str) -> Option<Self> {
        match text {
            "off" | "-1" => Some(Self::Off),
            seconds => seconds.parse().ok().map(Self::Seconds),
        }
    }
}

attrs! {
    /// Everything a session shows beyond its listing, without names and secrets of CHAP.
    pub struct SessionAttrs, table SESSION_ATTRS {
        /// Target name.
        must targetname: String = "targetname";
        /// Target portal group tag.
        must tpgt: i32 = "tpgt";
        /// Who made it: -1 the kernel (out of flash), else a process.
        may creator: i32 = "creator";
        /// State.
        may state: SessionState = "state";
        /// State of the SCSI target below it: `NOTIFIED`, `SCANNED`, `ALLOCATED`, `UNBINDING`, `UNBOUND`.
        may target_state: String = "target_state";
        /// Target number in the host, for H:C:T:L.
        may target_id: i32 = "target_id";
        /// Seconds a lost session is waited for.
        may recovery_tmo: Timeout = "recovery_tmo" @ 0o644;
        /// Initiator name.
        may initiatorname: String = "initiatorname";
        /// Iface record it was logged in through.
        may ifacename: String = "ifacename";
        /// Target alias.
        may targetalias: String = "targetalias";
        /// Initial R2T.
        may initial_r2t: bool = "initial_r2t";
        /// Outstanding R2Ts.
        may max_outstanding_r2t: u32 = "max_outstanding_r2t";
        /// Immediate data.
        may immediate_data: bool = "immediate_data";
        /// First burst, in bytes.
        may first_burst_len: u32 = "first_burst_len";
        /// Burst, in bytes.
        may max_burst_len: u32 = "max_burst_len";
        /// PDUs in order.
        may data_pdu_in_order: bool = "data_pdu_in_order";
        /// Sequences in order.
        may data_seq_in_order: bool = "data_seq_in_order";
        /// Error recovery level.
        may erl: u32 = "erl";
        /// Whether task management aborts without waiting for data.
        may fast_abort: bool = "fast_abort";
        /// ABORT TASK timeout in seconds.
        may abort_tmo: i32 = "abort_tmo";
        /// LOGICAL UNIT RESET timeout in seconds.
        may lu_reset_tmo: i32 = "lu_reset_tmo";
        /// TARGET RESET timeout in seconds.
        may tgt_reset_tmo: i32 = "tgt_reset_tmo";
        /// Firmware's boot object it came from.
        may boot_root: String = "boot_root";
        /// Firmware's boot NIC.
        may boot_nic: String = "boot_nic";
        /// Firmware's boot target.
        may boot_target: String = "boot_target";
        /// CHAP table entry that this side answers with.
        may chap_out_idx: u16 = "chap_out_idx";
        /// CHAP table entry that the target must answer with.
        may chap_in_idx: u16 = "chap_in_idx";
        /// SendTargets not done by the firmware.
        may auto_snd_tgt_disable: bool = "auto_snd_tgt_disable";
        /// A discovery session.
        may discovery_session: bool = "discovery_session";
        /// `ipv4` or `ipv6`.
        may portal_type: String = "portal_type";
        /// CHAP.
        may chap_auth: bool = "chap_auth";
        /// Discovery sessions log out.
        may discovery_logout: bool = "discovery_logout";
        /// Mutual CHAP.
        may bidi_chap: bool = "bidi_chap";
        /// Discovery without authentication allowed.
        may discovery_auth_optional: bool = "discovery_auth_optional";
        /// Seconds to wait before a new login.
        may def_time2wait: u32 = "def_time2wait";
        /// Seconds the target keeps the session.
        may def_time2retain: u32 = "def_time2retain";
        /// ISID, 12 hexadecimal digits.
        may isid: String = "isid";
        /// TSIH.
        may tsid: u32 = "tsid";
        /// Task management timeout in seconds.
        may def_taskmgmt_tmo: u32 = "def_taskmgmt_tmo";
        /// Entry that found its target; 65535 for none.
        may discovery_parent_idx: u32 = "discovery_parent_idx";
        /// How its target was found.
        may discovery_parent_type: String = "discovery_parent_type";
    }
}

attrs! {
    /// A session's CHAP names and secrets; readable by root only.
    pub struct SessionAuth, table SESSION_AUTH_ATTRS {
        /// Name that this side answers with.
        may username: String = "username";
        /// Name that the target must answer with.
        may username_in: String = "username_in";
        /// Secret that this side answers with.
        may password: Secret = "password";
        /// Secret that the target must answer with.
        may password_in: Secret = "password_in";
    }
}

/// What sessions of one host have in common; read once a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFacts {
    /// Host number.
    pub host_no: u32,
    /// Transport, such as `qla4xxx` or `iscsi_tcp`.
    pub transport: String,
    /// MAC address.
    pub hwaddress: Option<String>,
    /// Address of the port.
    pub ipaddress: Option<Address>,
    /// Network device.
    pub netdev: Option<String>,
    /// Initiator name.
    pub initiatorname: Option<String>,
}

/// The middle level: what an operator's detailed view of a session shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionDetail {
    /// Initiator name of the session itself.
    pub initiatorname: Option<String>,
    /// Iface record it was logged in through.
    pub ifacename: Option<String>,
    /// State of its connection.
    pub connection_state: Option<ConnectionState>,
}

/// Everything: session and connection attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionFull {
    /// Session attributes.
    pub session: SessionAttrs,
    /// Attributes of the first connection.
    pub connection: Option<ConnectionAttrs>,
}

/// How much of each session is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionFields {
    /// What a listing shows: target, portal group, persistent portal, state, creator, host.
    Brief,
    /// And the current portal, names and the connection's state.
    Detail,
    /// And every attribute of session and connection.
    Full,
}

/// A session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Session number.
    pub sid: u32,
    /// Its host.
    pub host: Arc<HostFacts>,
    /// Target name.
    pub target: String,
    /// Target portal group tag.
    pub tpgt: i32,
    /// State; `None` on kernels that show none.
    pub state: Option<SessionState>,
    /// Who made it: -1 the kernel (out of flash), else a process.
    pub creator: Option<i32>,
    /// Portals. At [`SessionFields::Brief`] the current one is the persistent one unless that is missing.
    pub portals: Option<Portals>,
    /// From [`SessionFields::Detail`] on.
    pub detail: Option<Box<SessionDetail>>,
    /// At [`SessionFields::Full`].
    pub full: Option<Box<SessionFull>>,
}

impl Session {
    /// Whether the adapter's driver made it out of its flash table.
    pub fn is_flash(&self) -> bool {
        self.creator == Some(-1)
    }
}
