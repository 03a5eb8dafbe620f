//! Debian's tgtd on a loopback port of its own, as a stranger's target.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running tgtd; killed when dropped.
pub struct Tgtd {
    child: Child,
    control: String,
    pub portal: SocketAddr,
}

impl Tgtd {
    pub fn start() -> Self {
        let portal = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a free port");
        Self::start_on(portal)
    }

    pub fn start_on(portal: SocketAddr) -> Self {
        let control = (portal.port() % 32768).to_string();
        let child = Command::new("tgtd")
            .args(["-f", "-C", &control, "--iscsi", &format!("portal={portal}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tgtd (package tgt)");
        let this = Self {
            child,
            control,
            portal,
        };
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(portal).is_err() || !this.admin(&["--op", "show", "--mode", "sys"]) {
            assert!(Instant::now() < until, "tgtd does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        this
    }

    fn admin(&self, args: &[&str]) -> bool {
        let mut command = Command::new("tgtadm");
        command
            .args(["-C", &self.control, "--lld", "iscsi"])
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|s| s.success())
    }

    pub fn target(&self, tid: u32, iqn: &str, luns: &[&Path]) {
        let tid = tid.to_string();
        assert!(self.admin(&["--op", "new", "--mode", "target", "--tid", &tid, "-T", iqn]));
        for (i, file) in luns.iter().enumerate() {
            self.lun(&tid, i + 1, file);
        }
        assert!(self.admin(&["--op", "bind", "--mode", "target", "--tid", &tid, "-I", "ALL"]));
    }

    /// From now on initiators of target 1 prove themselves with this.
    pub fn account(&self, user: &str, secret: &str) {
        let (user, password) = (["--user", user], ["--password", secret]);
        assert!(self.admin(&[&["--op", "new", "--mode", "account"][..], &user, &password].concat()));
        assert!(self.admin(&[&["--op", "bind", "--mode", "account", "--tid", "1"][..], &user].concat()));
    }

    pub fn lun(&self, tid: &str, lun: usize, file: &Path) {
        let (lun, file) = (lun.to_string(), file.to_str().expect("path"));
        assert!(self.admin(&[
            "--op",
            "new",
            "--mode",
            "logicalunit",
            "--tid",
            tid,
            "--lun",
            &lun,
            "-b",
            file
        ]));
    }
}

impl Drop for Tgtd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
