//! The card, the target beside it, and how each answer on the road is looked at.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::{Lab, READY};
use lab_tests::port;
use lab_tests::process::{Running, own_binary};
use serde_json::Value;

pub(super) const IQN: &str = "iqn.2026-11.org.example:disk";
pub(super) const SECRET: &str = "initiator-secret-1";
pub(super) const TARGET_SECRET: &str = "target-secret-123";
pub(super) const MIB: usize = 1 << 20;

/// What an operator finds in a machine.
#[derive(Clone, Copy)]
pub(super) struct Card {
    pub(super) chip: &'static str,
    /// Each is one adapter to the operator.
    pub(super) ports: usize,
    /// Its boot bytes are known.
    pub(super) boots: bool,
}

/// The lab, the target beside it, and the kinds of answers seen.
pub(super) struct Road {
    pub(super) card: Card,
    pub(super) lab: Lab,
    _target: Running,
    pub(super) portal: SocketAddr,
    pub(super) seen: BTreeSet<String>,
}

impl Road {
    pub(super) fn begin(card: Card) -> Result<Self> {
        let ports = card.ports.to_string();
        let lab = Lab::start(&["--first-host", "1", "--chip", card.chip, "--ports", &ports])?;
        let disk = lab.lun_file("disk", 16 * MIB as u64)?;
        let accounts = lab.path().join("accounts");
        fs::write(
            &accounts,
            format!("initiator:{SECRET}\nmutual:array:{TARGET_SECRET}\n"),
        )?;
        fs::write(lab.path().join("secret"), SECRET)?;
        let portal = port::own()?;
        let target = Running::start(
            Command::new(own_binary("hbaemu")?)
                .args(["target", "--listen", &portal.to_string(), "--iqn", IQN, "--lun"])
                .arg(disk)
                .arg("8M")
                .arg("--chap-file")
                .arg(accounts),
            "ready",
            READY,
        )?;
        Ok(Self {
            card,
            lab,
            _target: target,
            portal,
            seen: BTreeSet::new(),
        })
    }

    /// Runs `hbactl -o json`, checks the envelope against the schema of its kind, and gives back the data.
    pub(super) fn json(&mut self, args: &[&str]) -> Result<Value> {
        let out = self.lab.hbactl(&[&["-o", "json"], args].concat())?;
        let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        ensure!(
            out.status.success(),
            "hbactl {}: {}: {stderr}",
            args.join(" "),
            out.status
        );
        let text = String::from_utf8(out.stdout)?;
        for secret in [SECRET, TARGET_SECRET] {
            ensure!(
                !text.contains(secret) && !stderr.contains(secret),
                "hbactl {args:?} shows a secret"
            );
        }
        // Events come as one envelope a line, everything else as one document.
        let first = if args[0] == "event" || args.get(1) == Some(&"watch") {
            text.lines().next().unwrap_or_default()
        } else {
            &text
        };
        let mut envelope: Value = serde_json::from_str(first).with_context(|| format!("not JSON: {text}"))?;
        let kind = self.lab.kind(&envelope);
        let kind = kind.with_context(|| format!("hbactl {}", args.join(" ")))?;
        self.seen.insert(kind);
        Ok(envelope["data"].take())
    }

    /// A command that must fail: its error is an envelope, too, on stderr.
    pub(super) fn error(&mut self, args: &[&str], exit: i32) -> Result<()> {
        let out = self.lab.hbactl(&[&["-o", "json"], args].concat())?;
        ensure!(
            out.status.code() == Some(exit) && out.stdout.is_empty(),
            "{args:?}: {}",
            out.status
        );
        let envelope: Value = serde_json::from_slice(&out.stderr)
            .with_context(|| format!("not JSON: {}", String::from_utf8_lossy(&out.stderr)))?;
        let kind = self.lab.kind(&envelope);
        let kind = kind.with_context(|| format!("hbactl {}", args.join(" ")))?;
        ensure!(kind == "error", "{kind}");
        ensure!(envelope["data"]["exit_code"] == exit && envelope["data"]["outcome"] == "not_done");
        self.seen.insert(kind);
        Ok(())
    }

    /// As [`Self::json`], for a command that must change something once and nothing the second time.
    pub(super) fn change_once(&mut self, args: &[&str]) -> Result<Value> {
        let planned = self.json(&[&["--dry-run"], args].concat())?;
        ensure!(planned["change"] == "planned", "dry run of {args:?}: {planned}");
        let changed = self.json(args)?;
        ensure!(changed["change"] == "changed", "{args:?}: {changed}");
        let again = self.json(args)?;
        ensure!(again["change"] == "unchanged", "{args:?} again: {again}");
        Ok(changed)
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.lab.path().join(name).to_string_lossy().into_owned()
    }
}
