//! The chips, as data.
//!
//! Owns what differs between members of the family: identity, table sizes, features. Source: `ql4_os.c` (PCI table),
//! `ql4_fw.h` (limits), `ql4_nvram.h` (EEPROM sizes).

use driver_sys::hw::{chap, ddb, nvram};

use crate::flash::{ISP40XX, Layout};
use crate::regs::{Face, ISP40XX_PAGE_0};

/// One member of the family.
#[derive(Debug, PartialEq, Eq)]
pub struct Chip {
    /// As the command line and `hba_model` spell it, e.g. `isp4032`.
    pub name: &'static str,
    /// Board name in the EEPROM and in sysfs (`model_name`).
    pub board: &'static str,
    /// PCI vendor.
    pub pci_vendor: u16,
    /// PCI device.
    pub pci_device: u16,
    /// PCI subsystem vendor.
    pub subsys_vendor: u16,
    /// PCI subsystem device.
    pub subsys_device: u16,
    /// Most ports one card has.
    pub max_ports: usize,
    /// PCI function of each port.
    pub functions: &'static [u8],
    /// Where things lie in its flash.
    pub layout: &'static Layout,
    /// Its registers behind PCI; `None`: only the emulated kernel drives it.
    pub face: Option<&'static Face>,
    /// DDBs in RAM.
    pub max_ddbs: u16,
    /// DDBs in flash.
    pub max_flash_ddbs: u16,
    /// CHAP entries in flash.
    pub max_chap: u16,
    /// IPv4 interfaces of a port.
    pub ipv4_ifaces: u8,
    /// IPv6 interfaces of a port.
    pub ipv6_ifaces: u8,
    /// Bytes of the serial EEPROM.
    pub nvram_size: usize,
    /// Link speed, Mbit/s.
    pub speed_mbps: u32,
    /// Mailbox command 0x76 exists.
    pub crash_record: bool,
    /// ACB version 2: GET_ACB, factory defaults, IPv6.
    pub acb_v2: bool,
    /// IOCBs the firmware takes at once.
    pub iocbs: u16,
    /// Board number (mailbox 2 of GET_FW_STATE).
    pub board_id: u16,
    /// Version of the emulated firmware: major, minor, patch, build.
    pub firmware: [u16; 4],
}

impl Chip {
    /// Every chip known.
    pub const ALL: &'static [&'static Self] = &[&ISP4010, &ISP4022, &ISP4032];

    /// The chip of that name (`isp4032`, `4032` or `QLE4062C`, any case).
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().copied().find(|chip| {
            chip.name.eq_ignore_ascii_case(name)
                || chip.name.trim_start_matches("isp").eq_ignore_ascii_case(name)
                || chip.board.eq_ignore_ascii_case(name)
        })
    }

    /// The chip with that PCI device number.
    #[must_use]
    pub fn by_pci_device(device: u16) -> Option<&'static Self> {
        Self::ALL.iter().copied().find(|chip| chip.pci_device == device)
    }
}

/// ISP4010: one port, IPv4 only.
pub static ISP4010: Chip = Chip {
    name: "isp4010",
    board: "QLA4010",
    pci_vendor: 0x1077,
    pci_device: 0x4010,
    subsys_vendor: 0x1077,
    subsys_device: 0x0158,
    max_ports: 1,
    functions: &[1],
    layout: &ISP40XX,
    face: None,
    max_ddbs: ddb::MAX_DEV_DB_ENTRIES_40XX,
    max_flash_ddbs: ddb::MAX_PRST_DEV_DB_ENTRIES,
    max_chap: chap::MAX_CHAP_ENTRIES_40XX,
    ipv4_ifaces: 1,
    ipv6_ifaces: 0,
    nvram_size: nvram::QL4010_NVRAM_SIZE,
    speed_mbps: 1000,
    crash_record: true,
    acb_v2: false,
    iocbs: 256,
    board_id: nvram::EEPROM_BOARDID_ELDORADO,
    firmware: [2, 0, 0, 45],
};

/// ISP4022: up to two ports.
pub static ISP4022: Chip = Chip {
    name: "isp4022",
    board: "QLA4052C",
    pci_device: 0x4022,
    subsys_device: 0x0122,
    max_ports: 2,
    functions: &[1, 3],
    face: Some(&ISP40XX_PAGE_0),
    ipv6_ifaces: 2,
    nvram_size: nvram::QL40X2_NVRAM_SIZE,
    crash_record: false,
    acb_v2: true,
    iocbs: 512,
    board_id: nvram::EEPROM_BOARDID_PLACER,
    firmware: [3, 0, 1, 33],
    ..ISP4010
};

/// ISP4032: up to two ports, PCI Express.
pub static ISP4032: Chip = Chip {
    name: "isp4032",
    board: "QLE4062C",
    pci_device: 0x4032,
    subsys_device: 0x0124,
    iocbs: 1024,
    board_id: 3,
    ..ISP4022
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_are_found_by_any_of_their_names() {
        for chip in Chip::ALL {
            for name in [chip.name, chip.board, &chip.name[3..], &chip.name.to_uppercase()] {
                assert_eq!(Chip::by_name(name), Some(*chip), "{name}");
            }
            assert!(chip.max_ports <= chip.functions.len());
        }
        assert_eq!(Chip::by_name("isp9999"), None);
        assert_eq!(ISP4032.pci_device, 0x4032);
        assert!(ISP4032.max_flash_ddbs < ISP4032.max_ddbs);
    }
}
