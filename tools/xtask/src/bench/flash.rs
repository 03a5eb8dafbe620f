//! What an operation on the flash table costs: with few entries and many, with one port and two.
//!
//! The operations go through netlink to `hbaemu serve`, as a control plane sends them: add is NEW_FLASHNODE and
//! SET_FLASHNODE_PARAMS, set is SET_FLASHNODE_PARAMS, remove is DEL_FLASHNODE. One adapter for each number of entries and ports,
//! all served at once and measured in turn, so that what else the machine does falls on all of them. Two twins of each tell the
//! share of the disk: one does not call fsync (a file system may still write when the new flash file takes the old one's name), one
//! keeps its flash in memory.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::Bytes;
use driver_sys::netlink::params::FlashnodeParam;

use super::Args;
use super::adapter::{Adapter, FIRST_HOST, hbaemu};
use super::table::{Verdicts, Wanted, median};

/// Entries in the table of a port while it is measured. The last leaves one index free: the table has 64, the first two are the
/// boot targets'.
const FILLS: [u32; 4] = [10, 20, 40, 61];
const PORTS: [u32; 2] = [1, 2];
/// Rounds to a run: seven runs are 1008 operations on the adapters that wait for the disk.
const ROUNDS: u16 = 6;
/// A cost that grows more than this is not flat.
const FLAT: Wanted = Wanted::AtMost(1.5);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Add,
    Set,
    Remove,
}

const OPERATIONS: [(Operation, &str); 3] = [
    (Operation::Add, "add"),
    (Operation::Set, "set"),
    (Operation::Remove, "remove"),
];

/// What an adapter differs in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    ports: u32,
    fill: u32,
    flash: Flash,
}

/// Where the flash file lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flash {
    /// Beside the tree, on a disk.
    Synced,
    /// The same without fsync.
    Unsynced,
    /// In `/dev/shm`.
    Memory,
}

const FLASHES: [Flash; 3] = [Flash::Synced, Flash::Unsynced, Flash::Memory];

/// Milliseconds of every operation.
type Samples = BTreeMap<(Kind, Operation), Vec<f64>>;

struct Table {
    kind: Kind,
    adapter: Adapter,
    indices: Vec<u32>,
    _memory: tempfile::TempDir,
}

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let program = hbaemu(args)?;
    let mut tables = Vec::new();
    for ports in PORTS {
        for fill in FILLS {
            for flash in FLASHES {
                tables.push(Table::filled(&program, Kind { ports, fill, flash })?);
            }
        }
    }
    let mut samples = Samples::new();
    let rounds = u32::from(args.runs) * u32::from(ROUNDS);
    for round in 0..=rounds {
        for table in &mut tables {
            let taken = table.round(round)?;
            // The first round warms caches and counts for nothing.
            if round > 0 {
                for (operation, time) in taken {
                    let of = samples.entry((table.kind, operation)).or_default();
                    of.push(time.as_secs_f64() * 1e3);
                }
            }
        }
    }
    tables.iter().try_for_each(Table::check)?;
    report(&samples)
}

impl Table {
    fn filled(program: &Path, kind: Kind) -> Result<Self> {
        let memory = tempfile::tempdir_in("/dev/shm").context("the twins need /dev/shm")?;
        let file = memory.path().join("flash.img").to_string_lossy().into_owned();
        let more: &[&str] = match kind.flash {
            Flash::Synced => &[],
            Flash::Unsynced => &["--no-sync"],
            Flash::Memory => &["--flash", &file],
        };
        let mut adapter = Adapter::serve(program, kind.ports, more)?;
        let mut indices = Vec::new();
        for host in 0..kind.ports {
            indices.clear();
            for entry in 0..kind.fill {
                let (host, name) = (FIRST_HOST + host, name(entry));
                indices.push(adapter.client.add_target(host, &name, portal())?);
            }
        }
        Ok(Self {
            kind,
            adapter,
            indices,
            _memory: memory,
        })
    }

    /// One operation of each kind.
    fn round(&mut self, round: u32) -> Result<[(Operation, Duration); 3]> {
        let host = FIRST_HOST + round % self.kind.ports;
        let client = &mut self.adapter.client;
        let (index, added) = timed(|| client.add_target(host, &name(self.kind.fill), portal()))?;
        // Another entry each time; the value differs from round to round.
        let other = self.indices[round as usize % self.indices.len()];
        let value = Bytes::u16(10 + (round % 1000) as u16);
        let attrs = [(FlashnodeParam::KeepaliveTmo, value)];
        let ((), set) = timed(|| client.set_target(host, other, &attrs))?;
        let ((), removed) = timed(|| client.remove_target(host, index))?;
        Ok([
            (Operation::Add, added),
            (Operation::Set, set),
            (Operation::Remove, removed),
        ])
    }

    /// Operations that are fast because nothing happens are no operations.
    fn check(&self) -> Result<()> {
        let nodes = fs::read_dir(self.adapter.sys().join("bus/iscsi_flashnode/devices"))?;
        let sessions = nodes
            .filter_map(|node| node.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with("flashnode_sess-"))
            .count();
        let wanted = (self.kind.fill * self.kind.ports) as usize;
        ensure!(
            sessions == wanted,
            "{sessions} flash targets are left of {wanted}"
        );
        let (host, index) = (FIRST_HOST, self.indices[1]);
        let conn = format!("bus/iscsi_flashnode/devices/flashnode_conn-{host}:{index}:0/keepalive_tmo");
        let text = fs::read_to_string(self.adapter.sys().join(&conn)).with_context(|| conn.clone())?;
        ensure!(
            text.trim().parse::<u16>()? >= 10,
            "{conn} was never set: {text:?}"
        );
        Ok(())
    }
}

fn timed<T>(operation: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let start = Instant::now();
    let done = operation()?;
    Ok((done, start.elapsed()))
}

fn name(entry: u32) -> String {
    format!("iqn.2026-11.org.example:array.{entry}")
}

fn portal() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 3260))
}

fn report(samples: &Samples) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    let of = |keep: &dyn Fn(Kind) -> bool, operation: Operation| {
        let values = samples
            .iter()
            .filter(|((kind, of), _)| keep(*kind) && *of == operation)
            .flat_map(|(_, values)| values.iter().copied());
        median(values.collect()).context("nothing was measured")
    };
    let heads = FILLS.map(|fill| format!("{fill} entries"));
    for ports in PORTS {
        let plural = if ports == 1 { "" } else { "s" };
        Verdicts::heading_of(
            &format!(
                "flash table, {ports} port{plural}: growth from {} to {}",
                heads[0], heads[3]
            ),
            &heads.each_ref().map(String::as_str),
        );
        for (operation, word) in OPERATIONS {
            let mut cells = Vec::new();
            for fill in FILLS {
                let kind = Kind {
                    ports,
                    fill,
                    flash: Flash::Synced,
                };
                cells.push(of(&|k| k == kind, operation)?);
            }
            let growth = cells[3] / cells[0];
            let cells: Vec<_> = cells.into_iter().map(millis).collect();
            verdicts.row(&format!("{word}, {ports} port{plural}"), &cells, growth, FLAT);
        }
    }
    Verdicts::heading_of("flash table: growth from one port to two", &["1 port", "2 ports"]);
    for (operation, word) in OPERATIONS {
        let [one, two] = PORTS.map(|ports| of(&|k| k.ports == ports && k.flash == Flash::Synced, operation));
        let (one, two) = (one?, two?);
        verdicts.row(
            &format!("{word}, ports"),
            &[millis(one), millis(two)],
            two / one,
            FLAT,
        );
    }
    Verdicts::heading_of(
        "flash table: share of fsync, and of the disk in all",
        &["fsync", "no fsync", "in memory"],
    );
    for (operation, word) in OPERATIONS {
        let [synced, unsynced, memory] = FLASHES.map(|flash| of(&|k| k.flash == flash, operation));
        let (synced, unsynced, memory) = (synced?, unsynced?, memory?);
        let cells = [synced, unsynced, memory].map(millis);
        verdicts.row(
            &format!("{word}, fsync"),
            &cells,
            1.0 - unsynced / synced,
            Wanted::Shown,
        );
        verdicts.row(
            &format!("{word}, disk"),
            &cells,
            1.0 - memory / synced,
            Wanted::Shown,
        );
    }
    Ok(verdicts)
}

fn millis(value: f64) -> String {
    format!("{value:.2} ms")
}
