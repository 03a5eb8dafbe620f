//! One session for each target and place, whoever logs in: the driver or the firmware, however the target came to be in flash, and whatever
//! happened to the card.

#[macro_use]
mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::{HOST, IQN, Lab, session};
use driver_sys::hw::nvram::{BootTargetByte, NVRAM_PORT0_BOOT_MODE, NVRAM_PORT0_BOOT_PRI_TGT};
use emu_kernel::FirmwareMode;

/// How a target stands in flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Target,
    SendTargets,
}

/// What happens to the card.
#[derive(Debug, Clone, Copy)]
enum Event {
    Restart,
    PowerCycle,
    Reset,
    Crash,
    Cable,
}

/// Exactly one session, logged in, with a number of its own.
fn settled(lab: &Lab, what: &str) {
    let up = || {
        let all = lab.sessions();
        let up = |sid: &u32| {
            std::fs::read_to_string(lab.sys(&format!("{}/state", session(*sid))))
                .is_ok_and(|state| state.trim() == "LOGGED_IN")
        };
        (!all.is_empty() && all.iter().all(up)).then_some(())
    };
    lab.wait(&format!("sessions after {what}"), up);
    // Whoever comes late would be here by now: both sides log in within a second.
    std::thread::sleep(Duration::from_millis(1200));
    lab.wait(&format!("sessions still up after {what}"), up);
    let targets: BTreeSet<String> = lab
        .sessions()
        .iter()
        .map(|sid| lab.read(&format!("{}/targetname", session(*sid))))
        .collect();
    assert_eq!(
        lab.sessions().len(),
        1,
        "{what}: {:?} to {targets:?}",
        lab.sessions()
    );
    let units: Vec<_> = std::fs::read_dir(lab.sys("class/scsi_device"))
        .expect("class")
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(":1"))
        .collect();
    assert_eq!(units.len(), 1, "{what}: {units:?}");
}

fn happens(lab: Lab, mode: FirmwareMode, event: Event) -> Lab {
    match event {
        Event::Restart => {
            let (dir, target) = lab.stop();
            return Lab::within(dir, target, |c| c.fw_mode = mode);
        }
        Event::PowerCycle => assert_eq!(lab.control("power-cycle"), "ok"),
        Event::Reset => {
            let path = format!("class/scsi_host/host{HOST}/host_reset");
            lab.endpoint().store(&path, b"adapter\n").expect("reset");
        }
        Event::Crash => assert_eq!(lab.control("crash 0"), "ok"),
        Event::Cable => {
            assert_eq!(lab.control("link down 0"), "ok");
            assert_eq!(lab.control("link up 0"), "ok");
        }
    }
    lab
}

fn walk(mode: FirmwareMode, entries: &[Entry], boot: bool) {
    let mut lab = Lab::with(|c| c.fw_mode = mode);
    let mut client = lab.client();
    client.set_address("127.0.0.1");
    for entry in entries {
        let name = (*entry == Entry::Target).then_some(IQN);
        let node = client.target_node(lab.portal, name);
        if boot && *entry == Entry::Target {
            let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
            let index = BootTargetByte::new(node as u8).expect("index").0;
            for (offset, byte) in [(NVRAM_PORT0_BOOT_MODE, 1), (NVRAM_PORT0_BOOT_PRI_TGT, index)] {
                let write = driver_sys::bsg::VendorCommand::UpdateNvram {
                    offset: offset as u32,
                    data: vec![byte],
                };
                bsg.run(&write, common::PATIENCE).expect("written");
            }
        }
    }
    drop(client);
    let all = [
        Event::Restart,
        Event::PowerCycle,
        Event::Reset,
        Event::Cable,
        Event::Crash,
    ];
    // One entry alone has nobody to be confused with.
    let events = if entries.len() == 1 { &all[..2] } else { &all[..] };
    for event in events.iter().copied() {
        lab = happens(lab, mode, event);
        settled(
            &lab,
            &format!("{event:?} with {entries:?} ({mode:?}, boot {boot})"),
        );
    }
}

#[test]
fn the_driver_makes_one_session_of_each_target() {
    needs_tgtd!("the_driver_makes_one_session_of_each_target");
    for entries in [
        &[Entry::Target][..],
        &[Entry::SendTargets],
        &[Entry::Target, Entry::SendTargets],
    ] {
        walk(FirmwareMode::NonAutoConnect, entries, false);
    }
}

#[test]
fn the_firmware_makes_one_session_of_each_target() {
    needs_tgtd!("the_firmware_makes_one_session_of_each_target");
    for entries in [
        &[Entry::Target][..],
        &[Entry::SendTargets],
        &[Entry::Target, Entry::SendTargets],
        &[Entry::SendTargets, Entry::Target],
    ] {
        walk(FirmwareMode::AutoConnect, entries, false);
    }
}

#[test]
fn a_boot_target_that_is_discovered_too_has_one_session() {
    needs_tgtd!("a_boot_target_that_is_discovered_too_has_one_session");
    for mode in [FirmwareMode::AutoConnect, FirmwareMode::NonAutoConnect] {
        walk(mode, &[Entry::Target, Entry::SendTargets], true);
    }
}
