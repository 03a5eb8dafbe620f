//! From power-on to a running firmware, register by register.

use std::time::Duration;

use driver_sys::hw::nvram::word_sum;
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, flash_sys_info};
use isp4xxx::Chip;
use vfio_user::Client;
use zerocopy::FromBytes;

use crate::driver::{
    BUFFER, CTRL_STATUS, Driver, INTR_MASK, MEMORY, MEMORY_LEN, NVRAM, PROCESSOR_INTR, SEMAPHORE, set,
};
use crate::served::{CHIPS, Served};

const CONFIG: u32 = 7;

#[test]
fn configuration_space_names_the_chip_and_its_windows() {
    for chip in CHIPS {
        let served = Served::with(chip);
        let mut client = Client::new(&served.sockets[0]).unwrap();
        let identity = [chip.pci_vendor.to_le_bytes(), chip.pci_device.to_le_bytes()].concat();
        let mut id = [0; 4];
        client.region_read(CONFIG, 0, &mut id).unwrap();
        assert_eq!(id, *identity);
        let sizes: Vec<u64> = (0..=7).map(|index| client.region(index).unwrap().size).collect();
        assert_eq!(sizes, [256, 256, 0, 0, 0, 0, 0, 256]);
        assert_eq!(client.get_irq_info(0).unwrap().count, 1);
        assert_eq!(client.get_irq_info(1).unwrap().count, 0);
        // The command register can be written, the identity cannot.
        client.region_write(CONFIG, 4, &[7, 0]).unwrap();
        client.region_write(CONFIG, 0, &[0; 4]).unwrap();
        let mut back = [0; 6];
        client.region_read(CONFIG, 0, &mut back).unwrap();
        assert_eq!(back, *[&identity[..], &[7, 0]].concat());
    }
}

#[test]
fn each_function_knows_its_number_and_semaphores_are_the_cards() {
    let served = Served::start();
    let mut one = Driver::attach(&served.sockets[0]);
    let mut three = Driver::attach(&served.sockets[1]);
    assert_eq!(one.read(CTRL_STATUS) & 0x0700, 0x0500);
    assert_eq!(three.read(CTRL_STATUS) & 0x0700, 0x0700);
    let flash = 7 << (13 + 16);
    one.write(SEMAPHORE, flash | 5 << 13);
    three.write(SEMAPHORE, flash | 7 << 13);
    assert_eq!(three.read(SEMAPHORE) >> 13 & 7, 5, "function 1 holds it");
    one.write(CTRL_STATUS, set(0x8000));
    assert_eq!(three.read(SEMAPHORE), 0, "a reset gives it back");
    three.write(SEMAPHORE, flash | 7 << 13);
    assert_eq!(one.read(SEMAPHORE) >> 13 & 7, 7);
    drop(three.client);
    one.wait("the dead client's semaphore", |d| {
        (d.read(SEMAPHORE) == 0).then_some(())
    });
}

#[test]
fn the_eeprom_read_pin_by_pin_sums_to_zero_and_names_the_board() {
    for chip in CHIPS {
        let image = eeprom(&Served::with(chip));
        assert_eq!(&image[8..16], chip.board.as_bytes());
        assert_eq!(word_sum(&image), 0);
    }
}

/// The EEPROM, as the driver reads it.
fn eeprom(served: &Served) -> Vec<u8> {
    let mut driver = Driver::attach(&served.sockets[0]);
    let mut image = Vec::new();
    for at in 0..1024u32 {
        // Clock 1, select 2, data to the chip 4, from the chip 8.
        let pins = |driver: &mut Driver, pins: u32| driver.write(NVRAM, 0x000F_0000 | pins);
        pins(&mut driver, 2);
        for bit in (0..13).rev() {
            let data = if (0b110 << 10 | at) >> bit & 1 == 1 { 4 } else { 0 };
            pins(&mut driver, 2 | data | 1);
            pins(&mut driver, 2 | data);
        }
        let mut word = 0u16;
        for _ in 0..16 {
            pins(&mut driver, 2 | 1);
            pins(&mut driver, 2);
            word = word << 1 | u16::from(driver.read(NVRAM) & 8 != 0);
        }
        pins(&mut driver, 0);
        image.extend(word.to_le_bytes());
    }
    image
}

#[test]
fn mailbox_commands_answer_in_registers_and_by_dma() {
    for chip in CHIPS {
        commands(chip);
    }
}

fn commands(chip: &'static Chip) {
    let served = Served::with(chip);
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.boot();
    let buffer = BUFFER as u32;
    // ABOUT_FW
    let about = driver.mailbox([0x09, 0, buffer, 0, 256, 0]);
    assert_eq!(about[0], 0x4000);
    assert_eq!(driver.get(BUFFER, 2), [3, 0]);
    // READ_FLASH: the system information
    assert_eq!(driver.mailbox([0x26, buffer, 0, 0x0200_0000, 512, 0])[0], 0x4000);
    let info = flash_sys_info::read_from_bytes(&driver.get(BUFFER, 512)).unwrap();
    assert_eq!(u64::from(info.pciDeviceId.get()), u64::from(chip.pci_device));
    assert_eq!(info.physAddr[0].address[..3], [0x00, 0xC0, 0xDD]);
    // GET_FW_STATE before and after INITIALIZE_FIRMWARE
    assert_eq!(driver.mailbox([0x69, 0, 0, 0, 0, 0])[1], 1);
    // A DDB command before it is refused.
    assert_eq!(driver.mailbox([0x62, 3, 0, 0, 0, 0])[0], 0x4005);
    driver.start([127, 0, 0, 31]);
    assert_eq!(driver.wait_event(0x8010)[0], 0x8010);
    // GET_INIT_FW_CTRL_BLOCK shows what was given
    driver.mailbox([0x61, 0, buffer, 0, size_of::<addr_ctrl_blk>() as u32, 0]);
    let block = addr_ctrl_blk::read_from_bytes(&driver.get(BUFFER, size_of::<addr_ctrl_blk>())).unwrap();
    assert_eq!(block.ipv4_addr, [127, 0, 0, 31]);
    // REQUEST, SET, GET, CLEAR DATABASE_ENTRY
    assert_eq!(driver.mailbox([0x6B, 0, buffer, 0, 0, 0])[0], 0x4000);
    assert_eq!(driver.mailbox([0x62, 70, 0, 0, 0, 0])[0], 0x4000);
    assert_eq!(driver.mailbox([0x63, 70, buffer, 0, 512, 0])[0], 0x4000);
    let got = driver.mailbox([0x64, 70, buffer, 0, 512, 0]);
    assert_eq!((got[0], got[1], got[4]), (0x4000, 70, 1));
    let entry = dev_db_entry::read_from_bytes(&driver.get(BUFFER, 512)).unwrap();
    assert_eq!(entry.port.get(), 3260);
    assert_eq!(driver.mailbox([0x31, 70, 0, 0, 0, 0])[0], 0x4000);
    // Refusals: an unknown command, an absurd DDB, an address that is no memory, too much.
    assert_eq!(driver.mailbox([0x5A, 0, 0, 0, 0, 0])[0], 0x4001);
    assert_eq!(driver.mailbox([0x64, 0x1_0000, 0, 0, 0, 0])[0], 0x4006);
    let beyond = (MEMORY + MEMORY_LEN - 8) as u32;
    assert_eq!(driver.mailbox([0x26, beyond, 0, 0x0200_0000, 512, 0])[0], 0x4005);
    assert_eq!(
        driver.mailbox([0x25, buffer, 0, 0x0500_0000, u32::MAX, 3])[0],
        0x4006
    );
    assert_eq!(driver.mailbox([0x60, 0, 0, 0xFFFF_FFFF, 512, 0])[0], 0x4005);
}

#[test]
fn the_interrupt_fires_when_it_is_let_through_and_again_when_it_is_unmasked() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.boot();
    let fired = |driver: &Driver| driver.interrupt.read().unwrap_or(0);
    driver.mailbox([0x69, 0, 0, 0, 0, 0]);
    assert_eq!(fired(&driver), 0, "masked at the chip");
    driver.write(INTR_MASK, set(4));
    driver.write(0, 0x69);
    driver.write(CTRL_STATUS, set(0x40));
    driver.read(CTRL_STATUS);
    driver.wait("the interrupt", |d| (fired(d) == 1).then_some(()));
    // Not acknowledged: unmasking fires it again.
    driver.client.set_irqs(0, 1 | 1 << 4, 0, 1, &[]).unwrap();
    driver.wait("the interrupt again", |d| (fired(d) == 1).then_some(()));
    driver.write(CTRL_STATUS, set(PROCESSOR_INTR));
    driver.client.set_irqs(0, 1 | 1 << 4, 0, 1, &[]).unwrap();
    assert_eq!(fired(&driver), 0);
    // Nobody rang again: the completion is raised once more, for a driver that was not yet waiting.
    driver.wait("the repeated completion", |d| (fired(d) == 1).then_some(()));
    assert_eq!(driver.read(0), 0x4000);
    driver.write(CTRL_STATUS, set(PROCESSOR_INTR));
    driver.client.set_irqs(0, 1 | 1 << 4, 0, 1, &[]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(fired(&driver), 0, "once only");
}
