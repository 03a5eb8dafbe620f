//! What a running daemon cannot do any more, as the kernel sees it, and who may not ask it.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use super::helper::Helper;
use super::kernel::Kernel;

#[test]
fn every_thread_is_limited() {
    let kernel = Kernel::new();
    let helper = Helper::start(kernel.dir.path());
    let mut threads = 0;
    for task in std::fs::read_dir(format!("/proc/{}/task", helper.pid())).unwrap() {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        for line in [
            "CapEff:\t0000000000000000\n",
            "CapPrm:\t0000000000000000\n",
            "CapInh:\t0000000000000000\n",
            "NoNewPrivs:\t1\n",
            "Seccomp:\t2\n",
        ] {
            assert!(status.contains(line), "{status}");
        }
        threads += 1;
    }
    assert!(threads >= 2, "the log has a thread of its own");
}

/// CVE-2026-44944: the peer asked the listening socket who its client is, and got itself.
#[test]
fn a_client_of_another_user_is_turned_away() {
    if !nix::unistd::geteuid().is_root() {
        // Only the superuser can be somebody else.
        eprintln!("left out: needs root");
        return;
    }
    let kernel = Kernel::new();
    let helper = Helper::start(kernel.dir.path());
    let script = "import socket,sys\n\
        s=socket.socket(socket.AF_UNIX)\n\
        s.connect('\\0'+sys.argv[1])\n\
        try: s.sendall(b'x'*8)\n\
        except OSError: pass\n\
        s.settimeout(20)\n\
        try: sys.exit(0 if s.recv(1)==b'' else 3)\n\
        except ConnectionResetError: sys.exit(0)\n";
    let status = Command::new("setpriv")
        .args([
            "--reuid",
            "65534",
            "--regid",
            "65534",
            "--clear-groups",
            "python3",
            "-c",
            script,
        ])
        .arg(&helper.control)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    helper.logged("user 65534");
    // Who may ask is still served.
    let mut own = helper.connect();
    own.write_all(&[0xff; 8]).unwrap();
    let mut reply = [0; 12];
    own.read_exact(&mut reply).unwrap();
}
