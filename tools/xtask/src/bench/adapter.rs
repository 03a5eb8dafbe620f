//! An emulated adapter of the release build, served for a measurement.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use lab_tests::lab::READY;
use lab_tests::netlink::Client;
use lab_tests::process::Running;

use super::Args;
use super::sessions::released;

/// Number of the first SCSI host.
pub(super) const FIRST_HOST: u32 = 1;

/// Serves until it is dropped.
pub(super) struct Adapter {
    /// Raw netlink requests.
    pub(super) client: Client,
    /// The process.
    pub(super) process: Running,
    dir: tempfile::TempDir,
}

/// The program to measure.
pub(super) fn hbaemu(args: &Args) -> Result<PathBuf> {
    match &args.hbaemu {
        Some(path) => fs::canonicalize(path).with_context(|| format!("no {}", path.display())),
        None => released(&["--package", "hbaemu", "--bin", "hbaemu"], "hbaemu"),
    }
}

impl Adapter {
    /// Serves an adapter in a new temporary directory, its flash beside it.
    pub(super) fn serve(hbaemu: &Path, ports: u32, more: &[&str]) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("hba-bench-").tempdir()?;
        let endpoint = dir.path().join("hba");
        let mut command = Command::new(hbaemu);
        command.arg("serve").arg(&endpoint).args(more);
        command.args([
            "--ports",
            &ports.to_string(),
            "--first-host",
            &FIRST_HOST.to_string(),
        ]);
        let process = Running::start(&mut command, "ready", READY)?;
        Ok(Self {
            client: Client::open(&endpoint)?,
            process,
            dir,
        })
    }

    /// The endpoint.
    pub(super) fn endpoint(&self) -> PathBuf {
        self.dir.path().join("hba")
    }

    /// The sysfs tree.
    pub(super) fn sys(&self) -> PathBuf {
        self.endpoint().join("sys")
    }
}
