//! Whether bytes are a flash image of this card: sizes, cookies, checksum.
//!
//! Owns the rules. Accepts what the firmware and the driver write, and erased records; names what else it finds.

use driver_sys::hw::chap::{CHAP_INVALID_COOKIE, CHAP_VALID_COOKIE};
use driver_sys::hw::ddb::{DDB_DELETED_COOKIE, DDB_VALID_COOKIE};
use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::hw::nvram::word_sum;
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, flash_sys_info, ql4_chap_table};

use driver_sys::hw::until_nul;

use super::error::FlashError;
use super::factory;
use super::image::Image;
use super::layout::Area;
use super::store::{Loaded, StoreError};
use crate::chip::Chip;

/// Checks what a store loaded and takes it apart.
///
/// # Errors
/// The first thing that is wrong, by name.
pub fn accept(chip: &'static Chip, ports: usize, loaded: &Loaded) -> Result<(Image, Vec<u8>), FlashError> {
    if ports == 0 || ports > chip.max_ports {
        return Err(FlashError::Ports {
            chip: chip.name,
            max: chip.max_ports,
            asked: ports,
        });
    }
    let expected = chip.layout.image_len(ports);
    if loaded.flash_len != expected {
        return Err(FlashError::Store(StoreError::Size {
            what: "the flash image".into(),
            found: loaded.flash_len,
            expected,
        }));
    }
    let image =
        Image::from_loaded(chip.layout, loaded, ports).map_err(|(port, area)| FlashError::Missing {
            port,
            area: area.name(),
            offset: chip.layout.position(area, port),
        })?;
    for port in 0..ports {
        check_port(chip, &image, port)?;
    }
    if loaded.nvram.len() != chip.nvram_size {
        return Err(FlashError::NvramSize {
            chip: chip.name,
            found: loaded.nvram.len(),
            expected: chip.nvram_size,
        });
    }
    match word_sum(&loaded.nvram) {
        0 => Ok((image, loaded.nvram.clone())),
        sum => Err(FlashError::NvramChecksum { sum }),
    }
}

/// Checks one port's records.
///
/// # Errors
/// The first record that is wrong.
pub fn check_port(chip: &Chip, image: &Image, port: usize) -> Result<(), FlashError> {
    check_sys_info(chip, image, port)?;
    let bad = |area: Area, index: usize, found: u32, expected: u32| FlashError::Cookie {
        port,
        area: area.name(),
        index,
        offset: chip.layout.position(area, port) + (index * area.record()) as u64,
        found,
        expected,
    };
    if let Some(block) = image.record::<addr_ctrl_blk>(port, Area::Ifcb, 0) {
        let found = block.cookie.get();
        if found != IFCB_COOKIE && found != u32::MAX {
            return Err(bad(Area::Ifcb, 0, found, IFCB_COOKIE));
        }
    }
    for index in 0..usize::from(chip.max_flash_ddbs) {
        if let Some(entry) = image.record::<dev_db_entry>(port, Area::Ddb, index) {
            let found = entry.cookie.get();
            if ![DDB_VALID_COOKIE, DDB_DELETED_COOKIE, 0xFFFF, 0].contains(&found) {
                return Err(bad(Area::Ddb, index, found.into(), DDB_VALID_COOKIE.into()));
            }
        }
    }
    for index in 0..usize::from(chip.max_chap) {
        if let Some(entry) = image.record::<ql4_chap_table>(port, Area::Chap, index) {
            let found = entry.cookie.get();
            if ![CHAP_VALID_COOKIE, CHAP_INVALID_COOKIE, 0xFFFF, 0].contains(&found) {
                return Err(bad(Area::Chap, index, found.into(), CHAP_VALID_COOKIE.into()));
            }
        }
    }
    Ok(())
}

/// The system information has no checksum and the driver looks at no cookie of it: MAC address, number of addresses and PCI IDs must
/// be a card's; the cookie must be the factory's where the rest is, since nobody knows what other makers of images write there.
fn check_sys_info(chip: &Chip, image: &Image, port: usize) -> Result<(), FlashError> {
    let info: flash_sys_info = image.record(port, Area::SysInfo, 0).unwrap_or_default();
    if let Some(other) = chip_of(&info).filter(|other| *other != chip) {
        return Err(FlashError::OtherChip {
            chip: chip.name,
            found: other.name,
        });
    }
    let offset = chip.layout.position(Area::SysInfo, port);
    let mac = info.physAddr[0].address;
    if mac[0] & 1 != 0 || mac == [0; 6] {
        return Err(FlashError::Mac { port, offset });
    }
    let made_here = until_nul(&info.vendorId) == factory::VENDOR.as_bytes();
    let (cookie, count) = (info.cookie.get(), info.physAddrCount.get());
    let (vendor, device) = (info.pciDeviceVendor.get(), info.pciDeviceId.get());
    let wrong = [
        ("cookie", cookie, made_here && cookie != IFCB_COOKIE),
        ("number of MAC addresses", count, !(1..=4).contains(&count)),
        ("PCI vendor", vendor, vendor != u32::from(chip.pci_vendor)),
        ("PCI device", device, chip_of(&info).is_none()),
    ];
    match wrong.into_iter().find(|(_, _, wrong)| *wrong) {
        None => Ok(()),
        Some((what, found, _)) => Err(FlashError::SysInfo {
            port,
            offset,
            what,
            found,
        }),
    }
}

/// The chip that the system information names, if it names one of ours.
#[must_use]
pub fn chip_of(info: &flash_sys_info) -> Option<&'static Chip> {
    let device = u16::try_from(info.pciDeviceId.get()).ok()?;
    Chip::by_pci_device(device)
}

#[cfg(test)]
mod tests;
