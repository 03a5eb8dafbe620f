//! Mode parameter headers and pages (SPC-4 §7.5, SBC-3 §6.4).
//!
//! One function per page. MODE SELECT changes two bits of the control page, D_SENSE and SWP; nothing is saved.

use crate::cdb::ModeSense;
use crate::param::be;
use crate::sense::{AdditionalSense, Sense};

/// What the pages need to know of a logical unit.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Capacity in blocks.
    pub blocks: u64,
    /// Block length in bytes.
    pub block_size: u32,
    /// Write-protected.
    pub read_only: bool,
    /// What MODE SELECT has changed.
    pub control: Control,
}

/// What can be changed of the control page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// D_SENSE: sense data in descriptor format.
    pub descriptor_sense: bool,
    /// SWP: software write protection.
    pub write_protect: bool,
}

const CACHING: u8 = 0x08;
const CONTROL: u8 = 0x0a;
const ALL_PAGES: u8 = 0x3f;
const ALL_SUBPAGES: u8 = 0xff;
const CHANGEABLE: u8 = 1;
const DEFAULT: u8 = 2;
const SAVED: u8 = 3;

/// Device-specific parameter: DPO and FUA are understood; WP.
const DPOFUA: u8 = 0x10;
const WRITE_PROTECT: u8 = 0x80;

/// D_SENSE in byte 2 and SWP in byte 4 of the control page.
const D_SENSE: u8 = 0x04;
const SWP: u8 = 0x08;

type Page = fn(Control) -> Vec<u8>;
const PAGES: &[(u8, Page)] = &[(CACHING, caching), (CONTROL, control)];

fn caching(_: Control) -> Vec<u8> {
    let mut page = vec![0; 20];
    page[0] = CACHING;
    page[1] = 18;
    page[2] = 0x04; // WCE: writes are in the cache until SYNCHRONIZE CACHE or FUA.
    page
}

fn control(control: Control) -> Vec<u8> {
    let mut page = vec![0; 12];
    page[0] = CONTROL;
    page[1] = 10;
    page[2] = if control.descriptor_sense { D_SENSE } else { 0 };
    page[4] = if control.write_protect { SWP } else { 0 };
    page[3] = 0x10; // QUEUE ALGORITHM MODIFIER 1: unrestricted reordering.
    page[8] = 0xff; // BUSY TIMEOUT PERIOD: unlimited.
    page[9] = 0xff;
    page
}

/// The parameter data of MODE SENSE.
///
/// # Errors
/// ILLEGAL REQUEST for saved values and for pages that do not exist.
pub fn sense(request: &ModeSense, unit: &Unit) -> Result<Vec<u8>, Sense> {
    if request.control == SAVED {
        return Err(Sense::illegal(AdditionalSense::SAVING_NOT_SUPPORTED));
    }
    if request.subpage != 0 && request.subpage != ALL_SUBPAGES {
        return Err(Sense::cdb_field(3, 7));
    }
    let mut pages = Vec::new();
    for (code, page) in PAGES {
        if request.page != ALL_PAGES && request.page != *code {
            continue;
        }
        pages.extend_from_slice(&match request.control {
            CHANGEABLE => changeable(*code, *page),
            DEFAULT => page(Control::default()),
            _ => page(unit.control),
        });
    }
    if pages.is_empty() {
        return Err(Sense::cdb_field(2, 5));
    }
    let descriptor = if request.no_descriptors {
        Vec::new()
    } else {
        block_descriptor(request.long_lba, unit)
    };
    let device = DPOFUA | if unit.read_only { WRITE_PROTECT } else { 0 };
    let total = descriptor.len() + pages.len();
    let mut data = if request.ten {
        let [length_high, length_low] = ((total + 6) as u16).to_be_bytes();
        let [blocks_high, blocks_low] = (descriptor.len() as u16).to_be_bytes();
        vec![
            length_high,
            length_low,
            0,
            device,
            request.long_lba.into(),
            0,
            blocks_high,
            blocks_low,
        ]
    } else {
        vec![(total + 3) as u8, 0, device, descriptor.len() as u8]
    };
    data.extend_from_slice(&descriptor);
    data.extend_from_slice(&pages);
    Ok(data)
}

fn block_descriptor(long: bool, unit: &Unit) -> Vec<u8> {
    if long {
        let mut descriptor = unit.blocks.to_be_bytes().to_vec();
        descriptor.extend_from_slice(&[0; 4]);
        descriptor.extend_from_slice(&unit.block_size.to_be_bytes());
        descriptor
    } else {
        let blocks = u32::try_from(unit.blocks).unwrap_or(u32::MAX);
        let mut descriptor = blocks.to_be_bytes().to_vec();
        // One reserved byte, then a 24-bit length: the top byte of the block size is zero.
        descriptor.extend_from_slice(&unit.block_size.to_be_bytes());
        descriptor
    }
}

/// A page whose changeable bits are set.
fn changeable(code: u8, page: Page) -> Vec<u8> {
    let mut mask = page(Control::default());
    mask[2..].fill(0);
    if code == CONTROL {
        mask[2] = D_SENSE;
        mask[4] = SWP;
    }
    mask
}

/// What MODE SELECT asks for.
///
/// # Errors
/// ILLEGAL REQUEST with nothing changed: a list that ends early, another geometry, an unknown page, a bit that cannot be changed.
pub fn select(ten: bool, list: &[u8], unit: &Unit) -> Result<Control, Sense> {
    let short = Sense::illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR);
    let header = if ten { 8 } else { 4 };
    if list.len() < header {
        return Err(short);
    }
    let (long, described) = if ten {
        (be(list, 4, 1) & 1 != 0, be(list, 6, 2) as usize)
    } else {
        (false, be(list, 3, 1) as usize)
    };
    let Some((descriptor, mut pages)) = list
        .get(header..)
        .and_then(|rest| rest.split_at_checked(described))
    else {
        return Err(short);
    };
    check_descriptor(descriptor, long, unit).map_err(|()| Sense::parameter_field(header as u16))?;
    let mut wanted = unit.control;
    while !pages.is_empty() {
        let at = (list.len() - pages.len()) as u16;
        let Some((code, page)) = PAGES.iter().find(|(code, _)| pages.first() == Some(code)) else {
            return Err(Sense::parameter_field(at));
        };
        let (current, mask) = (page(unit.control), changeable(*code, *page));
        let Some((given, rest)) = pages.split_at_checked(current.len()) else {
            return Err(short);
        };
        let wrong = (1..current.len())
            .find(|i| (given[*i] ^ current[*i]) & !(if *i == 1 { 0 } else { mask[*i] }) != 0);
        if let Some(byte) = wrong {
            return Err(Sense::parameter_field(at + byte as u16));
        }
        if *code == CONTROL {
            wanted = Control {
                descriptor_sense: given[2] & D_SENSE != 0,
                write_protect: given[4] & SWP != 0,
            };
        }
        pages = rest;
    }
    Ok(wanted)
}

/// The geometry cannot be changed: a block descriptor says what it is, or leaves the count at zero.
fn check_descriptor(descriptor: &[u8], long: bool, unit: &Unit) -> Result<(), ()> {
    let (blocks, size, whole) = match (descriptor.len(), long) {
        (0, _) => return Ok(()),
        (8, false) => (be(descriptor, 0, 4), be(descriptor, 5, 3), u64::from(u32::MAX)),
        (16, true) => (be(descriptor, 0, 8), be(descriptor, 12, 4), u64::MAX),
        _ => return Err(()),
    };
    let same = blocks == 0 || blocks == unit.blocks.min(whole) || blocks == whole;
    if same && size == u64::from(unit.block_size) {
        Ok(())
    } else {
        Err(())
    }
}
