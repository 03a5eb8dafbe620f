//! Nodes that are memory files: region N is at N pages, as the kernel has it; lengths are checked here, not by a driver.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;
use crate::sysfs::Root;
use crate::uio::{Outside, devices};

const PCI: &str = "devices/pci0000:00/0000:00:05.0";

/// A tree and a directory of nodes with one device, and the file behind it.
struct Fake {
    dir: tempfile::TempDir,
    node: fs::File,
}

impl Fake {
    fn new(regions: &[(u64, u64)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        let object = format!("sys/{PCI}/uio/uio3");
        fs::create_dir_all(at("sys/class/uio")).unwrap();
        fs::create_dir_all(at(&object)).unwrap();
        fs::create_dir_all(at("dev")).unwrap();
        symlink(format!("../../{PCI}/uio/uio3"), at("sys/class/uio/uio3")).unwrap();
        fs::write(at(&format!("{object}/name")), "bnx2_cnic\n").unwrap();
        for (index, (size, offset)) in regions.iter().enumerate() {
            let map = at(&format!("{object}/maps/map{index}"));
            fs::create_dir_all(&map).unwrap();
            fs::write(map.join("addr"), "0x00000000fd000000\n").unwrap();
            fs::write(map.join("size"), format!("{size:#018x}\n")).unwrap();
            fs::write(map.join("offset"), format!("{offset:#x}\n")).unwrap();
            fs::write(map.join("name"), "\n").unwrap();
        }
        let node = fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(at("dev/uio3"))
            .unwrap();
        node.set_len(8 * page_size() as u64).unwrap();
        Self { dir, node }
    }

    fn description(&self) -> Description {
        let listing = devices(&Root::open(self.dir.path().join("sys")).unwrap()).unwrap();
        assert_eq!(listing.skipped, []);
        listing.items.into_iter().next().unwrap()
    }

    fn open(&self) -> Result<Device, UioError> {
        Device::open(&self.dir.path().join("dev"), &self.description())
    }
}

#[test]
fn a_device_is_what_its_tree_says() {
    let fake = Fake::new(&[(0x12800, 0), (1152, 0), (8192, 0), (4096, 64)]);
    let found = fake.description();
    assert_eq!(
        (found.number, found.name.as_str(), found.parent.as_str()),
        (3, "bnx2_cnic", PCI)
    );
    let sizes: Vec<_> = found
        .regions
        .iter()
        .map(|r| (r.index, r.size, r.offset))
        .collect();
    assert_eq!(
        sizes,
        [(0, 0x12800, 0), (1, 1152, 0), (2, 8192, 0), (3, 4096, 64)]
    );
}

#[test]
fn a_tree_without_uio_has_no_device() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(devices(&Root::open(dir.path()).unwrap()).unwrap().items, []);
}

#[test]
fn a_region_is_mapped_at_its_place_and_both_sides_see_what_is_written() {
    let mut fake = Fake::new(&[(4096, 0), (100, 8)]);
    let device = fake.open().unwrap();
    let map = device.map(1).unwrap();
    assert_eq!(map.len(), 100);
    map.write32(4, 0x0403_0201).unwrap();
    map.write16(0, 0x0605).unwrap();
    map.write(97, b"end").unwrap();
    let mut bytes = [0; 108];
    fake.node.seek(SeekFrom::Start(page_size() as u64)).unwrap();
    fake.node.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes[12..16], 0x0403_0201_u32.to_ne_bytes());
    assert_eq!(bytes[8..10], 0x0605_u16.to_ne_bytes());
    assert_eq!(&bytes[105..], b"end");
    fake.node.seek(SeekFrom::Start(page_size() as u64 + 28)).unwrap();
    fake.node.write_all(&7_u32.to_ne_bytes()).unwrap();
    assert_eq!(map.read32(20), Ok(7));
    assert_eq!(map.read8(20).unwrap() | map.read8(23).unwrap(), 7);
}

#[test]
fn what_a_tree_says_of_memory_is_not_believed_blindly() {
    let page = page_size() as u64;
    let fake = Fake::new(&[(0, 0), (u64::MAX, 0), (64, page), (LONGEST + 1, 0)]);
    let device = fake.open().unwrap();
    for index in 0..4 {
        let error = device.map(index).unwrap_err();
        assert!(matches!(error, UioError::Absurd { .. }), "{index}: {error}");
    }
    assert!(!device.offers(0) && device.offers(2) && !device.offers(4));
    assert!(matches!(device.map(4), Err(UioError::NoRegion { index: 4, .. })));
}

#[test]
fn a_node_that_is_missing_is_named_with_what_makes_it() {
    let fake = Fake::new(&[(4096, 0)]);
    fs::remove_file(fake.dir.path().join("dev/uio3")).unwrap();
    let error = fake.open().unwrap_err();
    assert!(matches!(error, UioError::Missing { .. }), "{error:?}");
    assert!(
        error.to_string().contains("uio3") && error.to_string().contains("CONFIG_UIO"),
        "{error}"
    );
}

#[test]
fn interrupts_are_counted_in_four_bytes() {
    let fake = Fake::new(&[(4096, 0)]);
    fake.node.set_len(8).unwrap();
    let device = fake.open().unwrap();
    assert_eq!(device.acknowledge(), Ok(true));
    assert_eq!(device.acknowledge(), Ok(true));
    assert_eq!(device.acknowledge(), Ok(false), "nothing more came");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_access_leaves_the_memory(at in prop_oneof![0..220_usize, any::<usize>()], width in 0..6_usize, len in 1..200_u64) {
        let fake = Fake::new(&[(len, 4)]);
        let map = fake.open().unwrap().map(0).unwrap();
        let len = usize::try_from(len).unwrap();
        let inside = |bytes: usize| at.checked_add(bytes).is_some_and(|end| end <= len);
        prop_assert_eq!(map.read32(at).is_ok(), inside(4) && at.is_multiple_of(4));
        prop_assert_eq!(map.write32(at, 1).is_ok(), inside(4) && at.is_multiple_of(4));
        prop_assert_eq!(map.read16(at).is_ok(), inside(2) && at.is_multiple_of(2));
        prop_assert_eq!(map.write16(at, 1).is_ok(), inside(2) && at.is_multiple_of(2));
        prop_assert_eq!(map.read8(at).is_ok(), inside(1));
        prop_assert_eq!(map.read(at, &mut vec![0; width]).is_ok(), inside(width));
        let outcome = map.write(at, &vec![0; width]);
        prop_assert_eq!(outcome, if inside(width) { Ok(()) } else { Err(Outside { at, width, len }) });
    }
}
