//! Listeners that do not read: bounded memory, and the gap is told.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::Port;
use driver_sys::port::PortError;
use lab_tests::lab::{Lab, READY};
use lab_tests::process::until;

use super::proc::resident;

/// Commands that are sent before their answers are read.
const BATCH: u32 = 32;

/// Causes an event for every listener of uevents and of netlink, and waits until it is out.
fn stir(endpoint: &Path, times: u32) -> Result<()> {
    let control = driver_sys::port::Seqpacket::connect(endpoint.join("control"), None)?;
    let mut buffer = [0; 64];
    // Some at a time are under way.
    for batch in 0..times.div_ceil(BATCH) {
        let rounds = batch * BATCH..times.min((batch + 1) * BATCH);
        for round in rounds.clone() {
            let state = if round % 2 == 0 { "down" } else { "up" };
            control.send(format!("link {state} 0").as_bytes(), "a command")?;
        }
        for _ in rounds {
            control.receive(&mut buffer, Some(Instant::now() + READY), "its answer")?;
        }
    }
    Ok(())
}

#[test]
fn many_mute_listeners_cost_little_and_each_is_told_once() -> Result<()> {
    let mut lab = Lab::start(&["--ports", "1", "--no-sync"])?;
    let endpoint = Endpoint::Dir(lab.endpoint());
    let mut mute: Vec<Box<dyn Port>> = Vec::new();
    for _ in 0..150 {
        mute.push(endpoint.open_netlink(1)?);
    }
    let pid = lab.serving().pid();
    stir(&lab.endpoint(), 100)?;
    let before = resident(pid)?;
    // The system's buffer of a socket takes some 2500 of them, 256 KiB in the adapter the rest.
    stir(&lab.endpoint(), 6000)?;
    let after = resident(pid)?;
    ensure!(after < before + (32 << 10), "{before} KiB grew to {after} KiB");
    // One of them wakes up: what it was sent in time, then one notice, then what is new.
    let port = mute.first_mut().context("a listener")?;
    let (mut seen, mut gaps) = (0, 0);
    loop {
        match port.recv(Some(Instant::now() + Duration::from_secs(1)), "event") {
            Ok(_) => seen += 1,
            Err(PortError::Overrun) => gaps += 1,
            Err(PortError::Timeout { .. }) => break,
            Err(error) => bail!(error),
        }
    }
    ensure!(seen > 0 && gaps == 1, "{seen} events, {gaps} gaps");
    stir(&lab.endpoint(), 1)?;
    port.recv(Some(Instant::now() + READY), "event after the gap")?;
    Ok(())
}

#[test]
fn hbactl_behind_a_slow_reader_says_that_events_were_lost() -> Result<()> {
    let lab = Lab::start(&["--ports", "1", "--no-sync"])?;
    let mut hbactl = lab
        .command(&["-o", "json", "event", "follow", "--for", "90"])?
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()?;
    let mut lines = BufReader::new(hbactl.stdout.take().context("stdout")?).lines();
    // It listens once an event comes out; then nobody reads its pipe.
    let (listens, endpoint) = (AtomicBool::new(false), lab.endpoint());
    let first = thread::scope(|scope| {
        let stirring = scope.spawn(|| -> Result<()> {
            until(READY, "the first event to be told", || {
                stir(&endpoint, 2)?;
                Ok(listens.load(Ordering::Relaxed).then_some(()))
            })
        });
        let first = lines.next();
        listens.store(true, Ordering::Relaxed);
        stirring.join().map_err(|_| anyhow!("stirring panicked"))??;
        Ok::<_, anyhow::Error>(first)
    })?;
    first.context("hbactl ended without an event")??;
    let told = (|| -> Result<bool> {
        // A pipe of 64 KiB, the system's buffer of a socket, and 256 KiB in the adapter are full then.
        stir(&lab.endpoint(), 8000)?;
        for line in lines {
            if serde_json::from_str::<serde_json::Value>(&line?)?["data"]["event"] == "lost" {
                return Ok(true);
            }
        }
        Ok(false)
    })();
    hbactl.kill()?;
    hbactl.wait()?;
    ensure!(told?, "events were lost and nothing was said");
    Ok(())
}
