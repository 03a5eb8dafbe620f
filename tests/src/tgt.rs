//! The distribution's `tgtd` on a loopback port of its own.
//!
//! Source: tgtd(8), tgtadm(8). Every daemon gets its own control port, so several labs live side by side.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::lab::READY;
use crate::namespace::Namespace;
use crate::need::{Need, find_tool};
use crate::port;
use crate::process::{Running, until};

/// What a test that uses [`Tgtd`] needs.
pub const NEEDS: &[Need] = &[Need::Tool("tgtd", "tgt"), Need::Tool("tgtadm", "tgt"), Need::Root];

/// A CHAP account of a target.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// The name.
    pub user: &'a str,
    /// The secret; a test's own, not worth hiding.
    pub secret: &'a str,
    /// The target proves itself with it (`--outgoing`), instead of the initiator.
    pub outgoing: bool,
}

/// A running `tgtd`.
#[derive(Debug)]
pub struct Tgtd {
    daemon: Running,
    control: String,
    portal: SocketAddr,
}

impl Tgtd {
    /// Starts a daemon on a port of 127.0.0.1 that stays this process's.
    ///
    /// # Errors
    /// It is not installed or does not answer in time.
    pub fn start() -> Result<Self> {
        Self::start_on(port::own()?)
    }

    /// Starts a daemon on `portal`, for a target that comes back where it was.
    ///
    /// # Errors
    /// As [`Tgtd::start`].
    pub fn start_on(portal: SocketAddr) -> Result<Self> {
        Self::start_as(portal, portal.port())
    }

    /// Starts a daemon on `portal` of another network.
    ///
    /// # Errors
    /// As [`Tgtd::start`].
    pub fn start_in(network: &Namespace, portal: SocketAddr) -> Result<Self> {
        // A number that no other daemon of this machine has, whatever its network.
        let number = port::own()?.port();
        network.run(move || Self::start_as(portal, number))?
    }

    fn start_as(portal: SocketAddr, number: u16) -> Result<Self> {
        let tgtd = find_tool("tgtd").context("tgtd is not installed")?;
        // The control port (0 to 32767) only names a unix socket; ephemeral TCP ports stay distinct under the modulus.
        let control = (number % 32768).to_string();
        let mut command = Command::new(tgtd);
        command.args(["-f", "-C", &control, "--iscsi", &format!("portal={portal}")]);
        // Without these the allocator maps and unmaps memory for every large transfer, which no measurement should blame tgt for.
        command
            .env("MALLOC_MMAP_THRESHOLD_", "67108864")
            .env("MALLOC_TRIM_THRESHOLD_", "268435456")
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let daemon = Running::spawn(&mut command)?;
        let this = Self {
            daemon,
            control,
            portal,
        };
        until(READY, "tgtd to answer", || {
            let listening = TcpStream::connect(portal).is_ok();
            let managed = this.admin(&["--op", "show", "--mode", "sys"]).is_ok();
            Ok((listening && managed).then_some(()))
        })?;
        Ok(this)
    }

    /// Where it listens.
    #[must_use]
    pub const fn portal(&self) -> SocketAddr {
        self.portal
    }

    /// The process id of the daemon.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// Makes target `tid` named `iqn` with the files as LUNs 1, 2, … open to every initiator address.
    ///
    /// # Errors
    /// What `tgtadm` said.
    pub fn add_target(&self, tid: u32, iqn: &str, luns: &[&Path], accounts: &[Account<'_>]) -> Result<()> {
        let tid = tid.to_string();
        self.admin(&["--op", "new", "--mode", "target", "--tid", &tid, "-T", iqn])?;
        for (lun, file) in (1..).zip(luns) {
            let (lun, file) = (format!("{lun}"), file.to_str().context("file name is not UTF-8")?);
            self.admin(&[
                "--op",
                "new",
                "--mode",
                "logicalunit",
                "--tid",
                &tid,
                "--lun",
                &lun,
                "-b",
                file,
            ])?;
        }
        for account in accounts {
            self.admin(&[
                "--op",
                "new",
                "--mode",
                "account",
                "--user",
                account.user,
                "--password",
                account.secret,
            ])?;
            let mut bind = vec![
                "--op",
                "bind",
                "--mode",
                "account",
                "--tid",
                &tid,
                "--user",
                account.user,
            ];
            bind.extend(account.outgoing.then_some("--outgoing"));
            self.admin(&bind)?;
        }
        self.admin(&["--op", "bind", "--mode", "target", "--tid", &tid, "-I", "ALL"])
    }

    /// Runs `tgtadm` against this daemon.
    ///
    /// # Errors
    /// What it said.
    pub fn admin(&self, args: &[&str]) -> Result<()> {
        let tgtadm = find_tool("tgtadm").context("tgtadm is not installed")?;
        let out = Command::new(tgtadm)
            .args(["-C", &self.control, "--lld", "iscsi"])
            .args(args)
            .output()?;
        if !out.status.success() {
            bail!(
                "tgtadm {}: {}",
                args.join(" "),
                String::from_utf8_lossy(&out.stderr).trim()
            );
        }
        Ok(())
    }
}
