//! `cargo xtask demo --road records`: what a host knows about targets, in open-iscsi's own files.
//!
//! Owns the order of the steps and their words. Targets are our own (`hbaemu target`); the stock `iscsiadm` reads what was written, where this
//! machine has it.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::need::missing;
use lab_tests::peer::NEEDS;
use lab_tests::peer::records::Records;
use lab_tests::process::own_binary;
use lab_tests::target::Target;
use tempfile::TempDir;

use crate::packages;
use crate::workspace::build_programs;

const DISK: &str = "iqn.2026-11.org.example:disk";
const TAPE: &str = "iqn.2026-11.org.example:tape";

/// Builds, starts two targets, and walks the road.
///
/// # Errors
/// What does not go.
pub(super) fn run(keep: bool) -> Result<()> {
    packages::install(packages::FOR_TESTS)?;
    build_programs()?;
    let scratch = tempfile::tempdir()?;
    let peer = match missing(NEEDS) {
        None => Some(Records::new()?),
        Some(reason) => {
            println!("The stock iscsiadm does not read along: {reason}.");
            None
        }
    };
    let demo = Demo {
        lab: Lab::start(&["--ports", "1"])?,
        db: peer
            .as_ref()
            .map_or_else(|| scratch.path().join("db"), Records::outside),
        peer,
        scratch,
        step: Cell::new(0),
    };
    demo.walk()?;
    if keep {
        let kept = demo.scratch.keep();
        let db = kept.join("kept");
        let copied = Command::new("cp").arg("-a").arg(&demo.db).arg(&db).status()?;
        ensure!(copied.success(), "cp ended with {copied}");
        println!(
            "\nThe database stays:\n\n  export HBACTL_DB={}\n  hbactl node list",
            db.display()
        );
    } else {
        println!("\nDone; the database is gone. `cargo xtask demo --road records --keep` leaves it.");
    }
    Ok(())
}

struct Demo {
    lab: Lab,
    db: PathBuf,
    peer: Option<Records>,
    scratch: TempDir,
    step: Cell<u32>,
}

impl Demo {
    fn walk(&self) -> Result<()> {
        let secret = self.scratch.path().join("secret");
        fs::write(&secret, "a-demo-secret-of-25-bytes")?;
        fs::create_dir_all(&self.db)?;
        fs::write(
            self.db.join("initiatorname.iscsi"),
            "InitiatorName=iqn.2026-11.org.example:host7\n",
        )?;
        let disk = Target::start(self.scratch.path(), DISK, &["--lun", "64M"])?;
        let tape = Target::start(self.scratch.path(), TAPE, &["--lun", "64M"])?;
        let (disk, tape) = (disk.portal().to_string(), tape.portal().to_string());
        println!("\nexport HBACTL_ENDPOINT={}", self.lab.endpoint().display());
        println!("export HBACTL_DB={}", self.db.display());

        self.step("Ask a portal for its targets: first only look, then keep what is found");
        self.show(&["--dry-run", "target", "discover", &disk])?;
        self.show(&["target", "discover", &disk])?;
        self.show(&["target", "discover", &tape])?;
        self.show(&["node", "list"])?;

        self.step("Say how the disk is logged in to; the secret comes from a file and is never shown");
        let password = format!("node.session.auth.password=@{}", text(&secret)?);
        let keys = [
            "node.startup=automatic",
            "node.session.timeo.replacement_timeout=30",
            "node.session.auth.authmethod=CHAP",
            "node.session.auth.username=initiator",
            &password,
        ];
        self.show(&[&["--dry-run", "node", "set", DISK], &keys[..]].concat())?;
        self.show(&[&["node", "set", DISK], &keys[..]].concat())?;
        self.refused(&["node", "set", DISK, "node.session.timeo.replacement_timeout=soon"])?;
        self.refused(&[
            "node",
            "set",
            DISK,
            "node.session.auth.password=on-the-command-line",
        ])?;

        self.step("Ask again: what somebody set stays");
        self.show(&["target", "discover", &disk])?;
        self.show(&["-o", "plain", "node", "list", "--target", DISK])?;

        if let Some(peer) = &self.peer {
            self.step("The stock iscsiadm reads the same records, and writes to them");
            self.peer(peer, &["-m", "node"])?;
            self.peer(
                peer,
                &[
                    "-m",
                    "node",
                    "-T",
                    TAPE,
                    "-o",
                    "update",
                    "-n",
                    "node.startup",
                    "-v",
                    "onboot",
                ],
            )?;
            self.show(&["node", "list"])?;
        }

        self.step("A record by hand, over an interface of its own");
        self.show(&["iface", "record", "add", "storage0", "iface.net_ifacename=eth1"])?;
        self.show(&[
            "node",
            "add",
            DISK,
            "--portal",
            "192.0.2.5:3260,1",
            "--iface",
            "storage0",
        ])?;
        self.refused(&["iface", "record", "remove", "storage0"])?;

        self.step("What nobody logs in to by himself");
        self.show(&["target", "exclude", "add", "--target", TAPE])?;
        self.show(&["target", "exclude", "list"])?;
        self.show(&["session", "policy"])?;

        self.step("Ask every portal that is kept; one of them is gone");
        self.show(&["target", "portal", "add", "127.0.0.1:9"])?;
        self.refused(&["target", "refresh"])?;

        self.step("Take records away");
        self.show(&["--dry-run", "node", "remove", DISK])?;
        self.show(&["node", "remove", DISK])?;
        self.show(&["node", "list"])
    }

    fn step(&self, what: &str) {
        self.step.set(self.step.get() + 1);
        println!("\n{}. {what}", self.step.get());
    }

    /// Shows a command and what it prints; it must succeed.
    fn show(&self, args: &[&str]) -> Result<()> {
        let status = self.hbactl(args)?;
        ensure!(
            status == Some(0),
            "hbactl {} ended with {status:?}",
            args.join(" ")
        );
        Ok(())
    }

    /// Shows a command and what it says when it must not succeed.
    fn refused(&self, args: &[&str]) -> Result<()> {
        let status = self.hbactl(args)?;
        ensure!(status != Some(0), "hbactl {} succeeded", args.join(" "));
        println!("(exit code {})", status.context("it was killed")?);
        Ok(())
    }

    /// On an endpoint of its own, so that nothing of this machine is changed.
    fn hbactl(&self, args: &[&str]) -> Result<Option<i32>> {
        println!("$ hbactl {}", args.join(" "));
        let status = Command::new(own_binary("hbactl")?)
            .args(args)
            .env("HBACTL_DB", &self.db)
            .env("HBACTL_ENDPOINT", self.lab.endpoint())
            .status()?;
        Ok(status.code())
    }

    fn peer(&self, peer: &Records, args: &[&str]) -> Result<()> {
        println!("$ iscsiadm {}", args.join(" "));
        for line in peer.lines(args)? {
            println!("{line}");
        }
        Ok(())
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("the path is not UTF-8")
}
