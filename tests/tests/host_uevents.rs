//! Uevents of the machine itself, through whatever this build listens with.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::uevent::UeventPort;
use lab_tests::need::{LOOPBACK_UEVENT, Need, left_out};

const DEVICE: &str = "/devices/virtual/net/lo";

#[test]
fn an_event_that_was_asked_for_arrives() -> Result<()> {
    if left_out("an_event_that_was_asked_for_arrives", &[Need::Uevents]) {
        return Ok(());
    }
    let mut port = UeventPort::host()?;
    fs::write(LOOPBACK_UEVENT, "change")?;
    let until = Some(Instant::now() + Duration::from_secs(10));
    let event = loop {
        let event = port.recv(until).context("the event did not come")?;
        if event.devpath == DEVICE && event.action == "change" {
            break event;
        }
    };
    ensure!(event.subsystem() == Some("net"), "{event:?}");
    for (key, value) in [("INTERFACE", "lo"), ("ACTION", "change"), ("DEVPATH", DEVICE)] {
        ensure!(event.get(key) == Some(value), "{key}: {event:?}");
    }
    Ok(())
}
