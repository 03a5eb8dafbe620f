//! Every reason an image is refused for, each by a change of a good one.

use zerocopy::{FromBytes, IntoBytes};

use super::super::{Identity, factory_default};
use super::*;
use crate::chip::{ISP4022, ISP4032};

fn card() -> Loaded {
    factory_default(&ISP4032, 2, Identity { seed: 7 })
}

/// What `accept` says of a factory's two-port ISP4032 after a change.
fn after(change: impl FnOnce(&mut Loaded)) -> String {
    let mut loaded = card();
    change(&mut loaded);
    match accept(&ISP4032, 2, &loaded) {
        Ok(_) => "accepted".to_owned(),
        Err(FlashError::Store(error)) => error.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Bytes of an area of the second port.
fn area(loaded: &mut Loaded, area: Area) -> &mut Vec<u8> {
    let at = ISP4032.layout.position(area, 1);
    let found = loaded.areas.iter_mut().find(|(offset, _)| *offset == at);
    &mut found.unwrap().1
}

#[test]
fn what_the_factory_delivers_is_accepted() {
    assert_eq!(after(|_| {}), "accepted");
    let (image, nvram) = accept(&ISP4032, 2, &card()).unwrap();
    assert_eq!((image.ports(), nvram.len()), (2, ISP4032.nvram_size));
}

#[test]
fn a_card_has_as_many_ports_as_its_chip() {
    for ports in [0, 3] {
        let refused = accept(&ISP4032, ports, &card()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("isp4032 has 1 to 2 ports, not {ports}")
        );
    }
    let other = accept(&ISP4022, 2, &card()).unwrap_err();
    assert_eq!(
        other.to_string(),
        "the flash image is that of an isp4032, the card is an isp4022"
    );
}

#[test]
fn an_image_of_another_length_is_refused() {
    assert!(after(|loaded| loaded.flash_len += 1).contains("the flash image"));
    assert!(after(|loaded| loaded.flash_len /= 2).contains("the flash image"));
}

#[test]
fn an_area_is_missing_when_it_is_not_there_or_short_or_long() {
    let missing = |said: &str| {
        assert!(
            said.starts_with("port 1: the CHAP table at 0x")
                && said.ends_with("is missing from the flash image"),
            "{said}"
        );
    };
    missing(&after(|loaded| {
        loaded
            .areas
            .retain(|(offset, _)| *offset != ISP4032.layout.position(Area::Chap, 1));
    }));
    missing(&after(|loaded| {
        area(loaded, Area::Chap).pop();
    }));
    missing(&after(|loaded| area(loaded, Area::Chap).push(0xFF)));
}

#[test]
fn a_record_with_a_cookie_of_nobody_is_named() {
    for (of, record, name) in [
        (Area::Ifcb, 0, "IFCB"),
        (Area::Ddb, 3, "DDB table"),
        (Area::Chap, 5, "CHAP table"),
    ] {
        let said = after(|loaded| {
            let at = record * of.record();
            let bytes = area(loaded, of);
            let end = at + of.record();
            // Whatever field it is: none of the cookies is 0x5A5A.
            bytes[at..end].fill(0x5A);
        });
        let offset = ISP4032.layout.position(of, 1) + (record * of.record()) as u64;
        let wanted = format!("port 1: {name} record {record} at {offset:#x} has cookie 0x5a5a");
        assert!(said.starts_with(&wanted), "{said}");
    }
}

#[test]
fn an_eeprom_of_another_length_or_sum_is_refused() {
    assert!(after(|loaded| loaded.nvram.truncate(100)).contains("EEPROM"));
    assert!(after(|loaded| loaded.nvram[8] ^= 1).contains("EEPROM"));
}

#[test]
fn a_mac_address_must_be_one_of_a_card() {
    let info = |change: fn(&mut flash_sys_info)| {
        after(|loaded| {
            let bytes = area(loaded, Area::SysInfo);
            let mut info = flash_sys_info::read_from_prefix(bytes).unwrap().0;
            change(&mut info);
            bytes[..size_of::<flash_sys_info>()].copy_from_slice(info.as_bytes());
        })
    };
    assert!(info(|info| info.physAddr[0].address = [0; 6]).contains("no usable MAC address"));
    assert!(info(|info| info.physAddr[0].address[0] |= 1).contains("no usable MAC address"));
    assert!(info(|info| info.physAddrCount.set(0)).contains("number of MAC addresses"));
    assert!(info(|info| info.physAddrCount.set(5)).contains("number of MAC addresses"));
    assert!(info(|info| info.pciDeviceVendor.set(1)).contains("PCI vendor"));
    assert!(info(|info| info.pciDeviceId.set(0x4041)).contains("PCI device"));
    assert!(info(|info| info.cookie.set(1)).contains("cookie"));
}

#[test]
fn wiped_is_wiped() {
    let mut loaded = card();
    loaded.wipe();
    assert!(
        loaded
            .areas
            .iter()
            .all(|(_, bytes)| bytes.iter().all(|byte| *byte == 0))
    );
}
