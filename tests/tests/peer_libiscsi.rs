//! The served target under somebody else's initiator: libiscsi's tools.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use emu_array::{Accounts, LunSource, Served, TargetConfig};
use lab_tests::need::{Need, find_tool, left_out};

const IQN: &str = "iqn.2026-11.org.example:disk";
const NEEDS: &[Need] = &[
    Need::Tool("iscsi-ls", "libiscsi-bin"),
    Need::Tool("iscsi-inq", "libiscsi-bin"),
    Need::Tool("iscsi-readcapacity16", "libiscsi-bin"),
    Need::Tool("iscsi-test-cu", "libiscsi-bin"),
];

/// Runs a tool to its end, at most a minute.
fn tool(name: &str, args: &[&str]) -> Result<(Output, String)> {
    let path = find_tool(name).context("not installed")?;
    let mut child = Command::new(path)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let end = Instant::now() + Duration::from_secs(60);
    while child.try_wait()?.is_none() {
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("{name} {args:?} does not end");
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let output = child.wait_with_output()?;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok((output, text))
}

/// Runs a tool that must succeed; gives what it printed.
fn good(name: &str, args: &[&str]) -> Result<String> {
    let (output, text) = tool(name, args)?;
    ensure!(
        output.status.success(),
        "{name} {args:?}: {}: {text}",
        output.status
    );
    Ok(text)
}

fn config() -> Result<TargetConfig> {
    let mut config = TargetConfig::new(IQN, "127.0.0.1:0".parse()?);
    config.luns = vec![LunSource::Size(64 << 20).into(), LunSource::Size(8 << 20).into()];
    Ok(config)
}

#[test]
fn targets_and_units_are_listed_and_answer() -> Result<()> {
    if left_out("targets_and_units_are_listed_and_answer", NEEDS) {
        return Ok(());
    }
    let mut config = config()?;
    config
        .extra_targets
        .push("iqn.2026-11.org.example:other".to_owned());
    let target = Served::start(config)?;
    let portal = target.portal();

    let list = good("iscsi-ls", &["-s", &format!("iscsi://{portal}")])?;
    ensure!(
        list.contains(&format!("Target:{IQN} Portal:{portal},1")),
        "{list}"
    );
    ensure!(list.contains("Target:iqn.2026-11.org.example:other"), "{list}");
    ensure!(list.contains("Lun:0") && list.contains("Lun:1"), "{list}");

    let inquiry = good("iscsi-inq", &[&format!("iscsi://{portal}/{IQN}/0")])?;
    ensure!(
        inquiry.contains("HBAEMU") && inquiry.contains("VIRTUAL-DISK"),
        "{inquiry}"
    );
    let pages = good(
        "iscsi-inq",
        &["-e", "1", "-c", "0", &format!("iscsi://{portal}/{IQN}/1")],
    )?;
    for page in ["UNIT_SERIAL_NUMBER", "DEVICE_IDENTIFICATION", "BLOCK_LIMITS"] {
        ensure!(pages.contains(page), "{page} is missing: {pages}");
    }

    let capacity = good("iscsi-readcapacity16", &[&format!("iscsi://{portal}/{IQN}/1")])?;
    ensure!(capacity.contains(&format!("{}", 8 << 20)), "{capacity}");

    let (output, text) = tool(
        "iscsi-inq",
        &[&format!("iscsi://{portal}/iqn.2026-11.org.example:none/0")],
    )?;
    ensure!(
        !output.status.success() && text.contains("Target not found"),
        "{text}"
    );
    Ok(())
}

#[test]
fn chap_lets_the_right_ones_in_and_nobody_else() -> Result<()> {
    if left_out("chap_lets_the_right_ones_in_and_nobody_else", NEEDS) {
        return Ok(());
    }
    let mut config = config()?;
    config.accounts = Accounts::parse("alice:alice-secret-12\nmutual:array:array-secret-12\n")?;
    let target = Served::start(config)?;
    let portal = target.portal();
    let url = |user: &str, more: &str| format!("iscsi://{user}{portal}/{IQN}/0{more}");

    good("iscsi-inq", &[&url("alice%alice-secret-12@", "")])?;
    let mutual = "?target_user=array&target_password=array-secret-12";
    good("iscsi-inq", &[&url("alice%alice-secret-12@", mutual)])?;

    for (user, more) in [
        ("", ""),
        ("alice%wrong-secret-1@", ""),
        ("bob%alice-secret-12@", ""),
        (
            "alice%alice-secret-12@",
            "?target_user=array&target_password=other-secret-12",
        ),
    ] {
        let (output, text) = tool("iscsi-inq", &[&url(user, more)])?;
        ensure!(!output.status.success(), "{user} {more} got in: {text}");
        ensure!(!text.contains("HBAEMU"), "{text}");
    }
    // Discovery stays open.
    let list = good("iscsi-ls", &[&format!("iscsi://{portal}")])?;
    ensure!(list.contains(IQN), "{list}");
    Ok(())
}

#[test]
fn header_digests_match_those_of_somebody_else() -> Result<()> {
    if left_out("header_digests_match_those_of_somebody_else", NEEDS) {
        return Ok(());
    }
    let mut config = config()?;
    // libiscsi offers no data digest: a target that requires both kinds refuses it.
    config.digests = emu_array::DigestPolicy::Require;
    let strict = Served::start(config.clone())?;
    let url = format!("iscsi://{}/{IQN}/1?header_digest=crc32c", strict.portal());
    ensure!(
        !tool("iscsi-inq", &[&url])?.0.status.success(),
        "a login without data digest got in"
    );
    config.digests = emu_array::DigestPolicy::Initiator;
    let target = Served::start(config)?;
    let url = format!("iscsi://{}/{IQN}/1?header_digest=crc32c", target.portal());
    for family in ["SCSI.Read16", "SCSI.Write16"] {
        let (output, text) = tool("iscsi-test-cu", &["--dataloss", "-t", family, &url])?;
        let (ran, failed) = summary(&text).with_context(|| format!("{}: {text}", output.status))?;
        ensure!(ran > 0 && failed == 0, "{failed} of {ran} failed: {text}");
    }
    Ok(())
}

/// Tests that ran and tests that failed, from the suite's closing table.
fn summary(text: &str) -> Option<(u32, u32)> {
    let (_, summary) = text.split_once("Run Summary:")?;
    let row = summary
        .lines()
        .find(|line| line.trim_start().starts_with("tests"))?;
    let mut columns = row
        .split_whitespace()
        .skip(2)
        .map(|column| column.parse::<u32>().ok());
    let (ran, _passed, failed) = (columns.next()??, columns.next()??, columns.next()??);
    Some((ran, failed))
}

#[test]
fn tools_with_chap_read_every_page_and_move_blocks() -> Result<()> {
    let needs = [NEEDS, &[Need::Tool("iscsi-perf", "libiscsi-bin")]].concat();
    if left_out("tools_with_chap_read_every_page_and_move_blocks", &needs) {
        return Ok(());
    }
    let mut config = config()?;
    config.accounts = Accounts::parse("alice:alice-secret-12\n")?;
    // iscsi-ls has one account for discovery and session.
    config.discovery_auth = true;
    let target = Served::start(config)?;
    let portal = target.portal();
    let url = format!("iscsi://alice%alice-secret-12@{portal}/{IQN}/0");
    for (page, word) in [
        ("0", "BLOCK_DEVICE_CHARACTERISTICS"),
        ("128", "Unit Serial Number:["),
        ("131", "DESIGNATOR_TYPE"),
        // 134 (extended INQUIRY data) is a page that libiscsi cannot read.
        ("176", "maximum_compare_and_write_length:255"),
        ("177", "medium_rotation_rate:"),
        ("178", "lbpu:1"),
    ] {
        let text = good("iscsi-inq", &["-e", "1", "-c", page, &url])?;
        let same = |text: &str| text.to_ascii_lowercase().replace([' ', '_'], "");
        ensure!(same(&text).contains(&same(word)), "page {page}: {text}");
    }
    let capacity = good("iscsi-readcapacity16", &[&url])?;
    ensure!(capacity.contains(&format!("{}", 64 << 20)), "{capacity}");
    let list = good(
        "iscsi-ls",
        &["-s", &format!("iscsi://alice%alice-secret-12@{portal}")],
    )?;
    ensure!(list.contains("Lun:0") && list.contains("Lun:1"), "{list}");
    let perf = good("iscsi-perf", &["-t", "1", "-m", "32", "-b", "8", "-r", &url])?;
    ensure!(perf.contains("iops"), "{perf}");
    ensure!(!perf.to_ascii_lowercase().contains("failed"), "{perf}");
    Ok(())
}
