//! The kinds of objects in a boot tree.
//!
//! Owns: their attribute tables. Must not know: where trees are.
//! Some drivers pad names and secrets with blanks or leave a newline too many; both are trimmed.

use bitflags::bitflags;

use crate::sysfs::{Address, FromAttr, Secret, attrs};

bitflags! {
    /// Flags of a boot object.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct BootFlags: u32 {
        /// The object means something.
        const VALID = 0x1;
        /// The firmware booted from it.
        const BOOT_SELECTED = 0x2;
        // Other bits survive.
        const _ = !0;
    }
}

impl FromAttr for BootFlags {
    const EXPECTED: &'static str = "a number";
    fn from_attr(text: &str) -> Option<Self> {
        u32::from_attr(text).map(Self::from_bits_retain)
    }
}

/// Which side proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChapType {
    /// No CHAP.
    None,
    /// The initiator.
    OneWay,
    /// Both.
    Mutual,
    /// A number without a meaning.
    Other(u8),
}

impl FromAttr for ChapType {
    const EXPECTED: &'static str = "0, 1 or 2";
    fn from_attr(text: &str) -> Option<Self> {
        u8::from_attr(text).map(|number| match number {
            0 => Self::None,
            1 => Self::OneWay,
            2 => Self::Mutual,
            other => Self::Other(other),
        })
    }
}

/// A name with its padding removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimmed(pub String);

impl FromAttr for Trimmed {
    const EXPECTED: &'static str = "a string";
    fn from_attr(text: &str) -> Option<Self> {
        Some(Self(text.trim().to_owned()))
    }
    fn is_unset(text: &str) -> bool {
        String::is_unset(text.trim())
    }
}

/// A secret with its padding removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrimmedSecret(pub Secret);

impl FromAttr for TrimmedSecret {
    const EXPECTED: &'static str = "a string";
    const SECRET: bool = true;
    fn from_attr(text: &str) -> Option<Self> {
        Some(Self(Secret::new(text.trim().as_bytes())))
    }
    fn is_unset(text: &str) -> bool {
        Secret::is_unset(text.trim())
    }
}

attrs! {
    /// Who boots: `initiator`.
    pub struct Initiator, table INITIATOR_ATTRS {
        /// Index.
        may index: u32 = "index";
        /// Flags.
        may flags: BootFlags = "flags";
        /// iSNS server.
        may isns_server: Address = "isns-server";
        /// SLP server.
        may slp_server: Address = "slp-server";
        /// RADIUS server.
        may pri_radius_server: Address = "pri-radius-server";
        /// Second RADIUS server.
        may sec_radius_server: Address = "sec-radius-server";
        /// Initiator name.
        may initiator_name: Trimmed = "initiator-name";
    }
}

attrs! {
    /// Through what: `ethernetN`.
    pub struct Ethernet, table ETHERNET_ATTRS {
        /// Index.
        may index: u32 = "index";
        /// Flags.
        may flags: BootFlags = "flags";
        /// Address.
        may ip_addr: Address = "ip-addr";
        /// Length of the network prefix.
        may prefix_len: u8 = "prefix-len";
        /// Netmask.
        may subnet_mask: Address = "subnet-mask";
        /// Where the address came from (3 DHCP, 4 link layer, …).
        may origin: u8 = "origin";
        /// Gateway.
        may gateway: Address = "gateway";
        /// Name server.
        may primary_dns: Address = "primary-dns";
        /// Second name server.
        may secondary_dns: Address = "secondary-dns";
        /// DHCP server.
        may dhcp: Address = "dhcp";
        /// VLAN number, 0 for none.
        may vlan: u16 = "vlan";
        /// MAC address.
        may mac: Trimmed = "mac";
        /// Host name.
        may hostname: Trimmed = "hostname";
    }
}

attrs! {
    /// From what: `targetN`.
    pub struct Target, table TARGET_ATTRS {
        /// Index.
        may index: u32 = "index";
        /// Flags.
        may flags: BootFlags = "flags";
        /// Address.
        may ip_addr: Address = "ip-addr";
        /// TCP port.
        may port: u16 = "port";
        /// Logical unit, 16 hexadecimal digits as SAM writes it.
        may lun: Trimmed = "lun";
        /// Which side proves itself.
        may chap_type: ChapType = "chap-type";
        /// Index of the `ethernetN` it is reached through.
        may nic_assoc: u32 = "nic-assoc";
        /// Target name.
        may target_name: Trimmed = "target-name";
        /// Name that this side answers with.
        may chap_name: Trimmed = "chap-name";
        /// Secret that this side answers with.
        may chap_secret: TrimmedSecret = "chap-secret";
        /// Name that the target must answer with.
        may rev_chap_name: Trimmed = "rev-chap-name";
        /// Secret that the target must answer with.
        may rev_chap_secret: TrimmedSecret = "rev-chap-name-secret";
    }
}

attrs! {
    /// Header of the ACPI table behind an iBFT.
    pub struct AcpiHeader, table ACPI_ATTRS {
        /// Signature, `iBFT`.
        may signature: Trimmed = "signature";
        /// Who made the firmware.
        may oem_id: Trimmed = "oem_id";
        /// And which.
        may oem_table_id: Trimmed = "oem_table_id";
    }
}
