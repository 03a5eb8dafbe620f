//! The stock `iscsiadm`, run over a tree of ours.
//!
//! Owns [`Peer`]: a namespace in which the tree is `/sys`, with an empty configuration and an `iscsid` that answers just enough; the
//! stock `iscsid` itself, before an emulated kernel, is [`stock`]'s, the stock `iscsiuio` on a [`card`] of memory is [`helper`]'s. It must
//! not know our own readers. Abstract sockets belong to the
//! network namespace, so the machine's own iscsid is out of reach.

pub mod card;
pub mod helper;
mod preload;
pub mod records;
pub mod stock;
pub mod walk;

use std::fs;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::namespace::Namespace;
use crate::need::{Need, find_tool};

/// What running the peer takes.
pub const NEEDS: &[Need] = &[Need::Tool("iscsiadm", "open-iscsi"), Need::Root, Need::Namespaces];

/// The stock tools over one tree.
#[derive(Debug)]
pub struct Peer {
    namespace: Namespace,
    iscsiadm: PathBuf,
    _scratch: TempDir,
}

impl Peer {
    /// Makes `sys` the `/sys` of a new namespace.
    ///
    /// # Errors
    /// One of [`NEEDS`] is not met, or the scratch directory cannot be made.
    pub fn over(sys: &Path) -> Result<Self> {
        let scratch = tempfile::tempdir()?;
        let (etc, run) = (scratch.path().join("etc"), scratch.path().join("run"));
        fs::create_dir_all(&etc)?;
        fs::create_dir_all(run.join("iscsi"))?;
        fs::write(etc.join("iscsid.conf"), "")?;
        fs::write(
            etc.join("initiatorname.iscsi"),
            "InitiatorName=iqn.2000-01.com.example:lab\n",
        )?;
        let namespace = Namespace::new(&[
            (sys, Path::new("/sys")),
            (&etc, Path::new("/etc/iscsi")),
            (&run, Path::new("/run/lock")),
        ])?;
        answer_in(&namespace)?;
        let iscsiadm = find_tool("iscsiadm").context("iscsiadm is not installed")?;
        Ok(Self {
            namespace,
            iscsiadm,
            _scratch: scratch,
        })
    }

    /// Runs `iscsiadm` with these arguments.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn iscsiadm(&self, args: &[&str]) -> Result<Output> {
        let mut command = Command::new(&self.iscsiadm);
        command.args(args);
        self.output(command)
    }

    /// The lines that `iscsiadm` prints with these arguments.
    ///
    /// # Errors
    /// It fails, or prints what is no text.
    pub fn lines(&self, args: &[&str]) -> Result<Vec<String>> {
        let output = self.iscsiadm(args)?;
        anyhow::ensure!(output.status.success(), "iscsiadm {args:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?
            .lines()
            .map(str::to_owned)
            .collect())
    }

    /// Runs any command in the namespace and waits for it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn output(&self, mut command: Command) -> Result<Output> {
        let name = command.get_program().to_string_lossy().into_owned();
        self.namespace
            .run(move || command.output())?
            .with_context(|| format!("cannot start {name}"))
    }
}

/// An `iscsid` that answers just enough, on the network of a namespace.
fn answer_in(namespace: &Namespace) -> Result<()> {
    let listener = namespace.run(|| {
        let address = SocketAddr::from_abstract_name("ISCSIADM_ABSTRACT_NAMESPACE")?;
        UnixListener::bind_addr(&address)
    })??;
    // Ends when the process does: an abstract socket in a namespace of its own is in nobody's way.
    thread::Builder::new()
        .name("answering iscsid".into())
        .spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let _ = answer(stream);
            }
        })?;
    Ok(())
}

/// Answers one request as an iscsid that has nothing to say: the same command, no error, zeroes. The answer's size differs between
/// versions; the client takes what it expects of an answer that is longer than any.
fn answer(mut stream: UnixStream) -> std::io::Result<()> {
    let mut request = vec![0; 64 * 1024];
    let length = stream.read(&mut request)?;
    let mut reply = vec![0; 64 * 1024];
    if let (Some(command), Some(room)) = (request.get(..length.min(4)), reply.get_mut(..length.min(4))) {
        room.copy_from_slice(command);
    }
    stream.write_all(&reply)
}
