//! The stock `iscsiuio` before an emulated kernel.
//!
//! Owns the process and its card; without one it is [`StockHelper::idle`]. It must not know what it is asked. Source: iscsiuio(8).

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::card::Card;
use super::preload;
use crate::need::{Need, find_tool};
use crate::network::Segment;
use crate::network::segment::{ip, start_in};
use crate::process::{Running, own_binary};

/// What it says once it listens for iscsid.
const READY: &str = "Waiting for iscsid command";
/// The name of its log in the segment.
pub const LOG: &str = "stock-iscsiuio.log";
const TRACE: &str = "stock-iscsiuio.trace";

/// What running it takes.
#[must_use]
pub fn needs() -> Vec<Need> {
    let stock = [Need::Tool("iscsiuio", "iscsiuio"), Need::Tap];
    [super::NEEDS, preload::NEEDS, &stock].concat()
}

/// The port that it is to drive.
#[derive(Debug, Clone, Copy)]
pub struct Port<'a> {
    /// The host's number.
    pub host: u32,
    /// Its network device in the tree.
    pub netdev: &'a str,
    /// Its MAC address.
    pub mac: [u8; 6],
}

/// The stock helper, running.
#[derive(Debug)]
pub struct StockHelper {
    helper: Running,
    // After the helper: it has the card open.
    card: Option<Card>,
    _kernel: Option<Running>,
}

impl StockHelper {
    /// Starts it on the near machine of a segment, with a card for one port of what is served in `endpoint`.
    ///
    /// # Errors
    /// One of [`needs`] is not met, or it does not get ready.
    pub fn start(segment: &Segment, endpoint: &Path, port: Port<'_>) -> Result<Self> {
        // It asks the kernel for a group of the port's network device.
        ip(&segment.near, &format!("tuntap add dev {} mode tap", port.netdev))?;
        let card = Card::start(endpoint, segment.path(), port.host, port.netdev, port.mac)?;
        let helper = run(segment, endpoint, Some(card.dir()), LOG)?;
        Ok(Self {
            helper,
            card: Some(card),
            _kernel: None,
        })
    }

    /// Starts it with an emulated kernel that has nothing for it.
    ///
    /// # Errors
    /// It is not installed, or ends.
    pub fn idle(segment: &Segment) -> Result<Self> {
        let endpoint = segment.file("idle");
        let program = own_binary("hbaemu")?;
        let program = program.to_str().context("the path is not UTF-8")?;
        let words = ["--ports", "1"].map(OsStr::new);
        let args = [&["serve".as_ref(), endpoint.as_os_str()][..], &words].concat();
        let log = segment.file("idle-hbaemu.log");
        let kernel = start_in(&segment.near, program, &args, &[], "ready", &log)?;
        Ok(Self {
            helper: run(segment, &endpoint, None, "idle-iscsiuio.log")?,
            card: None,
            _kernel: Some(kernel),
        })
    }

    /// What it and its card said so far.
    #[must_use]
    pub fn said(&self, segment: &Segment) -> String {
        let trouble = self.card.as_ref().map(Card::trouble);
        let log = segment.said(LOG).unwrap_or_default();
        format!("card: {trouble:?}\nstock iscsiuio: {log}")
    }

    /// The messages that it sent to the kernel so far.
    ///
    /// # Errors
    /// The trace cannot be read.
    pub fn sent(&self, segment: &Segment) -> Result<Vec<Vec<u8>>> {
        preload::sent(&segment.file(TRACE))
    }

    /// Its process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.helper.pid()
    }
}

fn run(segment: &Segment, endpoint: &Path, card: Option<&Path>, log: &str) -> Result<Running> {
    find_tool("iscsiuio").context("iscsiuio is not installed (package iscsiuio)")?;
    let (logs, sys) = (segment.file("logs"), endpoint.join("sys"));
    fs::create_dir_all(&logs)?;
    let binds = [(&*sys, Path::new("/sys")), (&*logs, Path::new("/var/log"))];
    let machine = segment.near.beside(&binds)?;
    let library = preload::build(segment.path())?;
    let mut env = vec![
        ("LD_PRELOAD", library.as_os_str()),
        ("HBA_PRELOAD_ENDPOINT", endpoint.as_os_str()),
    ];
    env.extend(card.map(|card| ("HBA_PRELOAD_UIO", card.as_os_str())));
    let trace = segment.file(TRACE);
    env.push(("HBA_PRELOAD_TRACE", trace.as_os_str()));
    let words = ["-f", "-d", "4"].map(OsStr::new);
    start_in(&machine, "iscsiuio", &words, &env, READY, &segment.file(log))
}
