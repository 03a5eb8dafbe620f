//! Sessions of a bnx2i port of the emulated kernel with tgt, over our network helper: login, I/O, recovery, and a helper that dies.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::code::IscsiErr;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Event, Request};
use iscsi::digest::Digest;
use lab_tests::lab;
use lab_tests::need::left_out;
use lab_tests::network::dnsmasq;
use lab_tests::network::offload::HOST;
use lab_tests::network::rig::{self, IQN, Rig, SECRET, USER};
use lab_tests::offload::{Session, endpoint};
use lab_tests::process::until;

const MIB: usize = 1 << 20;
const BLOCK: usize = 512;
const SOON: Duration = Duration::from_secs(60);

fn left(name: &str) -> bool {
    left_out(name, &rig::needs())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the path is not UTF-8")
}

/// Writes so many bytes to a disk, reads them back, compares.
fn written_and_read_back(rig: &Rig, disk: &str, bytes: usize, seed: u64) -> Result<()> {
    let source = rig.noise(&format!("source{seed}"), bytes, seed)?;
    rig.json(&["lun", "write", disk, "--in", text(&source)?, "--yes"])?;
    read_back(rig, disk, &source, 0)
}

/// What a disk has from this byte on is what the file has.
fn read_back(rig: &Rig, disk: &str, source: &Path, from: usize) -> Result<()> {
    let copy = rig.segment.file("copy");
    let (start, blocks) = (from / BLOCK, std::fs::metadata(source)?.len() / BLOCK as u64);
    let (start, blocks) = (start.to_string(), blocks.to_string());
    rig.json(&[
        "lun",
        "read",
        disk,
        "--out",
        text(&copy)?,
        "--overwrite",
        "--start",
        &start,
        "--blocks",
        &blocks,
    ])?;
    ensure!(
        std::fs::read(source)? == std::fs::read(&copy)?,
        "what was read is not what was written"
    );
    Ok(())
}

/// A write from this byte on that goes on meanwhile.
fn writing(rig: &Rig, disk: &str, source: &Path, from: usize) -> Result<Child> {
    let start = (from / BLOCK).to_string();
    let args = [
        "lun",
        "write",
        disk,
        "--in",
        text(source)?,
        "--start",
        &start,
        "--yes",
    ];
    let mut command = lab::hbactl(rig.offload.endpoint(), &args)?;
    Ok(command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?)
}

/// Begins to write each file to its disk, from its byte on, and pulls the cable out in the middle of all of them.
fn writes_without_cable(rig: &Rig, wanted: &[(String, PathBuf, usize)]) -> Result<Vec<Child>> {
    loop {
        let mut writes = Vec::new();
        for (disk, source, from) in wanted {
            writes.push(writing(rig, disk, source, *from)?);
        }
        for (.., from) in wanted {
            arrived(rig, *from)?;
        }
        rig.segment.cable(false)?;
        let mut over = false;
        for write in &mut writes {
            over |= write.try_wait()?.is_some();
        }
        if !over {
            return Ok(writes);
        }
        // One was faster than the hand at the cable.
        rig.segment.cable(true)?;
        for write in writes {
            finished(write)?;
        }
    }
}

/// Waits until the target has something at this byte of the disk.
fn arrived(rig: &Rig, at: usize) -> Result<()> {
    let disk = File::open(rig.segment.file("disk"))?;
    until(SOON, "the first bytes of a write", || {
        let mut bytes = [0; BLOCK];
        disk.read_exact_at(&mut bytes, at as u64)?;
        Ok((bytes != [0; BLOCK]).then_some(()))
    })
}

fn finished(child: Child) -> Result<()> {
    let out = child.wait_with_output()?;
    ensure!(
        out.status.success(),
        "hbactl lun write: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(())
}

/// A write that a connection was lost under: whoever came between two commands saw nothing of it, and a command that was under way is told
/// (`libiscsi.c`, `fail_scsi_tasks`; nobody repeats what comes by the passthrough) and written again.
fn finished_or_told(rig: &Rig, write: Child, disk: &str, source: &Path) -> Result<()> {
    let out = write.wait_with_output()?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(said.contains("host status 0xe"), "{}: {said}", out.status);
    finished(writing(rig, disk, source, 0)?)
}

#[test]
fn discovery_chap_digests_and_sixty_four_mebibytes() -> Result<()> {
    if left("discovery_chap_digests_and_sixty_four_mebibytes") {
        return Ok(());
    }
    let rig = Rig::start(64 << 20, true)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mut client = rig.client()?;

    let mut discovery = Session::login(&mut client, rig.wanted(None, 1, false)?)?;
    let found = discovery.send_targets(&mut client)?;
    ensure!(
        found.targets.iter().any(|target| target.name.to_string() == IQN),
        "{found:?}"
    );
    discovery.end(&mut client)?;

    let wrong = rig.wanted_as(USER, "not-the-secret-here", 2)?;
    ensure!(
        Session::login(&mut client, wrong).is_err(),
        "logged in with a wrong secret"
    );

    let wanted = rig.wanted_as(USER, SECRET, 3)?;
    let session = Session::login(&mut client, wanted)?;
    let agreed = &session.agreed;
    ensure!(
        agreed.authenticated && agreed.params.header_digest == Digest::Crc32c,
        "{agreed:?}"
    );
    ensure!(agreed.params.data_digest == Digest::Crc32c, "{agreed:?}");
    session.scan(rig.offload.endpoint())?;
    let disk = rig.disk(session.sid)?;
    written_and_read_back(&rig, &disk, 64 * MIB, 1)?;
    session.end(&mut client)?;
    let left = rig.json(&["session", "list"])?;
    ensure!(left.as_array().is_some_and(Vec::is_empty), "{left}");
    Ok(())
}

#[test]
fn sixty_four_sessions_at_once() -> Result<()> {
    if left("sixty_four_sessions_at_once") {
        return Ok(());
    }
    let rig = Rig::start(64 << 20, false)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mut client = rig.client()?;
    // All paths are asked for before one is waited for.
    let endpoints: Vec<u64> = (0..64)
        .map(|_| endpoint::connect(&mut client, HOST, rig.portal()))
        .collect::<Result<_>>()?;
    let mut sessions = Vec::new();
    for (number, handle) in (1..).zip(endpoints) {
        endpoint::connected(&mut client, handle, SOON)?;
        let wanted = rig.wanted(Some(IQN), number, false)?;
        sessions.push(Session::login_on(&mut client, wanted, handle)?);
    }
    sessions[0].scan(rig.offload.endpoint())?;
    let (first, last) = (rig.disk(sessions[0].sid)?, rig.disk(sessions[63].sid)?);
    written_and_read_back(&rig, &first, 4 * MIB, 1)?;
    written_and_read_back(&rig, &last, 4 * MIB, 2)?;
    for session in sessions {
        session.end(&mut client)?;
    }
    Ok(())
}

#[test]
fn a_session_comes_back_after_the_cards_device_was_down() -> Result<()> {
    if left("a_session_comes_back_after_the_cards_device_was_down") {
        return Ok(());
    }
    let rig = Rig::start(64 << 20, false)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mut client = rig.client()?;
    let mut session = Session::login(&mut client, rig.wanted(Some(IQN), 1, true)?)?;
    session.scan(rig.offload.endpoint())?;
    let disk = rig.disk(session.sid)?;
    let source = rig.noise("source", 64 * MIB, 7)?;
    let write = writing(&rig, &disk, &source, 0)?;
    rig.fault(&["netdev-down", "0"])?;
    let sid = session.sid;
    client.event(
        "an error of the connection",
        SOON,
        |event| matches!(event, Event::ConnError { sid: of, .. } if *of == sid),
    )?;
    rig.fault(&["netdev-up", "0"])?;
    rig.helper()?.configure(&rig.record()?)?;
    session.recover(&mut client)?;
    finished_or_told(&rig, write, &disk, &source)?;
    read_back(&rig, &disk, &source, 0)?;
    session.end(&mut client)
}

/// One session asks by NOPs whether its target is there (after 5 seconds, for 5): it is told, comes back, and what was under way failed, as
/// a command that comes by the passthrough does (`libiscsi.c`, `fail_scsi_tasks`; nobody repeats it). The other session does not ask: TCP
/// sends again what was lost.
#[test]
fn sessions_go_on_after_their_cable_was_pulled_under_io() -> Result<()> {
    if left("sessions_go_on_after_their_cable_was_pulled_under_io") {
        return Ok(());
    }
    const PART: usize = 64 * MIB;
    let rig = Rig::start(2 * PART as u64, false)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mut client = rig.client()?;
    let mut asking = Session::login(&mut client, rig.wanted(Some(IQN), 1, false)?)?;
    let silent = Session::login(&mut client, rig.wanted(Some(IQN), 2, true)?)?;
    for param in [IscsiParam::PingTmo, IscsiParam::RecvTmo] {
        let attr = Attr {
            param,
            value: Bytes::c_text("0"),
        };
        let (sid, cid) = (silent.sid, 0);
        client.ask(&Request::SetParam { sid, cid, attr })?;
    }
    asking.scan(rig.offload.endpoint())?;
    let mut wanted = Vec::new();
    for (sid, seed) in [(asking.sid, 21), (silent.sid, 22)] {
        let source = rig.noise(&format!("source{seed}"), PART, seed)?;
        wanted.push((rig.disk(sid)?, source, wanted.len() * PART));
    }
    let writes = writes_without_cable(&rig, &wanted)?;
    let told = client.event("an error of a connection", SOON, |event| {
        matches!(event, Event::ConnError { .. })
    })?;
    let sid = asking.sid;
    ensure!(
        matches!(told, Event::ConnError { sid: of, error: IscsiErr::NopTimedout, .. } if of == sid),
        "{told:?}"
    );
    let [lost, kept] = <[Child; 2]>::try_from(writes).map_err(|_| anyhow::anyhow!("two writes"))?;
    let out = lost.wait_with_output()?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(said.contains("host status 0xe"), "{}: {said}", out.status);
    rig.segment.cable(true)?;
    finished(kept)?;
    asking.recover(&mut client)?;
    let (disk, source, from) = &wanted[0];
    finished(writing(&rig, disk, source, *from)?)?;
    for (disk, source, from) in &wanted {
        read_back(&rig, disk, source, *from)?;
    }
    let sessions = rig.json(&["session", "list"])?;
    let states: Vec<_> = sessions
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["state"])
        .collect();
    ensure!(states == ["LOGGED_IN", "LOGGED_IN"], "{sessions}");
    silent.end(&mut client)?;
    asking.end(&mut client)
}

#[test]
fn a_helper_that_is_killed_under_io_is_not_missed() -> Result<()> {
    if left("a_helper_that_is_killed_under_io_is_not_missed") {
        return Ok(());
    }
    let mut rig = Rig::start(64 << 20, false)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mut client = rig.client()?;
    let session = Session::login(&mut client, rig.wanted(Some(IQN), 1, false)?)?;
    session.scan(rig.offload.endpoint())?;
    let disk = rig.disk(session.sid)?;
    let source = rig.noise("source", 64 * MIB, 9)?;
    let write = writing(&rig, &disk, &source, 0)?;
    rig.restart_helper()?;
    finished(write)?;
    // The new one has what the old one had: a second session finds its path, nobody configures anything.
    let begun = Instant::now();
    let second = Session::login(&mut client, rig.wanted(Some(IQN), 2, false)?)?;
    eprintln!("a login {} ms after the restart", begun.elapsed().as_millis());
    written_and_read_back(&rig, &disk, 8 * MIB, 3)?;
    second.end(&mut client)?;
    session.end(&mut client)
}

#[test]
fn a_lease_that_changes_leaves_the_session_alone() -> Result<()> {
    if left("a_lease_that_changes_leaves_the_session_alone") {
        return Ok(());
    }
    let mut rig = Rig::start(64 << 20, false)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mut client = rig.client()?;
    let session = Session::login(&mut client, rig.wanted(Some(IQN), 1, false)?)?;
    session.scan(rig.offload.endpoint())?;
    let disk = rig.disk(session.sid)?;
    // Another server has other addresses, and refuses the old one as soon as it is asked about it: the helper's next start does that.
    rig.dhcp = None;
    rig.dhcp = Some(dnsmasq::start_from(&rig.segment, 200)?);
    rig.restart_helper()?;
    rig.segment.says(dnsmasq::LOG, "DHCPNAK(lan0) 10.71.0.1", SOON)?;
    rig.segment.says(dnsmasq::LOG, "DHCPACK(lan0) 10.71.0.2", SOON)?;
    written_and_read_back(&rig, &disk, 8 * MIB, 5)?;
    let second = Session::login(&mut client, rig.wanted(Some(IQN), 2, false)?)?;
    second.end(&mut client)?;
    session.end(&mut client)
}
