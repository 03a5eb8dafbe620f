//! From the command line to the loop.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use driver_sys::port::PortError;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

use super::background::{self, Detach};
use super::pidfile::Pidfile;
use super::sandbox::{Limits, Sandbox};
use super::serve::{Sockets, serve};
use super::{Core, Kernel, Options, SysfsRings, activation};
use crate::state::{State, boot_clock, boot_id};
use crate::{ipc, varlink};

/// How long the kernel's socket may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(1);

/// Runs the daemon to its end.
///
/// # Errors
/// It could not start, or not go on.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if options.background() && !options.child {
        return background::start();
    }
    let log = options.background() && options.debug.is_some();
    let detach = options.child.then(|| Detach::new(log)).transpose()?;
    let kept_in = options.state();
    let state = State::open(&kept_in, &boot_id(), boot_clock)
        .context("there is no place for what a restart needs")?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime")?;
    // Descriptors are waited for within the runtime.
    let entered = runtime.enter();
    let sockets = Sockets {
        control: match activation::control()? {
            Some(fd) => ipc::Listener::adopt(fd).context("the service manager's socket")?,
            None => ipc::Listener::bind(&options.control)?,
        },
        varlink: Some(varlink::Listener::bind(&kept_in).context("the varlink socket")?),
        kernel: match Kernel::open(&options.endpoint, Instant::now() + OPEN_LIMIT) {
            Ok(kernel) => Some(kernel),
            Err(error @ PortError::NoCapability { .. }) => return Err(error.into()),
            // It is looked for again, and told of once there is a log.
            Err(_) => None,
        },
    };
    let pidfile = options.pidfile().map(|path| Pidfile::write(&path)).transpose()?;
    // A static program has unpredictable bytes from a file, which is open from the first ones on: soon no other can be opened.
    seed().context("no unpredictable bytes")?;
    let sandbox = Sandbox::enter(&Limits {
        endpoint: &options.endpoint,
        state: &kept_in,
    })?;
    // Threads inherit the limits: none is started before.
    let level = options.level();
    let lines = if log {
        terminal::log::stamped(level)
    } else {
        terminal::log::through_a_thread(level)
    };
    sandbox.tell();
    let mut core = Core::new(
        Box::new(SysfsRings::new(options.endpoint.clone())),
        Some(state),
        seed,
    );
    if let Some(detach) = detach {
        detach.ready(log)?;
    }
    // Without a service manager nobody is told.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    tracing::info!(endpoint = %options.endpoint, control = options.control, "ready");
    let served = LocalSet::new().block_on(&runtime, serve(&options.endpoint, &mut core, sockets));
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    drop(entered);
    drop(pidfile);
    drop(lines);
    served.context("signals cannot be waited for")?;
    Ok(ExitCode::SUCCESS)
}

fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    Ok(seed)
}
