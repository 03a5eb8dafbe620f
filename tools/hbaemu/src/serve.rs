//! `hbaemu serve`.

use anyhow::{Context, Result, ensure};
use emu_kernel::{Config, FirmwareMode, Server};
use emu_net::reactor::Reactor;
use emu_net::run::run as run_loop;
use emu_net::signals::StopSignal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::Group;

use super::args::{FwMode, Serve};
use super::{adapter, flash, ready};

/// Serves an adapter until a signal comes.
pub(super) fn run(args: &Serve) -> Result<()> {
    let chip = flash::chip(&args.card.chip)?;
    let mut config = Config::new(&args.dir);
    config.chip = chip.name.to_owned();
    let adapters = adapter::configure(&mut config, args)?;
    ensure!(
        config.ports <= chip.max_ports,
        "{} has {} ports, not {}",
        chip.name,
        chip.max_ports,
        config.ports
    );
    config.disable_sysfs_boot = !args.sysfs_boot;
    config.quirks = args.quirks;
    config.sync = !args.no_sync;
    config.chap_algorithms.clone_from(&args.firmware.chap_algorithms);
    config.pcap.clone_from(&args.pcap);
    config.group = args.group.as_deref().map(group).transpose()?;
    // Attributes have the modes of a kernel's; what is private is made so whatever the mask.
    umask(Mode::from_bits_truncate(0o022));
    config.fw_mode = match args.fw_mode {
        FwMode::Auto => FirmwareMode::AutoConnect,
        FwMode::Nonauto => FirmwareMode::NonAutoConnect,
    };
    if let Some(flash) = &args.flash {
        config.flash.clone_from(flash);
    }
    let mut reactor = Reactor::new().context("cannot open the event loop")?;
    let mut stop = StopSignal::new(&mut reactor, SIGNALS).context("cannot catch signals")?;
    let mut server = Server::start(config, &mut reactor, SERVER)?;
    let told: Vec<String> = adapters
        .iter()
        .map(|(name, ports, host)| match ports {
            0 => format!("{name}, a host for each session"),
            1 => format!("{name}, 1 port, host{host} on"),
            _ => format!("{name}, {ports} ports, host{host} on"),
        })
        .collect();
    ready(&format!(
        "ready: endpoint {} ({})",
        args.dir.display(),
        told.join("; ")
    ))?;
    run_loop(&mut reactor, &mut [&mut server, &mut stop])?;
    Ok(())
}

/// The number of a group that is named or numbered.
fn group(name: &str) -> Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let found = Group::from_name(name).with_context(|| format!("cannot look up the group {name:?}"))?;
    let found = found.with_context(|| format!("there is no group {name:?}"))?;
    Ok(found.gid.as_raw())
}

const SERVER: u32 = 0;
const SIGNALS: u32 = 1;
