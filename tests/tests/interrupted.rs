//! `hbactl` that does not come to its end: killed or interrupted at any instant, or without an answer. The next command finishes or
//! undoes what was left and says so, and a limit is a limit.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::{Running, own_binary, until};
use lab_tests::rounds;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Whatever ends a command early, and wherever: longer than this is a hang, also on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn lab() -> Result<Lab> {
    Lab::start(&["--ports", "1", "--no-sync"])
}

/// Starts `hbactl`, sends it `signal` after `wait`, and gives what it said, if anything.
fn ended(lab: &Lab, args: &[&str], wait: Duration, signal: Signal) -> Result<Output> {
    let child = lab
        .command(args)?
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id())?);
    thread::sleep(wait);
    // Gone already is a round, too.
    let _ = kill(pid, signal);
    let begun = Instant::now();
    let out = child.wait_with_output()?;
    ensure!(
        begun.elapsed() < SOON,
        "{args:?} went on for {:?}",
        begun.elapsed()
    );
    Ok(out)
}

fn text(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// Different instants in the life of a command, early ones more often.
fn instant(round: u32) -> Duration {
    Duration::from_micros(u64::from(round.wrapping_mul(7919) % 60).pow(2) * 25)
}

/// A portal that takes connections and never says anything.
fn mute() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let portal = listener.local_addr()?.to_string();
    Ok((listener, portal))
}

fn address(lab: &Lab) -> Result<()> {
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.21", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    Ok(())
}

fn targets(lab: &Lab) -> Result<Vec<(u64, Option<String>)>> {
    let all = lab.json(&["flash", "list"])?;
    let one = |t: &Value| Some((t["index"].as_u64()?, t["target_name"].as_str().map(str::to_owned)));
    Ok(all.as_array().context("a list")?.iter().filter_map(one).collect())
}

/// A change that is done at once, and what it said on stderr.
fn next(lab: &Lab, round: u32) -> Result<String> {
    let name = format!("iqn.2026-11.org.example:next{round}");
    let out = lab.hbactl(&["flash", "add", "--target", &name, "--portal", "127.0.0.1:3999"])?;
    ensure!(
        out.status.success(),
        "round {round}: the next add: {}",
        text(&out)
    );
    let index = targets(lab)?
        .into_iter()
        .find_map(|(index, found)| (found.as_deref() == Some(&name)).then_some(index))
        .with_context(|| format!("round {round}: {name} was not added"))?;
    lab.json(&["flash", "remove", &index.to_string()])?;
    Ok(text(&out))
}

#[test]
fn a_killed_flash_add_leaves_nothing_that_the_next_one_stumbles_over() -> Result<()> {
    let lab = lab()?;
    let (mut seen, mut half) = (BTreeMap::new(), 0);
    for round in rounds::each("kills of flash add", 40, 2000) {
        let name = format!("iqn.2026-11.org.example:k{round}");
        let signal = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT][round as usize % 3];
        let args = ["flash", "add", "--target", &name, "--portal", "127.0.0.1:3999"];
        let out = ended(&lab, &args, instant(round), signal)?;
        *seen.entry((out.status.code(), out.status.signal())).or_insert(0) += 1;
        let left = targets(&lab)?;
        half += u32::from(left.iter().any(|(_, name)| name.is_none()));
        if out.status.code() == Some(128 + signal as i32) {
            ensure!(
                left.is_empty(),
                "round {round}: told as undone, and {left:?} is there"
            );
        }
        next(&lab, round)?;
        for (index, name) in targets(&lab)? {
            ensure!(name.is_some(), "round {round}: entry {index} has no name");
            lab.json(&["flash", "remove", &index.to_string()])?;
        }
    }
    eprintln!("ends {seen:?}; {half} half-made entries were found and removed by the next command");
    Ok(())
}

#[test]
fn what_a_kill_left_is_said_by_readers_and_undone_by_the_next_writer() -> Result<()> {
    let lab = lab()?;
    address(&lab)?;
    let (_listener, portal) = mute()?;
    // The portal is mute: the discovery is under way until it is killed.
    let mut child = lab
        .command(&["flash", "discover", &portal])?
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let found = until(SOON, "the discovery entry", || {
        Ok(Some(targets(&lab)?).filter(|t| !t.is_empty()))
    });
    child.kill()?;
    child.wait()?;
    found?;
    let out = lab.hbactl(&["flash", "list"])?;
    ensure!(
        text(&out).contains("flash discover") && text(&out).contains("was interrupted"),
        "a reader says nothing: {}",
        text(&out)
    );
    let said = next(&lab, 0)?;
    ensure!(said.contains("undone: discovery entry"), "{said}");
    ensure!(targets(&lab)?.is_empty(), "{:?}", targets(&lab)?);
    // It is looked after once.
    let out = lab.hbactl(&["flash", "list"])?;
    ensure!(!text(&out).contains("interrupted"), "{}", text(&out));
    Ok(())
}

#[test]
fn a_discovery_that_is_interrupted_or_late_takes_its_entry_with_it() -> Result<()> {
    let lab = lab()?;
    address(&lab)?;
    let (_listener, portal) = mute()?;
    for round in rounds::each("interrupted discoveries", 4, 100) {
        let signal = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP][round as usize % 3];
        let out = ended(&lab, &["flash", "discover", &portal], instant(round), signal)?;
        let code = out.status.code();
        // Before it listens to signals it has done nothing.
        let early = out.status.signal() == Some(signal as i32);
        ensure!(
            early || code == Some(128 + signal as i32) || code == Some(8),
            "round {round}: {}: {}",
            out.status,
            text(&out)
        );
        // The driver may be at it still; then the entry goes when it is done.
        until(SOON * 2, "the entry to go", || {
            Ok(targets(&lab)?.is_empty().then_some(()))
        })?;
    }
    let begun = Instant::now();
    let out = lab.hbactl(&["--timeout", "1", "flash", "discover", &portal])?;
    ensure!(
        begun.elapsed() < Duration::from_secs(3),
        "1 s was {:?}",
        begun.elapsed()
    );
    ensure!([Some(1), Some(8)].contains(&out.status.code()), "{}", out.status);
    until(SOON * 2, "the entry to go", || {
        Ok(targets(&lab)?.is_empty().then_some(()))
    })?;
    Ok(())
}

#[test]
fn killed_writers_leave_each_record_old_or_new() -> Result<()> {
    let lab = lab()?;
    fs::write(lab.path().join("secret"), "a-secret-of-16by")?;
    let secret = lab.path().join("secret");
    let secret = secret.to_str().context("a path")?;
    lab.json(&[
        "chap",
        "add",
        "--index",
        "4",
        "--user",
        "old",
        "--secret-file",
        secret,
    ])?;
    for round in rounds::each("kills of other writers", 30, 1500) {
        let (user, vlan) = (format!("new{round}"), format!("vlan_id={}", round % 4094 + 1));
        let mode = if round % 2 == 0 { "dhcp" } else { "manual" };
        let verbs: [&[&str]; 4] = [
            &["boot", "set", "--yes-write-nvram", "--mode", mode],
            &["chap", "set", "4", "--user", &user],
            &["iface", "set", "ipv4", &vlan],
            &["iface", "apply"],
        ];
        let before = lab.json(&["chap", "list"])?[0]["username"].clone();
        let args = verbs[round as usize % verbs.len()];
        ended(&lab, args, instant(round), Signal::SIGKILL)?;
        let chap = lab.json(&["chap", "list"])?;
        let now = &chap[0]["username"];
        ensure!(*now == before || *now == user, "round {round}: {now} is neither");
        let boot = lab.json(&["boot", "show"])?;
        ensure!(boot[0]["mode"].is_string(), "round {round}: {boot}");
        lab.json(&["iface", "list"])?;
        next(&lab, round)?;
    }
    // Nothing temporary is left once a command has come to its end.
    lab.json(&["iface", "set", "ipv4", "vlan_id=7"])?;
    let left: Vec<_> = fs::read_dir(lab.endpoint().join("hbactl"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains(".new-"))
        .collect();
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

#[test]
fn a_limit_is_a_limit_when_the_adapter_does_not_answer() -> Result<()> {
    let mut lab = lab()?;
    let secret = lab.path().join("secret");
    fs::write(&secret, "a-secret-of-16by")?;
    let secret = secret.to_str().context("a path")?.to_owned();
    lab.serving().signal(Signal::SIGSTOP)?;
    let verbs: [&[&str]; 4] = [
        &[
            "flash",
            "add",
            "--target",
            "iqn.2026-11.org.example:x",
            "--portal",
            "127.0.0.1:3999",
        ],
        &[
            "chap",
            "add",
            "--index",
            "4",
            "--user",
            "me",
            "--secret-file",
            &secret,
        ],
        &["boot", "set", "--yes-write-nvram", "--mode", "dhcp"],
        &["chap", "list"],
    ];
    let mut late = Vec::new();
    for args in verbs {
        let begun = Instant::now();
        let out = lab.hbactl(&[&["--timeout", "1", "-o", "json"], args].concat())?;
        late.push((args, begun.elapsed(), out));
    }
    // Connections are not taken any more either, once many wait.
    let mut crowd = Vec::new();
    while crowd.len() < 5000 {
        let soon = Instant::now() + Duration::from_millis(20);
        match driver_sys::port::Seqpacket::connect(lab.endpoint().join("netlink"), soon) {
            Ok(one) => crowd.push(one),
            Err(_) => break,
        }
    }
    let begun = Instant::now();
    let crowded = lab.hbactl(&["--timeout", "1", "chap", "list"])?;
    let waited = begun.elapsed();
    lab.serving().signal(Signal::SIGCONT)?;
    for (args, took, out) in late {
        ensure!(took < Duration::from_secs(3), "{args:?}: 1 s was {took:?}");
        let code = out.status.code();
        ensure!(
            [Some(1), Some(8)].contains(&code),
            "{args:?}: {code:?}: {}",
            text(&out)
        );
        // For programs, too.
        let told: Value = serde_json::from_str(&text(&out)).with_context(|| text(&out))?;
        let outcome = if code == Some(8) { "unknown" } else { "not_done" };
        ensure!(
            told["kind"] == "error" && told["data"]["outcome"] == outcome,
            "{told}"
        );
        ensure!(told["data"]["next"].is_string(), "it says no way on: {told}");
    }
    ensure!(waited < Duration::from_secs(3), "1 s was {waited:?}");
    ensure!(
        crowded.status.code() == Some(1) && text(&crowded).contains("is alive and takes no connection"),
        "{}: {}",
        crowded.status,
        text(&crowded)
    );
    Ok(())
}

#[test]
fn a_login_and_a_scsi_command_keep_the_limit() -> Result<()> {
    let lab = lab()?;
    address(&lab)?;
    let (_listener, portal) = mute()?;
    lab.json(&[
        "flash",
        "add",
        "--target",
        "iqn.2026-11.org.example:mute",
        "--portal",
        &portal,
    ])?;
    let begun = Instant::now();
    let out = lab.hbactl(&["--timeout", "1", "flash", "login", "2"])?;
    ensure!(!out.status.success());
    ensure!(
        begun.elapsed() < Duration::from_secs(3),
        "1 s was {:?}",
        begun.elapsed()
    );
    // A target that stops answering once its disk is there.
    let disk = "iqn.2026-11.org.example:disk";
    let mut command = Command::new(own_binary("hbaemu")?);
    command.args(["target", "--listen", "127.0.0.1:0", "--iqn", disk, "--lun", "8M"]);
    let (target, line) = Running::start_telling(&mut command, "ready", SOON)?;
    let portal = line.rsplit(' ').next().context("a portal")?;
    lab.json(&["flash", "add", "--target", disk, "--portal", portal])?;
    lab.json(&["flash", "login", "3"])?;
    let luns = until(SOON, "the disk", || {
        Ok(Some(lab.json(&["lun", "list"])?).filter(|l| l[0]["address"].is_string()))
    })?;
    let lun = luns[0]["address"].as_str().context("an address")?.to_owned();
    target.signal(Signal::SIGSTOP)?;
    let begun = Instant::now();
    let out = lab.hbactl(&["--timeout", "1", "lun", "capacity", &lun])?;
    let took = begun.elapsed();
    target.signal(Signal::SIGCONT)?;
    ensure!(!out.status.success());
    ensure!(took < Duration::from_secs(3), "1 s was {took:?}: {}", text(&out));
    Ok(())
}

#[test]
fn nobody_answers_from_the_tree_of_a_dead_adapter() -> Result<()> {
    let mut lab = lab()?;
    lab.json(&["adapter", "list"])?;
    lab.kill();
    for args in [&["adapter", "list"][..], &["flash", "list"], &["session", "list"]] {
        let out = lab.hbactl(args)?;
        ensure!(out.status.code() == Some(3), "{args:?}: {}", out.status);
        ensure!(
            out.stdout.is_empty() && text(&out).contains("nobody serves it"),
            "{}",
            text(&out)
        );
    }
    lab.restart()?;
    lab.json(&["adapter", "list"])?;
    // Nor from that of one that has ended in good order.
    lab.serving().signal(Signal::SIGTERM)?;
    lab.serving().ended(SOON)?;
    let out = lab.hbactl(&["adapter", "list"])?;
    ensure!(out.status.code() == Some(3), "{}: {}", out.status, text(&out));
    // A tree that was only ever laid out is read as it is.
    let copy = lab.path().join("copy");
    fs::create_dir(&copy)?;
    std::os::unix::fs::symlink(lab.endpoint().join("sys"), copy.join("sys"))?;
    let out = lab_tests::lab::hbactl(&copy, &["adapter", "list"])?.output()?;
    ensure!(out.status.success(), "{}", text(&out));
    Ok(())
}
