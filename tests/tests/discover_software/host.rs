//! A host with a database of its own, beside an emulated adapter or none, and what its answers say.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{IQN, describe};
use lab_tests::lab::hbactl;
use lab_tests::target::Target;
use serde_json::Value;

/// A host without adapters, and its record database.
pub(crate) struct Host {
    pub(crate) dir: tempfile::TempDir,
}

impl Host {
    pub(crate) fn new() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("discover-").tempdir()?;
        fs::create_dir_all(dir.path().join("host/sys"))?;
        fs::create_dir(dir.path().join("db"))?;
        let this = Self { dir };
        fs::write(
            this.db("initiatorname.iscsi"),
            "InitiatorName=iqn.2026-11.org.example:host\n",
        )?;
        Ok(this)
    }

    pub(crate) fn db(&self, path: &str) -> PathBuf {
        self.dir.path().join("db").join(path)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Result<Output> {
        let mut command = hbactl(&self.dir.path().join("host"), &[&["-o", "json"], args].concat())?;
        command.env("HBACTL_DB", self.dir.path().join("db"));
        command.output().context("cannot run hbactl")
    }

    /// Runs, expects success, and gives the envelope, which keeps its published schema.
    pub(crate) fn envelope(&self, args: &[&str]) -> Result<Value> {
        let out = self.run(args)?;
        ensure!(out.status.success(), "{args:?}: {}", describe(&out));
        let envelope: Value = serde_json::from_slice(&out.stdout)?;
        let kind = envelope["kind"].as_str().context("no kind")?;
        let schema = self.run(&["schema", kind])?;
        lab_tests::schema::check(&serde_json::from_slice(&schema.stdout)?, &envelope)
            .with_context(|| format!("an answer of the kind {kind}"))?;
        Ok(envelope)
    }

    pub(crate) fn ok(&self, args: &[&str]) -> Result<Value> {
        Ok(self.envelope(args)?["data"].take())
    }

    pub(crate) fn refused(&self, code: i32, args: &[&str]) -> Result<String> {
        let out = self.run(args)?;
        ensure!(out.status.code() == Some(code), "{args:?}: {}", describe(&out));
        Ok(String::from_utf8_lossy(&out.stderr).into_owned())
    }

    /// The file of a record of the interface.
    pub(crate) fn record(&self, iqn: &str, at: SocketAddr, iface: &str) -> PathBuf {
        self.db(&format!("nodes/{iqn}/{},{},1/{iface}", at.ip(), at.port()))
    }

    pub(crate) fn secret(&self, name: &str, text: &str) -> Result<String> {
        let path = self.dir.path().join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    pub(crate) fn target(&self, name: &str, args: &[&str]) -> Result<Target> {
        let dir = self.dir.path().join(name);
        fs::create_dir(&dir)?;
        Target::start(&dir, IQN, &[&["--lun", "8M"], args].concat())
    }
}

/// State, place and reason of every path.
pub(crate) fn paths(answer: &Value) -> Vec<(&str, &str, &str)> {
    let text = |value: &'_ Value| -> &'static str {
        Box::leak(value.as_str().unwrap_or("-").to_owned().into_boxed_str())
    };
    let all = answer["paths"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter()
        .map(|p| (text(&p["state"]), text(&p["portal"]), text(&p["target"])))
        .collect()
}

pub(crate) fn nobody() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
