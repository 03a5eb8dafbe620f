//! `/sys/class/iscsi_host/hostN` and `/sys/class/scsi_host/hostN`: an adapter's port.
//!
//! Owns: [`Host`], the generic SCSI host attributes, those that qla4xxx adds. Must not know: sessions.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_host_attrs`, port state and speed names), `scsi_sysfs.c`, `ql4_attr.c`.

use crate::netlink::params::HostParam;
use crate::sysfs::value::words;
use crate::sysfs::{Address, Error, Hex32, Reader, Root, attrs};

use super::Listing;
use super::listing::number_after;

words! {
    /// The port's link.
    pub enum PortState, "LINK UP or LINK DOWN" {
        /// Link is up.
        Up = "LINK UP",
        /// Link is down.
        Down = "LINK DOWN",
        /// The driver does not know.
        Unknown = "Unknown!",
    }
}

attrs! {
    /// What the iSCSI transport class shows of a host.
    pub struct IscsiHostAttrs, table ISCSI_HOST_ATTRS {
        /// Network device of the port, for drivers that have one.
        may netdev: String = (HostParam::NetdevName);
        /// MAC address.
        may hwaddress: String = (HostParam::Hwaddress);
        /// The port's IPv4 address.
        may ipaddress: Address = (HostParam::Ipaddress);
        /// Initiator name.
        may initiatorname: String = (HostParam::InitiatorName);
        /// Link state.
        may port_state: PortState = (HostParam::PortState);
        /// Link speed, such as `1 Gbps`.
        may port_speed: String = (HostParam::PortSpeed);
    }
}

attrs! {
    /// What every SCSI host shows.
    pub struct ScsiHostAttrs, table SCSI_HOST_ATTRS {
        /// Driver, which is also the transport's name.
        must proc_name: String = "proc_name";
        /// Host state, such as `running` or `recovery`.
        may state: String = "state" @ 0o644;
        /// Number that tells hosts of one driver apart.
        may unique_id: u32 = "unique_id";
        /// Commands the host takes at once.
        may can_queue: u32 = "can_queue";
        /// Commands a logical unit takes at once.
        may cmd_per_lun: u32 = "cmd_per_lun";
        /// Commands being worked on.
        may host_busy: u32 = "host_busy";
        /// Scatter/gather entries a command may have.
        may sg_tablesize: u32 = "sg_tablesize";
        /// `Initiator`, `Target` or both.
        may supported_mode: String = "supported_mode";
        /// The mode in use.
        may active_mode: String = "active_mode";
    }
}

attrs! {
    /// What qla4xxx adds to its SCSI hosts.
    pub struct Qla4xxxAttrs, table QLA4XXX_HOST_ATTRS {
        /// Firmware version, such as `3.00.01.49`.
        may fw_version: String = "fw_version";
        /// Serial number of the board.
        may serial_num: String = "serial_num";
        /// iSCSI version the firmware reports.
        may iscsi_version: String = "iscsi_version";
        /// Boot loader version.
        may optrom_version: String = "optrom_version";
        /// Board identification.
        may board_id: Hex32 = "board_id";
        /// Firmware state and additional state, two hexadecimal numbers.
        may fw_state: FwState = "fw_state";
        /// Physical ports (not on 40xx).
        may phy_port_cnt: Hex32 = "phy_port_cnt";
        /// This function's port (not on 40xx).
        may phy_port_num: Hex32 = "phy_port_num";
        /// iSCSI functions of the board (not on 40xx).
        may iscsi_func_cnt: Hex32 = "iscsi_func_cnt";
        /// Model, such as `QLE4060C`.
        may hba_model: String = "hba_model";
        /// When the firmware was built.
        may fw_timestamp: String = "fw_timestamp";
        /// Who built it.
        may fw_build_user: String = "fw_build_user";
        /// When, extended form.
        may fw_ext_timestamp: String = "fw_ext_timestamp";
        /// Where the firmware was loaded from.
        may fw_load_src: String = "fw_load_src";
        /// How long it has been running, such as `36.814 secs`.
        may fw_uptime: String = "fw_uptime";
    }
}

/// Firmware state as `fw_state` prints it: `0x%08X%8X`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FwState {
    /// Firmware state.
    pub state: u32,
    /// Additional state.
    pub additional: u32,
}

impl crate::sysfs::FromAttr for FwState {
    const EXPECTED: &'static str = "two hexadecimal numbers";
    fn from_attr(text: &str) -> Option<Self> {
        // The second number is padded with spaces to eight places and follows the first without a separator.
        let digits = text.strip_prefix("0x")?;
        let (state, additional) = digits.split_at_checked(8)?;
        Some(Self {
            state: u32::from_str_radix(state, 16).ok()?,
            additional: u32::from_str_radix(additional.trim_start(), 16).ok()?,
        })
    }
}

/// A port of an adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Host number.
    pub host_no: u32,
    /// iSCSI attributes.
    pub iscsi: IscsiHostAttrs,
    /// SCSI attributes.
    pub scsi: ScsiHostAttrs,
    /// What qla4xxx adds; all `None` for other drivers.
    pub qla4xxx: Qla4xxxAttrs,
}

/// Lists all iSCSI hosts.
///
/// # Errors
/// The class is there and cannot be read.
pub fn hosts(root: &Root) -> Result<Listing<Host>, Error> {
    Listing::of(root, "class/iscsi_host", "host", |reader, _, name| {
        read(root, reader, name)
    })
}

/// Reads one host.
///
/// # Errors
/// It is not there, vanishes meanwhile, or does not tell its driver.
pub fn host(root: &Root, host_no: u32) -> Result<Host, Error> {
    read(root, &mut Reader::new(), &format!("host{host_no}"))
}

fn read(root: &Root, reader: &mut Reader, name: &str) -> Result<Host, Error> {
    let (iscsi, scsi) = (
        format!("class/iscsi_host/{name}"),
        format!("class/scsi_host/{name}"),
    );
    let host_no = number_after(name, "host").ok_or_else(|| {
        root.at(&iscsi).error(
            "",
            crate::sysfs::Fault::Malformed {
                expected: "hostN",
                found: name.into(),
            },
        )
    })?;
    reader.confirm(root.at(&iscsi))?;
    Ok(Host {
        host_no,
        iscsi: IscsiHostAttrs::read(reader, root.at(&iscsi))?,
        scsi: ScsiHostAttrs::read(reader, root.at(&scsi))?,
        qla4xxx: Qla4xxxAttrs::read(reader, root.at(&scsi))?,
    })
}
