//! Sockets of an emulated adapter that lie, stay silent or vanish: a clear error in time, nobody else hurt. Needs no privileges.

use std::fs;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use lab_tests::asked::{IQN, text};
use lab_tests::lab::{Lab, READY};
use lab_tests::process::until;
use lab_tests::target::Target;
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, bind, connect, listen, send, socket,
};

#[test]
fn a_server_that_never_answers_is_given_up_in_time() -> Result<()> {
    // A tree as an emulator leaves it, and a socket that takes connections and says nothing.
    let mut lab = Lab::start(&["--ports", "1"])?;
    lab.serving().signal(nix::sys::signal::Signal::SIGSTOP)?;
    let path = lab.endpoint().join("netlink");
    fs::rename(&path, lab.endpoint().join("netlink.old"))?;
    let silent = socket(
        AddressFamily::Unix,
        SockType::SeqPacket,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    bind(silent.as_raw_fd(), &UnixAddr::new(&path)?)?;
    listen(&silent, Backlog::new(8)?)?;
    let began = Instant::now();
    let out = lab.hbactl(&["--timeout", "2", "chap", "list"])?;
    let took = began.elapsed();
    lab.serving().signal(nix::sys::signal::Signal::SIGCONT)?;
    let said = text(&out.stderr);
    ensure!(out.status.code() == Some(1), "{}: {said}", out.status);
    ensure!(took < Duration::from_secs(8), "took {took:?}: {said}");
    ensure!(said.contains("waited for") || said.contains("within"), "{said}");
    Ok(())
}

#[test]
fn a_server_that_vanishes_mid_command_is_an_error_and_no_hang() -> Result<()> {
    let mut lab = Lab::start(&["--ports", "1"])?;
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.21", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "64M"])?;
    target.fault(&["silent"])?;
    let portal = target.portal().to_string();
    let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
    let index = change["after"]["index"].to_string();
    let mut command = lab.command(&["--timeout", "30", "flash", "login", &index])?;
    command
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let login = command.spawn()?;
    // The login is under way when the adapter has a session that is not up.
    until(READY, "the login to begin", || {
        let sessions = lab.json(&["session", "list"])?;
        Ok(sessions
            .as_array()
            .is_some_and(|all| !all.is_empty())
            .then_some(()))
    })?;
    lab.kill();
    let began = Instant::now();
    let out = login.wait_with_output()?;
    ensure!(
        began.elapsed() < Duration::from_secs(32),
        "took {:?}",
        began.elapsed()
    );
    // It died while the order waited for its answer, or after that: nobody knows, or nothing can be seen any more.
    let said = text(&out.stderr);
    ensure!(
        match out.status.code() {
            Some(8) => said.contains("error: it is not known whether this was done: log in"),
            code => code.is_some_and(|code| code != 0) && said.contains("error: cannot "),
        },
        "{}: {said}",
        out.status
    );
    Ok(())
}

#[test]
fn hostile_packets_hurt_nobody_else() -> Result<()> {
    let mut lab = Lab::start(&["--ports", "1"])?;
    let attack = |name: &str, first: &[u8], packets: &[Vec<u8>]| -> Result<()> {
        for packet in packets {
            let fd = socket(
                AddressFamily::Unix,
                SockType::SeqPacket,
                SockFlag::SOCK_CLOEXEC,
                None,
            )?;
            connect(fd.as_raw_fd(), &UnixAddr::new(&lab.endpoint().join(name))?)?;
            if !first.is_empty() {
                send(fd.as_raw_fd(), first, MsgFlags::MSG_NOSIGNAL)?;
            }
            // The server may hang up at once; that is an answer.
            let _ = send(fd.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL);
            let _ = send(fd.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL);
        }
        Ok(())
    };
    let mut address = vec![16, 0, 0, 0];
    address.extend(std::process::id().to_ne_bytes());
    address.extend(1_u32.to_ne_bytes());
    attack("netlink", &address, &packets())?;
    attack("netlink", &[], &packets())?;
    attack("store", &[], &packets())?;
    attack("control", &[], &packets())?;
    attack("bsg/iscsi_host1", &[], &packets())?;
    lab.json(&["chap", "list"])?;
    lab.json(&["flash", "add", "--target", IQN, "--portal", "127.0.0.1"])?;
    ensure!(
        lab.serving().signal(nix::sys::signal::Signal::SIGCONT).is_ok(),
        "the emulator died"
    );
    Ok(())
}

/// Netlink messages whose lengths lie, of every type, and bytes that are nothing.
fn packets() -> Vec<Vec<u8>> {
    let mut all = vec![
        vec![],
        vec![0],
        vec![0xff; 15],
        vec![0xff; 16],
        vec![0xff; 65_536],
        vec![0; 4096],
    ];
    for kind in (0_u16..60).chain([100, 101, 111, 0x7fff, 0xffff]) {
        for (claimed, real) in [
            (72_u32, 72_usize),
            (72, 40),
            (16, 16),
            (0, 72),
            (u32::MAX, 72),
            (4096, 72),
            (200, 200),
        ] {
            let mut packet = Vec::new();
            packet.extend(claimed.to_ne_bytes());
            packet.extend(kind.to_ne_bytes());
            packet.extend(1_u16.to_ne_bytes());
            packet.extend([0; 8]);
            // The body: large numbers wherever the kernel looks for a length, an index or a count.
            packet.resize(real.max(16), 0xff);
            all.push(packet);
        }
    }
    all
}
