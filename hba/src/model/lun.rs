//! Logical units and what they answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A logical unit that the operating system has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lun {
    /// Address `HOST:CHANNEL:TARGET:LUN`.
    pub address: String,
    /// Session it is reached through.
    pub sid: Option<u32>,
    /// Vendor.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Revision.
    pub revision: Option<String>,
    /// Serial number (VPD page 0x80).
    pub serial: Option<String>,
    /// SCSI device type number: 0 is a disk.
    pub device_type: Option<u32>,
    /// Size in bytes.
    pub size_bytes: Option<u64>,
    /// Block device, as `sda`.
    pub block_device: Option<String>,
    /// SCSI generic device, as `sg0`.
    pub sg_device: Option<String>,
    /// State, as `running`.
    pub state: Option<String>,
    /// Commands that it takes at once.
    pub queue_depth: Option<u32>,
    /// Seconds that a command may take.
    pub command_timeout: Option<u32>,
    /// Why the operating system cannot use it, when it cannot.
    pub unusable: Option<String>,
}

/// Standard INQUIRY data (SPC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inquiry {
    /// Peripheral device type: 0 is a disk.
    pub device_type: u8,
    /// Peripheral qualifier: 0 means connected.
    pub qualifier: u8,
    /// SPC version byte.
    pub version: u8,
    /// Whether the medium can be removed.
    pub removable: bool,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Revision.
    pub revision: String,
    /// Pages of vital product data, numbers, when asked for.
    pub vpd_pages: Vec<u8>,
    /// The raw bytes, hex.
    pub raw: String,
}

/// A page of vital product data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VpdPage {
    /// Page number.
    pub page: u8,
    /// Name of the page, when known.
    pub name: Option<String>,
    /// Decoded lines, name and value.
    pub fields: Vec<(String, String)>,
    /// The raw bytes, hex.
    pub raw: String,
}

/// A logical unit as the target reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedLun {
    /// Logical unit number.
    pub lun: u64,
    /// The eight bytes, hex.
    pub raw: String,
    /// Whether the operating system has it.
    pub attached: bool,
}

/// Capacity of a logical unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// Number of blocks.
    pub blocks: u64,
    /// Block length in bytes.
    pub block_length: u32,
    /// Total bytes.
    pub bytes: u64,
    /// Whether READ CAPACITY(16) answered (else (10)).
    pub long_form: bool,
    /// Whether Linux takes blocks of this length: 512, 1024, 2048 or 4096 bytes. A unit with others is shown without capacity.
    pub usable: bool,
    /// Whether blocks can be unmapped (thin provisioning); `None` when not told.
    pub thin: Option<bool>,
}
