//! Logins and logouts by the thousand leave nothing behind: no descriptor, no socket, no file, no memory.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use driver_sys::netlink::Request;
use lab_tests::lab::Lab;
use lab_tests::netlink::Client;
use lab_tests::process::until;
use lab_tests::rounds;
use lab_tests::target::Target;

use super::proc::{descriptors, files_below, resident};

const IQN: &str = "iqn.2026-11.org.example:disk";
const HOST: u32 = 1;
const PATIENCE: Duration = Duration::from_secs(20);

/// What the adapter holds when no session is there.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    sg: usize,
    sys: usize,
}

fn held(lab: &Lab, pid: u32) -> Result<Held> {
    Ok(Held {
        descriptors: descriptors(pid)?,
        sg: files_below(lab.endpoint().join("sg"))?,
        sys: files_below(lab.endpoint().join("sys"))?,
    })
}

/// Logs out as soon as the driver lets us: in the middle of the login's scan, if it comes to that.
fn logout(client: &mut Client, index: u32) -> Result<()> {
    let request = Request::LogoutFlashnode { host_no: HOST, index };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match client.ask(&request) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => std::thread::yield_now(),
        }
    }
}

#[test]
fn logins_and_logouts_leave_nothing_behind() -> Result<()> {
    let mut lab = Lab::start(&["--ports", "1", "--no-sync"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "8M", "--lun", "8M"])?;
    let pid = lab.serving().pid();
    let mut client = Client::open(&lab.endpoint())?;
    client.set_address(HOST, Ipv4Addr::new(127, 0, 0, 21).into())?;
    let index = client.add_target(HOST, IQN, target.portal())?;
    let sg = lab.endpoint().join("sg");
    let units = || Ok((files_below(sg.clone())? == 2).then_some(()));
    let mut first = None;
    let mut memory = None;
    let all = rounds::of(50, 10_000);
    for round in rounds::each("logins and logouts", 50, 10_000) {
        client.login(HOST, index)?;
        // By turns after the scan, in the middle of it, and before it.
        if round % 4 == 0 {
            until(PATIENCE, "both units", units)?;
        } else if round % 4 == 1 {
            until(PATIENCE, "a unit", || {
                Ok((files_below(sg.clone())? > 0).then_some(()))
            })?;
        }
        logout(&mut client, index)?;
        if round < 8 {
            continue;
        }
        let now = held(&lab, pid)?;
        let first = first.get_or_insert_with(|| {
            held(&lab, pid).unwrap_or(Held {
                descriptors: 0,
                sg: 0,
                sys: 0,
            })
        });
        ensure!(now == *first, "round {round}: {now:?}, at first {first:?}");
        // When a tenth is done everything has its size.
        if round >= all / 10 && memory.is_none() {
            memory = Some((resident(pid)?, files_below(lab.endpoint().join(".aside"))?));
        }
    }
    let (kib, files) = memory.unwrap_or_default();
    let (kib_now, files_now) = (resident(pid)?, files_below(lab.endpoint().join(".aside"))?);
    ensure!(
        kib_now < kib + 4096,
        "memory grew from {kib} to {kib_now} KiB in {all} rounds"
    );
    ensure!(
        files_now < files + 600,
        "shared files grew from {files} to {files_now} in {all} rounds"
    );
    Ok(())
}
