//! The stock `iscsiadm` over a record database of ours.
//!
//! Owns [`Records`]: a namespace in which configuration, records and lock are the lab's, with an `iscsid` that answers just enough. Programs
//! started in it, and jobs run in it, see the database in the peer's own place. It must not know what is in the records.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::namespace::Namespace;
use crate::need::find_tool;

/// Where open-iscsi has its configuration, in every version, and its records before 2.1.9.
pub const OLD: &str = "/etc/iscsi";
/// Where it has its records since.
pub const NEW: &str = "/var/lib/iscsi";
/// Where its lock is.
pub const LOCK: &str = "/run/lock/iscsi";

/// The stock tool over one database.
#[derive(Debug)]
pub struct Records {
    namespace: Namespace,
    iscsiadm: PathBuf,
    records: PathBuf,
    scratch: TempDir,
}

impl Records {
    /// An empty database; in memory where there is some, so that a disk's writeback is nobody's.
    ///
    /// # Errors
    /// One of [`super::NEEDS`] is not met.
    pub fn new() -> Result<Self> {
        let memory = Path::new("/dev/shm");
        let scratch = if memory.is_dir() {
            tempfile::tempdir_in(memory)?
        } else {
            tempfile::tempdir()?
        };
        let path = scratch.path().to_owned();
        let at = |name: &str| path.join(name);
        let (sys, etc, lib, run) = (at("sys"), at("etc"), at("lib"), at("run"));
        for dir in [&sys.join("class/iscsi_transport/tcp"), &etc, &lib, &run] {
            fs::create_dir_all(dir)?;
        }
        fs::write(sys.join("class/iscsi_transport/tcp/handle"), "1\n")?;
        fs::write(sys.join("class/iscsi_transport/tcp/caps"), "0x39\n")?;
        fs::write(etc.join("iscsid.conf"), "")?;
        fs::write(
            etc.join("initiatorname.iscsi"),
            "InitiatorName=iqn.2000-01.com.example:lab\n",
        )?;
        let mut binds: Vec<(&Path, &Path)> = vec![
            (&sys, Path::new("/sys")),
            (&etc, Path::new(OLD)),
            (&run, Path::new("/run/lock")),
        ];
        if Path::new(NEW).is_dir() {
            binds.push((&lib, Path::new(NEW)));
        }
        let namespace = Namespace::new(&binds)?;
        super::answer_in(&namespace)?;
        let iscsiadm = find_tool("iscsiadm").context("iscsiadm is not installed")?;
        let mut peer = Self {
            namespace,
            iscsiadm,
            records: PathBuf::new(),
            scratch,
        };
        // Which of the two places this version has its records in: where it puts its first.
        peer.lines(&["-m", "iface", "-I", "probe", "-o", "new"])?;
        let places = [(at("etc"), OLD), (at("lib"), NEW)];
        let found = places.iter().find(|(dir, _)| dir.join("ifaces/probe").exists());
        peer.records = found.context("iscsiadm made no record")?.1.into();
        peer.lines(&["-m", "iface", "-I", "probe", "-o", "delete"])?;
        Ok(peer)
    }

    /// The database's place, as it is called in the namespace.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.records
    }

    /// The same directory from outside.
    #[must_use]
    pub fn outside(&self) -> PathBuf {
        let name = if self.records == Path::new(OLD) {
            "etc"
        } else {
            "lib"
        };
        self.scratch.path().join(name)
    }

    /// The lock's directory from outside.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.scratch.path().join("run/iscsi")
    }

    /// A directory of the lab's own.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// `iscsiadm` with these arguments, to be run by [`Records::output`] or [`Records::spawn`].
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.iscsiadm);
        command.args(args);
        command
    }

    /// Runs a command in the namespace and waits for it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn output(&self, mut command: Command) -> Result<Output> {
        Ok(self.namespace.run(move || command.output())??)
    }

    /// Starts a command in the namespace, silent on stdout.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self, mut command: Command) -> Result<Child> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(self.namespace.run(move || command.spawn())??)
    }

    /// Runs a job in the namespace and waits for it.
    ///
    /// # Errors
    /// It panicked.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.namespace.run(job)
    }

    /// Runs `iscsiadm`, expects success, and gives the lines that it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn lines(&self, args: &[&str]) -> Result<Vec<String>> {
        let output = self.output(self.command(args))?;
        ensure!(
            output.status.success(),
            "iscsiadm {args:?} ({}): {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let printed = String::from_utf8(output.stdout)?;
        Ok(printed.lines().map(str::to_owned).collect())
    }
}

/// All below a directory: names, with what is in files and links. What is ours beside the peer's names, and which version of the peer wrote a
/// record, does not count.
///
/// # Errors
/// It cannot be read.
pub fn tree(root: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for kind in ["nodes", "ifaces", "send_targets", "isns", "static", "fw"] {
        walk(root, Path::new(kind), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn walk(root: &Path, at: &Path, found: &mut Vec<(String, String)>) -> Result<()> {
    let dir = root.join(at);
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&dir)? {
        let entry = entry?;
        let path = at.join(entry.file_name());
        let kind = entry.file_type()?;
        let what = if kind.is_dir() {
            walk(root, &path, found)?;
            "a directory".to_owned()
        } else if kind.is_symlink() {
            fs::read_link(entry.path())?.display().to_string()
        } else {
            let text = fs::read_to_string(entry.path())?;
            let lines = text.lines().filter(|line| !line.starts_with("# BEGIN RECORD"));
            lines.map(|line| format!("{line}\n")).collect()
        };
        found.push((path.display().to_string(), what));
    }
    Ok(())
}
