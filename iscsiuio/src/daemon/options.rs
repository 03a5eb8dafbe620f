//! The command line: the peer's options, and ours.

use std::path::PathBuf;

use clap::{ArgAction, Parser};
use driver_sys::Endpoint;
use driver_sys::uip;

/// Answers the path requests of iSCSI adapters that log in from user space: ARP, neighbour discovery, DHCP and pings on the adapter's
/// own ring.
#[derive(Debug, Clone, Parser)]
#[command(name = "iscsiuio", version, disable_version_flag = true)]
pub struct Options {
    /// Stay in the foreground.
    #[arg(short, long)]
    pub foreground: bool,

    /// Log this much: 1 errors, 2 warnings, 3 what happens, 4 everything; in the background to /var/log/iscsiuio.log.
    #[arg(short, long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub debug: Option<u8>,

    /// Write the process ID to this file (in the background also without this option, to /run/iscsiuio.pid).
    #[arg(short, long = "pid", value_name = "PIDFILE")]
    pub pid: Option<PathBuf>,

    /// Show the version and exit.
    #[arg(short, long, action = ArgAction::Version)]
    version: Option<bool>,

    /// Where the adapters are: `host`, or the directory of an emulated kernel.
    #[arg(
        long,
        value_name = "host|DIR",
        env = "HBACTL_ENDPOINT",
        default_value = "host"
    )]
    pub endpoint: Endpoint,

    /// Listen on this abstract control socket.
    #[arg(long, value_name = "NAME", default_value = uip::NAME)]
    pub control: String,

    /// Keep leases and neighbours in this directory; the varlink socket is there, too [default: /run/iscsiuio, or `iscsiuio` in an
    /// endpoint's directory].
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// The process in the background that a parent waits for.
    #[arg(long, hide = true)]
    pub(super) child: bool,
}

/// Where the process ID is, in the background.
const PIDFILE: &str = "/run/iscsiuio.pid";

impl Options {
    /// Whether this process goes on in the background, or is there.
    #[must_use]
    pub(super) fn background(&self) -> bool {
        !self.foreground || self.child
    }

    /// Where leases and neighbours are kept.
    #[must_use]
    pub(super) fn state(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| self.endpoint.helper_dir())
    }

    /// The file for the process ID.
    #[must_use]
    pub(super) fn pidfile(&self) -> Option<PathBuf> {
        self.pid
            .clone()
            .or_else(|| self.background().then(|| PIDFILE.into()))
    }

    /// What is logged.
    #[must_use]
    pub(super) fn level(&self) -> tracing::Level {
        match self.debug {
            Some(1) => tracing::Level::ERROR,
            Some(2) => tracing::Level::WARN,
            Some(3) | None => tracing::Level::INFO,
            Some(_) => tracing::Level::DEBUG,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_options_mean_what_they_mean_there() {
        let plain = Options::try_parse_from(["iscsiuio"]).unwrap();
        assert!(plain.background());
        assert_eq!(plain.pidfile(), Some(PIDFILE.into()));
        assert_eq!(plain.control, "ISCSID_UIP_ABSTRACT_NAMESPACE");
        let all = Options::try_parse_from(["iscsiuio", "-f", "-d", "4", "-p", "/x"]).unwrap();
        assert!(!all.background());
        assert_eq!(all.pidfile(), Some("/x".into()));
        assert_eq!(all.level(), tracing::Level::DEBUG);
        let foreground = Options::try_parse_from(["iscsiuio", "--foreground"]).unwrap();
        assert_eq!(foreground.pidfile(), None);
        assert_eq!(foreground.state(), PathBuf::from("/run/iscsiuio"));
        let emulated = Options::try_parse_from(["iscsiuio", "--endpoint", "/lab"]).unwrap();
        assert_eq!(emulated.state(), PathBuf::from("/lab/iscsiuio"));
    }

    #[test]
    fn a_level_that_there_is_not_is_refused() {
        for level in ["0", "5", "x"] {
            assert!(Options::try_parse_from(["iscsiuio", "-d", level]).is_err());
        }
    }
}
