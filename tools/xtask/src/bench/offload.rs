//! Reads through a bnx2i port of the emulated kernel beside reads through its qla4xxx card: one endpoint, one target, one unit.
//!
//! 128 KiB a command, 32 at once, each on a socket of its own, as a unit's `sg` node takes them. Paths are answered by a helper that is
//! played: who finds neighbours is [`super::path`]'s.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use driver_sys::sg::{Command, Device, Transfer};
use lab_tests::lab::READY;
use lab_tests::netlink::Client;
use lab_tests::offload::{Session, Wanted as Target, helper};
use lab_tests::process::{Running, until};

use super::Args;
use super::adapter::{Adapter, FIRST_HOST, hbaemu};
use super::table::{Verdicts, Wanted, median};

const NAME: &str = "iqn.2026-11.org.example:disk";
const UNIT: &str = "64M";
const UNIT_BYTES: u64 = 64 << 20;
const CARD: u32 = FIRST_HOST;
const OFFLOAD: u32 = FIRST_HOST + 1;
/// Commands at once.
const DEPTH: usize = 32;
const BLOCK: u64 = 512;
/// Bytes of a command.
const SIZE: u64 = 128 << 10;
/// Commands of a run, over all sockets.
const COMMANDS: usize = 64 * DEPTH;
/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let program = hbaemu(args)?;
    let (_target, portal) = target(&program)?;
    let adapters = ["--adapter", "qla4xxx:1", "--adapter", "bnx2i:1"];
    let mut adapter = Adapter::serve(&program, 1, &adapters)?;
    let endpoint = adapter.endpoint();

    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 51));
    adapter.client.set_address(CARD, address)?;
    let index = adapter.client.add_target(CARD, NAME, portal)?;
    adapter.client.login(CARD, index)?;
    let _helper = helper::play(&endpoint, OFFLOAD)?;
    let mut daemon = Client::listening(&endpoint, "bnx2i", 1)?;
    let session = Session::login(&mut daemon, Target::plain(OFFLOAD, portal, NAME)?)?;
    session.scan(&endpoint)?;
    let units = [unit(&endpoint, CARD)?, unit(&endpoint, OFFLOAD)?];

    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..args.runs {
        for (unit, rates) in units.iter().zip(&mut rates) {
            rates.push(read(unit)?);
        }
    }
    session.end(&mut daemon)?;
    let [card, offload] = rates.map(median);
    let (card, offload) = card.zip(offload).context("no runs")?;
    let mut verdicts = Verdicts::default();
    Verdicts::heading_of("reads of 128 KiB, 32 at once", &["qla4xxx", "bnx2i"]);
    let cells = [card, offload].map(|rate| format!("{rate:.0} MiB/s"));
    verdicts.row(
        "times the throughput of the card",
        &cells,
        offload / card,
        Wanted::AtLeast(0.9),
    );
    Ok(verdicts)
}

/// A target with one unit, and its portal.
fn target(program: &Path) -> Result<(Running, SocketAddr)> {
    let mut command = process::Command::new(program);
    command.args(["target", "--listen", "127.0.0.1:0", "--iqn", NAME, "--lun", UNIT]);
    let (running, line) = Running::start_telling(&mut command, "ready", READY)?;
    let portal = line.rsplit(' ').next().unwrap_or_default();
    let portal = portal
        .parse()
        .with_context(|| format!("no address in {line:?}"))?;
    Ok((running, portal))
}

/// The socket of the first unit of a host, once it is there.
fn unit(endpoint: &Path, host: u32) -> Result<PathBuf> {
    let sg = endpoint.join("sg");
    until(READY, "a unit", || {
        for entry in fs::read_dir(&sg)? {
            let entry = entry?;
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(&format!("{host}:"))
            {
                return Ok(Some(entry.path()));
            }
        }
        Ok(None)
    })
}

/// Reads a unit from several sockets at once; MiB a second.
fn read(unit: &Path) -> Result<f64> {
    let mut devices = (0..DEPTH)
        .map(|_| Ok(Device::socket(unit, Instant::now() + LIMIT)?))
        .collect::<Result<Vec<_>>>()?;
    let ready = Barrier::new(DEPTH + 1);
    thread::scope(|scope| {
        let readers: Vec<_> = devices
            .iter_mut()
            .enumerate()
            .map(|(reader, device)| {
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    for turn in 0..COMMANDS / DEPTH {
                        one(device, (turn * DEPTH + reader) as u64)?;
                    }
                    Ok(())
                })
            })
            .collect();
        ready.wait();
        let start = Instant::now();
        for reader in readers {
            let done: Result<()> = reader.join().ok().context("a reader panicked")?;
            done?;
        }
        let bytes = COMMANDS as u64 * SIZE;
        Ok(bytes as f64 / f64::from(1 << 20) / start.elapsed().as_secs_f64())
    })
}

/// One READ(10), the `number`th piece of the unit, which ends and begins again.
fn one(device: &mut Device, number: u64) -> Result<()> {
    let lba = (number * SIZE % UNIT_BYTES / BLOCK) as u32;
    let blocks = (SIZE / BLOCK) as u16;
    let mut cdb = vec![0x28, 0];
    cdb.extend(lba.to_be_bytes());
    cdb.push(0);
    cdb.extend(blocks.to_be_bytes());
    cdb.push(0);
    let outcome = device.run(&Command {
        cdb,
        transfer: Transfer::In(SIZE as u32),
        timeout: LIMIT,
    })?;
    outcome.errno?;
    ensure!(
        outcome.status == 0 && outcome.host_status == 0 && outcome.data.len() as u64 == SIZE,
        "a read at block {lba}: {outcome:?}"
    );
    Ok(())
}
