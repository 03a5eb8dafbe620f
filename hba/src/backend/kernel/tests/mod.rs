//! The kernel backend against a real kernel's tree, and against a scripted netlink socket.

mod bnx2i;
mod netlink;
mod tree;

use std::path::Path;

use driver_sys::endpoint::Endpoint;
use sysfs_trees::Dump;

use super::Kernel;

/// A temporary directory, in memory where there is a place for it: a tree has hundreds of files.
fn dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("temporary directory")
}

/// Lays out a dumped tree as the endpoint `dir`.
fn lay_out(dir: &Path, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../driver-sys/tests/data/sysfs")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Dump::parse(&text)
        .expect("a dump")
        .lay_out(&dir.join("sys"))
        .expect("laid out");
}

/// The endpoint of a dumped tree.
fn opened(dir: &Path, name: &str) -> Kernel {
    lay_out(dir, name);
    Kernel::open(&Endpoint::Dir(dir.to_owned())).expect("opened")
}
