//! What an emulated kernel is started with.

use std::path::PathBuf;

use iscsi::chap::ChapAlgorithm;
use isp4xxx::chip::Chip;
use isp4xxx::fw::Network;

use crate::error::ServeError;

/// Who reads the targets in flash and logs in at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirmwareMode {
    /// The driver reads the entries and asks the firmware to log in (Linux).
    #[default]
    NonAutoConnect,
    /// The firmware does discovery and logins by itself and reports them.
    AutoConnect,
}

/// An emulated kernel with one card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The directory to serve; made if it does not exist.
    pub dir: PathBuf,
    /// Chip name: `isp4010`, `isp4022`, `isp4032`.
    pub chip: String,
    /// Ports of the card, 1 or 2; each is one SCSI host.
    pub ports: usize,
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
            first_host: 1,
            disable_sysfs_boot: true,
            quirks: false,
            fw_mode: FirmwareMode::default(),
            networks: Vec::new(),
            sync: true,
            chap_algorithms: Vec::new(),
            group: None,
            pcap: None,
        }
    }

    /// The group as the system calls want it.
    pub(crate) fn group(&self) -> Option<nix::unistd::Gid> {
        self.group.map(nix::unistd::Gid::from_raw)
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
