//! Two machines and the cable between them.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::ifaddrs::InterfaceAddress;
use tempfile::TempDir;

use crate::lab::READY;
use crate::namespace::Namespace;
use crate::need::{Need, find_tool};
use crate::process::{Running, until};

/// What a network takes.
pub const NEEDS: &[Need] = &[Need::Root, Need::Namespaces, Need::Tool("ip", "iproute2")];

/// The near end of the cable: the adapter's port.
pub const NEAR: &str = "port0";
/// The far end: the network.
pub const FAR: &str = "lan0";

/// Numbers of a network. All labs have the same; nothing leaves its namespaces.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The far machine, on a network of 24 bits.
    pub v4: Ipv4Addr,
    /// The far machine, on a network of 64 bits.
    pub v6: Ipv6Addr,
    /// What fits into a frame.
    pub mtu: u16,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            v4: Ipv4Addr::new(10, 71, 0, 1),
            v6: Ipv6Addr::new(0xfd71, 0, 0, 0, 0, 0, 0, 1),
            mtu: 1500,
        }
    }
}

impl Plan {
    /// An address of the network of 24 bits.
    #[must_use]
    pub fn host(&self, last: u8) -> Ipv4Addr {
        let [a, b, c, _] = self.v4.octets();
        Ipv4Addr::new(a, b, c, last)
    }

    /// The network of 64 bits.
    #[must_use]
    pub fn prefix(&self) -> Ipv6Addr {
        Ipv6Addr::from_bits(self.v6.to_bits() & !u128::from(u64::MAX))
    }
}

/// A near machine without addresses, and a far one with the plan's.
#[derive(Debug)]
pub struct Segment {
    /// The adapter's machine; its end of the cable is [`NEAR`].
    pub near: Namespace,
    /// The network's machine; its end of the cable is [`FAR`].
    pub far: Namespace,
    /// Its numbers.
    pub plan: Plan,
    scratch: TempDir,
}

impl Segment {
    /// Makes both machines and plugs the cable in.
    ///
    /// # Errors
    /// One of [`NEEDS`] is not met.
    pub fn start(plan: Plan) -> Result<Self> {
        let this = Self {
            near: Namespace::new(&[])?,
            far: Namespace::new(&[])?,
            plan,
            scratch: tempfile::Builder::new().prefix("hba-net-").tempdir()?,
        };
        for machine in [&this.near, &this.far] {
            ip(machine, "link set lo up")?;
        }
        let (mtu, far) = (plan.mtu, this.far.thread()?);
        ip(
            &this.near,
            &format!("link add {NEAR} mtu {mtu} type veth peer name {FAR} mtu {mtu}"),
        )?;
        // The near machine's kernel is not to speak on the port's cable.
        quiet(&this.near, NEAR)?;
        ip(&this.near, &format!("link set {FAR} netns {far}"))?;
        ip(&this.near, &format!("link set {NEAR} up"))?;
        ip(&this.far, &format!("address add {}/24 dev {FAR}", plan.v4))?;
        ip(&this.far, &format!("address add {}/64 dev {FAR} nodad", plan.v6))?;
        ip(&this.far, &format!("link set {FAR} up"))?;
        until(READY, "the far end's link-local address", || {
            let shown = ip(
                &this.far,
                &format!("-6 address show dev {FAR} scope link -tentative"),
            )?;
            Ok(shown.contains("fe80").then_some(()))
        })?;
        Ok(this)
    }

    /// Pulls the cable out, or plugs it in again. Whatever is on it is lost; neither machine loses an address.
    ///
    /// # Errors
    /// As [`ip`].
    pub fn cable(&self, plugged: bool) -> Result<()> {
        let state = if plugged { "up" } else { "down" };
        ip(&self.near, &format!("link set {NEAR} {state}")).map(drop)
    }

    /// A file of this lab.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// The lab's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// The MAC address of the far end.
    ///
    /// # Errors
    /// There is none.
    pub fn mac_of_far(&self) -> Result<[u8; 6]> {
        let text = self
            .far
            .run(|| nix::ifaddrs::getifaddrs().map(|all| mac_of(all, FAR)))??;
        text.with_context(|| format!("{FAR} has no MAC address"))
    }

    /// Starts a server on the far machine and waits until it says `ready`; all that it says goes to the file `log` of this lab.
    ///
    /// # Errors
    /// It is not installed, or not ready in time.
    pub fn serve(&self, program: &str, args: &[&OsStr], ready: &str, log: &str) -> Result<Running> {
        start_in(&self.far, program, args, &[], ready, &self.file(log))
    }

    /// What a server of this lab said so far.
    ///
    /// # Errors
    /// There is no such log.
    pub fn said(&self, log: &str) -> Result<String> {
        let bytes = std::fs::read(self.file(log)).with_context(|| format!("no log {log}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Waits until a server of this lab has said `text`.
    ///
    /// # Errors
    /// It does not in time; the error has what it said.
    pub fn says(&self, log: &str, text: &str, limit: Duration) -> Result<()> {
        let heard = until(limit, "a line of a log", || {
            Ok(self.said(log)?.contains(text).then_some(()))
        });
        heard.with_context(|| {
            let said = self.said(log).unwrap_or_default();
            format!("{log} does not say {text:?} but {said}")
        })
    }
}

fn mac_of(all: impl Iterator<Item = InterfaceAddress>, name: &str) -> Option<[u8; 6]> {
    all.filter(|one| one.interface_name == name)
        .find_map(|one| one.address?.as_link_addr()?.addr())
}

/// Runs `ip` with these words in a namespace; what it printed.
///
/// # Errors
/// What it said.
pub fn ip(machine: &Namespace, words: &str) -> Result<String> {
    run_in(machine, "ip", &words.split(' ').collect::<Vec<_>>())
}

/// Runs a program in a namespace, expects success, and gives what it printed.
///
/// # Errors
/// It is not installed, or failed, with what it said.
pub fn run_in(machine: &Namespace, program: &str, args: &[&str]) -> Result<String> {
    let mut command =
        Command::new(find_tool(program).with_context(|| format!("{program} is not installed"))?);
    command.args(args);
    let output = machine.run(move || command.output())??;
    ensure!(
        output.status.success(),
        "{program} {}: {}{}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts a program in a namespace and waits until it says `ready`, on stdout or stderr; both go to `log`.
///
/// # Errors
/// It is not installed, or not ready in time.
pub fn start_in(
    machine: &Namespace,
    program: &str,
    args: &[&OsStr],
    env: &[(&str, &OsStr)],
    ready: &str,
    log: &Path,
) -> Result<Running> {
    let path = match Path::new(program).is_absolute() {
        true => PathBuf::from(program),
        false => find_tool(program).with_context(|| format!("{program} is not installed"))?,
    };
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"exec "$0" "$@" 2>&1"#])
        .arg(path)
        .args(args);
    // A daemon that ends its group ends nobody else.
    command.envs(env.iter().copied()).process_group(0);
    let (ready, log) = (ready.to_owned(), File::create(log)?);
    let (running, _) =
        machine.run(move || Running::start_logging(&mut command, &ready, READY, Some(log)))??;
    Ok(running)
}

/// Keeps a machine's kernel from IPv6 on one of its devices.
///
/// # Errors
/// There is no such device.
pub fn quiet(machine: &Namespace, device: &str) -> Result<()> {
    let setting = format!("/proc/sys/net/ipv6/conf/{device}/disable_ipv6");
    machine.run(move || std::fs::write(&setting, "1").with_context(|| setting.clone()))?
}
