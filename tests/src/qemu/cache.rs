//! A private root with QEMU, and kernels unpacked beside it, made once and kept.
//!
//! Owns the cache directory (`HBA_QEMU_CACHE`, else `hbaemu-qemu` in the user's cache directory). Everything comes from the
//! distribution's signed packages through the machine's own mirror, by indices that are not too old.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use nix::fcntl::{Flock, FlockArg};

use super::indices;
use crate::need::{Need, missing};

/// What the private root holds beside apt.
const PACKAGES: &str = "qemu-system-x86,xz-utils,e2fsprogs,busybox-static";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Why the lane cannot run on this machine, or `None`.
#[must_use]
pub fn unavailable() -> Option<String> {
    missing(&[
        Need::Root,
        Need::Tool("mmdebstrap", "mmdebstrap"),
        Need::Tool("chroot", "coreutils"),
    ])
}

/// The cache, locked while somebody fills it.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// An unpacked kernel.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// Version, e.g. `6.1.0-54-amd64`.
    pub release: String,
    /// The image that QEMU boots.
    pub image: PathBuf,
    /// Where its modules lie.
    pub modules: PathBuf,
}

impl Cache {
    /// Opens the cache and makes the private root if it is missing (a minute and 250 MB).
    ///
    /// # Errors
    /// The root cannot be made here, or its QEMU is too old.
    pub fn open() -> Result<Self> {
        let dir = match std::env::var_os("HBA_QEMU_CACHE") {
            Some(dir) => PathBuf::from(dir),
            None => {
                let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
                let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
                cache
                    .or(home)
                    .context("neither HOME nor XDG_CACHE_HOME is set")?
                    .join("hbaemu-qemu")
            }
        };
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let cache = Self { dir };
        let _lock = cache.lock()?;
        if !cache.root().join("etc/hbaemu-root").is_file() {
            cache.make_root()?;
        }
        let version = run(&mut cache.qemu_with(&["--version"]))?;
        let words = version.split_whitespace().find(|word| word.contains('.'));
        let number: Vec<u32> = words
            .unwrap_or_default()
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect();
        ensure!(
            number.as_slice() >= [10, 1].as_slice(),
            "vfio-user-pci needs QEMU 10.1; the distribution's is {version:?}"
        );
        Ok(cache)
    }

    pub(super) fn lock(&self) -> Result<Flock<fs::File>> {
        let path = self.dir.join("lock");
        let file = fs::File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, errno)| anyhow::anyhow!("cannot lock {}: {errno}", path.display()))
    }

    /// The private root.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    fn make_root(&self) -> Result<()> {
        if let Some(why) = unavailable() {
            bail!("a private QEMU cannot be made here: {why}");
        }
        let fresh = self.dir.join("root.new");
        for old in [&fresh, &self.root()] {
            if old.exists() {
                fs::remove_dir_all(old)?;
            }
        }
        let mirror = mirror()?;
        let mut make = Command::new("mmdebstrap");
        make.args(["--quiet", "--variant=apt"]);
        let mut options = vec![
            ("APT::Install-Recommends", "false".to_owned()),
            ("APT::Default-Release", "trixie-backports".to_owned()),
        ];
        options.extend(indices::settings()?);
        for (name, value) in options {
            make.arg(format!("--aptopt={name} \"{value}\""));
        }
        make.arg(format!("--include={PACKAGES}"))
            .arg("trixie")
            .arg(&fresh);
        for suite in ["trixie", "trixie-backports", "bookworm"] {
            make.arg(format!("deb [signed-by={KEYRING}] {mirror} {suite} main"));
        }
        run(&mut make)
            .map_err(indices::explain)
            .context("mmdebstrap could not make the private root")?;
        fs::write(fresh.join("etc/hbaemu-root"), "made by cargo xtask qemu\n")?;
        fs::rename(&fresh, self.root())?;
        Ok(())
    }

    /// A program of the private root, run with its own libraries and without a chroot.
    #[must_use]
    pub fn program(&self, path: &str) -> Command {
        let root = self.root();
        let mut command = Command::new(root.join("lib64/ld-linux-x86-64.so.2"));
        command
            .arg("--library-path")
            .arg(root.join("usr/lib/x86_64-linux-gnu"))
            .arg(root.join(path));
        command
    }

    /// QEMU, with its firmware found.
    #[must_use]
    pub fn qemu(&self) -> Command {
        self.qemu_with(&[])
    }

    fn qemu_with(&self, args: &[&str]) -> Command {
        let mut qemu = self.program("usr/bin/qemu-system-x86_64");
        for dir in ["usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu"] {
            qemu.arg("-L").arg(self.root().join(dir));
        }
        qemu.args(args);
        qemu
    }

    pub(super) fn chroot(&self, args: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command
            .arg(self.root())
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C");
        command
    }

    /// Fetches the indices of the private root's distribution anew. The limit of their age is today's, whenever the root was made.
    pub(super) fn update(&self) -> Result<()> {
        let mut update = self.chroot(&["apt-get", "-q", "update"]);
        for (name, value) in indices::settings()? {
            update.args(["-o", &format!("{name}={value}")]);
        }
        run(&mut update).map(drop).map_err(indices::explain)
    }

    /// The newest kernel of a series (`6.1`, `6.12`, `7.2` or just `7`), unpacked.
    ///
    /// # Errors
    /// The distribution has none, or it cannot be fetched.
    pub fn kernel(&self, series: &str) -> Result<Kernel> {
        let _lock = self.lock()?;
        if let Some(kernel) = self.unpacked(series)? {
            return Ok(kernel);
        }
        self.update()?;
        let shown = run(&mut self.chroot(&["apt-cache", "show", "linux-image-amd64"]))?;
        let release = release_of(&shown, series)
            .with_context(|| format!("the distribution has no kernel of the series {series}"))?;
        let image = format!("linux-image-{release}");
        let depends = run(&mut self.chroot(&["apt-cache", "depends", &image]))?;
        // From 7.0 on the image's package is empty and names two others.
        let parts = ["linux-modules", "linux-binary"].map(|part| format!("{part}-{release}"));
        let mut packages = vec![image.as_str()];
        packages.extend(
            parts
                .iter()
                .map(String::as_str)
                .filter(|part| depends.contains(part)),
        );
        let inside = format!("/kernels/{release}");
        let outside = self.root().join(inside.trim_start_matches('/'));
        fs::create_dir_all(&outside)?;
        for package in packages {
            let script = format!(
                "cd {inside} && apt-get -q -o APT::Sandbox::User=root download {package} && \
                 dpkg-deb -x {package}_*.deb tree && rm {package}_*.deb"
            );
            run(&mut self.chroot(&["sh", "-c", &script]))
                .with_context(|| format!("cannot fetch {package}"))?;
        }
        fs::write(outside.join("complete"), series)?;
        self.unpacked(series)?
            .with_context(|| format!("{image} has no image or no qla4xxx"))
    }

    fn unpacked(&self, series: &str) -> Result<Option<Kernel>> {
        let Ok(dirs) = fs::read_dir(self.root().join("kernels")) else {
            return Ok(None);
        };
        for dir in dirs {
            let dir = dir?.path();
            let release = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !in_series(&release, series) || !dir.join("complete").is_file() {
                continue;
            }
            let image = [
                format!("tree/boot/vmlinuz-{release}"),
                format!("tree/usr/lib/modules/{release}/vmlinuz"),
            ]
            .map(|place| dir.join(place))
            .into_iter()
            .find(|image| image.is_file());
            let modules = ["tree/lib/modules", "tree/usr/lib/modules"]
                .map(|place| dir.join(place).join(&release))
                .into_iter()
                .find(|place| place.join("kernel").is_dir());
            if let (Some(image), Some(modules)) = (image, modules) {
                return Ok(Some(Kernel {
                    release,
                    image,
                    modules,
                }));
            }
        }
        Ok(None)
    }
}

fn in_series(release: &str, series: &str) -> bool {
    release
        .strip_prefix(series)
        .is_some_and(|rest| rest.starts_with(['.', '-', '+']))
}

/// The newest release of a series among the meta package's versions.
fn release_of(shown: &str, series: &str) -> Option<String> {
    shown
        .lines()
        .filter(|line| line.starts_with("Depends:"))
        .flat_map(|line| line.trim_start_matches("Depends:").split(','))
        .filter_map(|package| {
            let name = package.split_whitespace().next()?;
            name.strip_prefix("linux-image-").map(str::to_owned)
        })
        .find(|release| in_series(release, series))
}

/// The mirror that this machine's apt uses.
fn mirror() -> Result<String> {
    let listed = run(Command::new("apt-get").args([
        "indextargets",
        "--format",
        "$(ORIGIN) $(REPO_URI)",
        "Created-By: Packages",
    ]))?;
    let first = listed.lines().find_map(|line| line.strip_prefix("Debian "));
    Ok(first
        .context("this machine's apt knows no mirror of Debian")?
        .to_owned())
}

/// Runs a command that must succeed; its stdout.
pub(super) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().with_context(|| format!("cannot start {name}"))?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        let tail: Vec<&str> = said.lines().rev().take(5).collect();
        bail!(
            "{name} ended with {}: {}",
            out.status,
            tail.into_iter().rev().collect::<Vec<_>>().join(" / ")
        );
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_of_a_series_is_found() {
        let shown = "Version: 7.2.12-1\nDepends: linux-base-amd64 (= 7), linux-image-7.2.12+deb13-amd64 (= 7.2)\n\n\
                     Version: 6.12.107-1\nDepends: linux-image-6.12.107+deb13-amd64 (= 6)\n\n\
                     Depends: linux-image-6.1.0-54-amd64 (= 6.1.1)\n";
        assert_eq!(release_of(shown, "6.1").as_deref(), Some("6.1.0-54-amd64"));
        assert_eq!(release_of(shown, "6.12").as_deref(), Some("6.12.107+deb13-amd64"));
        assert_eq!(release_of(shown, "7").as_deref(), Some("7.2.12+deb13-amd64"));
        assert_eq!(release_of(shown, "5.10"), None);
    }
}
