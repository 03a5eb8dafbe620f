//! Boot configuration: which flash targets the adapter boots from, and what the firmware tells the kernel about them.
//!
//! Source: qla4xxx `ql4_os.c` (`get_fw_boot_info`), `iscsi_boot_sysfs.c`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::HostNo;
use crate::secret::Secret;

/// Boot mode of a port (low three bits of the mode byte).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BootMode {
    /// No boot from this port.
    Disabled,
    /// Boot from the configured targets.
    Manual,
    /// Boot parameters from DHCP.
    Dhcp,
    /// Any other value, kept as it is.
    Other(u8),
}

/// The two boot slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// Tried first.
    Primary,
    /// Tried second.
    Secondary,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}

/// One boot slot as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BootSlot {
    /// Which slot.
    pub slot: Slot,
    /// Whether the stored index counts.
    pub valid: bool,
    /// The flash target's index.
    pub index: u32,
    /// The flash target's name, when the entry exists.
    pub target_name: Option<String>,
    /// The flash target's address, when the entry exists.
    pub address: Option<String>,
    /// The unit to boot from; `None`: the boot firmware chooses it, and its choice is not in the memory that can be read.
    pub lun: Option<String>,
    /// The CHAP entry that the initiator proves itself with.
    pub chap_index: Option<u16>,
    /// Its user name.
    pub chap_username: Option<String>,
    /// Whether the target must prove itself too.
    pub mutual_chap: Option<bool>,
}

/// A boot target as the firmware shows it to the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BootTarget {
    /// Sysfs name, as `target0`.
    pub name: String,
    /// Target name.
    pub target_name: Option<String>,
    /// Portal address.
    pub address: Option<String>,
    /// Portal port.
    pub port: Option<u16>,
    /// LUN, where the firmware tells it.
    pub lun: Option<String>,
    /// User name we prove ourselves with.
    pub chap_username: Option<String>,
    /// The secret, never shown.
    pub chap_secret: Option<Secret>,
    /// User name the target proves itself with.
    pub reverse_chap_username: Option<String>,
    /// The secret, never shown.
    pub reverse_chap_secret: Option<Secret>,
    /// Number of the NIC it belongs to.
    pub nic: Option<u32>,
    /// Flags: bit 0 block valid, bit 1 firmware selected.
    pub flags: Option<u32>,
}

/// A table of the boot firmware: who boots, through what, from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootTable {
    /// Its name, as `ibft` or `iscsi_boot2`.
    pub name: String,
    /// The port whose driver shows it; the machine's own table has none.
    pub host: Option<HostNo>,
    /// Initiator name of the firmware.
    pub initiator_name: Option<String>,
    /// Network ports with their numbers.
    pub nics: Vec<(u32, BootNic)>,
    /// What it boots from. Names and secrets that the table says it does not use are left out.
    pub targets: Vec<BootTarget>,
}

/// A network port of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootNic {
    /// MAC address.
    pub mac: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// VLAN number; none for 0.
    pub vlan: Option<u16>,
}

/// Boot configuration of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BootConfig {
    /// The port.
    pub host: HostNo,
    /// Boot mode; `None` when the adapter's memory cannot be read.
    pub mode: Option<BootMode>,
    /// The slots; empty when the adapter's memory cannot be read.
    pub slots: Vec<BootSlot>,
    /// Boot targets exported by the kernel; empty when the driver logs in by itself.
    pub targets: Vec<BootTarget>,
    /// Initiator name of the boot firmware.
    pub initiator_name: Option<String>,
    /// MAC address of the boot port.
    pub mac: Option<String>,
    /// Who logs in at boot: `driver` or `userspace`.
    pub login_by: Option<String>,
}
