//! The control socket: what breaks on purpose, and who may say so.

use std::os::unix::fs::PermissionsExt;

use crate::driver::Driver;
use crate::served::Served;

#[test]
fn a_cable_and_a_crash_reach_the_driver_as_events() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    driver.wait_event(0x8010);
    assert_eq!(served.tell("link down 0"), "ok");
    driver.wait_event(0x8011);
    assert_eq!(served.tell("link up 0"), "ok");
    driver.wait_event(0x8010);
    assert_eq!(served.tell("crash 0"), "ok");
    driver.wait_event(0x8002);
    assert_eq!(driver.mailbox([0x61, 0, 0, 0, 0, 0])[0], 0x4005, "dead");
    driver.start([127, 0, 0, 31]);
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    let served = Served::start();
    for line in [
        " ",
        "sulk",
        "link down 2",
        "link down x",
        "crash 9",
        "slow replies soon",
        "drop ddb 0 5",
        "lose response 7",
    ] {
        let answer = served.tell(line);
        assert!(answer.starts_with("error "), "{line:?}: {answer}");
    }
    let mode = served
        .dir
        .path()
        .join("control")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
