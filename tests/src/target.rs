//! Our own iSCSI target, `hbaemu target`, in a lab: needs no privileges and no installed packages.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::lab::READY;
use crate::process::{Running, own_binary};

/// A served target; ends when dropped.
#[derive(Debug)]
pub struct Target {
    portals: Vec<SocketAddr>,
    control: PathBuf,
    /// What it prints (`--trace`).
    pub log: PathBuf,
    _running: Running,
}

impl Target {
    /// Serves `iqn` at a free port of 127.0.0.1, with the further arguments (`--lun 64M`); its control socket is made in `dir`.
    ///
    /// # Errors
    /// The program is not built, or does not get ready.
    pub fn start(dir: &Path, iqn: &str, args: &[&str]) -> Result<Self> {
        Self::start_as(&own_binary("hbaemu")?, dir, iqn, args)
    }

    /// As [`Target::start`], with this `hbaemu`.
    ///
    /// # Errors
    /// As [`Target::start`].
    pub fn start_as(hbaemu: &Path, dir: &Path, iqn: &str, args: &[&str]) -> Result<Self> {
        let name = iqn.rsplit(':').next().unwrap_or(iqn);
        let control = dir.join(format!("{name}.control"));
        let mut command = Command::new(hbaemu);
        command
            .args(["target", "--listen", "127.0.0.1:0", "--iqn", iqn, "--control"])
            .arg(&control)
            .args(args);
        let log = dir.join(format!("{name}.trace"));
        let told = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        let (running, line) = Running::start_logging(&mut command, "ready", READY, Some(told))?;
        let told = line
            .split_once(" at ")
            .map(|(_, portals)| portals.split_whitespace());
        let portals: Result<Vec<SocketAddr>, _> = told.into_iter().flatten().map(str::parse).collect();
        let portals = portals.with_context(|| format!("no portal in {line:?}"))?;
        ensure!(!portals.is_empty(), "no portal in {line:?}");
        Ok(Self {
            portals,
            control,
            log,
            _running: running,
        })
    }

    /// Where it listens first.
    #[must_use]
    pub fn portal(&self) -> SocketAddr {
        self.portals[0]
    }

    /// Where it listens: the portal that is always there, then those of further `--listen` arguments.
    #[must_use]
    pub fn portals(&self) -> &[SocketAddr] {
        &self.portals
    }

    /// Runs `hbaemu fault --target` against it and expects success.
    ///
    /// # Errors
    /// It failed, with its messages.
    pub fn fault(&self, words: &[&str]) -> Result<()> {
        self.tell(&["fault"], words).map(drop)
    }

    /// Runs `hbaemu lun` against it (`add`, `remove`, `list` and their arguments) and expects success; gives what it printed.
    ///
    /// # Errors
    /// It failed, with its messages.
    pub fn lun(&self, verb: &str, words: &[&str]) -> Result<String> {
        self.tell(&["lun", verb], words)
    }

    fn tell(&self, command: &[&str], words: &[&str]) -> Result<String> {
        let out = Command::new(own_binary("hbaemu")?)
            .args(command)
            .arg("--target")
            .arg(&self.control)
            .args(words)
            .output()?;
        if !out.status.success() {
            bail!(
                "hbaemu {command:?} {words:?}: {}",
                String::from_utf8_lossy(&out.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }
}
