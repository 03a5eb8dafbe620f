//! The stock `iscsid` and `iscsiadm` before an emulated kernel.
//!
//! Owns a namespace in which the endpoint's tree is `/sys`, both programs' configuration and database are the lab's, and NETLINK_ISCSI
//! leads to the endpoint. It must not know what they are asked. Source: iscsid(8), iscsiadm(8).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::preload;
use crate::namespace::Namespace;
use crate::need::{Need, find_tool};
use crate::network::segment::start_in;
use crate::process::Running;

/// The initiator's name in their configuration.
pub const INITIATOR: &str = "iqn.2000-01.com.example:lab";

/// What running them takes.
#[must_use]
pub fn needs() -> Vec<Need> {
    let stock = [
        Need::Tool("iscsid", "open-iscsi"),
        Need::Tool("timeout", "coreutils"),
    ];
    [super::NEEDS, preload::NEEDS, &stock].concat()
}

/// Both programs.
#[derive(Debug)]
pub struct Stock {
    iscsid: Running,
    namespace: Namespace,
    env: Vec<(String, PathBuf)>,
    scratch: TempDir,
}

impl Stock {
    /// Starts `iscsid` before the kernel that is served in `endpoint`, on a network of its own or on that of `network`.
    ///
    /// # Errors
    /// One of [`needs`] is not met, or it does not get ready.
    pub fn start(endpoint: &Path, network: Option<&Namespace>) -> Result<Self> {
        let scratch = tempfile::Builder::new().prefix("hba-stock-").tempdir()?;
        let at = |name: &str| scratch.path().join(name);
        let (etc, run, records) = (at("etc"), at("run"), at("records"));
        for dir in [&etc, &run, &run.join("iscsi"), &records] {
            fs::create_dir_all(dir)?;
        }
        fs::write(
            etc.join("iscsid.conf"),
            "node.startup = manual\nnode.conn[0].timeo.login_timeout = 15\n",
        )?;
        fs::write(
            etc.join("initiatorname.iscsi"),
            format!("InitiatorName={INITIATOR}\n"),
        )?;
        let sys = endpoint.join("sys");
        let mut binds = vec![
            (&*sys, Path::new("/sys")),
            (&*etc, Path::new("/etc/iscsi")),
            (&*run, Path::new("/run/lock")),
        ];
        // Where the package keeps records; Debian's are in /etc/iscsi.
        if Path::new("/var/lib/iscsi").is_dir() {
            binds.push((&records, Path::new("/var/lib/iscsi")));
        }
        let namespace = match network {
            Some(network) => network.beside(&binds)?,
            None => Namespace::new(&binds)?,
        };
        let env = vec![
            ("LD_PRELOAD".to_owned(), preload::build(scratch.path())?),
            ("HBA_PRELOAD_ENDPOINT".to_owned(), endpoint.to_owned()),
            ("HBA_PRELOAD_TRACE".to_owned(), at("trace")),
        ];
        let borrowed: Vec<(&str, &OsStr)> = env.iter().map(|(k, v)| (k.as_str(), v.as_os_str())).collect();
        let args: [&OsStr; 7] = [
            "-f".as_ref(),
            "-d".as_ref(),
            "8".as_ref(),
            "-c".as_ref(),
            "/etc/iscsi/iscsid.conf".as_ref(),
            "-i".as_ref(),
            "/etc/iscsi/initiatorname.iscsi".as_ref(),
        ];
        let ready = "created NETLINK_ISCSI socket";
        let iscsid = start_in(&namespace, "iscsid", &args, &borrowed, ready, &at("iscsid.log"))?;
        Ok(Self {
            iscsid,
            namespace,
            env,
            scratch,
        })
    }

    /// Runs `iscsiadm` with these words; it may take `limit`.
    ///
    /// # Errors
    /// It cannot be started, or takes longer.
    pub fn iscsiadm(&self, words: &str, limit: Duration) -> Result<Output> {
        let mut command = Command::new(find_tool("timeout").context("timeout is not installed")?);
        command
            .arg(limit.as_secs().to_string())
            .arg(find_tool("iscsiadm").context("iscsiadm is not installed")?)
            .args(words.split(' '))
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        let output = self.namespace.run(move || command.output())??;
        ensure!(
            output.status.code() != Some(124),
            "iscsiadm {words} took more than {limit:?}: {output:?}; iscsid: {}",
            self.log()?
        );
        Ok(output)
    }

    /// Runs `iscsiadm`, expects success, and gives the lines that it printed.
    ///
    /// # Errors
    /// It failed, with what both programs said.
    pub fn lines(&self, words: &str) -> Result<Vec<String>> {
        let output = self.iscsiadm(words, Duration::from_secs(90))?;
        ensure!(
            output.status.success(),
            "iscsiadm {words}: {}{}\niscsid: {}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            self.log()?
        );
        let printed = String::from_utf8(output.stdout)?;
        Ok(printed.lines().map(str::to_owned).collect())
    }

    /// What `iscsid` said so far.
    ///
    /// # Errors
    /// There is no log.
    pub fn log(&self) -> Result<String> {
        let bytes = fs::read(self.scratch.path().join("iscsid.log"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The messages that both programs sent to the kernel so far.
    ///
    /// # Errors
    /// The trace cannot be read.
    pub fn sent(&self) -> Result<Vec<Vec<u8>>> {
        preload::sent(&self.scratch.path().join("trace"))
    }

    /// The process number of `iscsid`.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.iscsid.pid()
    }
}
