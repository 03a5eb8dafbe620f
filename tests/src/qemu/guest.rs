//! A running guest and the agent in it.
//!
//! Owns the QEMU process, its console log and the agent's line. Every wait has a limit.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fmt, fs};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

use super::cache::{Cache, Kernel};
use crate::process::{Running, until};

/// What a command in the guest said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A guest.
#[derive(Debug)]
pub struct Guest {
    qemu: Running,
    agent: BufReader<UnixStream>,
    /// What the guest's kernel prints, boot after boot.
    pub console: PathBuf,
}

/// On a busy machine a kernel without KVM sometimes hangs for good where it changes its clock, long before it has modules.
#[derive(Debug)]
struct DidNotBoot;

impl fmt::Display for DidNotBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest did not boot")
    }
}

/// The first function's slot; function 0 is a dummy, as the network function of a real card.
const SLOT: &str = "05";
/// The driver reads the EEPROM pin by pin with interrupts off, 158 000 accesses a port; on a busy machine without KVM that takes
/// longer than the guest's stall detectors expect.
const COMMAND_LINE: &str =
    "console=ttyS0 panic=-1 rcupdate.rcu_cpu_stall_timeout=300 nosoftlockup nowatchdog";
/// MiB; a verifying load holds 64 of them, the programs in the initramfs 100.
const MEMORY: &str = "1024";
/// Most bytes one command may say.
const MAX_SAID: usize = 16 << 20;

impl Guest {
    /// Boots a kernel with functions 1 and 3 on these sockets and waits for the agent.
    ///
    /// # Errors
    /// QEMU cannot be started, or the agent does not speak in time.
    pub fn boot(
        cache: &Cache,
        kernel: &Kernel,
        initramfs: &Path,
        dir: &Path,
        sockets: &[PathBuf],
    ) -> Result<Self> {
        Self::boot_with(cache, kernel, initramfs, dir, sockets, &[])
    }

    /// As [`Guest::boot`], with further arguments of QEMU. A guest that hangs before the agent speaks is booted once more; the
    /// console's log has both.
    ///
    /// # Errors
    /// As [`Guest::boot`].
    pub fn boot_with(
        cache: &Cache,
        kernel: &Kernel,
        initramfs: &Path,
        dir: &Path,
        sockets: &[PathBuf],
        more: &[&str],
    ) -> Result<Self> {
        let boot = || Self::boot_once(cache, kernel, initramfs, dir, sockets, more);
        match boot() {
            Err(error) if error.is::<DidNotBoot>() => boot().context("it hung twice"),
            booted => booted,
        }
    }

    fn boot_once(
        cache: &Cache,
        kernel: &Kernel,
        initramfs: &Path,
        dir: &Path,
        sockets: &[PathBuf],
        more: &[&str],
    ) -> Result<Self> {
        let console = dir.join("console.log");
        let agent = dir.join("agent.sock");
        let _ = fs::remove_file(&agent);
        let mut qemu: Command = cache.qemu();
        qemu.args(["-accel", "tcg,thread=multi", "-smp", "2", "-m", MEMORY])
            .args(["-machine", "q35,memory-backend=mem"])
            .arg("-object")
            .arg(format!("memory-backend-memfd,id=mem,size={MEMORY}M,share=on"))
            .args(["-nodefaults", "-display", "none", "-no-reboot"])
            .arg("-chardev")
            .arg(format!("file,id=console,path={},append=on", console.display()))
            .args(["-serial", "chardev:console"])
            .arg("-chardev")
            .arg(format!(
                "socket,id=agent,path={},server=on,wait=off",
                agent.display()
            ))
            .args(["-serial", "chardev:agent"])
            .arg("-device")
            .arg(format!("pci-testdev,bus=pcie.0,addr={SLOT}.0,multifunction=on"));
        for (port, socket) in sockets.iter().enumerate() {
            let device = serde_json::json!({
                "driver": "vfio-user-pci",
                "bus": "pcie.0",
                "addr": format!("{SLOT}.{}", 2 * port + 1),
                "multifunction": true,
                "socket": {"type": "unix", "path": socket},
            });
            qemu.arg("-device").arg(device.to_string());
        }
        qemu.arg("-kernel")
            .arg(&kernel.image)
            .arg("-initrd")
            .arg(initramfs)
            .args(["-append", COMMAND_LINE])
            .args(more);
        let errors = fs::File::create(dir.join("qemu.log"))?;
        qemu.stdout(Stdio::null()).stderr(errors);
        let mut qemu = Running::spawn(&mut qemu)?;
        let stream = until(Duration::from_secs(20), "QEMU to open the agent's line", || {
            Ok(UnixStream::connect(&agent).ok())
        });
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                let said = fs::read_to_string(dir.join("qemu.log")).unwrap_or_default();
                return Err(error.context(said));
            }
        };
        let mut guest = Self {
            agent: BufReader::new(stream),
            console,
            qemu: {
                ensure!(qemu.ended(Duration::ZERO).is_err(), "QEMU ended at once");
                qemu
            },
        };
        let hello = guest.line(Duration::from_secs(120)).context(DidNotBoot)?;
        ensure!(hello == "agent", "the guest said {hello:?}");
        Ok(guest)
    }

    /// Runs a shell command in the guest.
    ///
    /// # Errors
    /// It did not end in time, or the guest is gone.
    pub fn run(&mut self, command: &str, limit: Duration) -> Result<Said> {
        ensure!(!command.contains('\n'), "a command is one line");
        let begun = Instant::now();
        self.agent
            .get_mut()
            .write_all(format!("{command}\n").as_bytes())
            .context("the guest is gone")?;
        let line = self
            .line(limit)
            .with_context(|| format!("{command:?} did not end within {limit:?}"))?;
        let numbers: Vec<i64> = line.split(' ').map_while(|word| word.parse().ok()).collect();
        let [code, stdout, stderr] = numbers[..] else {
            bail!("the agent said {line:?}");
        };
        let left = limit.saturating_sub(begun.elapsed()) + Duration::from_secs(30);
        let stdout = self.bytes(stdout as usize, left)?;
        let stderr = self.bytes(stderr as usize, left)?;
        Ok(Said {
            code: code as i32,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }

    /// Runs a command that must succeed; its stdout.
    ///
    /// # Errors
    /// As [`Guest::run`], or its exit code is not 0.
    pub fn must(&mut self, command: &str, limit: Duration) -> Result<String> {
        let said = self.run(command, limit)?;
        ensure!(
            said.code == 0,
            "in the guest, {command:?} ended with {}: {}{}",
            said.code,
            said.stdout,
            said.stderr
        );
        Ok(said.stdout)
    }

    /// `hbactl` in the guest, on the guest's own kernel.
    ///
    /// # Errors
    /// As [`Guest::run`].
    pub fn hbactl(&mut self, args: &str) -> Result<Said> {
        self.run(
            &format!("hbactl --endpoint host {args}"),
            Duration::from_secs(120),
        )
    }

    /// Loads modules in this order; `qla4xxx` with these parameters.
    ///
    /// # Errors
    /// One cannot be loaded.
    pub fn load(&mut self, modules: &[String], qla4xxx: &str) -> Result<()> {
        for name in modules {
            let parameters = if name == "qla4xxx" { qla4xxx } else { "" };
            self.must(
                &format!("insmod /modules/{name}.ko {parameters}"),
                Duration::from_secs(120),
            )?;
        }
        Ok(())
    }

    /// Asks the guest to switch itself off and waits until QEMU has ended.
    ///
    /// # Errors
    /// It did not.
    pub fn power_off(&mut self) -> Result<()> {
        self.agent
            .get_mut()
            .write_all(b"sync; poweroff -f\n")
            .context("the guest is gone")?;
        self.qemu.ended(Duration::from_secs(30))?;
        Ok(())
    }

    /// Takes the power away: nothing is synced, nothing is told.
    ///
    /// # Errors
    /// QEMU cannot be ended.
    pub fn cut_power(&mut self) -> Result<()> {
        self.qemu.signal(Signal::SIGKILL)?;
        self.qemu.ended(Duration::from_secs(30))?;
        Ok(())
    }

    /// What the kernel has printed so far, earlier boots in the same directory included.
    #[must_use]
    pub fn kernel_log(&self) -> String {
        let bytes = fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The QEMU process.
    pub fn qemu(&mut self) -> &mut Running {
        &mut self.qemu
    }

    fn line(&mut self, limit: Duration) -> Result<String> {
        self.agent.get_ref().set_read_timeout(Some(limit))?;
        let mut line = String::new();
        let n = self.agent.read_line(&mut line)?;
        ensure!(n > 0, "the guest is gone");
        Ok(line.trim_end().to_owned())
    }

    fn bytes(&mut self, len: usize, limit: Duration) -> Result<Vec<u8>> {
        ensure!(len <= MAX_SAID, "a command said {len} bytes");
        self.agent.get_ref().set_read_timeout(Some(limit))?;
        let mut bytes = vec![0; len];
        self.agent.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
