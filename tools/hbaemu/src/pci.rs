//! `hbaemu pci`.

use anyhow::{Context, Result};
use emu_net::reactor::Reactor;
use emu_net::run::run as run_loop;
use emu_net::signals::StopSignal;
use emu_pci::{Config, Server};
use nix::sys::signal::{SigSet, Signal};

use super::args::Pci;
use super::{flash, ready};

/// Serves PCI functions until a signal comes.
pub(super) fn run(args: &Pci) -> Result<()> {
    let chip = flash::chip(&args.chip)?;
    let ports = args.ports.map_or(args.socket.len(), |ports| ports as usize);
    let config = Config {
        chip,
        ports,
        sockets: args.socket.clone(),
        flash: args.flash.clone(),
        sync: !args.no_sync,
        control: args.control.clone(),
        chap_algorithms: args.firmware.chap_algorithms.clone(),
    };
    // A file that may not grow is an error of the write, not the end: guest memory and the flash lie at high offsets.
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGXFSZ);
    mask.thread_block().context("cannot set the signal mask")?;
    let mut reactor = Reactor::new().context("cannot open the event loop")?;
    let mut stop = StopSignal::new(&mut reactor, SIGNALS).context("cannot catch signals")?;
    let mut server = Server::start(&config, &mut reactor, SERVER)?;
    let sockets: Vec<String> = args
        .socket
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    ready(&format!(
        "ready: vfio-user {} ({}, {ports} port{})",
        sockets.join(" "),
        chip.name,
        if ports == 1 { "" } else { "s" },
    ))?;
    run_loop(&mut reactor, &mut [&mut server, &mut stop])?;
    Ok(())
}

const SERVER: u32 = 0;
const SIGNALS: u32 = 1;
