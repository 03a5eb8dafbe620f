//! `cargo xtask demo --road bnx2i`: an adapter that user space logs in for, the network helper, and real servers on its network.
//!
//! Owns the order of the steps and their words. What stands is the tests' rig: two machines of network namespaces with a cable between.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use lab_tests::lab::hbactl;
use lab_tests::need::missing;
use lab_tests::netlink::Client;
use lab_tests::network::capture::{self, Capture};
use lab_tests::network::rig::{Rig, SECRET, USER, needs};
use lab_tests::network::{dnsmasq, helper};
use lab_tests::offload::Session;

use super::finish;
use crate::packages;
use crate::workspace::build_programs;

const MIB: u64 = 1 << 20;
const SOON: Duration = Duration::from_secs(30);

/// Builds, plugs everything together, and walks the road.
///
/// # Errors
/// Without root and the programs: it says what is needed.
pub(super) fn run(keep: bool) -> Result<()> {
    packages::install(&[packages::TGT, packages::DNSMASQ])?;
    if let Some(reason) = missing(&needs()) {
        bail!(
            "this road cannot be walked here: {reason}\n\
             It needs root, for network namespaces with dnsmasq (package dnsmasq-base), tgtd (package tgt) and ip (package iproute2)."
        );
    }
    build_programs()?;
    let rig = Rig::start(64 * MIB, true)?;
    let demo = Demo {
        client: rig.client()?,
        rig,
        step: Cell::new(0),
    };
    let rig = demo.walk()?;
    finish(
        rig.offload.endpoint(),
        "cargo xtask demo --road bnx2i --keep",
        keep,
    )
}

struct Demo {
    rig: Rig,
    client: Client,
    step: Cell<u32>,
}

impl Demo {
    fn walk(mut self) -> Result<Rig> {
        let plan = self.rig.segment.plan;
        println!("Two machines in network namespaces, a cable between them:");
        println!(
            "  near  hbaemu serve … --adapter bnx2i:1 --l2 tap:ring0, the ring bridged to the cable; iscsiuio -f"
        );
        println!("  far   {}: dnsmasq, tgtd with a disk behind CHAP", plan.v4);
        println!(
            "\nexport HBACTL_ENDPOINT={}",
            self.rig.offload.endpoint().display()
        );
        let capture = match missing(capture::NEEDS) {
            None => Some(Capture::start(&self.rig.segment)?),
            Some(reason) => {
                println!("Frames are not captured: {reason}.");
                None
            }
        };

        self.step("The port: no flash, no address; its network is the helper's");
        self.show(&["adapter", "list"])?;

        self.step("iscsid tells the helper to get an address by DHCP; dnsmasq's own words");
        self.rig.helper()?.configure(&self.rig.record()?)?;
        self.rig.segment.says(dnsmasq::LOG, "DHCPACK", SOON)?;
        for line in self.rig.segment.said(dnsmasq::LOG)?.lines() {
            if let Some((_, said)) = line.split_once(": ").filter(|_| line.contains("(lan0)")) {
                println!("  {said}");
            }
        }
        self.show(&["iface", "list", "-a", "host1"])?;

        self.step("An echo from the port's address, on the port's own ring");
        self.show(&[
            "ping",
            "ipv4",
            &plan.v4.to_string(),
            "-a",
            "host1",
            "-c",
            "2",
            "-i",
            "100",
        ])?;

        self.step("What a daemon does: ask the portal for its targets, then log in with CHAP and digests");
        let mut discovery = Session::login(&mut self.client, self.rig.wanted(None, 1, false)?)?;
        for target in discovery.send_targets(&mut self.client)?.targets {
            println!("  {}", target.name);
        }
        discovery.end(&mut self.client)?;
        let wanted = self.rig.wanted_as(USER, SECRET, 2)?;
        let session = Session::login(&mut self.client, wanted)?;
        session.scan(self.rig.offload.endpoint())?;
        let disk = self.rig.disk(session.sid)?;
        self.show(&["session", "list"])?;
        self.show(&["lun", "list"])?;

        self.step("Write 64 MiB to the disk, read them back, compare");
        self.write_and_compare(&disk, 1)?;

        self.step("Kill the helper under I/O: the session goes on, the next helper has what the first had");
        let source = self.rig.noise("under-io", 64 << 20, 2)?;
        let mut writing = hbactl(
            self.rig.offload.endpoint(),
            &["lun", "write", &disk, "--in", text(&source)?, "--yes"],
        )?;
        println!("$ hbactl lun write {disk} --in {} --yes &", text(&source)?);
        let mut writing = writing.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let pid = self.rig.helper()?.daemon().pid();
        println!("$ kill -9 {pid}");
        self.rig.restart_helper()?;
        println!("$ iscsiuio -f &");
        let status = writing.wait()?;
        ensure!(status.success(), "the write ended with {status}");
        println!("$ wait && echo written\nwritten");
        self.show(&["iface", "list", "-a", "host1"])?;
        let second = Session::login(&mut self.client, self.rig.wanted_as(USER, SECRET, 3)?)?;
        self.show(&["session", "list"])?;
        second.end(&mut self.client)?;

        self.step("What the helper counted");
        self.show(&["stats", "helper"])?;

        self.step("Log out");
        session.end(&mut self.client)?;
        self.show(&["session", "list"])?;
        if let Some(capture) = capture {
            let mac = self.rig.shown("hwaddress")?;
            println!("$ tshark -r capture.pcap -Y 'eth.src == {mac} && _ws.malformed'");
            capture.flawless(&mac)?;
            println!("(nothing: no frame of the port is malformed)");
        }
        ensure!(
            !self.rig.segment.said(helper::LOG)?.contains("panicked"),
            "the helper panicked"
        );
        Ok(self.rig)
    }

    fn step(&self, what: &str) {
        self.step.set(self.step.get() + 1);
        println!("\n{}. {what}", self.step.get());
    }

    /// Shows a command and what it prints; it must succeed.
    fn show(&self, args: &[&str]) -> Result<()> {
        println!("$ hbactl {}", args.join(" "));
        let status = hbactl(self.rig.offload.endpoint(), args)?.status()?;
        ensure!(status.success(), "hbactl {} ended with {status}", args.join(" "));
        Ok(())
    }

    fn write_and_compare(&self, disk: &str, seed: u64) -> Result<()> {
        let (source, copy) = (
            self.rig.noise("source.img", 64 << 20, seed)?,
            self.rig.segment.file("copy.img"),
        );
        self.show(&["lun", "write", disk, "--in", text(&source)?, "--yes"])?;
        self.show(&["lun", "read", disk, "--out", text(&copy)?])?;
        ensure!(
            fs::read(&copy)? == fs::read(&source)?,
            "what was read is not what was written"
        );
        println!("$ cmp {} {} && echo equal\nequal", text(&source)?, text(&copy)?);
        Ok(())
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the path is not UTF-8")
}
