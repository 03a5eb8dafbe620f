//! `hbaemu target`.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use emu_array::{Accounts, DigestPolicy, TargetConfig};
use emu_net::reactor::Reactor;
use emu_net::run::{Actor, run as run_loop, turn};
use emu_net::signals::StopSignal;

use iscsi::target_node::{TraceLevel, TraceStep};

use super::args::{Digests, Target, Trace};
use super::ready;

/// Serves a target until a signal comes.
pub(super) fn run(args: &Target) -> Result<()> {
    let config = config(args)?;
    let mut reactor = Reactor::new().context("cannot open the event loop")?;
    let mut target = emu_array::Target::bind(&mut reactor, TARGET, config)?;
    let mut stop = StopSignal::new(&mut reactor, SIGNALS).context("cannot catch signals")?;
    let portals: Vec<String> = target.portals().iter().map(ToString::to_string).collect();
    if args.chap_file.is_none() {
        open_to_all(&args.iqn);
    }
    ready(&format!("ready: target {} at {}", args.iqn, portals.join(" ")))?;
    run_loop(&mut reactor, &mut [&mut target, &mut stop])?;
    // Initiators get a moment to log out; a second signal is not needed for the end.
    target.stop(&mut reactor, Instant::now());
    let limit = Instant::now() + GRACE;
    let mut batch = Vec::new();
    while !target.finished() && Instant::now() < limit {
        turn(
            &mut reactor,
            &mut [&mut target, &mut stop],
            Some(limit),
            &mut batch,
        )?;
    }
    Ok(())
}

fn config(args: &Target) -> Result<TargetConfig> {
    let first = args.listen.first().copied().context("no address to listen on")?;
    let mut config = TargetConfig::new(&args.iqn, first.at);
    config.listen.clone_from(&args.listen);
    config.luns.clone_from(&args.lun);
    let more = (2..=args.targets).map(|n| format!("{}.{n}", args.iqn));
    config.extra_targets = more.chain(args.also.iter().cloned()).collect();
    config.announce.clone_from(&args.announce);
    config.announce_only = args.announce_only;
    config.access.clone_from(&args.group);
    config.allow.clone_from(&args.allow);
    config.max_sessions = args.max_sessions;
    config.chap_algorithms.clone_from(&args.chap_algorithms);
    config.control.clone_from(&args.control);
    config.pcap.clone_from(&args.pcap);
    config.discovery_auth = args.discovery_auth;
    config.digests = match args.digests {
        Digests::Initiator => DigestPolicy::Initiator,
        Digests::Require => DigestPolicy::Require,
        Digests::Forbid => DigestPolicy::Forbid,
    };
    config.redirect = args.redirect.map(|redirect| (redirect.to, redirect.permanent));
    config.strict_unh = args.strict_unh;
    config.max_half_open = args.half_open.into();
    config.trace = args.trace.map(|trace| {
        let level = match trace {
            Trace::Tmf => TraceLevel::Functions,
            Trace::Requests => TraceLevel::Requests,
        };
        (level, print_step as emu_array::Told)
    });
    if let Some(file) = &args.chap_file {
        config.accounts = Accounts::from_file(file)?;
    }
    Ok(config)
}

/// A target without accounts is a choice that whoever starts it should know of.
fn open_to_all(iqn: &str) {
    let _ = writeln!(
        std::io::stderr().lock(),
        "note: {iqn} asks for no CHAP: whoever reaches it may log in (--chap-file FILE closes it)"
    );
}

/// A step on a line of its own. A reader that went away does not end the target.
fn print_step(connection: u64, step: &TraceStep) {
    let step = step.to_string();
    let step = terminal::printable::text(&step);
    let _ = writeln!(std::io::stdout().lock(), "{connection} {step}");
}

const TARGET: u32 = 0;
const SIGNALS: u32 = 1;
/// The longest the end may take; the target's own drain time is shorter.
const GRACE: Duration = Duration::from_secs(5);
