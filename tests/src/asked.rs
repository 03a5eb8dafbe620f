//! `hbactl` asked in a lab: what it says when it succeeds and when it refuses.
//!
//! Owns [`Asked`], a [`Lab`] with the few ways in which the tests of the command line ask it. It must not know the rules it is asked
//! about.

use std::fs;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::lab::Lab;
use crate::target::Target;

/// The target's name in these tests.
pub const IQN: &str = "iqn.2026-11.org.example:disk";
/// A secret to prove ourselves with.
pub const SECRET: &str = "initiator-secret-1";
/// A secret for the target to prove itself with.
pub const MUTUAL: &str = "target-secret-123";

/// A lab, and the few ways to ask it.
#[derive(Debug)]
pub struct Asked {
    /// The lab.
    pub lab: Lab,
}

impl Asked {
    /// Serves an adapter with these arguments of `hbaemu serve`.
    ///
    /// # Errors
    /// As [`Lab::start`].
    pub fn start(args: &[&str]) -> Result<Self> {
        let lab = Lab::start(args)?;
        Ok(Self { lab })
    }

    /// An address for port 1, so that it can call somebody.
    ///
    /// # Errors
    /// As [`Lab::start`].
    pub fn with_address(args: &[&str]) -> Result<Self> {
        let this = Self::start(args)?;
        this.ok(&[
            "iface",
            "set",
            "ipv4",
            "-a",
            "1",
            "ipaddress=127.0.0.21",
            "subnet=255.0.0.0",
        ])?;
        this.ok(&["iface", "apply", "-a", "1"])?;
        Ok(this)
    }

    /// Runs in JSON and expects success; gives the data.
    ///
    /// # Errors
    /// It failed.
    pub fn ok(&self, args: &[&str]) -> Result<Value> {
        self.lab.json(args)
    }

    /// Expects failure with this code, and nothing on stdout; gives stderr.
    ///
    /// # Errors
    /// It did something else.
    pub fn refused(&self, code: i32, args: &[&str]) -> Result<String> {
        let out = self.lab.hbactl(args)?;
        ensure!(
            out.status.code() == Some(code),
            "{args:?} should end with {code}: {}",
            describe(&out)
        );
        ensure!(out.stdout.is_empty(), "{args:?}: {}", describe(&out));
        let said = text(&out.stderr);
        ensure!(
            said.contains("error: cannot ") && said.contains("answer: "),
            "{args:?}: {said}"
        );
        Ok(said)
    }

    /// A file with a secret in it; its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn secret(&self, name: &str, secret: &str) -> Result<String> {
        let path = self.lab.path().join(name);
        fs::write(&path, format!("{secret}\n"))?;
        Ok(path.to_str().context("path")?.to_owned())
    }

    /// Adds the target to the first port's flash; its index.
    ///
    /// # Errors
    /// `hbactl` refuses.
    pub fn add_target(&self, target: &Target, more: &[&str]) -> Result<String> {
        let portal = target.portal().to_string();
        let args = [
            &["flash", "add", "-a", "1", "--target", IQN, "--portal", &portal],
            more,
        ]
        .concat();
        index(&self.ok(&args)?)
    }
}

/// Bytes that are text.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit status and both outputs.
#[must_use]
pub fn describe(out: &Output) -> String {
    format!("{}: {}{}", out.status, text(&out.stderr), text(&out.stdout))
}

/// The index of what a change made.
///
/// # Errors
/// The change has none.
pub fn index(change: &Value) -> Result<String> {
    let index = change["after"]["index"].as_u64();
    Ok(index
        .with_context(|| format!("no index in {change}"))?
        .to_string())
}
