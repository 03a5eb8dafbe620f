//! As many sessions as a card's two flash tables are meant for, all at once, and again after the power came back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driver_sys::endpoint::Endpoint;
use driver_sys::sysfs::class::session::{Session, SessionFields};
use driver_sys::sysfs::class::sessions::sessions;
use lab_tests::lab::{Lab, READY};
use lab_tests::netlink::Client;
use lab_tests::process::{Running, own_binary, until};
use lab_tests::rounds;

const SESSIONS: u32 = 64;
const PORTS: u32 = 2;
const FIRST_HOST: u32 = 1;

fn name(session: u32) -> String {
    format!("iqn.2026-11.org.example:array.{session}")
}

/// Our target with a name for each session.
fn target() -> Result<(Running, SocketAddr)> {
    let mut command = Command::new(own_binary("hbaemu")?);
    command.args([
        "target",
        "--listen",
        "127.0.0.1:0",
        "--lun",
        "1M",
        "--iqn",
        &name(0),
    ]);
    for session in 1..SESSIONS {
        command.args(["--also", &name(session)]);
    }
    let (running, line) = Running::start_telling(&mut command, "ready", READY)?;
    let portal = line.rsplit(' ').next().unwrap_or_default();
    let portal = portal
        .parse()
        .with_context(|| format!("no address in {line:?}"))?;
    Ok((running, portal))
}

/// One line a session, by target name: its number, its host, where it goes, its state.
type Lines = BTreeMap<String, String>;

/// What hbactl lists.
fn listed(lab: &Lab) -> Result<Lines> {
    let all = lab.json(&["session", "list"])?;
    let line = |s: &serde_json::Value| -> Result<(String, String)> {
        let text = |key: &str| s[key].as_str().with_context(|| format!("no {key} in {s}"));
        let line = format!(
            "{} {} {}:{} {}",
            s["sid"],
            s["host"],
            text("address")?,
            s["port"],
            text("state")?
        );
        Ok((text("target_name")?.to_owned(), line))
    };
    all.as_array().context("a list")?.iter().map(line).collect()
}

/// What the sysfs reader finds.
fn read(lab: &Lab) -> Result<Lines> {
    let root = Endpoint::Dir(lab.endpoint()).open_sysfs()?;
    let listing = sessions(&root, SessionFields::Brief)?.into_listing();
    ensure!(
        listing.skipped.is_empty() && listing.problems.is_empty(),
        "{:?} {:?}",
        listing.skipped,
        listing.problems
    );
    let line = |s: Session| -> Result<(String, String)> {
        let to = s
            .portals
            .with_context(|| format!("session {} has no portal", s.sid))?;
        let (address, port) = (to.persistent.address, to.persistent.port);
        let state = s.state.context("no state")?;
        let line = format!("{} {} {address}:{port} {state}", s.sid, s.host.host_no);
        Ok((s.target, line))
    };
    listing.items.into_iter().map(line).collect()
}

#[test]
fn sixty_four_sessions_on_two_ports_come_back_after_the_power() -> Result<()> {
    let lab = Lab::start(&["--ports", &PORTS.to_string()])?;
    let (_target, portal) = target()?;
    let mut client = Client::open(&lab.endpoint())?;
    for port in 0..PORTS {
        let address = Ipv4Addr::new(127, 0, 0, 51 + port as u8);
        client.set_address(FIRST_HOST + port, address.into())?;
    }
    for session in 0..SESSIONS {
        let host = FIRST_HOST + session % PORTS;
        let index = client.add_target(host, &name(session), portal)?;
        client.login(host, index)?;
    }
    let mut before = all_logged_in(&lab, None)?;
    assert_eq!(listed(&lab)?, before);
    assert!(before.keys().cloned().eq(names()));
    for _ in rounds::each("losses of power", 1, 50) {
        lab.fault(&["power-cycle"])?;
        before = back_on_their_ports(&lab, &before)?;
    }
    Ok(())
}

/// Waits until every session of `before` is a new one over the port that it had; those.
fn back_on_their_ports(lab: &Lab, before: &Lines) -> Result<Lines> {
    let last = before.values().filter_map(|line| number(line)).max();
    let after = all_logged_in(lab, last)?;
    assert_eq!(listed(lab)?, after);
    assert!(after.keys().cloned().eq(names()));
    // Every one is a new session over the port that it had.
    let host = |lines: &Lines| -> Vec<String> {
        let second = |line: &String| line.split(' ').nth(1).unwrap_or_default().to_owned();
        lines.values().map(second).collect()
    };
    assert_eq!(host(&after), host(before));
    Ok(after)
}

/// The session's number, which every line begins with.
fn number(line: &str) -> Option<u32> {
    line.split(' ').next()?.parse().ok()
}

/// Every target's name, in order.
fn names() -> std::collections::btree_set::IntoIter<String> {
    (0..SESSIONS).map(name).collect::<BTreeSet<_>>().into_iter()
}

/// Waits until every session is logged in and newer than `last`; what the sysfs reader finds then.
fn all_logged_in(lab: &Lab, last: Option<u32>) -> Result<Lines> {
    until(Duration::from_secs(60), "64 sessions to be logged in", || {
        // While sessions come and go one may vanish while it is read.
        let Ok(lines) = read(lab) else { return Ok(None) };
        let up = |line: &&String| line.ends_with(" LOGGED_IN") && number(line) > last;
        let up = lines.values().filter(up).count();
        Ok((up == SESSIONS as usize).then_some(lines))
    })
}
