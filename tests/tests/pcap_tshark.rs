//! Captures of both programs under Wireshark's dissector.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::{Lab, READY};
use lab_tests::need::{Need, find_tool, left_out};
use lab_tests::netlink::Client;
use lab_tests::process::{Running, own_binary, until};
use nix::sys::signal::Signal;

const IQN: &str = "iqn.2026-11.org.example:disk";
const NEEDS: &[Need] = &[Need::Tool("tshark", "tshark")];

/// What tshark prints of a capture; `port` is iSCSI whatever its number.
fn tshark(capture: &Path, port: u16, args: &[&str]) -> Result<String> {
    let output = Command::new(find_tool("tshark").context("not installed")?)
        .arg("-r")
        .arg(capture)
        .args(["-d", &format!("tcp.port=={port},iscsi")])
        .args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"])
        .args(args)
        .output()?;
    ensure!(
        output.status.success(),
        "tshark: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// Nothing that Wireshark frowns at: frames, checksums, sequence numbers.
fn flawless(capture: &Path, port: u16) -> Result<()> {
    for flaw in [
        "_ws.malformed",
        "tcp.analysis.flags && !tcp.analysis.reused_ports",
        "tcp.checksum.status == 0 || ip.checksum.status == 0",
        "iscsi.opcode.invalid",
    ] {
        let found = tshark(capture, port, &["-Y", flaw])?;
        ensure!(found.is_empty(), "{flaw}: {found}");
    }
    Ok(())
}

/// How often each value of a field occurs, over all PDUs.
fn count(capture: &Path, port: u16, field: &str) -> Result<BTreeMap<String, u32>> {
    let mut counts = BTreeMap::new();
    for value in tshark(capture, port, &["-T", "fields", "-e", field])?
        .split([',', '\n'])
        .filter(|value| !value.is_empty())
    {
        *counts.entry(value.to_owned()).or_insert(0) += 1;
    }
    Ok(counts)
}

fn target(args: &[&str]) -> Result<(Running, SocketAddr)> {
    let mut command = Command::new(own_binary("hbaemu")?);
    command.args(["target", "--listen", "127.0.0.1:0", "--lun", "64M", "--iqn", IQN]);
    command.args(args);
    let (running, line) = Running::start_telling(&mut command, "ready", READY)?;
    let portal = line.rsplit(' ').next().unwrap_or_default();
    let portal = portal
        .parse()
        .with_context(|| format!("no address in {line:?}"))?;
    Ok((running, portal))
}

/// Ends a program as its operator would.
fn end(running: &mut Running) -> Result<()> {
    running.signal(Signal::SIGTERM)?;
    running.ended(READY)?;
    Ok(())
}

#[test]
fn wireshark_reads_every_pdu_of_a_captured_target() -> Result<()> {
    if left_out("wireshark_reads_every_pdu_of_a_captured_target", NEEDS) {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("target.pcap");
    let (mut running, portal) = target(&["--pcap", file.to_str().context("path")?])?;
    // Small reads, many of which share a segment; large writes, which need many; digests; sessions beside each other.
    for args in [
        "--commands 100",
        "--commands 5 --write --size 1048576 --depth 5 --digests",
        "--commands 20 --sessions 4 --digests",
    ] {
        let output = Command::new(own_binary("hbaemu")?)
            .args(["load", &portal.to_string(), IQN])
            .args(args.split(' '))
            .output()?;
        ensure!(
            output.status.success(),
            "{args}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    end(&mut running)?;

    flawless(&file, portal.port())?;
    let operations = count(&file, portal.port(), "scsi_sbc.opcode")?;
    let opcodes = count(&file, portal.port(), "iscsi.opcode")?;
    let pdus = |code: &str| opcodes.get(code).copied().unwrap_or_default();
    let sessions = 6;
    for (code, what) in [
        ("0x06", "logout requests"),
        ("0x26", "logout responses"),
        ("0x03", "login requests"),
        ("0x23", "login responses"),
    ] {
        // An exchange of security keys and one of operational keys.
        let each = if code.ends_with('3') { 2 } else { 1 };
        ensure!(pdus(code) == sessions * each, "{what}: {opcodes:?}");
    }
    // Commands as the dissector tells them, their data and their ends.
    let reads = 100 + 4 * 20;
    let commands = pdus("0x01");
    // Each session asks for the capacity, and again after the unit attention of a fresh session.
    ensure!(commands == reads + 5 + 2 * sessions, "{opcodes:?} {operations:?}");
    ensure!(pdus("0x25") == reads + sessions, "{opcodes:?}");
    ensure!(pdus("0x21") == 5 + sessions, "{opcodes:?}");
    ensure!(pdus("0x05") >= 5 && pdus("0x31") >= 5, "{opcodes:?}");
    Ok(())
}

#[test]
fn wireshark_reads_every_pdu_of_a_captured_adapter() -> Result<()> {
    if left_out("wireshark_reads_every_pdu_of_a_captured_adapter", NEEDS) {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("adapter.pcap");
    let mut lab = Lab::start(&["--ports", "1", "--pcap", file.to_str().context("path")?])?;
    let (_target, portal) = target(&[])?;
    let mut client = Client::open(&lab.endpoint())?;
    client.set_address(1, Ipv4Addr::new(127, 0, 0, 61).into())?;
    let index = client.add_target(1, IQN, portal)?;
    client.login(1, index)?;
    until(Duration::from_secs(30), "the disk", || {
        let luns = lab.json(&["lun", "list"])?;
        Ok(luns.as_array().filter(|luns| !luns.is_empty()).map(|_| ()))
    })?;
    end(lab.serving())?;

    flawless(&file, portal.port())?;
    let opcodes = count(&file, portal.port(), "iscsi.opcode")?;
    let pdus = |code: &str| opcodes.get(code).copied().unwrap_or_default();
    ensure!(
        pdus("0x03") > 0 && pdus("0x03") == pdus("0x23"),
        "logins: {opcodes:?}"
    );
    // INQUIRY, REPORT LUNS, READ CAPACITY at least.
    ensure!(pdus("0x01") >= 3 && pdus("0x25") >= 3, "{opcodes:?}");
    let source = count(&file, portal.port(), "ip.src")?;
    ensure!(source.contains_key("127.0.0.61"), "{source:?}");
    Ok(())
}
