//! Adapter ports: identity, state, versions, capabilities.
//!
//! Source: sysfs `scsi_host` and `iscsi_host` attributes (`qla4xxx/ql4_attr.c`), transport capability bits (`iscsi_if.h`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::HostNo;
use crate::model::HelperPresence;

/// What names an adapter port, cheap to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdapterKey {
    /// SCSI host number.
    pub host: HostNo,
    /// Transport name, as `qla4xxx`.
    pub transport: Option<String>,
    /// MAC address.
    pub mac: Option<String>,
    /// PCI address of the function.
    pub port_name: Option<String>,
    /// Serial number of the card.
    pub serial: Option<String>,
    /// Model.
    pub model: Option<String>,
}

/// One port of an adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adapter {
    /// SCSI host number.
    pub host: HostNo,
    /// An identity that does not change over reboots: the MAC address as 64-bit hex.
    pub unique_id: Option<String>,
    /// Kernel driver.
    pub driver: Option<String>,
    /// iSCSI transport name.
    pub transport: Option<String>,
    /// Hardware vendor.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Board id.
    pub board_id: Option<String>,
    /// PCI address of the function.
    pub port_name: Option<String>,
    /// MAC address.
    pub mac: Option<String>,
    /// Network interface beside the port, if the adapter shares one.
    pub netdev: Option<String>,
    /// Current IP address.
    pub ip_address: Option<String>,
    /// Initiator name.
    pub initiator_name: Option<String>,
    /// How it is, from the states of host, firmware and link.
    pub health: Health,
    /// SCSI host state, as `running`.
    pub state: Option<String>,
    /// Link state, as `LINK UP`.
    pub link: Option<String>,
    /// Link speed, as `1 Gbps`.
    pub speed: Option<String>,
    /// The fastest that the port can; `None`: the drivers tell only the speed that the link has.
    pub max_link_speed: Option<String>,
    /// MTU of the first interface, in bytes.
    pub mtu: Option<u32>,
    /// Firmware version.
    pub firmware_version: Option<String>,
    /// Firmware build time.
    pub firmware_timestamp: Option<String>,
    /// Firmware build time, extended.
    pub firmware_ext_timestamp: Option<String>,
    /// Who built the firmware.
    pub firmware_build_user: Option<String>,
    /// Where the firmware was loaded from.
    pub firmware_load_source: Option<String>,
    /// Firmware state and flags.
    pub firmware_state: Option<String>,
    /// Time since firmware start.
    pub firmware_uptime: Option<String>,
    /// Option ROM version.
    pub option_rom_version: Option<String>,
    /// ASIC version.
    pub asic_version: Option<String>,
    /// iSCSI version of the firmware.
    pub iscsi_version: Option<String>,
    /// Lowest iSCSI protocol version number spoken.
    pub protocol_version_min: Option<u32>,
    /// Highest iSCSI protocol version number spoken.
    pub protocol_version_max: Option<u32>,
    /// Physical ports on the card.
    pub port_count: Option<u32>,
    /// Number of this port.
    pub port_number: Option<u32>,
    /// iSCSI functions on the card.
    pub function_count: Option<u32>,
    /// Longest CDB, in bytes.
    pub max_cdb_length: Option<u32>,
    /// Commands the host can queue.
    pub can_queue: Option<u32>,
    /// Whether the operating system's TCP/IP stack is shared: false for an offload adapter.
    pub integrated_tcpip: Option<bool>,
    /// Whether the card has other functions (NIC).
    pub multifunction: Option<bool>,
    /// Whether bidirectional SCSI commands work.
    pub bidirectional_commands: Option<bool>,
    /// Transport capability bits, decoded.
    pub capabilities: Option<Vec<Capability>>,
    /// Who logs in: the adapter's firmware, or a session daemon in user space.
    pub logs_in: Option<LoginBy>,
    /// What can be managed through this driver.
    pub features: Features,
    /// What cannot, and why.
    pub missing: Vec<Missing>,
    /// Table sizes.
    pub limits: Limits,
    /// Whether the network helper that the port needs is there; `None` on adapters that need none, or when it did not tell.
    pub helper: Option<HelperPresence>,
    /// Sessions on this port now.
    pub sessions: Option<u32>,
    /// Connections that drivers hold for sessions of user space, on all ports of the machine: the kernel does not tell whose they are.
    /// `None` on adapters that log in by themselves.
    pub endpoints: Option<u32>,
    /// Whether what is kept of the adapter's secrets and targets beside it still fits it; `None`: nothing is kept, every answer is
    /// read from the adapter.
    pub cache_valid: Option<bool>,
    /// Tells one configuration of the port from another: it changes with every change of flash targets, CHAP entries or addresses.
    pub generation: Option<String>,
    /// What sessions can be protected with.
    pub security: Security,
}

impl Adapter {
    /// The identity of [`Adapter::unique_id`] from a MAC address text.
    #[must_use]
    pub fn unique_id_of(mac: &str) -> Option<String> {
        crate::ids::parse_mac(mac).map(|m| format!("0000{}", m.map(|b| format!("{b:02x}")).concat()))
    }

    /// The key of this adapter.
    #[must_use]
    pub fn key(&self) -> AdapterKey {
        AdapterKey {
            host: self.host,
            transport: self.transport.clone(),
            mac: self.mac.clone(),
            port_name: self.port_name.clone(),
            serial: self.serial.clone(),
            model: self.model.clone(),
        }
    }
}

/// How well a port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Nothing is wrong.
    Working,
    /// It works, and something is missing.
    Degraded,
    /// It does not work at the moment, and may come back by itself.
    Critical,
    /// It does not work, and does not come back by itself.
    Failed,
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Working => "working",
            Self::Degraded => "degraded",
            Self::Critical => "critical",
            Self::Failed => "failed",
        })
    }
}

/// The health of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// How well it is; `None` when the driver shows no state.
    pub status: Option<HealthStatus>,
    /// Why.
    pub reason: Option<String>,
}

/// What sessions of a port can be protected with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Security {
    /// Whether the initiator can prove itself by CHAP.
    pub chap_one_way: Option<bool>,
    /// Whether the target can be made to prove itself too.
    pub chap_mutual: Option<bool>,
    /// CHAP algorithms that the adapter offers; `None`: whoever logs in decides (see [`Adapter::logs_in`]), and the driver does not
    /// tell.
    pub chap_algorithms: Option<Vec<String>>,
    /// Whether iSCSI traffic can be protected by IPsec: no Linux adapter can.
    pub ipsec: bool,
    /// Encryptions of IPsec.
    pub ipsec_encryptions: Vec<String>,
    /// Whether certificates are taken.
    pub certificates: bool,
}

/// An initiator portal: an address that sessions are made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InitiatorPortal {
    /// Number in this list.
    pub index: u32,
    /// The port.
    pub host: HostNo,
    /// The interface.
    pub iface: String,
    /// Always `initiator`.
    pub kind: String,
    /// Always `tcp`.
    pub protocol: String,
    /// The address.
    pub address: String,
    /// Where the address stands, as `Valid`.
    pub state: Option<String>,
    /// TCP port that the interface is set to.
    pub port: Option<u16>,
    /// Portal group tag; `None`: initiators of these adapters have none.
    pub tag: Option<u16>,
}

/// What can be managed, by driver; an absent feature is answered with an "unsupported" error, never ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Features {
    /// Flash targets.
    pub flash: bool,
    /// CHAP table.
    pub chap_table: bool,
    /// Interface parameters.
    pub iface: bool,
    /// Ping by the adapter.
    pub ping: bool,
    /// Host statistics.
    pub host_stats: bool,
    /// Boot targets in adapter memory.
    pub boot: bool,
    /// The initiator's name in adapter memory.
    pub initiator_name: bool,
    /// Memories and self tests, by requests to the firmware.
    pub memory: bool,
    /// A reset on demand.
    pub reset: bool,
    /// IPsec.
    pub ipsec: bool,
    /// iSNS by the adapter.
    pub isns: bool,
    /// SLP by the adapter.
    pub slp: bool,
    /// RADIUS for CHAP.
    pub radius: bool,
    /// Several connections in a session.
    pub multi_connection: bool,
}

/// What cannot be managed; whoever tries is answered with the same reason, and with what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// Its name among the features.
    pub feature: String,
    /// Why.
    pub reason: String,
}

/// Who logs in through an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LoginBy {
    /// Its firmware.
    Adapter,
    /// A session daemon in user space.
    Daemon,
}

/// Table sizes, by driver and model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Persistent flash targets.
    pub flash_targets: Option<u32>,
    /// CHAP entries.
    pub chap_entries: Option<u32>,
    /// IPv4 interfaces.
    pub ipv4_ifaces: Option<u32>,
    /// IPv6 interfaces.
    pub ipv6_ifaces: Option<u32>,
}

/// A transport capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the CAP_ bits in iscsi_if.h")]
pub enum Capability {
    RecoveryL0,
    RecoveryL1,
    RecoveryL2,
    MultiR2t,
    HeaderDigest,
    DataDigest,
    MultiConnection,
    TextNegotiation,
    Markers,
    FirmwareDatabase,
    SendTargetsOffload,
    DataPathOffload,
    DigestOffload,
    PaddingOffload,
    LoginOffload,
}

const CAPS: &[(u32, Capability)] = &[
    (0x1, Capability::RecoveryL0),
    (0x2, Capability::RecoveryL1),
    (0x4, Capability::RecoveryL2),
    (0x8, Capability::MultiR2t),
    (0x10, Capability::HeaderDigest),
    (0x20, Capability::DataDigest),
    (0x40, Capability::MultiConnection),
    (0x80, Capability::TextNegotiation),
    (0x100, Capability::Markers),
    (0x200, Capability::FirmwareDatabase),
    (0x400, Capability::SendTargetsOffload),
    (0x800, Capability::DataPathOffload),
    (0x1000, Capability::DigestOffload),
    (0x2000, Capability::PaddingOffload),
    (0x4000, Capability::LoginOffload),
];

/// Decodes the transport's `caps` bits; unknown bits are left out.
#[must_use]
pub fn capabilities(bits: u32) -> Vec<Capability> {
    CAPS.iter()
        .filter(|(bit, _)| bits & bit != 0)
        .map(|(_, cap)| *cap)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qla4xxx_capability_bits_decode() {
        use Capability as C;
        let all = capabilities(0x48B8);
        let expected = [
            C::MultiR2t,
            C::HeaderDigest,
            C::DataDigest,
            C::TextNegotiation,
            C::DataPathOffload,
            C::LoginOffload,
        ];
        assert_eq!(all, expected);
        assert!(capabilities(0x8000_0000).is_empty());
    }

    #[test]
    fn the_unique_id_comes_from_the_mac() {
        assert_eq!(
            Adapter::unique_id_of("00:c0:dd:11:22:35").as_deref(),
            Some("000000c0dd112235")
        );
        assert_eq!(Adapter::unique_id_of("garbage"), None);
    }
}
