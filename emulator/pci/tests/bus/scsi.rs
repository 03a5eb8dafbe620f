//! Sessions and SCSI commands of the few lines of driver.

use driver_sys::hw::raw::dev_db_entry;
use emu_array::{LunSource, Served as Target, TargetConfig};
use zerocopy::{FromBytes, IntoBytes};

use crate::driver::{BUFFER, Driver};
use crate::served::Served;

pub(crate) const IQN: &str = "iqn.2026-11.org.example:disk";
pub(crate) const DDB: u32 = 5;

pub(crate) fn target() -> Target {
    let mut config = TargetConfig::new(IQN, "127.0.0.1:0".parse().unwrap());
    config.luns = vec![LunSource::Size(8 << 20).into()];
    Target::start(config).unwrap()
}

/// A started driver with a session at DDB 5.
pub(crate) fn logged_in(served: &Served, target: &Target) -> Driver {
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    login(&mut driver, target);
    driver
}

pub(crate) fn login(driver: &mut Driver, target: &Target) {
    let buffer = BUFFER as u32;
    driver.mailbox([0x6B, 0, buffer, 0, 0, 0]);
    let mut entry = dev_db_entry::read_from_bytes(&driver.get(BUFFER, 512)).unwrap();
    entry.iscsi_name[..IQN.len()].copy_from_slice(IQN.as_bytes());
    entry.ip_addr[..4].copy_from_slice(&[127, 0, 0, 1]);
    entry.port.set(target.portal().port());
    driver.put(BUFFER, entry.as_bytes());
    assert_eq!(driver.mailbox([0x62, DDB, 0, 0, 0, 0])[0], 0x4000);
    assert_eq!(driver.mailbox([0x63, DDB, buffer, 0, 512, 0])[0], 0x4000);
    assert_eq!(driver.mailbox([0x74, DDB, 0, 0, 0, 0])[0], 0x4000);
    loop {
        let event = driver.wait_event(0x8014);
        assert_eq!((event[1], event[2]), (1, DDB));
        assert_ne!(event[3], 6, "the login failed");
        if event[3] == 4 {
            return;
        }
    }
}

pub(crate) const READ: u8 = 0x40;
pub(crate) const WRITE: u8 = 0x20;

/// Command entries: one, and a continuation for every five segments beyond the first.
pub(crate) fn command(
    handle: u32,
    flags: u8,
    cdb: &[u8],
    bytes: u32,
    segments: &[(u64, u32)],
) -> Vec<[u8; 64]> {
    let seg = |entry: &mut [u8; 64], at: usize, (address, len): (u64, u32)| {
        entry[at..at + 8].copy_from_slice(&address.to_le_bytes());
        entry[at + 8..at + 12].copy_from_slice(&len.to_le_bytes());
    };
    let mut first = [0u8; 64];
    first[0] = 0x19;
    first[4..8].copy_from_slice(&handle.to_le_bytes());
    first[8..10].copy_from_slice(&(DDB as u16).to_le_bytes());
    first[0x0C] = flags | 1;
    first[0x10..0x10 + cdb.len()].copy_from_slice(cdb);
    first[0x2E..0x30].copy_from_slice(&(segments.len() as u16).to_le_bytes());
    first[0x30..0x34].copy_from_slice(&bytes.to_le_bytes());
    if let Some(segment) = segments.first() {
        seg(&mut first, 0x34, *segment);
    }
    let mut entries = vec![first];
    for group in segments.get(1..).unwrap_or_default().chunks(5) {
        let mut more = [0u8; 64];
        more[0] = 0x0A;
        more[3] = 1;
        for (number, segment) in group.iter().enumerate() {
            seg(&mut more, 4 + 12 * number, *segment);
        }
        entries.push(more);
    }
    entries[0][3] = entries.len() as u8;
    entries
}

pub(crate) fn rw(write: bool, block: u32, blocks: u16) -> [u8; 10] {
    let [a, b, c, d] = block.to_be_bytes();
    let [e, f] = blocks.to_be_bytes();
    [if write { 0x2A } else { 0x28 }, 0, a, b, c, d, 0, e, f, 0]
}

/// Handle, SCSI status and completion status of a status entry.
pub(crate) fn status(entry: &[u8]) -> (u32, u8, u8) {
    assert_eq!(entry[0], 0x03);
    (
        u32::from_le_bytes(entry[4..8].try_into().unwrap()),
        entry[8],
        entry[0x0B],
    )
}

/// Power-on unit attentions go first; their sense data is in the status entry.
pub(crate) fn ready(driver: &mut Driver) {
    for handle in 900.. {
        driver.queue(&command(handle, 0, &[0; 6], 0, &[]));
        let entry = driver.response();
        if status(&entry) == (handle, 0, 0) {
            return;
        }
        assert_eq!(status(&entry), (handle, 2, 0));
        assert_eq!(entry[0x0E], 18);
        assert_eq!(entry[0x20] & 0x7F, 0x70);
        assert_eq!(entry[0x22] & 0x0F, 6, "unit attention");
        assert!(handle < 910);
    }
}
