//! Every mailbox command there is, in every state of the firmware: answered or refused as the table says.

use driver_sys::hw::mailbox::MboxCmd;
use isp4xxx::regs::{Dma, MAILBOX_COMMANDS, MailboxCommand, When};

use crate::driver::{BUFFER, CTRL_STATUS, DATA, Driver, MEMORY, MEMORY_LEN, PROCESSOR_INTR, set};
use crate::served::Served;

const UNKNOWN: u32 = 0x4001;
const ERROR: u32 = 0x4005;

fn line(command: MboxCmd) -> Option<&'static MailboxCommand> {
    MAILBOX_COMMANDS.iter().find(|line| line.command == command)
}

/// A command with nothing but zeros; what mailbox 0 says.
fn zeros(driver: &mut Driver, command: MboxCmd) -> u32 {
    driver.mailbox([command.raw().into(), 0, 0, 0, 0, 0])[0]
}

/// Stops the firmware or starts it without rings; the others leave it as it is.
fn changes_state(command: MboxCmd) -> bool {
    matches!(command, MboxCmd::StopFw | MboxCmd::InitializeFirmware)
}

#[test]
fn every_command_is_answered_as_the_table_says() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    let mut wrong = Vec::new();
    for command in MboxCmd::ALL {
        driver.boot();
        let cold = zeros(&mut driver, *command);
        driver.start([127, 0, 0, 31]);
        let ready = zeros(&mut driver, *command);
        let expected = match line(*command) {
            None => (UNKNOWN, UNKNOWN),
            Some(line) if line.when == When::Initialized => (ERROR, line.to_zeros.into()),
            Some(line) => (line.to_zeros.into(), line.to_zeros.into()),
        };
        if (cold, ready) != expected {
            wrong.push(format!("{command:?}: {cold:x} {ready:x}, not {expected:x?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn after_a_crash_only_the_state_can_be_asked() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    assert_eq!(served.tell("crash 0"), "ok");
    driver.wait_event(0x8002);
    for command in MboxCmd::ALL {
        let expected = match line(*command) {
            None => UNKNOWN,
            Some(_) if *command == MboxCmd::GetFwState => 0x4000,
            Some(_) => ERROR,
        };
        assert_eq!(zeros(&mut driver, *command), expected, "{command:?}");
    }
    driver.start([127, 0, 0, 31]);
}

#[test]
fn absurd_parameters_are_refused_and_write_nothing_beside_the_room() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    let end = MEMORY + MEMORY_LEN;
    for MailboxCommand { command, dma, .. } in MAILBOX_COMMANDS {
        if changes_state(*command) {
            continue;
        }
        driver.start([127, 0, 0, 31]);
        let code = u32::from(command.raw());
        // Everything at its largest: an index beyond the table, an address beyond the bus, a length beyond any.
        let out = driver.mailbox([code, u32::MAX, u32::MAX, u32::MAX, u32::MAX, u32::MAX]);
        assert_eq!(out[0] >> 12, 4, "{command:?}: {out:x?}");
        // A reply that hangs over the end of memory, and one with a page of room in the middle of a pattern.
        let at = match dma {
            Dma::None => continue,
            Dma::To(at) | Dma::Fixed(at, _) => *at,
        };
        let ask = |address: u64, len: u32| {
            let mut ask = [code, 0, 0, 0, 0, 0];
            if *command == MboxCmd::ReadFlash {
                ask[3] = 0x0200_0000;
            }
            ask[at] = address as u32;
            ask[at + 1] = (address >> 32) as u32;
            if matches!(dma, Dma::To(_)) {
                ask[4] = len;
            }
            ask
        };
        for address in [end - 4, end, u64::MAX - 3, MEMORY - 4] {
            let out = driver.mailbox(ask(address, 64));
            assert!(
                out[0] == ERROR || *command == MboxCmd::GetConnEventLog,
                "{command:?} at {address:x}: {out:x?}"
            );
        }
        driver.put(DATA, &[0x5A; 256]);
        let room = if let Dma::Fixed(_, len) = dma {
            *len as usize
        } else {
            16
        };
        assert_eq!(driver.mailbox(ask(DATA, 16))[0], 0x4000, "{command:?}");
        if room < 256 {
            assert_eq!(
                driver.get(DATA + room as u64, 256 - room),
                vec![0x5A; 256 - room],
                "{command:?}"
            );
        }
    }
}

#[test]
fn a_command_rung_in_the_middle_of_a_reset_is_no_command() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    for code in [0x61, 0x69, 0x60, 0x16] {
        driver.start([127, 0, 0, 31]);
        driver.write(0, code);
        driver.write(4, BUFFER as u32);
        // Both bits at once, then the doorbell before the boot.
        driver.write(CTRL_STATUS, set(0x8000 | 0x40));
        driver.write(0, code);
        driver.write(CTRL_STATUS, set(0x40));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert_eq!(driver.read(CTRL_STATUS) & PROCESSOR_INTR, 0, "{code:x}");
        assert_eq!(driver.read(0), 0, "{code:x}");
    }
    driver.start([127, 0, 0, 31]);
}

#[test]
fn a_second_doorbell_replaces_the_command_before() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    driver.events.clear();
    driver.write(0, 0x5A);
    driver.write(CTRL_STATUS, set(0x40));
    assert_eq!(driver.mailbox([0x69, 0, 0, 0, 0, 0])[0], 0x4000);
    std::thread::sleep(std::time::Duration::from_millis(20));
    while let Some(event) = driver.event() {
        assert_eq!(event[0] >> 12, 8, "two completions: {event:x?}");
    }
}
