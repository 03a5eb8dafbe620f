//! Bad input, end to end: a clear error, nothing lost, nobody hangs. Needs no privileges, except for the full disk.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{IQN, text};
use lab_tests::lab::{Lab, READY};
use lab_tests::namespace::Namespace;
use lab_tests::need::{Need, left_out};
use lab_tests::process::{own_binary, until};
use lab_tests::target::Target;
use nix::unistd::geteuid;

/// Runs `hbaemu`, which must end by itself.
fn hbaemu(args: &[&Path]) -> Result<Output> {
    Ok(Command::new("timeout")
        .arg("30")
        .arg(own_binary("hbaemu")?)
        .args(args)
        .output()?)
}

/// Serves `dir` and expects that it is refused with exit code 1; gives stderr.
fn refused_serve(dir: &Path) -> Result<String> {
    let out = hbaemu(&[Path::new("serve"), dir, Path::new("--ports"), Path::new("1")])?;
    let said = text(&out.stderr);
    ensure!(
        out.status.code() == Some(1),
        "{}: {said}{}",
        out.status,
        text(&out.stdout)
    );
    ensure!(
        said.starts_with("error: ") && !text(&out.stdout).contains("ready"),
        "{said}"
    );
    Ok(said)
}

#[test]
fn a_second_emulator_on_a_directory_is_refused_and_the_first_goes_on() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    let said = refused_serve(&lab.endpoint())?;
    ensure!(
        said.contains("another process") || said.contains("already"),
        "{said}"
    );
    ensure!(said.contains(&*lab.endpoint().to_string_lossy()), "{said}");
    ensure!(
        lab.json(&["adapter", "list"])?
            .as_array()
            .is_some_and(|all| all.len() == 1)
    );
    lab.json(&["flash", "add", "--target", IQN, "--portal", "127.0.0.1"])?;
    Ok(())
}

#[test]
fn a_broken_flash_file_is_named_and_left_as_it_is() -> Result<()> {
    type Break = fn(&mut Vec<u8>);
    const NVRAM: &str = "flash.img.nvram";
    const IMAGE: &str = "flash.img";
    let cases: &[(&str, &str, Break, &[&str])] = &[
        (
            "cut short",
            IMAGE,
            |bytes| bytes.truncate(bytes.len() / 2),
            &["bytes", "size"],
        ),
        ("too long", IMAGE, |bytes| bytes.push(0), &["bytes", "size"]),
        ("empty", IMAGE, Vec::clear, &["bytes", "size"]),
        (
            "nvram cut short",
            NVRAM,
            |bytes| bytes.truncate(100),
            &["bytes", "size"],
        ),
        ("nvram checksum", NVRAM, |bytes| bytes[10] ^= 0x55, &["checksum"]),
    ];
    for (what, name, break_it, words) in cases {
        let mut lab = Lab::start(&["--ports", "1"])?;
        lab.json(&["flash", "add", "--target", IQN, "--portal", "127.0.0.1"])?;
        lab.kill();
        let file = lab.endpoint().join(name);
        // A copy: large images are sparse and stay so.
        let mut bytes = fs::read(&file)?;
        break_it(&mut bytes);
        fs::write(&file, &bytes)?;
        let said = refused_serve(&lab.endpoint()).with_context(|| (*what).to_owned())?;
        ensure!(said.contains("flash.img"), "{what}: {said}");
        ensure!(words.iter().any(|word| said.contains(word)), "{what}: {said}");
        ensure!(fs::read(&file)? == bytes, "{what}: the file was changed");
    }
    Ok(())
}

#[test]
fn a_bad_cookie_of_any_area_is_named_and_nothing_is_overwritten() -> Result<()> {
    use std::os::unix::fs::FileExt;
    const CASES: [(&str, u64, [u8; 2], &str); 7] = [
        (
            "cookie of the system information",
            0x0200_0000,
            [1, 2],
            "system information",
        ),
        ("MAC address", 0x0200_0008, [0xFF, 0xFF], "MAC address"),
        ("PCI device", 0x0200_0130, [0x12, 0x34], "PCI device"),
        ("cookie of the IFCB", 0x0400_0200, [1, 2], "IFCB"),
        (
            "cookie of a DDB",
            0x0500_0000 + 512 * 7 + 508,
            [1, 2],
            "DDB table record 7",
        ),
        (
            "cookie of a CHAP entry",
            0x0600_0000 + 364 * 3 + 362,
            [1, 2],
            "CHAP table record 3",
        ),
        (
            "cookie of the last CHAP entry",
            0x0600_0000 + 364 * 127 + 362,
            [1, 2],
            "record 127",
        ),
    ];
    let dir = tempfile::tempdir()?;
    let image = dir.path().join("flash.img");
    let made = hbaemu(&[
        Path::new("flash"),
        Path::new("init"),
        &image,
        Path::new("--ports"),
        Path::new("1"),
    ])?;
    ensure!(made.status.success(), "{}", text(&made.stderr));
    let file = fs::OpenOptions::new().read(true).write(true).open(&image)?;
    for (what, at, bytes, named) in CASES {
        let mut good = [0; 2];
        file.read_exact_at(&mut good, at)?;
        file.write_all_at(&bytes, at)?;
        let nvram = fs::read(dir.path().join("flash.img.nvram"))?;
        let said = refused_serve(dir.path()).context(what)?;
        ensure!(
            said.contains("flash.img") && said.contains(named),
            "{what}: {said}"
        );
        let shown = hbaemu(&[
            Path::new("flash"),
            Path::new("show"),
            &image,
            Path::new("--ports"),
            Path::new("1"),
        ])?;
        let shown = text(&shown.stderr);
        ensure!(
            shown.contains(named) && shown.contains("left alone"),
            "{what}: {shown}"
        );
        let mut found = [0; 2];
        file.read_exact_at(&mut found, at)?;
        ensure!(found == bytes, "{what}: the image was changed");
        ensure!(!dir.path().join("flash.img.journal").exists(), "{what}");
        ensure!(fs::read(dir.path().join("flash.img.nvram"))? == nvram, "{what}");
        file.write_all_at(&good, at)?;
    }
    Ok(())
}

#[test]
fn a_target_that_misbehaves_ends_a_login_with_a_reason_in_time() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.21", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "64M"])?;
    let portal = target.portal().to_string();
    let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
    let index = change["after"]["index"].to_string();
    // Refused is not done; ordered and not up yet is not known, since the adapter goes on trying.
    for (fault, lasting, words) in [
        (&["refuse-logins", "0x0201"][..], Some(1), &["authentication"][..]),
        (&["refuse-logins", "0x0301"], Some(1), &["unavailable", "03/01"]),
        (&["silent"], Some(8), &["waited", "no answer"]),
        (&["portals", "close"], Some(8), &["refused", "waited"]),
        (&["garbage"], None, &[]),
        (&["close-mid-pdu"], None, &[]),
    ] {
        target.fault(fault)?;
        let began = Instant::now();
        let out = lab.hbactl(&["--timeout", "6", "flash", "login", &index])?;
        let said = text(&out.stderr);
        ensure!(
            began.elapsed() < Duration::from_secs(12),
            "{fault:?} took {:?}",
            began.elapsed()
        );
        if lasting.is_some() {
            ensure!(out.status.code() == lasting, "{fault:?}: {} {said}", out.status);
            ensure!(words.iter().any(|word| said.contains(word)), "{fault:?}: {said}");
        }
        match fault {
            ["portals", _] => target.fault(&["portals", "open"])?,
            _ => target.fault(&["clear"])?,
        }
        // Whatever happened: the adapter works, and the target can be logged in to again.
        let again = lab
            .json(&["flash", "login", &index])
            .with_context(|| format!("after {fault:?}"))?;
        ensure!(
            again.to_string().contains("LOGGED_IN"),
            "after {fault:?}: {again}"
        );
        lab.json(&["flash", "logout", &index])?;
    }
    Ok(())
}

#[test]
fn a_session_survives_garbage_and_a_torn_pdu_while_it_works() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.21", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "64M"])?;
    let portal = target.portal().to_string();
    let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
    let index = change["after"]["index"].to_string();
    lab.json(&["flash", "login", &index])?;
    let lun = lab.json(&["lun", "list"])?[0]["address"]
        .as_str()
        .context("no lun")?
        .to_owned();
    for fault in ["garbage", "close-mid-pdu"] {
        target.fault(&[fault])?;
        // This command may fail with a reason; it must end.
        let hit = lab.hbactl(&["--timeout", "20", "lun", "capacity", &lun])?;
        ensure!(
            hit.status.code().is_some_and(|code| code <= 1),
            "{fault}: {}",
            hit.status
        );
        target.fault(&["clear"])?;
        until(
            Duration::from_secs(30),
            &format!("the disk to answer after {fault}"),
            || Ok(lab.json(&["lun", "capacity", &lun]).ok()),
        )?;
    }
    Ok(())
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() -> Result<()> {
    if left_out(
        "a_full_disk_is_told_and_loses_nothing",
        &[Need::Root, Need::Namespaces, Need::Tool("mount", "mount")],
    ) {
        return Ok(());
    }
    ensure!(geteuid().is_root());
    let namespace = Namespace::new(&[])?;
    namespace.run(full_disk)?
}

/// In the namespace: an adapter whose flash is on a small file system of its own.
fn full_disk() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"])
        .arg(dir.path())
        .status()?;
    ensure!(mounted.success(), "tmpfs cannot be mounted");
    let elsewhere = tempfile::tempdir_in("/dev/shm")?;
    let endpoint = elsewhere.path().join("hba");
    let image = dir.path().join("flash.img");
    let mut serve = Command::new(own_binary("hbaemu")?);
    serve
        .arg("serve")
        .arg(&endpoint)
        .args(["--ports", "1", "--flash"])
        .arg(&image);
    let running = lab_tests::process::Running::start(&mut serve, "ready", READY)?;
    let hbactl = |args: &[&str]| -> Result<Output> { Ok(lab_tests::lab::hbactl(&endpoint, args)?.output()?) };
    let add = |name: &str| {
        hbactl(&[
            "flash",
            "add",
            "--target",
            &format!("iqn.2026-11.org.example:{name}"),
            "--portal",
            "127.0.0.1",
        ])
    };
    let before = fs::read(&image)?;
    // What is left of the disk is filled to the last byte.
    let ballast = dir.path().join("ballast");
    let _ = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k"])
        .arg(format!("of={}", ballast.display()))
        .output()?;
    let refused = add("first")?;
    ensure!(
        refused.status.code().is_some_and(|code| code != 0),
        "{}",
        text(&refused.stdout)
    );
    ensure!(
        text(&refused.stderr).contains("error: cannot "),
        "{}",
        text(&refused.stderr)
    );
    ensure!(fs::read(&image)? == before, "the flash file changed");
    fs::remove_file(&ballast)?;
    let again = add("first")?;
    ensure!(again.status.success(), "with room again: {}", text(&again.stderr));
    // A journal that is there needs no more room: what is acknowledged now outlives a kill.
    let _ = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k"])
        .arg(format!("of={}", ballast.display()))
        .output()?;
    let second = add("second")?;
    ensure!(second.status.success(), "{}", text(&second.stderr));
    running.signal(nix::sys::signal::Signal::SIGKILL)?;
    drop(running);
    let show = hbaemu(&[
        Path::new("flash"),
        Path::new("show"),
        &image,
        Path::new("--ports"),
        Path::new("1"),
    ])?;
    let shown = text(&show.stdout);
    ensure!(
        shown.contains(":first") && shown.contains(":second"),
        "{shown}{}",
        text(&show.stderr)
    );
    Ok(())
}
