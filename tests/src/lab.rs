//! A lab in a temporary directory: an emulated adapter (`hbaemu serve`) and `hbactl` pointed at it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process::{Running, own_binary};
use crate::schema::check;

/// How long anything in the lab may take to get ready, on a machine that has much else to do.
pub const READY: Duration = Duration::from_secs(60);

/// `hbactl` pointed at an endpoint, to be run.
///
/// # Errors
/// It is not built.
pub fn hbactl(endpoint: &Path, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(own_binary("hbactl")?);
    command.env("HBACTL_ENDPOINT", endpoint).args(args);
    Ok(command)
}

/// An emulated adapter that is being served, and where.
#[derive(Debug)]
pub struct Lab {
    // Ends before its directory goes.
    serve: Option<Running>,
    dir: tempfile::TempDir,
    args: Vec<String>,
}

impl Lab {
    /// Serves an adapter with `hbaemu serve DIR ARGS…` in a new temporary directory.
    ///
    /// # Errors
    /// The programs are not built, or the adapter does not get ready.
    pub fn start(args: &[&str]) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("hba-lab-").tempdir()?;
        let mut lab = Self {
            dir,
            serve: None,
            args: args.iter().map(|&a| a.to_owned()).collect(),
        };
        lab.restart()?;
        Ok(lab)
    }

    /// Serves again (after [`Lab::kill`]) with the same flash.
    ///
    /// # Errors
    /// As [`Lab::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.serve = None;
        let mut command = Command::new(own_binary("hbaemu")?);
        command.arg("serve").arg(self.endpoint()).args(&self.args);
        self.serve = Some(Running::start(&mut command, "ready", READY)?);
        Ok(())
    }

    /// The served process.
    ///
    /// # Panics
    /// When it has been killed.
    #[must_use]
    pub fn serving(&mut self) -> &mut Running {
        self.serve.as_mut().expect("the adapter is being served")
    }

    /// Ends the adapter at once, as a loss of power would.
    pub fn kill(&mut self) {
        self.serve = None;
    }

    /// The lab's directory, for LUN files and the like.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The endpoint directory.
    #[must_use]
    pub fn endpoint(&self) -> PathBuf {
        self.dir.path().join("hba")
    }

    /// Makes a sparse file of `bytes` in the lab.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn lun_file(&self, name: &str, bytes: u64) -> Result<PathBuf> {
        let path = self.dir.path().join(name);
        std::fs::File::create(&path)?.set_len(bytes)?;
        Ok(path)
    }

    /// `hbactl` pointed at this lab, to be run.
    ///
    /// # Errors
    /// It is not built.
    pub fn command(&self, args: &[&str]) -> Result<Command> {
        hbactl(&self.endpoint(), args)
    }

    /// Runs `hbactl` against this lab and gives back whatever it did.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn hbactl(&self, args: &[&str]) -> Result<Output> {
        self.command(args)?.output().context("cannot run hbactl")
    }

    /// Runs `hbactl -o json`, expects success, and gives back the `data` of its envelope.
    ///
    /// # Errors
    /// It failed (with its messages), or its output is not JSON.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let out = self.hbactl(&[&["-o", "json"], args].concat())?;
        if !out.status.success() {
            bail!(
                "hbactl {} ended with {}: {}{}",
                args.join(" "),
                out.status,
                String::from_utf8_lossy(&out.stderr),
                String::from_utf8_lossy(&out.stdout)
            );
        }
        let text = String::from_utf8(out.stdout)?;
        let mut envelope: Value = serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))?;
        Ok(envelope
            .get_mut("data")
            .context("no data in the envelope")?
            .take())
    }

    /// The kind of an answer, which keeps the schema that `hbactl` publishes for it.
    ///
    /// # Errors
    /// There is none, or the answer does not keep it.
    pub fn kind(&self, envelope: &Value) -> Result<String> {
        let kind = envelope["kind"].as_str().context("no kind")?.to_owned();
        let schema = self.hbactl(&["schema", &kind])?;
        ensure!(schema.status.success(), "{kind} has no published schema");
        let schema: Value = serde_json::from_slice(&schema.stdout)?;
        check(&schema, envelope).with_context(|| format!("an answer of the kind {kind}"))?;
        Ok(kind)
    }

    /// Runs `hbaemu fault` against this lab and expects success.
    ///
    /// # Errors
    /// It failed, with its messages.
    pub fn fault(&self, args: &[&str]) -> Result<()> {
        let endpoint = self.endpoint();
        let out = Command::new(own_binary("hbaemu")?)
            .args(["fault", "--endpoint"])
            .arg(endpoint)
            .args(args)
            .output()?;
        if !out.status.success() {
            bail!(
                "hbaemu fault {}: {}",
                args.join(" "),
                String::from_utf8_lossy(&out.stderr)
            );
        }
        Ok(())
    }
}
