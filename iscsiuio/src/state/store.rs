//! The directories, and which of their files are to be written.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use files::Dir;
use rustix::time::{ClockId, clock_gettime};

use super::fact::{self, Facts};
use crate::ipc::mac;
use crate::port::{InterfaceStatus, PortStatus};

/// Bytes of a fact at most.
const LONGEST: u64 = 64 << 10;
/// Hosts that are resumed at most.
const MOST_HOSTS: usize = 64;
/// Interfaces of a host that are resumed at most.
const MOST_INTERFACES: usize = 64;

/// Time since the boot.
pub type Clock = fn() -> Duration;

/// The clock of a running system.
#[must_use]
pub fn boot_clock() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

/// What tells this boot from others; empty where the kernel does not say.
#[must_use]
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// The directory of the state.
#[derive(Debug)]
pub struct State {
    dir: Dir,
    clock: Clock,
    /// What is written, by host and directory.
    written: BTreeMap<(u32, String), Facts>,
}

impl State {
    /// Opens the directory, made when it is missing. What is of another boot is removed: its clock is another.
    ///
    /// # Errors
    /// It is not ours, or the system refuses.
    pub fn open(path: &Path, boot: &str, clock: Clock) -> files::Result<Self> {
        let state = Self {
            dir: Dir::private(path)?,
            clock,
            written: BTreeMap::new(),
        };
        let of = state.dir.read("boot", LONGEST)?;
        if of.as_deref() != Some(boot.as_bytes()) {
            for host in state.hosts() {
                tracing::info!(host, "what was kept of the host is of another boot");
                state.dir.remove_all(format!("host{host}"))?;
            }
            state.dir.replace("boot", boot.as_bytes())?;
        }
        Ok(state)
    }

    /// The hosts that something is kept of.
    #[must_use]
    pub fn hosts(&self) -> Vec<u32> {
        numbers(&self.dir, "host", MOST_HOSTS)
    }

    /// The interfaces of a host, unless they are of an adapter with another MAC address.
    #[must_use]
    pub fn load(&self, host: u32, of: [u8; 6]) -> Vec<InterfaceStatus> {
        let name = format!("host{host}");
        let Ok(Some(_)) = self.dir.kind(&name) else {
            return Vec::new();
        };
        let dir = match self.dir.subdir(&name) {
            Ok(dir) => dir,
            Err(error) => {
                tracing::warn!("{error}");
                return Vec::new();
            }
        };
        let was = dir.read("mac", LONGEST).ok().flatten();
        let was = was.and_then(|bytes| mac(String::from_utf8(bytes).ok()?.trim()));
        if was != Some(of) {
            tracing::warn!(host, "what was kept of the host is of another adapter");
            return Vec::new();
        }
        numbers(&dir, "vlan", MOST_INTERFACES)
            .into_iter()
            .filter_map(|vlan| self.interface(&dir, vlan))
            .collect()
    }

    fn interface(&self, dir: &Dir, vlan: u32) -> Option<InterfaceStatus> {
        let name = format!("vlan{vlan}");
        let read = || -> files::Result<Facts> {
            let dir = dir.subdir(&name)?;
            let mut facts = Facts::new();
            for fact in dir.names()? {
                // Unknown names are for others, temporaries for whoever writes.
                let Some(fact) = fact.to_str().filter(|fact| fact::known(fact)) else {
                    continue;
                };
                match dir.read(fact, LONGEST) {
                    Ok(Some(bytes)) => {
                        facts.insert(fact.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!("{error}"),
                }
            }
            Ok(facts)
        };
        let parsed = read().map_err(|error| error.to_string()).and_then(|facts| {
            let vlan = u16::try_from(vlan).unwrap_or(u16::MAX);
            let mut damaged = Vec::new();
            let interface = fact::interface(vlan, &facts, (self.clock)(), &mut damaged);
            for damaged in damaged {
                tracing::warn!("{}/{name}: {damaged}, it is ignored", dir.path().display());
            }
            interface.map_err(|error| error.to_string())
        });
        parsed
            .inspect_err(|error| {
                tracing::warn!(
                    "{}/{name}: {error}, the interface is not resumed",
                    dir.path().display()
                );
            })
            .ok()
    }

    /// Writes what has changed of a port.
    ///
    /// # Errors
    /// The system refuses; what was not written is tried again next time.
    pub fn save(&mut self, port: &PortStatus) -> files::Result<()> {
        let dir = self.dir.subdir(format!("host{}", port.host))?;
        if !self.written.keys().any(|(host, _)| *host == port.host) {
            let mac = port.mac.map(|byte| format!("{byte:02x}")).join(":");
            dir.replace("mac", format!("{mac}\n").as_bytes())?;
        }
        let now = (self.clock)();
        let mut there = Vec::new();
        for interface in &port.interfaces {
            let name = format!("vlan{}", interface.config.vlan.map_or(0, |vlan| vlan.id));
            let facts = fact::facts(interface, now);
            write(&dir, &name, self.written.get(&(port.host, name.clone())), &facts)?;
            self.written.insert((port.host, name.clone()), facts);
            there.push(name);
        }
        for vlan in numbers(&dir, "vlan", usize::MAX) {
            let name = format!("vlan{vlan}");
            if !there.contains(&name) {
                dir.remove_all(&name)?;
                self.written.remove(&(port.host, name));
            }
        }
        Ok(())
    }

    /// Removes what is kept of a host.
    ///
    /// # Errors
    /// The system refuses.
    pub fn forget(&mut self, host: u32) -> files::Result<()> {
        self.written.retain(|(of, _), _| *of != host);
        self.dir.remove_all(format!("host{host}")).map(drop)
    }
}

/// The facts of an interface into its directory; only what is not `written` yet.
fn write(dir: &Dir, name: &str, written: Option<&Facts>, facts: &Facts) -> files::Result<()> {
    if dir.kind(name)?.is_none() {
        let aside = format!("new-{name}");
        dir.remove_all(&aside)?;
        let made = dir.subdir(&aside)?;
        for (fact, text) in facts {
            made.replace(fact, text.as_bytes())?;
        }
        return dir.rename(&aside, name);
    }
    let into = dir.subdir(name)?;
    for (fact, text) in facts {
        if written.and_then(|written| written.get(fact)) != Some(text) {
            into.replace(fact, text.as_bytes())?;
        }
    }
    for fact in into.names()? {
        if fact
            .to_str()
            .is_some_and(|fact| fact::known(fact) && !facts.contains_key(fact))
        {
            into.remove(&fact)?;
        }
    }
    Ok(())
}

/// The numbers behind a prefix in a directory's names, ascending.
fn numbers(dir: &Dir, prefix: &str, most: usize) -> Vec<u32> {
    let names = dir.names().unwrap_or_else(|error| {
        tracing::warn!("{error}");
        Vec::new()
    });
    let mut numbers: Vec<u32> = names
        .iter()
        .filter_map(|name| {
            let digits = name.to_str()?.strip_prefix(prefix)?;
            let number: u32 = digits.parse().ok()?;
            (number.to_string() == digits).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    if numbers.len() > most {
        tracing::warn!(
            "{} has {} entries, {most} are looked at",
            dir.path().display(),
            numbers.len()
        );
        numbers.truncate(most);
    }
    numbers
}
