//! iSNS servers in a lab: the distribution's `isnsd` in a network of its own, and ours, `hbaemu isns`; and somebody who registers targets.
//!
//! Owns how each is started and asked to be there. Must not know the client that is tested. Source: isnsd(8), isns_config(5), isnsadm(8).

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use iscsi::isns::{Client, Config, Done, Event, NodeType, RegisteredAs, Registration, Request, Served};
use tempfile::TempDir;

use crate::lab::READY;
use crate::namespace::Namespace;
use crate::need::{Need, find_tool};
use crate::process::{Running, own_binary, until};

/// What [`Server::isnsd`] needs.
pub const NEEDS: &[Need] = &[
    Need::Tool("isnsd", "open-isns-server"),
    Need::Tool("isnsadm", "open-isns-utils"),
    Need::Tool("ip", "iproute2"),
    Need::Namespaces,
    Need::Root,
];

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub at: SocketAddr,
    /// The network that it is in; this process's own without one.
    pub network: Option<Namespace>,
    /// Its files.
    pub dir: TempDir,
    running: Running,
}

impl Server {
    /// Starts the distribution's server; it has its port and its files in a network and a directory of its own.
    ///
    /// # Errors
    /// One of [`NEEDS`] is not met, or it does not answer in time.
    pub fn isnsd() -> Result<Self> {
        let network = Namespace::new(&[])?;
        let mut ip = Command::new("ip");
        ip.args(["link", "set", "lo", "up"]);
        let up = network.run(move || ip.status())??;
        ensure!(up.success(), "ip link set lo up: {up}");
        let dir = tempfile::Builder::new().prefix("hba-isns-").tempdir()?;
        let file = |name: &str| dir.path().join(name);
        // Without a database it keeps everything in memory.
        let config = format!(
            "SourceName = iqn.2026-11.org.example:server\nPIDFile = {}\nControlSocket = {}\n\
             DefaultDiscoveryDomain = 1\nRegistrationPeriod = 10m\nSecurity = 0\nSLPRegister = 0\n\
             SCNTimeout = 5\nESIMinInterval = 1\nESIMaxInterval = 1m\nESIRetries = 3\n",
            file("isnsd.pid").display(),
            file("control").display(),
        );
        fs::write(file("isnsd.conf"), config)?;
        fs::write(
            file("isnsadm.conf"),
            "SourceName = iqn.2026-11.org.example:admin\nServerAddress = 127.0.0.1\nSecurity = 0\n",
        )?;
        let mut command = Command::new(find_tool("isnsd").context("isnsd is not installed")?);
        command.args(["-f", "-c"]).arg(file("isnsd.conf"));
        let log = fs::File::create(file("isnsd.log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        let running = network.run(move || Running::spawn(&mut command))??;
        let at: SocketAddr = ([127, 0, 0, 1], 3205).into();
        until(READY, "isnsd to take connections", || {
            Ok(network.run(move || TcpStream::connect(at))?.ok())
        })?;
        Ok(Self {
            at,
            network: Some(network),
            dir,
            running,
        })
    }

    /// Starts ours at a free port of 127.0.0.1, with the further arguments.
    ///
    /// # Errors
    /// The program is not built, or does not get ready.
    pub fn ours(args: &[&str]) -> Result<Self> {
        let mut command = Command::new(own_binary("hbaemu")?);
        command.args(["isns", "--listen", "127.0.0.1:0"]).args(args);
        let (running, line) = Running::start_telling(&mut command, "ready", READY)?;
        let at = line.rsplit(' ').next().unwrap_or_default();
        Ok(Self {
            at: at.parse().with_context(|| format!("no address in {line:?}"))?,
            network: None,
            dir: tempfile::tempdir()?,
            running,
        })
    }

    /// The process.
    pub const fn process(&mut self) -> &mut Running {
        &mut self.running
    }

    /// Runs a job in the server's network.
    ///
    /// # Errors
    /// As [`Namespace::run`].
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        match &self.network {
            Some(network) => network.run(job),
            None => Ok(job()),
        }
    }

    /// Asks `isnsadm` for something; gives what it prints.
    ///
    /// # Errors
    /// It does not succeed.
    pub fn isnsadm(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(find_tool("isnsadm").context("isnsadm is not installed")?);
        command.arg("-c").arg(self.config()).args(args);
        let out = self.run(move || command.output())??;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        ensure!(out.status.success(), "isnsadm {args:?}: {text}");
        Ok(text)
    }

    fn config(&self) -> PathBuf {
        Path::new(self.dir.path()).join("isnsadm.conf")
    }

    /// Connects somebody who registers `node`.
    ///
    /// # Errors
    /// Nobody listens.
    pub fn registrar(&self, node: &str) -> Result<Registrar> {
        let (at, node) = (self.at, node.to_owned());
        self.run(move || Registrar::connect(at, &node))?
    }
}

/// A node that registers itself.
#[derive(Debug)]
pub struct Registrar {
    stream: TcpStream,
    client: Client,
    /// What it was registered as.
    pub known: RegisteredAs,
}

impl Registrar {
    fn connect(at: SocketAddr, node: &str) -> Result<Self> {
        let stream = TcpStream::connect(at)?;
        stream.set_read_timeout(Some(Duration::from_millis(100)))?;
        let config = Config::new(node.parse()?, READY, 1);
        Ok(Self {
            stream,
            client: Client::new(config),
            known: RegisteredAs::default(),
        })
    }

    /// Registers the node as a target at these portals.
    ///
    /// # Errors
    /// The server refuses.
    pub fn target(&mut self, alias: Option<&str>, portals: &[Served]) -> Result<()> {
        let registration = Registration {
            entity: self.known.entity.clone(),
            kind: NodeType::TARGET,
            alias: alias.map(str::to_owned),
            period: None,
            portals: portals.to_vec(),
        };
        match self.ask(Request::Register(registration))? {
            Done::Registered(known) => self.known = known,
            other => bail!("{other:?}"),
        }
        Ok(())
    }

    /// Takes everything out that was registered.
    ///
    /// # Errors
    /// The server refuses.
    pub fn leave(&mut self) -> Result<()> {
        let entity = self.known.entity.clone();
        self.ask(Request::Deregister { entity }).map(drop)
    }

    /// Asks, and waits for the end of it.
    ///
    /// # Errors
    /// What the server answers.
    pub fn ask(&mut self, request: Request) -> Result<Done> {
        self.client.submit(Instant::now(), request);
        let mut chunk = vec![0; 1 << 16];
        loop {
            while let Some(event) = self.client.poll() {
                if let Event::Ended(_, result) = event {
                    return Ok(result?);
                }
            }
            self.stream.write_all(self.client.output())?;
            self.client.sent(usize::MAX);
            match self.stream.read(&mut chunk) {
                Ok(0) => self.client.closed(),
                Ok(count) => self
                    .client
                    .handle_input(Instant::now(), chunk.get(..count).unwrap_or_default()),
                Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(why) => return Err(why.into()),
            }
            self.client.handle_timeout(Instant::now());
        }
    }
}
