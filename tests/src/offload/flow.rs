//! The product's login flows on a served kernel, and what they tell.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use driver_sys::endpoint::Endpoint;
use driver_sys::sysfs::class::transport::Caps;
use hba::initiator::Source;
use hba::policy::transport::{Lookup, Seen, lookup};
use hba::session::flow::{Attempt, AttemptId, Failure, FlowEvent, Link, Login, Rebind, Shell, Told, Up};
use iscsi::Isid;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A shell, and what it told of flows.
#[derive(Debug)]
pub struct Flows {
    shell: Shell,
    dir: PathBuf,
    told: VecDeque<(AttemptId, FlowEvent)>,
}

impl Flows {
    /// On the kernel that is served in `dir`.
    ///
    /// # Errors
    /// Nobody serves it.
    pub fn open(dir: &Path) -> Result<Self> {
        Ok(Self {
            shell: Shell::open(&Endpoint::Dir(dir.to_owned()))?,
            dir: dir.to_owned(),
            told: VecDeque::new(),
        })
    }

    /// The way through a transport, as its row and the kernel say.
    ///
    /// # Errors
    /// The kernel does not have it.
    pub fn link(&self, transport: &str, host: Option<u32>) -> Result<Link> {
        let read = |attr: &str| {
            let file = format!("sys/class/iscsi_transport/{transport}/{attr}");
            std::fs::read_to_string(self.dir.join(&file)).context(file)
        };
        let caps = read("caps")?;
        let seen = Seen {
            handle: read("handle")?.trim().parse()?,
            caps: Caps::from_bits_retain(u32::from_str_radix(caps.trim().trim_start_matches("0x"), 16)?),
        };
        let Lookup::Usable(usable) = lookup(transport, Some(seen), true)? else {
            bail!("{transport} is not there");
        };
        Ok(Link {
            handle: usable.handle,
            caps: usable.caps,
            flow: usable.flow(),
            host,
            prepare: Vec::new(),
            source: Source::default(),
        })
    }

    /// A login without CHAP, one of many.
    ///
    /// # Errors
    /// `target` is no name.
    pub fn attempt(link: Link, number: u8, portal: SocketAddr, target: &str) -> Result<Attempt> {
        let name = format!("iqn.2026-01.net.example:host{number}");
        let isid = Isid([0x40, 0, 0, 0, 0, number]);
        Ok(Attempt {
            id: AttemptId(number.into()),
            link,
            portal,
            rebind: None,
            login: Login::new(name.parse()?, Some(target.parse()?), isid, [number; 32]),
        })
    }

    /// What a flow tells next.
    ///
    /// # Errors
    /// Nothing in time.
    pub fn next(&mut self, id: AttemptId) -> Result<FlowEvent> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.told.iter().position(|(of, _)| *of == id) {
                return self.told.remove(at).map(|told| told.1).context("what was told");
            }
            if Instant::now() >= end {
                bail!("{id:?} tells nothing");
            }
            let told = self.shell.run(end)?;
            self.take(told);
        }
    }

    /// Lets one thing happen, if it happens soon enough; whether a flow is up by then.
    ///
    /// # Errors
    /// The kernel is gone.
    pub fn turn(&mut self, limit: Duration) -> Result<bool> {
        let told = self.shell.turn(Instant::now() + limit)?;
        self.take(told);
        Ok(self
            .told
            .iter()
            .any(|(_, event)| matches!(event, FlowEvent::Up(_))))
    }

    fn take(&mut self, told: Vec<Told>) {
        self.told.extend(told.into_iter().filter_map(|told| match told {
            Told::Flow(id, event) => Some((id, event)),
            Told::Other(_) => None,
        }));
    }

    /// Begins an attempt that comes up.
    ///
    /// # Errors
    /// It does not.
    pub fn up(&mut self, attempt: Attempt) -> Result<Up> {
        let id = attempt.id;
        self.shell.begin(attempt);
        match self.next(id)? {
            FlowEvent::Up(up) => Ok(*up),
            other => bail!("{id:?} is not up: {other:?}"),
        }
    }

    /// Begins an attempt that fails.
    ///
    /// # Errors
    /// It does not.
    pub fn failed(&mut self, attempt: Attempt) -> Result<Failure> {
        let id = attempt.id;
        self.shell.begin(attempt);
        match self.next(id)? {
            FlowEvent::Failed(why) => Ok(why),
            other => bail!("{id:?} does not fail: {other:?}"),
        }
    }

    /// Ends a flow's session; nothing is left of it.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&mut self, id: AttemptId) -> Result<()> {
        self.shell.finish(id);
        match self.next(id)? {
            FlowEvent::Ended { left } if left.is_empty() => Ok(()),
            other => bail!("{id:?} does not end: {other:?}"),
        }
    }

    /// Breaks an attempt off after so many turns, and waits for its end; what it told.
    ///
    /// # Errors
    /// It does not end.
    pub fn broken_off(&mut self, attempt: Attempt, turns: usize) -> Result<Vec<FlowEvent>> {
        let id = attempt.id;
        let sid = attempt.rebind.map(|there| there.sid);
        self.shell.begin(attempt);
        let mut up = false;
        for _ in 0..turns {
            up = self.turn(if up { Duration::ZERO } else { PATIENCE })?;
        }
        self.shell.abort(id);
        let mut told = vec![self.next(id)?];
        while sid.is_none() && !self.shell.courier().is_empty() {
            told.push(self.next(id)?);
        }
        told.extend(self.told.drain(..).map(|(_, event)| event));
        Ok(told)
    }

    /// Sessions, connections, endpoints and hosts that the kernel shows.
    #[must_use]
    pub fn tree(&self) -> Vec<String> {
        let mut all = Vec::new();
        for class in [
            "iscsi_session",
            "iscsi_connection",
            "iscsi_endpoint",
            "iscsi_host",
        ] {
            let dir = std::fs::read_dir(self.dir.join("sys/class").join(class));
            let names = dir.into_iter().flatten().flatten();
            all.extend(names.map(|entry| entry.path().display().to_string()));
        }
        all.sort();
        all
    }
}

/// The session of an [`Up`], to be brought back.
#[must_use]
pub const fn rebind(up: &Up) -> Rebind {
    Rebind {
        sid: up.sid,
        host: up.host,
        endpoint: None,
    }
}

impl Deref for Flows {
    type Target = Shell;

    fn deref(&self) -> &Shell {
        &self.shell
    }
}

impl DerefMut for Flows {
    fn deref_mut(&mut self) -> &mut Shell {
        &mut self.shell
    }
}
