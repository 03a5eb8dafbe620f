//! The served card.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::process::{Running, own_binary};

/// `hbaemu pci`, running.
#[derive(Debug)]
pub struct Card {
    running: Running,
    /// Sockets, by port.
    pub sockets: Vec<PathBuf>,
    /// The flash file.
    pub flash: PathBuf,
    /// Its messages.
    pub log: PathBuf,
    control: PathBuf,
}

impl Card {
    /// Serves a card with `ports` ports in `dir`; its flash lies there too.
    ///
    /// # Errors
    /// `hbaemu` is not built or does not get ready.
    pub fn start(dir: &Path, chip: &str, ports: usize) -> Result<Self> {
        Self::start_as(&own_binary("hbaemu")?, dir, chip, ports)
    }

    /// As [`Card::start`], with this `hbaemu`.
    ///
    /// # Errors
    /// As [`Card::start`].
    pub fn start_as(hbaemu: &Path, dir: &Path, chip: &str, ports: usize) -> Result<Self> {
        let sockets: Vec<PathBuf> = (0..ports)
            .map(|port| dir.join(format!("fn{port}.sock")))
            .collect();
        let flash = dir.join("card.flash");
        let log = dir.join("card.log");
        let mut command = Command::new(hbaemu);
        command.args(["-vv", "pci", "--no-sync", "--chip", chip, "--flash"]);
        let control = dir.join("card.control");
        command.arg(&flash).arg("--control").arg(&control);
        for socket in &sockets {
            command.arg("--socket").arg(socket);
        }
        let messages = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        command.env("NO_COLOR", "1").stderr(Stdio::from(messages));
        let running = Running::start(&mut command, "ready:", Duration::from_secs(20))?;
        Ok(Self {
            running,
            sockets,
            flash,
            log,
            control,
        })
    }

    /// Breaks something (`hbaemu fault --pci`).
    ///
    /// # Errors
    /// It was refused.
    pub fn fault(&self, words: &[&str]) -> Result<()> {
        let out = Command::new(own_binary("hbaemu")?)
            .args(["fault", "--pci"])
            .arg(&self.control)
            .args(words)
            .output()?;
        ensure!(
            out.status.success(),
            "hbaemu fault {words:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        Ok(())
    }

    /// The process.
    pub fn running(&mut self) -> &mut Running {
        &mut self.running
    }
}
