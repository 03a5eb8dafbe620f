//! Debian's tgtd as a stranger's target: the lab's, with failures as panics.

use std::net::SocketAddr;
use std::path::Path;

/// A running tgtd; killed when dropped.
pub struct Tgtd {
    daemon: lab_tests::tgt::Tgtd,
    pub portal: SocketAddr,
}

impl Tgtd {
    pub fn start() -> Self {
        Self::of(lab_tests::tgt::Tgtd::start())
    }

    pub fn start_on(portal: SocketAddr) -> Self {
        Self::of(lab_tests::tgt::Tgtd::start_on(portal))
    }

    fn of(started: anyhow::Result<lab_tests::tgt::Tgtd>) -> Self {
        let daemon = started.expect("tgtd starts");
        let portal = daemon.portal();
        Self { daemon, portal }
    }

    pub fn target(&self, tid: u32, iqn: &str, luns: &[&Path]) {
        self.daemon
            .add_target(tid, iqn, luns, &[])
            .expect("tgtd takes the target");
    }

    /// From now on initiators of target 1 prove themselves with this.
    pub fn account(&self, user: &str, secret: &str) {
        self.admin(&[
            "--op",
            "new",
            "--mode",
            "account",
            "--user",
            user,
            "--password",
            secret,
        ]);
        self.admin(&["--op", "bind", "--mode", "account", "--tid", "1", "--user", user]);
    }

    pub fn lun(&self, tid: &str, lun: usize, file: &Path) {
        let (lun, file) = (lun.to_string(), file.to_str().expect("path"));
        self.admin(&[
            "--op",
            "new",
            "--mode",
            "logicalunit",
            "--tid",
            tid,
            "--lun",
            &lun,
            "-b",
            file,
        ]);
    }

    /// As [`Tgtd::lun`], of blocks of so many bytes.
    pub fn lun_of_blocks(&self, tid: &str, lun: usize, file: &Path, bytes: u32) {
        let (lun, file) = (lun.to_string(), file.to_str().expect("path"));
        let bytes = bytes.to_string();
        let new = [
            "--op",
            "new",
            "--mode",
            "logicalunit",
            "--tid",
            tid,
            "--lun",
            &lun,
        ];
        self.admin(&[&new[..], &["-b", file, "--blocksize", &bytes]].concat());
    }

    fn admin(&self, args: &[&str]) {
        self.daemon.admin(args).expect("tgtadm");
    }
}
