//! A session from flash that is owned, and what is asked about it.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::target::Target;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::IQN;

/// A session from flash, whose number is 1 as long as nobody logged out.
pub(super) struct Owned {
    pub(super) lab: Lab,
    pub(super) portal: String,
    pub(super) index: String,
    _target: Target,
}

impl Owned {
    pub(super) fn begin(address: &str) -> Result<Self> {
        let lab = Lab::start(&["--ports", "1", "--no-sync"])?;
        lab.json(&[
            "iface",
            "set",
            "ipv4",
            &format!("ipaddress={address}"),
            "subnet=255.0.0.0",
        ])?;
        lab.json(&["iface", "apply"])?;
        let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
        let portal = target.portal().to_string();
        let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
        let index = change["after"]["index"].to_string();
        lab.json(&["flash", "login", &index])?;
        Ok(Self {
            lab,
            portal,
            index,
            _target: target,
        })
    }

    pub(super) fn home(&self) -> Result<hba::Home> {
        Ok(hbactl::home(self.lab.endpoint().to_str().context("a path")?))
    }

    /// Numbers and owners of the sessions.
    pub(super) fn owners(&self) -> Result<Vec<(u64, String)>> {
        let all = self.lab.json(&["session", "list"])?;
        let one = |s: &Value| Some((s["sid"].as_u64()?, s["held_by"].as_str()?.to_owned()));
        Ok(all.as_array().context("a list")?.iter().filter_map(one).collect())
    }

    pub(super) fn sid(&self) -> Result<String> {
        let owners = self.owners()?;
        Ok(owners.first().context("no session")?.0.to_string())
    }

    pub(super) fn refused(&self, code: i32, args: &[&str]) -> Result<String> {
        let out = self.lab.hbactl(args)?;
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        ensure!(
            out.status.code() == Some(code),
            "{args:?} ended with {}: {text}",
            out.status
        );
        Ok(text)
    }

    pub(super) fn entry(&self, sid: &str) -> PathBuf {
        let registry = self.lab.endpoint().join("hbactl/registry");
        registry.join(format!("session-{sid}"))
    }

    pub(super) fn rules(&self) -> PathBuf {
        self.lab.endpoint().join("hbactl/exclusions.conf")
    }

    /// Starts `hbactl` and kills it after a while.
    pub(super) fn killed(&self, args: &[&str], wait: Duration) -> Result<Output> {
        let child = self
            .lab
            .command(args)?
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pid = Pid::from_raw(i32::try_from(child.id())?);
        thread::sleep(wait);
        // Gone already is a round, too.
        let _ = kill(pid, Signal::SIGKILL);
        Ok(child.wait_with_output()?)
    }
}

pub(super) fn answers(lab: &Lab, kind: &str, args: &[&str]) -> Result<Value> {
    let out = lab.hbactl(&[&["-o", "json"], args].concat())?;
    let text = String::from_utf8_lossy(&out.stderr);
    ensure!(out.status.success(), "{args:?} ended with {}: {text}", out.status);
    let envelope: Value = serde_json::from_slice(&out.stdout)?;
    ensure!(lab.kind(&envelope)? == kind, "{args:?}: {envelope}");
    Ok(envelope)
}
