//! An initramfs: busybox, an agent on the second serial line, modules, programs with their libraries.
//!
//! Owns the archive's format (cpio "newc") and the agent's script. Source: the kernel's
//! `Documentation/driver-api/early-userspace/buffer-format.rst`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::cache::{Cache, Kernel, run};
use super::modules::Modules;

/// The first process: mounts, then executes what comes on ttyS1, a line a command.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/sbin:/bin HOME=/root NO_COLOR=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /mnt
ifconfig lo up
exec 3<>/dev/ttyS1
stty -F /dev/ttyS1 raw -echo
echo agent >&3
while read -r line <&3; do
  sh -c "$line" </dev/null >/tmp/out 2>/tmp/err
  echo "$? $(wc -c </tmp/out) $(wc -c </tmp/err)" >&3
  cat /tmp/out /tmp/err >&3
done
poweroff -f
"#;

/// What will be in the archive.
#[derive(Debug, Default)]
pub struct Initramfs {
    files: BTreeMap<String, (u32, Vec<u8>)>,
    /// Modules in loading order.
    pub modules: Vec<String>,
}

impl Initramfs {
    /// Busybox, the agent, and the modules of a kernel.
    ///
    /// # Errors
    /// Something cannot be read.
    pub fn new(cache: &Cache, kernel: &Kernel, wanted: &[&str]) -> Result<Self> {
        let mut image = Self::default();
        for dir in [
            "dev", "proc", "sys", "tmp", "run", "root", "etc", "mnt", "sbin", "bin",
        ] {
            image.directory(dir);
        }
        let busybox = ["usr/bin/busybox", "bin/busybox"].map(|path| cache.root().join(path));
        let busybox = busybox.iter().find(|path| path.is_file()).context("no busybox")?;
        image.file("bin/busybox", 0o755, fs::read(busybox)?);
        image.file("init", 0o755, INIT.into());
        for (name, bytes) in Modules::collect(cache, kernel, wanted)?.ordered {
            image.file(&format!("modules/{name}.ko"), 0o644, bytes);
            image.modules.push(name);
        }
        Ok(image)
    }

    /// A program of this machine with the libraries it needs.
    ///
    /// # Errors
    /// It or a library cannot be read.
    pub fn program(&mut self, from: &Path, to: &str) -> Result<()> {
        let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.file(to.trim_start_matches('/'), 0o755, bytes);
        let listed = run(Command::new(LOADER).arg("--list").arg(from))?;
        for library in libraries(&listed).into_iter().chain([PathBuf::from(LOADER)]) {
            let bytes = fs::read(&library).with_context(|| format!("cannot read {}", library.display()))?;
            self.file(library.to_string_lossy().trim_start_matches('/'), 0o755, bytes);
        }
        Ok(())
    }

    /// A program of the private root with the libraries it needs. They lie beside those of this machine, not over them.
    ///
    /// # Errors
    /// It or a library cannot be read.
    pub fn root_program(&mut self, cache: &Cache, from: &str, to: &str) -> Result<()> {
        self.private_program(cache, &cache.root(), from, to)
    }

    /// As [`Initramfs::root_program`], of a package that the private root does not hold ([`Cache::package`]).
    ///
    /// # Errors
    /// It cannot be fetched, or it or a library cannot be read.
    pub fn package_program(&mut self, cache: &Cache, package: &str, from: &str, to: &str) -> Result<()> {
        let tree = cache.package(package)?;
        self.private_program(cache, &tree, from, to)
    }

    fn private_program(&mut self, cache: &Cache, tree: &Path, from: &str, to: &str) -> Result<()> {
        let root = cache.root();
        let mut places = Vec::new();
        for base in [tree, &root] {
            for place in ["usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/ceph"] {
                places.push(base.join(place).to_string_lossy().into_owned());
            }
        }
        let mut list = Command::new(root.join(&LOADER[1..]));
        list.arg("--library-path").arg(places.join(":"));
        list.arg("--list").arg(tree.join(from));
        let listed = run(&mut list)?;
        for library in libraries(&listed) {
            let name = library
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            self.file(&format!("private/{name}"), 0o755, fs::read(&library)?);
        }
        self.file("private/loader", 0o755, fs::read(root.join(&LOADER[1..]))?);
        self.file(&format!("private{to}"), 0o755, fs::read(tree.join(from))?);
        let script = format!("#!/bin/sh\nexec /private/loader --library-path /private /private{to} \"$@\"\n");
        self.file(to.trim_start_matches('/'), 0o755, script.into());
        Ok(())
    }

    /// A file, with the directories above it.
    pub fn file(&mut self, path: &str, mode: u32, bytes: Vec<u8>) {
        let above: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        for dir in above {
            self.directory(dir);
        }
        self.files.insert(path.to_owned(), (0o100_000 | mode, bytes));
    }

    fn directory(&mut self, path: &str) {
        self.files
            .entry(path.to_owned())
            .or_insert((0o040_755, Vec::new()));
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut out = Vec::new();
        for (number, (name, (mode, bytes))) in self.files.iter().enumerate() {
            entry(&mut out, number as u32 + 1, name, *mode, bytes);
        }
        entry(&mut out, 0, "TRAILER!!!", 0, &[]);
        fs::write(path, out).with_context(|| format!("cannot write {}", path.display()))
    }
}

const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

/// The paths in the loader's list.
fn libraries(listed: &str) -> Vec<PathBuf> {
    listed
        .lines()
        .filter_map(|line| line.split("=> ").nth(1))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|path| path.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

fn entry(out: &mut Vec<u8>, inode: u32, name: &str, mode: u32, bytes: &[u8]) {
    let fields = [
        inode,
        mode,
        0,
        0,
        1,
        0,
        bytes.len() as u32,
        0,
        0,
        0,
        0,
        name.len() as u32 + 1,
        0,
    ];
    out.extend_from_slice(b"070701");
    for field in fields {
        out.extend_from_slice(format!("{field:08X}").as_bytes());
    }
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    pad(out);
    out.extend_from_slice(bytes);
    pad(out);
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_names_directories_before_their_files() {
        let mut image = Initramfs::default();
        image.file("a/b/c", 0o644, b"hello".to_vec());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        image.write(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let at = |what: &str| text.find(what).unwrap();
        assert!(at("a\0") < at("a/b\0") && at("a/b\0") < at("a/b/c\0") && at("a/b/c\0") < at("hello"));
        assert!(at("hello") < at("TRAILER!!!\0"));
        assert_eq!(bytes.len() % 4, 0);
    }

    #[test]
    fn the_loaders_list_is_read() {
        let listed = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x2)\n\t/lib64/ld.so (0x3)\n";
        assert_eq!(libraries(listed), [PathBuf::from("/lib/x/libc.so.6")]);
    }
}
