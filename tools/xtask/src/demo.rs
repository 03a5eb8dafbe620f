//! `cargo xtask demo`: the operator's road, each command shown before its output; [`bnx2i`] is that of another adapter.
//!
//! Owns the order of the steps and their words. The lab (adapter, target) is the one the tests use.

mod bnx2i;
mod records;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args as ClapArgs, ValueEnum};
use lab_tests::lab::{Lab, READY};
use lab_tests::need::missing;
use lab_tests::process::{Running, own_binary, until};
use lab_tests::tgt::{Account, NEEDS, Tgtd};
use nix::sys::signal::{SigSet, Signal};
use serde_json::Value;

use crate::packages;
use crate::workspace::build_programs;

/// How the demo ends.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Which adapter's road
    #[arg(long, value_enum, default_value_t = Road::Qla4xxx)]
    road: Road,
    /// Keep the lab running at the end, to go on by hand (Ctrl-C ends it)
    #[arg(long)]
    keep: bool,
}

/// The adapter that is demonstrated.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Road {
    /// A card with flash, that logs in by itself
    Qla4xxx,
    /// A card that user space logs in for, with the network helper; needs root
    Bnx2i,
    /// What a host knows about targets: records, discovery, exclusions
    Records,
}

const SYSTEM: &str = "iqn.2026-11.org.example:system";
const DATA: &str = "iqn.2026-11.org.example:data";
const USER: &str = "initiator";
const SECRET: &str = "a-demo-secret-of-25-bytes";
const MIB: u64 = 1 << 20;

/// Builds, starts an adapter and a target, and walks the road.
pub(crate) fn run(args: &Args) -> Result<()> {
    match args.road {
        Road::Qla4xxx => {}
        Road::Bnx2i => return bnx2i::run(args.keep),
        Road::Records => return records::run(args.keep),
    }
    packages::install(&[packages::TGT])?;
    build_programs()?;
    let lab = Lab::start(&["--ports", "2"])?;
    let (_target, portals) = Target::start(&lab)?;
    let demo = Demo {
        lab: &lab,
        step: std::cell::Cell::new(0),
    };
    demo.walk(portals)?;
    finish(&lab.endpoint(), "cargo xtask demo --keep", args.keep)
}

/// Whatever serves the two disks.
enum Target {
    Tgt(#[expect(dead_code, reason = "kept running")] Tgtd),
    Own(#[expect(dead_code, reason = "kept running")] [Running; 2]),
}

impl Target {
    /// `tgtd` where it can run, else the emulator's own target. Gives the portals of the system and the data disk.
    fn start(lab: &Lab) -> Result<(Self, [SocketAddr; 2])> {
        let (system, data) = (
            lab.lun_file("system.img", 64 * MIB)?,
            lab.lun_file("data.img", 64 * MIB)?,
        );
        if let Some(reason) = missing(NEEDS) {
            println!("The target is our own (hbaemu target): {reason}.");
            let chap = lab.path().join("accounts");
            fs::write(&chap, format!("{USER}:{SECRET}\n"))?;
            let (first, at_system) = own(SYSTEM, &system, Some(&chap))?;
            let (second, at_data) = own(DATA, &data, None)?;
            return Ok((Self::Own([first, second]), [at_system, at_data]));
        }
        let tgt = Tgtd::start()?;
        let account = Account {
            user: USER,
            secret: SECRET,
            outgoing: false,
        };
        tgt.add_target(1, SYSTEM, &[&system], &[account])?;
        tgt.add_target(2, DATA, &[&data], &[])?;
        println!(
            "The target is tgtd at {}, with a disk for the system (CHAP) and one for data.",
            tgt.portal()
        );
        let portal = tgt.portal();
        Ok((Self::Tgt(tgt), [portal, portal]))
    }
}

fn own(iqn: &str, lun: &Path, chap: Option<&Path>) -> Result<(Running, SocketAddr)> {
    let free = lab_tests::port::own()?;
    let mut command = Command::new(own_binary("hbaemu")?);
    command
        .args(["target", "--iqn", iqn, "--listen", &free.to_string(), "--lun"])
        .arg(lun);
    if let Some(chap) = chap {
        command.arg("--chap-file").arg(chap);
    }
    Ok((Running::start(&mut command, "ready", READY)?, free))
}

struct Demo<'a> {
    lab: &'a Lab,
    step: std::cell::Cell<u32>,
}

impl Demo<'_> {
    fn walk(&self, [system, data]: [SocketAddr; 2]) -> Result<()> {
        println!("\nexport HBACTL_ENDPOINT={}", self.lab.endpoint().display());
        self.step("The adapter's two ports");
        self.show(&["adapter", "list"])?;

        self.step("Give the first port an address: stage it, look at it, apply it");
        self.show(&[
            "iface",
            "set",
            "ipv4",
            "-a",
            "host1",
            "ipaddress=127.0.0.21",
            "subnet=255.0.0.0",
        ])?;
        self.show(&["--dry-run", "iface", "apply", "-a", "host1"])?;
        self.show(&["iface", "apply", "-a", "host1"])?;
        self.show(&["iface", "list", "-a", "host1"])?;

        self.step("A CHAP entry in the adapter's flash; the secret comes from a file and is never shown");
        let secret = self.lab.path().join("secret");
        fs::write(&secret, SECRET)?;
        let file = secret.to_str().context("the path is not UTF-8")?;
        self.show(&[
            "chap",
            "add",
            "-a",
            "host1",
            "--user",
            USER,
            "--secret-file",
            file,
        ])?;
        self.show(&["chap", "list", "-a", "host1"])?;

        self.step("Two flash targets: the adapter logs in to them by itself from now on");
        let chap = self.find(&["chap", "list", "-a", "host1"], |entry| {
            entry["username"] == USER
        })?["index"]
            .to_string();
        self.show(&[
            "flash",
            "add",
            "-a",
            "host1",
            "--target",
            SYSTEM,
            "--portal",
            &system.to_string(),
            "--chap",
            &chap,
        ])?;
        self.show(&[
            "flash",
            "add",
            "-a",
            "host1",
            "--target",
            DATA,
            "--portal",
            &data.to_string(),
        ])?;
        self.show(&["flash", "list"])?;

        self.step("Boot from the first");
        let boot = self.index(SYSTEM)?;
        self.show(&[
            "boot",
            "set",
            "--yes-write-nvram",
            "-a",
            "host1",
            "--primary",
            &boot,
            "--mode",
            "manual",
        ])?;
        self.show(&["boot", "show", "-a", "host1"])?;

        self.step("Log in, over TCP, with CHAP");
        self.show(&["flash", "login", &boot, "-a", "host1"])?;
        self.show(&["flash", "login", &self.index(DATA)?, "-a", "host1"])?;
        self.show(&["session", "list"])?;

        self.step("What is there: logical units, INQUIRY, capacity");
        let disk = self.disk(DATA)?;
        self.show(&["lun", "list"])?;
        self.show(&["lun", "inquiry", &disk])?;
        self.show(&["lun", "capacity", &disk])?;

        self.step("Write 64 MiB to the data disk, read them back, compare");
        self.write_and_compare(&disk)?;

        self.step("What was counted");
        let sid = self.find(&["session", "list"], |s| s["target_name"] == DATA)?["sid"].to_string();
        self.show(&["-o", "plain", "stats", "session", &sid])?;

        self.step("Take the adapter's power away and give it back: the flash targets log in by themselves");
        self.command("hbaemu", &["fault", "power-cycle"])?;
        for iqn in [SYSTEM, DATA] {
            until(Duration::from_secs(60), "the session to come back", || {
                let sessions = self.lab.json(&["session", "list"])?;
                let sessions = sessions.as_array().cloned().unwrap_or_default();
                let back = sessions
                    .iter()
                    .any(|s| s["target_name"] == iqn && s["state"] == "LOGGED_IN");
                Ok(back.then_some(()))
            })?;
        }
        self.show(&["session", "list"])?;

        self.step("Log out of the data disk");
        self.show(&["flash", "logout", &self.index(DATA)?, "-a", "host1"])?;
        self.show(&["session", "list"])
    }

    fn step(&self, what: &str) {
        self.step.set(self.step.get() + 1);
        println!("\n{}. {what}", self.step.get());
    }

    /// Shows a command and what it prints; it must succeed.
    fn show(&self, args: &[&str]) -> Result<()> {
        self.command("hbactl", args)
    }

    fn command(&self, program: &str, args: &[&str]) -> Result<()> {
        println!("$ {program} {}", args.join(" "));
        let mut command = Command::new(own_binary(program)?);
        let status = command
            .args(args)
            .env("HBACTL_ENDPOINT", self.lab.endpoint())
            .status()?;
        ensure!(
            status.success(),
            "{program} {} ended with {status}",
            args.join(" ")
        );
        Ok(())
    }

    /// The first object of a listing that fits.
    fn find(&self, args: &[&str], fits: impl Fn(&Value) -> bool) -> Result<Value> {
        let all = self.lab.json(args)?;
        let found = all
            .as_array()
            .and_then(|all| all.iter().find(|one| fits(one)).cloned());
        found.with_context(|| format!("hbactl {} does not show it: {all}", args.join(" ")))
    }

    fn index(&self, iqn: &str) -> Result<String> {
        Ok(self.find(&["flash", "list"], |target| target["target_name"] == iqn)?["index"].to_string())
    }

    /// The address of the disk behind a target, once it is scanned.
    fn disk(&self, iqn: &str) -> Result<String> {
        until(Duration::from_secs(20), "the disk to appear", || {
            let sid = self.find(&["session", "list"], |s| s["target_name"] == iqn)?["sid"].to_string();
            let luns = self.lab.json(&["lun", "list", "--session", &sid])?;
            let disk = luns
                .as_array()
                .and_then(|all| all.iter().find(|lun| lun["device_type"] == 0).cloned());
            Ok(disk.and_then(|disk| disk["address"].as_str().map(str::to_owned)))
        })
    }

    fn write_and_compare(&self, disk: &str) -> Result<()> {
        let (source, copy) = (
            self.lab.path().join("source.img"),
            self.lab.path().join("copy.img"),
        );
        let mut state = 1_u64;
        let mut bytes = Vec::with_capacity(64 << 20);
        while bytes.len() < 64 << 20 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        fs::write(&source, &bytes)?;
        let path = |path: &Path| path.to_str().map(str::to_owned).context("the path is not UTF-8");
        self.show(&["lun", "write", disk, "--in", &path(&source)?, "--yes"])?;
        self.show(&["lun", "read", disk, "--out", &path(&copy)?])?;
        ensure!(fs::read(&copy)? == bytes, "what was read is not what was written");
        println!("$ cmp {} {} && echo equal\nequal", path(&source)?, path(&copy)?);
        Ok(())
    }
}

/// What `command` does, had it been asked for: leaves the lab running.
fn finish(endpoint: &Path, command: &str, keep: bool) -> Result<()> {
    if !keep {
        println!("\nDone; the lab is gone. `{command}` leaves it running, to go on by hand.");
        return Ok(());
    }
    let programs = own_binary("hbactl")?;
    println!("\nThe lab goes on until Ctrl-C. In another terminal:\n");
    println!(
        "  export PATH={}:$PATH",
        programs.parent().unwrap_or(&programs).display()
    );
    println!("  export HBACTL_ENDPOINT={}", endpoint.display());
    println!("  hbactl session list");
    println!("  hbactl event follow");
    println!("  hbaemu fault link-down 0");
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGINT);
    signals.add(Signal::SIGTERM);
    signals.thread_block()?;
    signals.wait()?;
    println!("The lab is gone.");
    Ok(())
}
