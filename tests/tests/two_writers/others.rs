//! Programs beside `hbactl`: readers of the CHAP table, holders of the lock, an entry that somebody else is making; and a state
//! directory that cannot be written.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::{Bytes, Request};
use hba::backend::kernel::Kernel;
use hba::{Ctx, Deadline, HostNo};
use lab_tests::asked::describe;
use lab_tests::lab::{Lab, READY};
use lab_tests::need::{Need, left_out};
use lab_tests::netlink::Client;
use lab_tests::process::{Running, own_binary, until};
use lab_tests::rounds;
use nix::sys::signal::Signal;

use super::{PORTAL, chap_users, iqn, lab, quietly};

/// Asks for the first seven entries again and again, as `iscsiadm` does, until told to end.
fn other_reader(lab: &Lab, end: Arc<AtomicBool>) -> Result<std::thread::JoinHandle<Result<u32>>> {
    let handle = std::fs::read_to_string(lab.endpoint().join("sys/class/iscsi_transport/qla4xxx/handle"))?;
    let handle: u64 = handle.trim().parse()?;
    let mut port = Endpoint::Dir(lab.endpoint()).open_netlink(0)?;
    let question = Request::GetChap {
        host_no: 1,
        num_entries: 7,
        start: 0,
    };
    let packet = question.encode(handle, port.pid());
    Ok(std::thread::spawn(move || {
        let mut asked = 0;
        while !end.load(Ordering::SeqCst) {
            port.send(&packet)?;
            asked += 1;
            // Its pace, not a wait for anything.
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(asked)
    }))
}

#[test]
fn pages_that_another_reader_asked_for_are_not_taken_for_ours() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    for i in 0..40 {
        quietly(
            &lab,
            &[&format!("chap add -a host1 --user u{i} --secret-file {secret}")],
        )?;
    }
    ensure!(chap_users(&lab, "host1")?.len() == 40);
    let end = Arc::new(AtomicBool::new(false));
    let reader = other_reader(&lab, Arc::clone(&end))?;
    let story = || -> Result<()> {
        for round in rounds::each("another reader", 15, 150) {
            let add = [
                "chap",
                "add",
                "-a",
                "host1",
                "--user",
                "new",
                "--secret-file",
                &secret,
            ];
            let added = lab.json(&add)?;
            let index = added["after"]["index"].as_u64().context("no index")?;
            ensure!(
                index == 44,
                "round {round}: an entry of somebody else was overwritten: {index}"
            );
            ensure!(
                chap_users(&lab, "host1")?.len() == 41,
                "round {round}: the list is short"
            );
            lab.json(&["chap", "remove", "-a", "host1", "44"])?;
        }
        Ok(())
    };
    let outcome = story();
    end.store(true, Ordering::SeqCst);
    let asked = reader
        .join()
        .map_err(|_| anyhow::anyhow!("the reader panicked"))??;
    outcome?;
    ensure!(asked > 15, "the other reader asked {asked} times");
    Ok(())
}

#[test]
fn who_does_not_get_its_turn_is_told_whose_it_is() -> Result<()> {
    let (lab, secret) = lab(&[])?;
    let mut kernel = Kernel::open(&Endpoint::Dir(lab.endpoint()))?;
    let home = hbactl::home(&lab.endpoint().to_string_lossy());
    let mut ctx = Ctx::new(&mut kernel, Deadline::after(Duration::from_secs(20)), home);
    let held = ctx.writer(HostNo(1), "boot set", "hold it")?;
    let chap = format!("chap add --user u --secret-file {secret} -a host2");
    let flash = format!("flash add --target {} --portal {PORTAL} -a host1", iqn("a"));
    for line in [
        &chap,
        &flash,
        "chap remove 4 -a host1",
        "flash remove 2 -a host1",
        "flash set 2 tpgt=7 -a host1",
        "boot set --yes-write-nvram --primary 2 -a host2",
        "boot clear --yes-write-nvram -a host1",
        "iface set ipv4 ttl=3 -a host1",
        "iface apply -a host2",
        "flash login 2 -a host1",
        "flash logout 2 -a host1",
        "adapter reset -a host1",
    ] {
        let begun = Instant::now();
        let mut args = vec!["--timeout", "1"];
        args.extend(line.split(' '));
        let out = lab.hbactl(&args)?;
        let text = describe(&out);
        let holder = format!("held by hbactl {} (boot set, for ", std::process::id());
        ensure!(
            out.status.code() == Some(1) && text.contains(&holder),
            "{line}: {text}"
        );
        ensure!(
            begun.elapsed() < Duration::from_secs(15),
            "{line}: {:?}",
            begun.elapsed()
        );
    }
    // Readers and dry runs wait for nobody.
    for args in [
        &["boot", "show"][..],
        &[
            "--dry-run",
            "flash",
            "add",
            "-a",
            "host1",
            "--target",
            &iqn("a"),
            "--portal",
            PORTAL,
        ],
        &["iface", "list"],
    ] {
        let out = lab.hbactl(args)?;
        ensure!(out.status.success(), "{args:?}: {}", describe(&out));
    }
    drop(held);
    let args: Vec<&str> = chap.split(' ').collect();
    lab.json(&args)?;
    Ok(())
}

/// What the lock of the only card says.
fn holder(lab: &Lab) -> Result<String> {
    let Ok(locks) = std::fs::read_dir(lab.endpoint().join("hbactl/lock")) else {
        return Ok(String::new());
    };
    for lock in locks {
        let lock = lock?;
        if lock.file_name().to_string_lossy().starts_with("adapter-") {
            return Ok(std::fs::read_to_string(lock.path())?);
        }
    }
    Ok(String::new())
}

#[test]
fn a_writer_that_is_killed_holds_nothing_any_more() -> Result<()> {
    let (mut lab, secret) = lab(&[])?;
    for _ in rounds::each("killed writers", 2, 50) {
        // Nobody answers: the writer stands in the middle of its change.
        lab.serving().signal(Signal::SIGSTOP)?;
        let add = format!("chap add -a host1 --user killed --secret-file {secret}");
        let mut writer = Running::spawn(
            lab.command(&add.split(' ').collect::<Vec<_>>())?
                .stderr(Stdio::null()),
        )?;
        let pid = writer.pid().to_string();
        until(READY, "the writer to hold the lock", || {
            Ok(holder(&lab)?.contains(&pid).then_some(()))
        })?;
        writer.signal(Signal::SIGKILL)?;
        writer.ended(READY)?;
        lab.serving().signal(Signal::SIGCONT)?;
        lab.json(&[
            "--timeout",
            "20",
            "chap",
            "add",
            "-a",
            "host2",
            "--user",
            "next",
            "--secret-file",
            &secret,
        ])?;
        quietly(&lab, &["chap remove -a host2 4", "chap remove -a host1 4"])?;
    }
    Ok(())
}

#[test]
fn an_entry_that_another_program_is_making_is_named_and_left_alone() -> Result<()> {
    let (lab, _) = lab(&[])?;
    let mut other = Client::open(&lab.endpoint())?;
    other.ask(&Request::NewFlashnode {
        host_no: 1,
        portal_type: Bytes::text("ipv4"),
    })?;
    let out = lab.hbactl(&[
        "flash",
        "add",
        "-a",
        "host1",
        "--target",
        &iqn("a"),
        "--portal",
        PORTAL,
    ])?;
    let text = describe(&out);
    ensure!(
        out.status.code() == Some(1) && text.contains("another program is making flash target 2"),
        "{text}"
    );
    // It is still theirs.
    other.ask(&Request::DelFlashnode { host_no: 1, index: 2 })?;
    lab.json(&[
        "flash",
        "add",
        "-a",
        "host1",
        "--target",
        &iqn("a"),
        "--portal",
        PORTAL,
    ])?;
    Ok(())
}

#[test]
fn what_cannot_be_written_down_is_not_begun() -> Result<()> {
    let needs = &[Need::Tool("prlimit", "util-linux")];
    if left_out("what_cannot_be_written_down_is_not_begun", needs) {
        return Ok(());
    }
    let (lab, secret) = lab(&[])?;
    quietly(
        &lab,
        &[
            &format!("flash add -a host1 --target {} --portal {PORTAL}", iqn("a")),
            "iface set ipv4 -a host1 vlan_id=9 ttl=33 tos=3 gateway=127.0.0.9",
        ],
    )?;
    let add = format!("chap add -a host1 --user u --secret-file {secret}");
    // No byte at all; enough for the lock and too little for what is staged and for a backup.
    for (limit, lines) in [
        (
            0,
            &[
                "iface apply -a host1",
                "boot set --yes-write-nvram -a host1 --primary 2",
                &add,
            ][..],
        ),
        (
            150,
            &[
                "iface apply -a host1",
                "boot set --yes-write-nvram -a host1 --primary 2",
            ],
        ),
    ] {
        for line in lines {
            // With the signal ignored the limit is an error, as a full disk is.
            let out = Command::new("sh")
                .arg("-c")
                .arg(format!(
                    "trap '' XFSZ; exec prlimit --fsize={limit} {} {line}",
                    own_binary("hbactl")?.display()
                ))
                .env("HBACTL_ENDPOINT", lab.endpoint())
                .output()?;
            ensure!(
                out.status.code() == Some(1),
                "{limit} bytes, {line}: {}",
                describe(&out)
            );
            let vlan = &lab.json(&["iface", "show", "ipv4", "-a", "host1"])?["params"]["vlan_id"];
            ensure!(
                *vlan == 0,
                "{limit} bytes, {line}: applied and called a failure: {}",
                describe(&out)
            );
            ensure!(
                super::slot(&lab, "host1", "primary")?.is_none(),
                "{line}: {}",
                describe(&out)
            );
            ensure!(
                chap_users(&lab, "host1")?.is_empty(),
                "{line}: {}",
                describe(&out)
            );
        }
    }
    // With room again everything goes on from there.
    super::all_succeed(
        &lab,
        &[
            "iface apply -a host1".into(),
            "boot set --yes-write-nvram -a host1 --primary 2".into(),
        ],
    )?;
    ensure!(lab.json(&["iface", "show", "ipv4", "-a", "host1"])?["params"]["vlan_id"] == 9);
    let state = lab.endpoint().join("hbactl");
    ensure!(
        names(&state)? == ["backup", "intent", "lock", "staged-ifaces.json"],
        "{:?} in the state directory",
        names(&state)?
    );
    ensure!(
        names(&state.join("intent"))?.is_empty(),
        "a change that has ended is on record"
    );
    Ok(())
}

fn names(dir: &Path) -> Result<Vec<String>> {
    let mut names = std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}
