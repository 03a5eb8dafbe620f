//! `hbaemu isns`.

use anyhow::{Context, Result};
use emu_array::isns::IsnsConfig;
use emu_net::reactor::Reactor;
use emu_net::run::run as run_loop;
use emu_net::signals::StopSignal;

use super::args::Isns;
use super::ready;

/// Serves an iSNS server until a signal comes.
pub(super) fn run(args: &Isns) -> Result<()> {
    let config = IsnsConfig {
        targets: args.target.clone(),
        registered_only: args.registered_only,
        faults: args.fault.clone(),
        pcap: args.pcap.clone(),
        ..IsnsConfig::new(args.listen)
    };
    let mut reactor = Reactor::new().context("cannot open the event loop")?;
    let mut server = emu_array::isns::Isns::bind(&mut reactor, SERVER, config)?;
    let mut stop = StopSignal::new(&mut reactor, SIGNALS).context("cannot catch signals")?;
    ready(&format!("ready: iSNS server at {}", server.address()))?;
    run_loop(&mut reactor, &mut [&mut server, &mut stop])?;
    Ok(())
}

const SERVER: u32 = 0;
const SIGNALS: u32 = 1;
