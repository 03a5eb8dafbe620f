//! Task management through mailboxes: they complete when the target has answered, and after the commands they end.

use emu_array::{Fault, Served as Target};

use crate::driver::{COMPLETION_INTR, CTRL_STATUS, DATA, Driver, PROCESSOR_INTR, set};
use crate::scsi::{DDB, READ, command, logged_in, ready, rw, status, target};
use crate::served::Served;

const ABORT_TASK: u32 = 0x15;
const LUN_RESET: u32 = 0x16;
const TARGET_WARM_RESET: u32 = 0x17;
/// `SCS_RESET_OCCURRED`, `SCS_ABORTED`.
const RESET: u8 = 0x04;
const ABORTED: u8 = 0x05;

fn started(served: &Served, target: &Target) -> Driver {
    let mut driver = logged_in(served, target);
    ready(&mut driver);
    driver
}

fn read(driver: &mut Driver, handle: u32) {
    driver.queue(&command(handle, READ, &rw(false, 0, 8), 4096, &[(DATA, 4096)]));
}

#[test]
fn an_abort_completes_after_the_command_it_ends() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    target.fault(&Fault::LoseReply).unwrap();
    read(&mut driver, 7);
    // Known by its handle only.
    assert_eq!(driver.mailbox([ABORT_TASK, DDB, 8, 0, 0, 1])[0], 0x4005);
    assert_eq!(driver.mailbox([ABORT_TASK, DDB, 7, 0, 0, 1])[0], 0x4000);
    assert_eq!(status(&driver.response()), (7, 0, ABORTED));
    assert_eq!(
        driver.mailbox([ABORT_TASK, DDB, 7, 0, 0, 1])[0],
        0x4005,
        "it is over"
    );
    read(&mut driver, 9);
    assert_eq!(status(&driver.response()), (9, 0, 0));
}

#[test]
fn a_refused_abort_is_an_error_and_the_reset_of_the_unit_ends_the_command() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    target.fault(&Fault::LoseReply).unwrap();
    target.fault(&Fault::RejectAbort).unwrap();
    read(&mut driver, 7);
    assert_eq!(driver.mailbox([ABORT_TASK, DDB, 7, 0, 0, 1])[0], 0x4005);
    assert_eq!(driver.mailbox([LUN_RESET, DDB, 0, 0, 0, 1])[0], 0x4000);
    assert_eq!(status(&driver.response()), (7, 0, RESET));
    // The unit attention of the reset.
    read(&mut driver, 9);
    assert_eq!(status(&driver.response()), (9, 2, 0x15));
    ready(&mut driver);
}

#[test]
fn a_target_reset_ends_everything_of_the_session() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    target.fault(&Fault::LoseReply).unwrap();
    read(&mut driver, 1);
    assert_eq!(driver.mailbox([TARGET_WARM_RESET, DDB, 0, 0, 0, 1])[0], 0x4000);
    assert_eq!(status(&driver.response()), (1, 0, RESET));
    ready(&mut driver);
}

#[test]
fn a_reset_waits_for_the_target_and_ends_with_the_session() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    target.fault(&Fault::Silent).unwrap();
    for (number, value) in [LUN_RESET, DDB, 0, 0, 0, 1].iter().enumerate().rev() {
        driver.write(number as u64 * 4, *value);
    }
    driver.write(CTRL_STATUS, set(0x40));
    driver.read(CTRL_STATUS);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(
        driver.read(CTRL_STATUS) & PROCESSOR_INTR,
        0,
        "nobody has answered"
    );
    // The cable takes the session away, and with it the answer.
    served.tell("link down 0");
    let mut seen = Vec::new();
    driver.wait("the completion and the event", |d| {
        seen.extend(d.event().map(|out| out[0]));
        (seen.contains(&0x4005) && seen.contains(&0x8011)).then_some(())
    });
    assert_eq!(
        driver.mailbox([LUN_RESET, DDB, 0, 0, 0, 1])[0],
        0x4005,
        "no session"
    );
}

#[test]
fn a_reset_of_the_chip_forgets_task_management_under_way() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    target.fault(&Fault::Silent).unwrap();
    driver.write(4, DDB);
    driver.write(0, LUN_RESET);
    driver.write(CTRL_STATUS, set(0x40));
    driver.events.clear();
    driver.start([127, 0, 0, 31]);
    let late = std::time::Duration::from_millis(500);
    std::thread::sleep(late);
    while let Some(event) = driver.event() {
        assert_eq!(event[0] >> 12, 8, "a completion of nothing: {event:x?}");
    }
}

#[test]
fn a_response_is_told_of_though_other_commands_hang() {
    let (served, target) = (Served::start(), target());
    let mut driver = started(&served, &target);
    for pair in 0..3 {
        // One of the two is lost.
        target.fault(&Fault::LoseReply).unwrap();
        read(&mut driver, pair * 2);
        read(&mut driver, pair * 2 + 1);
        assert_eq!(status(&driver.response()).1, 0);
    }
    driver.wait("nothing to be told", |d| {
        (d.read(CTRL_STATUS) & COMPLETION_INTR == 0).then_some(())
    });
    read(&mut driver, 9);
    driver.wait("the interrupt", |d| {
        (d.read(CTRL_STATUS) & COMPLETION_INTR != 0).then_some(())
    });
    assert_eq!(status(&driver.response()), (9, 0, 0));
}
