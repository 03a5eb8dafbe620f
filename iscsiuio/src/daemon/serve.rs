//! The loop: whatever comes first, and what follows from it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driver_sys::Endpoint;
use driver_sys::port::PortError;
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep_until;

use super::core::chain;
use super::kernel::Sent;
use super::watch::Watch;
use super::{Core, Kernel};
use crate::ask::Ask;
use crate::ipc;
use crate::varlink;

/// Clients of the control socket at once; who comes beyond is closed at once, and told of.
const MOST_CLIENTS: usize = 256;
/// Clients of the varlink socket at once.
const MOST_VARLINK: usize = 32;
/// Messages of the kernel that are taken in at once, before others have their turn.
const BURST: usize = 64;
/// How soon a kernel that is not there is looked for again.
const LOOK: Duration = Duration::from_secs(1);
/// How long opening its socket may take.
const OPEN_LIMIT: Duration = Duration::from_millis(100);
/// How often it is told at most that clients were not let in.
const TELL_AGAIN: Duration = Duration::from_secs(1);
/// A listener that fails is left alone for so long.
const REST: Duration = Duration::from_millis(100);

/// Where the daemon listens.
#[derive(Debug)]
pub(super) struct Sockets {
    /// The kernel, when it was there.
    pub(super) kernel: Option<Kernel>,
    /// The control socket.
    pub(super) control: ipc::Listener,
    /// The varlink socket, where there is one.
    pub(super) varlink: Option<varlink::Listener>,
}

enum Happened {
    Message,
    Room,
    Ring(u32),
    Ask(Ask),
    Client(io::Result<UnixStream>),
    Varlink(io::Result<UnixStream>),
    Time,
    Counters,
    End(&'static str),
}

/// Serves until a signal says that it is over. What a restart needs stays.
///
/// # Errors
/// Signals cannot be waited for.
pub(super) async fn serve(endpoint: &Endpoint, core: &mut Core, sockets: Sockets) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut counters = signal(SignalKind::user_defined1())?;
    // A reload has nothing to read again; a hangup of the terminal is no end.
    let mut hangup = signal(SignalKind::hangup())?;
    let (asks, mut asked) = mpsc::channel(MOST_CLIENTS);
    let mut doors = Doors::new(asks);
    let mut link = Link::new(endpoint, sockets.kernel);
    let mut watch = Watch::default();
    core.resume(Instant::now());
    let mut shown = None;
    loop {
        link.send(core);
        watch.follow(core);
        show(core, link.there(), &mut shown);
        let deadline = core
            .poll_timeout()
            .into_iter()
            .chain(link.again)
            .chain(doors.rest)
            .min();
        let happened = tokio::select! {
            _ = terminate.recv() => Happened::End("SIGTERM"),
            _ = interrupt.recv() => Happened::End("SIGINT"),
            _ = counters.recv() => Happened::Counters,
            _ = hangup.recv() => continue,
            () = link.readable() => Happened::Message,
            () = link.writable(), if core.answer_due().is_some() => Happened::Room,
            host = watch.ready() => Happened::Ring(host),
            Some(ask) = asked.recv() => Happened::Ask(ask),
            client = sockets.control.accept(), if doors.rest.is_none() => Happened::Client(client),
            client = varlink::accept(sockets.varlink.as_ref()), if doors.rest.is_none() => Happened::Varlink(client),
            () = until(deadline) => Happened::Time,
        };
        let now = Instant::now();
        match happened {
            Happened::Message => link.receive(now, core),
            // The answers are sent at the top of the loop.
            Happened::Room => {}
            Happened::Ring(host) => {
                let empty = core.frames(now, host);
                watch.had(host, empty);
            }
            Happened::Ask(ask) => core.ask(now, ask),
            Happened::Client(client) => doors.client(now, client),
            Happened::Varlink(client) => doors.varlink(now, client),
            Happened::Time => {
                doors.rest = doors.rest.filter(|rest| *rest > now);
                link.look(now);
                core.timeout(now);
            }
            Happened::Counters => log_counters(core, now),
            Happened::End(signal) => {
                tracing::info!("{signal}: ending, leases and neighbours are kept");
                link.send(core);
                core.keep_all(now);
                return Ok(());
            }
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// The kernel, as long as it is there.
struct Link<'e> {
    endpoint: &'e Endpoint,
    kernel: Option<Kernel>,
    again: Option<Instant>,
    told: Option<PortError>,
}

impl<'e> Link<'e> {
    fn new(endpoint: &'e Endpoint, kernel: Option<Kernel>) -> Self {
        Self {
            endpoint,
            again: kernel.is_none().then(Instant::now),
            kernel,
            told: None,
        }
    }

    fn there(&self) -> bool {
        self.kernel.is_some()
    }

    async fn readable(&self) {
        match &self.kernel {
            Some(kernel) => drop(kernel.readable().await),
            None => std::future::pending().await,
        }
    }

    async fn writable(&self) {
        match &self.kernel {
            Some(kernel) => drop(kernel.writable().await),
            None => std::future::pending().await,
        }
    }

    fn receive(&mut self, now: Instant, core: &mut Core) {
        for _ in 0..BURST {
            let Some(kernel) = &mut self.kernel else { return };
            match kernel.receive() {
                Ok(Some(message)) => core.message(now, &message),
                Ok(None) => return,
                Err(PortError::Overrun) => core.overrun(now),
                Err(error @ PortError::Oversized { .. }) => tracing::warn!("{error}"),
                Err(error) => return self.lost(now, error),
            }
        }
    }

    fn send(&mut self, core: &mut Core) {
        while let (Some(kernel), Some((transport, answer))) = (&mut self.kernel, core.answer_due()) {
            match kernel.send(*transport, answer) {
                Ok(Sent::Yes) => core.answered(true),
                Ok(Sent::Later) => return,
                Err(error) => {
                    core.answered(false);
                    match error {
                        PortError::Closed { .. } => self.lost(Instant::now(), error),
                        error => tracing::warn!("the kernel did not take an answer: {}", chain(&error)),
                    }
                }
            }
        }
    }

    fn lost(&mut self, now: Instant, error: PortError) {
        tracing::warn!("the kernel is gone, it is looked for again: {}", chain(&error));
        self.kernel = None;
        self.again = Some(now);
    }

    fn look(&mut self, now: Instant) {
        if self.again.is_none_or(|again| again > now) {
            return;
        }
        match Kernel::open(self.endpoint, now + OPEN_LIMIT) {
            Ok(kernel) => {
                tracing::info!(
                    "the kernel is there: path requests of {} are answered",
                    self.endpoint
                );
                self.kernel = Some(kernel);
                self.again = None;
                self.told = None;
            }
            Err(error) => {
                // Said once, until it is another reason.
                if self.told.as_ref().map(std::mem::discriminant) != Some(std::mem::discriminant(&error)) {
                    tracing::warn!("there are no path requests yet: {}", chain(&error));
                    self.told = Some(error);
                }
                self.again = Some(now + LOOK);
            }
        }
    }
}

/// Who is let in.
struct Doors {
    asks: mpsc::Sender<Ask>,
    control: Arc<Semaphore>,
    varlink: Arc<Semaphore>,
    rest: Option<Instant>,
    /// Who was turned away since that was told last: anybody can knock as often as he likes.
    away: u64,
    told: Option<Instant>,
}

impl Doors {
    fn new(asks: mpsc::Sender<Ask>) -> Self {
        Self {
            asks,
            control: Arc::new(Semaphore::new(MOST_CLIENTS)),
            varlink: Arc::new(Semaphore::new(MOST_VARLINK)),
            rest: None,
            away: 0,
            told: None,
        }
    }

    fn client(&mut self, now: Instant, client: io::Result<UnixStream>) {
        let Some(client) = self.let_in(now, client) else {
            return;
        };
        let Ok(place) = self.control.clone().try_acquire_owned() else {
            tracing::warn!("{MOST_CLIENTS} clients are being served, one more was closed");
            return;
        };
        let asks = self.asks.clone();
        tokio::task::spawn_local(async move {
            ipc::serve(client, asks).await;
            drop(place);
        });
    }

    fn varlink(&mut self, now: Instant, client: io::Result<UnixStream>) {
        let Some(client) = self.let_in(now, client) else {
            return;
        };
        let Ok(place) = self.varlink.clone().try_acquire_owned() else {
            tracing::warn!("{MOST_VARLINK} varlink clients are being served, one more was closed");
            return;
        };
        let asks = self.asks.clone();
        tokio::task::spawn_local(async move {
            varlink::serve(client, asks).await;
            drop(place);
        });
    }

    fn let_in(&mut self, now: Instant, client: io::Result<UnixStream>) -> Option<UnixStream> {
        match client {
            Ok(client) => Some(client),
            Err(error) => {
                self.away += 1;
                if self.told.is_none_or(|told| told + TELL_AGAIN <= now) {
                    tracing::warn!(since_last = self.away, "a client was not let in: {error}");
                    (self.away, self.told) = (0, Some(now));
                }
                // No descriptors, say: the client is still there, and would be found again at once.
                if error.kind() != io::ErrorKind::PermissionDenied {
                    self.rest = Some(now + REST);
                }
                None
            }
        }
    }
}

/// What the service manager was told.
type Shown = Option<(u64, bool)>;

/// One line for the service manager, when it may be another.
fn show(core: &Core, kernel: bool, shown: &mut Shown) {
    let state = Some((core.changes(), kernel));
    if *shown == state {
        return;
    }
    *shown = state;
    let ports = core.rings().count();
    let kernel = if kernel { "" } else { ", no kernel" };
    let status = match ports {
        1 => format!("1 port{kernel}"),
        ports => format!("{ports} ports{kernel}"),
    };
    // Without a service manager nobody is told.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Status(&status)]);
}

fn log_counters(core: &Core, now: Instant) {
    let report = core.report(now);
    tracing::info!(totals = ?report.totals, "counters");
    for port in report.ports {
        tracing::info!(
            host = port.port.host,
            ring = port.ring,
            link = port.port.link,
            interfaces = port.port.interfaces.len(),
            pending = port.port.pending,
            ring_full = port.ring_full,
            counters = ?port.port.counters,
            "counters"
        );
    }
}
