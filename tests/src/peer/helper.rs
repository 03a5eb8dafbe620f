//! Helpers on a card of memory, before an emulated kernel: the stock `iscsiuio`, and ours by its own UIO driver.
//!
//! Owns the processes and the machine that they see; [`idle`] is the stock one without a card. It must not know what they are asked.
//! Source: iscsiuio(8).

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::card::Card;
use super::preload;
use crate::namespace::Namespace;
use crate::need::{Need, find_tool};
use crate::network::Segment;
use crate::network::segment::{ip, start_in};
use crate::process::{Running, own_binary};

/// What the stock one says once it listens for iscsid.
const READY: &str = "Waiting for iscsid command";
/// What it logs: a running helper's words for each step.
const WORDS: [&str; 3] = ["-f", "-d", "4"];
const LOG: &str = "iscsiuio-on-card.log";
const TRACE: &str = "iscsiuio-on-card.trace";

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
    dir: PathBuf,
    env: Vec<(&'static str, PathBuf)>,
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
        let card = Card::start(endpoint, segment.path(), port.host, port.netdev, port.mac)?;
        let mut env = environment(segment, endpoint)?;
        env.push(("HBA_PRELOAD_UIO", card.dir().to_owned()));
        env.push(("HBA_PRELOAD_TRACE", segment.file(TRACE)));
        Ok(Self {
            machine: machine(segment, endpoint)?,
            dir: segment.path().to_owned(),
            env,
            card,
        })
    }

    /// Starts the stock helper.
    ///
    /// # Errors
    /// It is not installed, or does not get ready.
    pub fn stock(&self) -> Result<Running> {
        self.run("iscsiuio", &WORDS.map(OsStr::new), READY)
    }

    /// Starts ours on the running kernel, which is the emulated one for it.
    ///
    /// # Errors
    /// It is not built, or does not get ready.
    pub fn ours(&self) -> Result<Running> {
        let program = own_binary("iscsiuio")?;
        let program = program.to_str().context("the path is not UTF-8")?;
        // The card's files are the only ones beside devices that its sandbox is to let it map.
        let state = ["--state".as_ref(), self.card.dir().as_os_str()];
        let args = [&WORDS.map(OsStr::new)[..], &state].concat();
        self.run(program, &args, "ready")
    }

    fn run(&self, program: &str, args: &[&OsStr], ready: &str) -> Result<Running> {
        let env: Vec<(&str, &OsStr)> = self.env.iter().map(|(k, v)| (*k, v.as_os_str())).collect();
        start_in(&self.machine, program, args, &env, ready, &self.dir.join(LOG))
    }

    /// What the card and the program on it said so far.
    #[must_use]
    pub fn said(&self) -> String {
        let log = fs::read(self.dir.join(LOG)).unwrap_or_default();
        let trouble = self.card.trouble();
        format!("card: {trouble:?}\niscsiuio: {}", String::from_utf8_lossy(&log))
    }

    /// The messages that programs on the card sent to the kernel so far.
    ///
    /// # Errors
    /// The trace cannot be read.
    pub fn sent(&self) -> Result<Vec<Vec<u8>>> {
        preload::sent(&self.dir.join(TRACE))
    }
}

/// The near machine with the tree of `endpoint` as its `/sys`.
fn machine(segment: &Segment, endpoint: &Path) -> Result<Namespace> {
    let (logs, sys) = (segment.file("logs"), endpoint.join("sys"));
    fs::create_dir_all(&logs)?;
    segment
        .near
        .beside(&[(&sys, Path::new("/sys")), (&logs, Path::new("/var/log"))])
}

fn environment(segment: &Segment, endpoint: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    Ok(vec![
        ("LD_PRELOAD", preload::build(segment.path())?),
        ("HBA_PRELOAD_ENDPOINT", endpoint.to_owned()),
    ])
}

/// The stock helper without a card, and an emulated kernel that has nothing for it.
#[derive(Debug)]
pub struct Idle {
    /// The helper.
    pub helper: Running,
    _kernel: Running,
}

/// Starts both on the near machine of a segment.
///
/// # Errors
/// It is not installed, or ends.
pub fn idle(segment: &Segment) -> Result<Idle> {
    find_tool("iscsiuio").context("iscsiuio is not installed (package iscsiuio)")?;
    let endpoint = segment.file("idle");
    let program = own_binary("hbaemu")?;
    let program = program.to_str().context("the path is not UTF-8")?;
    let words = ["--ports", "1"].map(OsStr::new);
    let args = [&["serve".as_ref(), endpoint.as_os_str()][..], &words].concat();
    let log = segment.file("idle-hbaemu.log");
    let kernel = start_in(&segment.near, program, &args, &[], "ready", &log)?;
    let env = environment(segment, &endpoint)?;
    let env: Vec<(&str, &OsStr)> = env.iter().map(|(k, v)| (*k, v.as_os_str())).collect();
    let log = segment.file("idle-iscsiuio.log");
    let machine = machine(segment, &endpoint)?;
    let helper = start_in(&machine, "iscsiuio", &WORDS.map(OsStr::new), &env, READY, &log)?;
    Ok(Idle {
        helper,
        _kernel: kernel,
    })
}
