//! Vital product data pages of a logical unit.

use crate::lun::limits;
use crate::lun::{LogicalUnit, LunConfig};
use crate::param::push_ascii;
use crate::target_port::TargetPort;

/// The unit, and the port through which it is asked, if that has a name.
type Build = fn(&LogicalUnit, Option<&TargetPort>) -> Vec<u8>;

/// The pages, in ascending order as page 00h lists them.
const PAGES: &[(u8, Build)] = &[
    (0x00, supported),
    (0x80, serial),
    (0x83, identification),
    (0x86, extended),
    (0xb0, block_limits),
    (0xb1, characteristics),
    (0xb2, provisioning),
];

/// A whole page with its header; `None` if there is no such page.
pub(crate) fn page(code: u8, unit: &LogicalUnit, port: Option<&TargetPort>) -> Option<Vec<u8>> {
    let (_, build) = PAGES.iter().find(|(page, _)| *page == code)?;
    let body = build(unit, port);
    let mut data = vec![0, code];
    data.extend_from_slice(&(body.len() as u16).to_be_bytes());
    data.extend_from_slice(&body);
    Some(data)
}

fn supported(_: &LogicalUnit, _: Option<&TargetPort>) -> Vec<u8> {
    PAGES.iter().map(|(code, _)| *code).collect()
}

fn serial(unit: &LogicalUnit, _: Option<&TargetPort>) -> Vec<u8> {
    let serial = &unit.config().serial;
    let mut body = Vec::new();
    push_ascii(&mut body, serial, serial.len().min(252));
    body
}

/// Code sets and designator types of the names of a unit.
pub(crate) const BINARY: u8 = 1;
pub(crate) const ASCII: u8 = 2;
pub(crate) const T10: u8 = 1;
pub(crate) const NAA: u8 = 3;

/// The T10 vendor ID based name.
pub(crate) fn t10_name(config: &LunConfig) -> Vec<u8> {
    let mut name = Vec::new();
    push_ascii(&mut name, &config.vendor, 8);
    push_ascii(&mut name, &config.serial, config.serial.len().min(64));
    name
}

/// Designators: the unit's name twice (NAA, T10 vendor ID), then the port's: its number, its group, its name.
fn identification(unit: &LogicalUnit, port: Option<&TargetPort>) -> Vec<u8> {
    const UTF8: u8 = 3;
    const ISCSI: u8 = 0x50;
    const PORT: u8 = 0x90; // PIV, association: target port
    const RELATIVE: u8 = 0x04;
    const GROUP: u8 = 0x05;
    const NAME: u8 = 0x08;
    let config = unit.config();
    let mut body = vec![BINARY, NAA, 0, 8];
    body.extend_from_slice(&config.naa.to_bytes());

    let t10 = t10_name(config);
    body.extend_from_slice(&[ASCII, T10, 0, t10.len() as u8]);
    body.extend_from_slice(&t10);

    if let Some(port) = port {
        for (kind, number) in [(RELATIVE, port.relative), (GROUP, port.group)] {
            body.extend_from_slice(&[ISCSI | BINARY, PORT | kind, 0, 4, 0, 0]);
            body.extend_from_slice(&number.to_be_bytes());
        }
        // Null-terminated and padded to a multiple of four.
        let mut name: Vec<u8> = port.name.bytes().take(248).collect();
        name.resize((name.len() + 1).next_multiple_of(4), 0);
        body.extend_from_slice(&[ISCSI | UTF8, PORT | NAME, 0, name.len() as u8]);
        body.extend_from_slice(&name);
    }
    body
}

fn extended(_: &LogicalUnit, _: Option<&TargetPort>) -> Vec<u8> {
    let mut body = vec![0; 60];
    body[1] = 0x07; // HEADSUP, ORDSUP, SIMPSUP
    body[2] = 0x01; // V_SUP: volatile cache
    body[3] = 0x01; // LUICLR
    body
}

fn block_limits(unit: &LogicalUnit, _: Option<&TargetPort>) -> Vec<u8> {
    let block = unit.block_size();
    let mut body = vec![0; 60];
    body[0] = 0x01; // WSNZ: a WRITE SAME says how many blocks it means
    body[1] = limits::MAX_COMPARE_AND_WRITE;
    let mut set = |at: usize, value: u32| body[at..at + 4].copy_from_slice(&value.to_be_bytes());
    set(4, unit.config().max_transfer / block);
    set(8, limits::OPTIMAL_TRANSFER / block);
    if unit.config().thin {
        set(16, limits::MAX_UNMAP_BLOCKS);
        set(20, limits::MAX_UNMAP_DESCRIPTORS);
        set(24, (limits::UNMAP_GRANULARITY / block).max(1));
        // UGAVALID: the granules begin at block 0.
        set(28, 1 << 31);
    }
    set(36, (limits::MAX_WRITE_SAME / u64::from(block)) as u32);
    set(40, limits::MAX_ATOMIC_WRITE / block);
    body
}

fn characteristics(unit: &LogicalUnit, _: Option<&TargetPort>) -> Vec<u8> {
    let mut body = vec![0; 60];
    body[..2].copy_from_slice(&1u16.to_be_bytes()); // non-rotating medium
    if unit.config().thin {
        body[3] = 0x40; // WABEREQ 1: what BLOCK ERASE leaves reads without an error
    }
    body
}

fn provisioning(unit: &LogicalUnit, _: Option<&TargetPort>) -> Vec<u8> {
    if unit.config().thin {
        // No threshold; LBPU, LBPWS, LBPWS10, LBPRZ; thin.
        vec![0, 0xe4, 0x02, 0]
    } else {
        vec![0, 0, 0x01, 0]
    }
}
