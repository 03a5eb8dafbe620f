//! Which adapters an endpoint has, as people type them, and what each of their ports is.
//!
//! Ports count from 0 over all adapters, in the order in which these are named; so do the numbers of their hosts. Must not know what a
//! port does.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use emu_kernel::Config;
use emu_kernel::config::{Bond, OffloadPort};
use isp4xxx::fw::Network;

use super::args::Serve;
use super::network;

/// Ports of an adapter of which nothing else is said: a NetXtreme II card has two functions.
const PORTS: u32 = 2;
/// Most ports of the bnx2i class in one endpoint.
const MOST: u32 = 8;

/// The family of an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// ISP4xxx.
    Qla4xxx,
    /// NetXtreme II.
    Bnx2i,
    /// No adapter: software iSCSI, with a host for each session.
    Tcp,
}

/// An adapter: its family, and how many ports it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adapter {
    /// Which family.
    pub kind: Kind,
    /// How many ports, where that is said.
    pub ports: Option<u32>,
}

impl FromStr for Adapter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, ports) = match text.split_once(':') {
            Some((kind, ports)) => (kind, Some(ports)),
            None => (text, None),
        };
        let kind = match kind {
            "qla4xxx" => Kind::Qla4xxx,
            "bnx2i" => Kind::Bnx2i,
            "tcp" if ports.is_some() => return Err("tcp has no ports".into()),
            "tcp" => Kind::Tcp,
            _ => return Err("known are qla4xxx, bnx2i and tcp".into()),
        };
        let most = if kind == Kind::Qla4xxx { 2 } else { MOST };
        let ports = ports
            .map(|ports| {
                let ports = ports.parse().ok().filter(|n| (1..=most).contains(n));
                ports.ok_or(format!("expected 1 to {most} ports behind the colon"))
            })
            .transpose()?;
        Ok(Self { kind, ports })
    }
}

/// Reads `[PORT=]tap:NAME`.
pub(super) fn bond(text: &str) -> Result<(usize, Bond), String> {
    let (port, rest) = network::port(text)?;
    if rest == "lan" {
        return Ok((port, Bond::Lan));
    }
    let name = rest.strip_prefix("tap:").filter(|name| !name.is_empty());
    let name = name.ok_or("expected tap:NAME or lan")?;
    Ok((port, Bond::Tap(name.to_owned())))
}

/// Reads `[PORT=]NAME`.
pub(super) fn named(text: &str) -> Result<(usize, String), String> {
    let (port, name) = network::port(text)?;
    Ok((port, name.to_owned()))
}

/// Reads `[PORT=]NUMBER`.
pub(super) fn number(text: &str) -> Result<(usize, u16), String> {
    let (port, number) = network::port(text)?;
    Ok((port, number.parse().map_err(|_| "expected a number up to 65535")?))
}

/// What a `ready` line says of an adapter.
pub(super) type Told = (String, u32, u32);

/// Puts the adapters into a configuration; what is told of each: name, ports, first host.
///
/// # Errors
/// Two cards of the family that has one, or an option for a port that there is not.
pub(super) fn configure(config: &mut Config, args: &Serve) -> Result<Vec<Told>> {
    let default = [Adapter {
        kind: Kind::Qla4xxx,
        ports: None,
    }];
    let named: &[Adapter] = if args.adapter.is_empty() {
        &default
    } else {
        &args.adapter
    };
    let cards = named.iter().filter(|a| a.kind == Kind::Qla4xxx).count();
    ensure!(cards <= 1, "an endpoint has one qla4xxx card at most");
    let mut told = Vec::new();
    let mut card = None;
    let mut host = args.first_host;
    config.ports = 0;
    config.offload.clear();
    for adapter in named {
        let count = match adapter.kind {
            Kind::Qla4xxx => adapter.ports.unwrap_or(args.card.ports),
            Kind::Bnx2i => adapter.ports.unwrap_or(PORTS),
            Kind::Tcp => 0,
        };
        let end = host.checked_add(count).context("host numbers end before that")?;
        match adapter.kind {
            Kind::Qla4xxx => {
                card = Some((host - args.first_host) as usize);
                (config.ports, config.first_host) = (count as usize, host);
                told.push((config.chip.clone(), count, host));
            }
            Kind::Bnx2i => {
                config.offload.extend((host..end).map(|no| port(&args.dir, no)));
                told.push(("bnx2i".into(), count, host));
            }
            Kind::Tcp => {
                config.tcp = true;
                told.push(("tcp".into(), 0, host));
            }
        }
        host = end;
    }
    ensure!(
        config.offload.len() <= MOST as usize,
        "an endpoint has {MOST} ports of the bnx2i class at most"
    );
    let ports = (host - args.first_host) as usize;
    let networks = network::networks(ports, &args.dhcp_lease, &args.ipv6_router)?;
    if let Some(first) = card {
        config.networks = networks[first..first + config.ports].to_vec();
    }
    settings(config, args, &networks)?;
    Ok(told)
}

/// The port of a host. Its MAC addresses are the directory's: another endpoint on the same wire has others.
fn port(dir: &Path, host: u32) -> OffloadPort {
    let mut port = OffloadPort::new(host);
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    // FNV-1a.
    let hash = dir
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
    let [a, b, c, d] = hash.to_be_bytes();
    port.mac[1..4].copy_from_slice(&[a ^ d, b, c]);
    port
}

fn settings(config: &mut Config, args: &Serve, networks: &[Network]) -> Result<()> {
    let first = args.first_host;
    for port in &mut config.offload {
        port.network = networks[(port.host - first) as usize];
    }
    for (at, bond) in &args.l2 {
        offload(config, first, *at, "--l2")?.bond = bond.clone();
    }
    for (at, name) in &args.netdev {
        offload(config, first, *at, "--netdev")?.netdev.clone_from(name);
    }
    for (at, mtu) in &args.mtu {
        offload(config, first, *at, "--mtu")?.mtu = *mtu;
    }
    for (at, vlan) in &args.vlan {
        ensure!(
            (1..4095).contains(vlan),
            "--vlan: a VLAN has a number of 1 to 4094"
        );
        offload(config, first, *at, "--vlan")?.vlan_id = *vlan;
    }
    Ok(())
}

/// A port of the bnx2i class.
fn offload<'a>(config: &'a mut Config, first: u32, at: usize, option: &str) -> Result<&'a mut OffloadPort> {
    let mut ports = config.offload.iter_mut();
    let found = ports.find(|port| (port.host - first) as usize == at);
    found.with_context(|| format!("{option}: port {at} is no port of the bnx2i class (--adapter bnx2i)"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::args::{Cli, Command};
    use super::*;

    fn configured(words: &[&str]) -> Result<(Config, Vec<Told>)> {
        let all = ["hbaemu", "serve", "/tmp/x"].iter().chain(words);
        let Command::Serve(args) = Cli::try_parse_from(all)?.command else {
            panic!("serve")
        };
        let mut config = Config::new(&args.dir);
        let told = configure(&mut config, &args)?;
        config.check()?;
        Ok((config, told))
    }

    #[test]
    fn an_endpoint_is_a_card_of_two_ports_unless_something_else_is_named() {
        let (config, told) = configured(&[]).unwrap();
        assert_eq!((config.ports, config.first_host), (2, 1));
        assert!(config.offload.is_empty());
        assert_eq!(told, [("isp4032".to_owned(), 2, 1)]);
        assert_eq!(configured(&["--ports", "1"]).unwrap().0.ports, 1);
    }

    #[test]
    fn host_numbers_go_on_from_adapter_to_adapter() {
        let words = [
            "--first-host",
            "4",
            "--adapter",
            "bnx2i:1",
            "--adapter",
            "qla4xxx:1",
            "--adapter",
            "bnx2i",
        ];
        let (config, told) = configured(&words).unwrap();
        assert_eq!((config.ports, config.first_host), (1, 5));
        let hosts: Vec<u32> = config.offload.iter().map(|p| p.host).collect();
        assert_eq!(hosts, [4, 6, 7]);
        assert_eq!(told.len(), 3);
        let (software, told) = configured(&["--adapter", "tcp"]).unwrap();
        assert!(software.tcp && software.ports == 0 && software.offload.is_empty());
        assert_eq!(told, [("tcp".to_owned(), 0, 1)]);
        assert!(configured(&["--adapter", "tcp:1"]).is_err());
        let (alone, _) = configured(&["--adapter", "bnx2i:1"]).unwrap();
        assert_eq!((alone.ports, alone.offload.len()), (0, 1));
    }

    #[test]
    fn options_are_for_the_port_that_they_name() {
        let words = [
            "--adapter",
            "qla4xxx:1",
            "--adapter",
            "bnx2i:2",
            "--l2",
            "1=tap:hba0",
            "--mtu",
            "2=9000",
            "--vlan",
            "2=100",
            "--netdev",
            "2=p2p1",
            "--dhcp-lease",
            "10.0.0.2/24",
            "--dhcp-lease",
            "1=10.0.0.3/24",
        ];
        let (config, _) = configured(&words).unwrap();
        let [one, two] = &config.offload[..] else {
            panic!("two ports")
        };
        assert_eq!(one.bond, Bond::Tap("hba0".into()));
        assert_eq!((two.mtu, two.vlan_id, two.netdev.as_str()), (9000, 100, "p2p1"));
        assert!(
            config.networks[0].lease.is_some() && one.network.lease.is_some() && two.network.lease.is_none()
        );
        assert_ne!(one.mac, two.mac);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for bad in [
            &["--adapter", "qla4xxx", "--adapter", "qla4xxx"][..],
            &["--adapter", "bnx2i:9"],
            &["--adapter", "bnx2i:0"],
            &["--adapter", "bnx2i:8", "--adapter", "bnx2i:1"],
            &["--adapter", "be2iscsi"],
            &["--l2", "tap:x"],
            &["--adapter", "bnx2i:1", "--l2", "1=tap:x"],
            &["--adapter", "bnx2i:1", "--l2", "veth:x"],
            &["--adapter", "bnx2i:1", "--vlan", "4095"],
            &["--adapter", "bnx2i:1", "--mtu", "100"],
            &["--adapter", "bnx2i:1", "--netdev", "a/b"],
            &["--adapter", "bnx2i:2", "--netdev", "0=x", "--netdev", "1=x"],
            &["--adapter", "bnx2i:1", "--dhcp-lease", "1=10.0.0.3/24"],
            &["--adapter", "bnx2i:2", "--first-host", "4294967295"],
        ] {
            assert!(configured(bad).is_err(), "{bad:?}");
        }
    }
}
