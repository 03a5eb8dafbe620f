//! Helpers on a card of memory, before an emulated kernel: the stock `iscsiuio`, and ours by its own UIO driver.
//!
//! Owns the machine that they see, and how they are started. It must not know what they are asked. Source: iscsiuio(8).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::card::Card;
use super::preload;
use crate::namespace::Namespace;
use crate::need::Need;
use crate::network::Segment;
use crate::network::segment::{ip, start_in};
use crate::process::Running;

/// What the stock one says once it listens for iscsid.
const READY: &str = "Waiting for iscsid command";

/// What running the stock one takes.
#[must_use]
pub fn needs() -> Vec<Need> {
    [&[Need::Tool("iscsiuio", "iscsiuio")], &*card_needs()].concat()
}

/// What a card takes.
#[must_use]
pub fn card_needs() -> Vec<Need> {
    [super::NEEDS, preload::NEEDS, &[Need::Tap]].concat()
}

/// The port that a card has.
#[derive(Debug, Clone, Copy)]
pub struct Port<'a> {
    /// The host's number.
    pub host: u32,
    /// Its network device in the tree.
    pub netdev: &'a str,
    /// Its MAC address.
    pub mac: [u8; 6],
}

/// A card in the near machine of a segment, and its programs.
#[derive(Debug)]
pub struct Slot {
    machine: Namespace,
    env: Vec<(&'static str, PathBuf)>,
    log: PathBuf,
    trace: PathBuf,
    /// Where ours may open files: its own, the trace's, and below them the card's.
    state: PathBuf,
    card: Card,
}

impl Slot {
    /// Plugs the card in, for one port of what is served in `endpoint`.
    ///
    /// # Errors
    /// One of [`card_needs`] is not met.
    pub fn plug(segment: &Segment, endpoint: &Path, port: Port<'_>) -> Result<Self> {
        // The kernel is asked for groups of the port's network device.
        ip(&segment.near, &format!("tuntap add dev {} mode tap", port.netdev))?;
        let (state, logs, sys) = (segment.file("state"), segment.file("logs"), endpoint.join("sys"));
        fs::create_dir_all(&logs)?;
        fs::create_dir_all(&state)?;
        let card = Card::start(endpoint, &state, port.host, port.netdev, port.mac)?;
        let binds = [(&*sys, Path::new("/sys")), (&*logs, Path::new("/var/log"))];
        Ok(Self {
            machine: segment.near.beside(&binds)?,
            env: vec![
                ("LD_PRELOAD", preload::build(segment.path())?),
                ("HBA_PRELOAD_ENDPOINT", endpoint.to_owned()),
                ("HBA_PRELOAD_UIO", card.dir().to_owned()),
            ],
            log: segment.file("iscsiuio-on-card.log"),
            trace: state.join("trace"),
            state,
            card,
        })
    }

    /// From now on, what programs send to the kernel is written down for [`Slot::sent`].
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.env.push(("HBA_PRELOAD_TRACE", self.trace.clone()));
        self
    }

    /// Starts the stock helper.
    ///
    /// # Errors
    /// It is not installed, or does not get ready.
    pub fn stock(&self) -> Result<Running> {
        self.run("iscsiuio", &["-f", "-d", "4"].map(OsStr::new), READY)
    }

    /// Starts ours, without anything that an earlier one kept, on the running kernel: for it, that is the emulated one.
    ///
    /// # Errors
    /// It is not built, or does not get ready.
    pub fn ours(&self, program: &Path) -> Result<Running> {
        for entry in fs::read_dir(&self.state)? {
            let path = entry?.path();
            match path.is_dir() {
                true if path == self.card.dir() => {}
                true => fs::remove_dir_all(path)?,
                false => fs::remove_file(path)?,
            }
        }
        let program = program.to_str().context("the path is not UTF-8")?;
        let args = ["-f".as_ref(), "--state".as_ref(), self.state.as_os_str()];
        self.run(program, &args, "ready")
    }

    fn run(&self, program: &str, args: &[&OsStr], ready: &str) -> Result<Running> {
        let env: Vec<(&str, &OsStr)> = self.env.iter().map(|(k, v)| (*k, v.as_os_str())).collect();
        start_in(&self.machine, program, args, &env, ready, &self.log)
    }

    /// What the card and the program on it said so far.
    #[must_use]
    pub fn said(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let trouble = self.card.trouble();
        format!("card: {trouble:?}\niscsiuio: {}", String::from_utf8_lossy(&log))
    }

    /// The messages that programs on the card sent to the kernel so far.
    ///
    /// # Errors
    /// The trace cannot be read.
    pub fn sent(&self) -> Result<Vec<Vec<u8>>> {
        preload::sent(&self.trace)
    }
}
