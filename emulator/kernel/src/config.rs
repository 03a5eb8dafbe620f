//! What an emulated kernel is started with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use iscsi::chap::ChapAlgorithm;
use isp4xxx::chip::Chip;
use isp4xxx::fw::Network;

use crate::error::ServeError;

/// Room for the name of a network device with its NUL.
const IFNAMSIZ: usize = 16;
/// `ETH_ZLEN - ETH_HLEN` for IPv4; IPv6 wants 1280.
const MTU_MIN: u16 = 576;
/// `MAX_ETHERNET_JUMBO_PACKET_SIZE - ETH_HLEN`.
const MTU_MAX: u16 = 9000;

/// Who reads the targets in flash and logs in at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirmwareMode {
    /// The driver reads the entries and asks the firmware to log in (Linux).
    #[default]
    NonAutoConnect,
    /// The firmware does discovery and logins by itself and reports them.
    AutoConnect,
}

/// What the L2 ring of a port is tied to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Bond {
    /// A small network inside of the emulator, which has a station for every address.
    #[default]
    Lan,
    /// A TAP device of this machine, by its name; what arrives there is the port's traffic.
    Tap(String),
}

/// A port of the bnx2i class: one SCSI host with a network device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffloadPort {
    /// Number of the SCSI host.
    pub host: u32,
    /// Name of the network device.
    pub netdev: String,
    /// MAC address of the network device; that of iSCSI is the next one.
    pub mac: [u8; 6],
    /// MTU of the network device.
    pub mtu: u16,
    /// VLAN of the kernel's route over the device; 0 none.
    pub vlan_id: u16,
    /// Connections that the card's licence allows, 128 at most.
    pub connections: u16,
    /// Who answers on its network. The kernel's routes over the device are those of a host that is on that network.
    pub network: Network,
    /// What its L2 ring is tied to.
    pub bond: Bond,
}

impl OffloadPort {
    /// The port of a host as the factory delivers it, in the emulator's own network.
    pub fn new(host: u32) -> Self {
        Self {
            host,
            netdev: format!("ethbnx{host}"),
            // Locally administered.
            mac: [0x02, 0x10, 0x18, 0, host.to_be_bytes()[3], 0],
            mtu: 1500,
            vlan_id: 0,
            connections: 128,
            network: Network::default(),
            bond: Bond::default(),
        }
    }

    /// The MAC address that iSCSI uses.
    #[must_use]
    pub fn iscsi_mac(&self) -> [u8; 6] {
        let mut mac = self.mac;
        mac[5] ^= 1;
        mac
    }

    /// Networks that the kernel reaches over the device, with their prefix lengths.
    #[must_use]
    pub fn routes(&self) -> Vec<(IpAddr, u8)> {
        let mut routes = Vec::new();
        if let Some(lease) = &self.network.lease {
            let bits = lease.subnet.to_bits().leading_ones() as u8;
            routes.push((lease.address.into(), bits));
            if !lease.gateway.is_unspecified() {
                routes.push((Ipv4Addr::UNSPECIFIED.into(), 0));
            }
        }
        if let Some(router) = &self.network.router {
            routes.push((router.prefix.into(), 64));
            routes.push((Ipv6Addr::UNSPECIFIED.into(), 0));
        }
        routes
    }
}

/// An emulated kernel with its adapters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The directory to serve; made if it does not exist.
    pub dir: PathBuf,
    /// Chip name: `isp4010`, `isp4022`, `isp4032`.
    pub chip: String,
    /// Ports of the card, 1 or 2, each one SCSI host; 0 for an endpoint that has no such card.
    pub ports: usize,
    /// Ports of the bnx2i class, each one SCSI host.
    pub offload: Vec<OffloadPort>,
    /// The flash file; created when missing. The NVRAM lies beside it.
    pub flash: PathBuf,
    /// Number of the first SCSI host.
    pub first_host: u32,
    /// Module parameter `ql4xdisablesysfsboot`: true = the driver logs in to boot targets, false = it exports them under
    /// `firmware/iscsi_bootN` and leaves the login to user space.
    pub disable_sysfs_boot: bool,
    /// Reproduce the driver's bugs instead of correct behaviour.
    pub quirks: bool,
    /// Firmware mode of the card.
    pub fw_mode: FirmwareMode,
    /// Who answers on the ports' networks, by port; nobody where none is named.
    pub networks: Vec<Network>,
    /// Wait for the disk after every flash write. Without it a kill still leaves old or new bytes; a power loss may not.
    pub sync: bool,
    /// CHAP algorithms that the firmware offers, best first; empty: what firmware of these cards does.
    pub chap_algorithms: Vec<ChapAlgorithm>,
    /// Load iscsi_tcp, too: sessions over sockets that clients connect. Its hosts have the numbers behind those of the adapters.
    pub tcp: bool,
    /// The group that may use what is served; without one it is the owner's alone.
    pub group: Option<u32>,
    /// Everything that goes over the card's connections is written to this pcap file.
    pub pcap: Option<PathBuf>,
}

impl Config {
    /// A two-port ISP4032 served in `dir` with its flash in `dir/flash.img`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        Self {
            flash: dir.join("flash.img"),
            dir,
            chip: "isp4032".into(),
            ports: 2,
            offload: Vec::new(),
            first_host: 1,
            disable_sysfs_boot: true,
            quirks: false,
            fw_mode: FirmwareMode::default(),
            networks: Vec::new(),
            sync: true,
            chap_algorithms: Vec::new(),
            tcp: false,
            group: None,
            pcap: None,
        }
    }

    /// The group as the system calls want it.
    pub(crate) fn group(&self) -> Option<nix::unistd::Gid> {
        self.group.map(nix::unistd::Gid::from_raw)
    }

    /// Whether the adapters can stand beside each other.
    ///
    /// # Errors
    /// There is none; two hosts have one number, two network devices one name or one address; a name is none.
    pub fn check(&self) -> Result<(), ServeError> {
        let refuse = |why: String| Err(ServeError::Config(why));
        if self.ports == 0 && self.offload.is_empty() && !self.tcp {
            return refuse("no adapter has a port".into());
        }
        let card = self.first_host..self.first_host.saturating_add(self.ports as u32);
        for (at, port) in self.offload.iter().enumerate() {
            let name = &port.netdev;
            let fits = (1..IFNAMSIZ).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
            if !fits || name == "." || name == ".." {
                return refuse(format!("{name:?} is no name for a network device"));
            }
            if port.mac[0] & 1 != 0 {
                return refuse(format!("{name} has a group's MAC address"));
            }
            if !(MTU_MIN..=MTU_MAX).contains(&port.mtu) {
                return refuse(format!(
                    "{name}: the MTU is {MTU_MIN} to {MTU_MAX}, not {}",
                    port.mtu
                ));
            }
            if card.contains(&port.host) || self.offload[..at].iter().any(|p| p.host == port.host) {
                return refuse(format!("two ports are host{}", port.host));
            }
            if let Some(twin) = self.offload[..at]
                .iter()
                .find(|p| p.netdev == port.netdev || p.mac == port.mac || p.mac == port.iscsi_mac())
            {
                return refuse(format!("{name} and {} are one and the same device", twin.netdev));
            }
        }
        Ok(())
    }

    /// The chip that is named.
    ///
    /// # Errors
    /// There is no such chip, or it has not so many ports.
    pub fn chip(&self) -> Result<&'static Chip, ServeError> {
        let chip = Chip::by_name(&self.chip).ok_or_else(|| {
            let known: Vec<&str> = Chip::ALL.iter().map(|c| c.name).collect();
            ServeError::Config(format!("no chip {:?} (known: {})", self.chip, known.join(", ")))
        })?;
        if self.ports == 0 || self.ports > chip.max_ports {
            let (name, max) = (chip.name, chip.max_ports);
            return Err(ServeError::Config(format!(
                "{name} has 1 to {max} ports, not {}",
                self.ports
            )));
        }
        Ok(chip)
    }
}
