//! A front end, a shell and a peer that do anything in any order: nothing panics, no I/O is lost, flash stays readable.

use std::collections::BTreeSet;

use driver_sys::hw::acb::AddFwOptions;
use proptest::prelude::*;

use super::world::World;
use super::*;
use crate::flash::{Area, validate};

/// One step, made of numbers so that it shrinks.
type Raw = (u8, u16, u32, u64);

fn command(raw: Raw) -> Command {
    let (_, small, middle, big) = raw;
    let ddb = small % 70;
    let bytes = |len: usize| (0..len).map(|i| (big >> (i % 8 * 8)) as u8).collect::<Vec<u8>>();
    match middle % 32 {
        0 => Command::AboutFirmware,
        1 => Command::Ping {
            source: [PingSource::Ipv4, PingSource::Ipv6LinkLocal, PingSource::Ipv6Addr0]
                [usize::from(small) % 3],
            to: std::net::Ipv4Addr::from(middle).into(),
            size: big as u32,
            handle: middle,
        },
        2 => Command::AbortTask {
            ddb,
            tag: IoTag(middle),
        },
        3 => Command::LunReset {
            ddb,
            lun: big.to_be_bytes(),
        },
        4 => Command::TargetReset { ddb },
        5 => Command::GetManagementData { ddb: small },
        6 => Command::ReadFlash {
            offset: big as u32,
            len: middle,
        },
        7..=9 => {
            let place = ISP4032.layout.place(Area::ALL[usize::from(small) % 4]);
            Command::WriteFlash {
                offset: place.offset + middle % place.size as u32,
                data: bytes(usize::from(small) % 600),
                options: FlashCommit::from_raw((big % 5) as u32),
            }
        }
        10 => Command::GetNvram {
            offset: middle,
            len: big as u32,
        },
        11 => Command::SetNvram {
            offset: middle % 2100,
            data: bytes(usize::from(small) % 32),
        },
        12 => Command::ClearDatabaseEntry { ddb: small },
        13 | 14 => Command::ConnCloseSessLogout {
            ddb,
            connection: small >> 15,
            options: LogoutOptions::from_bits_retain(big as u32 & 0xF),
        },
        15 => {
            let mut block = addr_ctrl_blk::read_from_bytes(&bytes(768)).unwrap();
            if small % 4 != 0 {
                block = addr_ctrl_blk::default();
                block.ipv4_ip_opts.set(0x8000);
                block.ipv4_addr = [10, 0, 0, 2];
                block.iscsi_name[..15].copy_from_slice(b"iqn.2000-04.x:y");
                block.set_add_fw_flags(AddFwOptions::from_bits_retain(small & 2));
            }
            Command::InitializeFirmware(Box::new(block))
        }
        16 => Command::RequestDatabaseEntry { ddb: small },
        17..=20 => {
            let mut entry = entry(if big % 5 == 0 { "" } else { TARGET });
            entry.iscsi_max_burst_len.set(small);
            entry.iscsi_first_burst_len.set(middle as u16);
            entry.iscsi_max_rcv_data_seg_len.set(big as u16);
            entry.iscsi_def_time2wait.set((big >> 16) as u16 % 5);
            entry.ka_timeout.set((big >> 32) as u16 % 40);
            Command::SetDatabaseEntry {
                ddb,
                entry: Box::new(entry),
            }
        }
        21 => {
            let entry = dev_db_entry::read_from_bytes(&bytes(512)).unwrap();
            Command::SetDatabaseEntry {
                ddb: small,
                entry: Box::new(entry),
            }
        }
        22 => Command::GetDatabaseEntry { ddb: small },
        23..=27 => Command::ConnOpen { ddb },
        28 => Command::SetAcb(Box::new(addr_ctrl_blk::read_from_bytes(&bytes(768)).unwrap())),
        29 => Command::DisableAcb,
        30 => Command::GetIpAddrState {
            acb: middle,
            ip: big as u32,
        },
        _ => Command::RestoreFactoryDefaults {
            areas: FactoryAreas::from_bits_retain(middle % 64),
            fields: [0, 0],
        },
    }
}

/// Does one step; gives the tag of an I/O that was taken.
fn step(world: &mut World, raw: Raw) -> Option<IoTag> {
    let (kind, small, middle, big) = raw;
    let now = world.bench.now;
    let link = LinkId(u64::from(small % 40));
    match kind % 16 {
        0..=5 => {
            let _ = world.bench.command(command(raw));
        }
        6..=8 => {
            let len = usize::from(small) % 9000;
            return world.try_submit(
                middle as u16 % 70,
                big % 2 == 0,
                middle % 3000,
                vec![small as u8; len],
            );
        }
        9 => world.run(),
        10 => world.pass(Duration::from_millis(big % 20_000)),
        11 => world.bench.card.closed(now, link, LinkLoss::Os(5)),
        12 => {
            // A peer that says what it likes.
            let bytes = big.to_be_bytes();
            let slot = world.bench.card.read_slot(link);
            let n = slot.len().min(bytes.len());
            slot[..n].copy_from_slice(&bytes[..n]);
            world.bench.card.received(now, link, n);
        }
        13 => world.bench.card.set_link(now, 0, big % 3 != 0),
        14 if big % 7 == 0 => world.bench.card.power_cycle(now).unwrap(),
        14 if big % 7 == 1 => world.bench.card.crash(now, 0),
        14 if big % 7 == 2 => world.bench.card.reset(now, usize::from(small)),
        _ => {
            world.bench.card.drop_session(now, 0, small % 70);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_firmware(steps in prop::collection::vec(any::<Raw>(), 1..120)) {
        let mut world = World::plain();
        world.login(3, &entry(TARGET));
        let mut running = BTreeSet::new();
        for raw in steps {
            if let Some(tag) = step(&mut world, raw) {
                prop_assert!(running.insert(tag), "a tag is given twice");
            }
            // After a power cycle the port may wait for its control block: give it one now and then.
            if raw.0 % 16 == 9 && world.bench.firmware_state() == FwState::ConfigWait {
                world.bench.initialize(raw.1 % 2 == 0);
            }
            for done in world.dones() {
                prop_assert!(running.remove(&done.tag), "{:?} is completed twice", done.tag);
            }
        }
        world.bench.card.reset(world.bench.now, 0);
        for done in world.dones() {
            prop_assert!(running.remove(&done.tag));
        }
        prop_assert!(running.is_empty(), "{running:?} never came back");
        let held = world.bench.store.contents();
        prop_assert!(validate::accept(&ISP4032, 2, &held).is_ok());
    }
}
