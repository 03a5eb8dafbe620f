//! What a running daemon cannot do any more, as the kernel sees it, and who may not ask it.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::helper::{Helper, connect};
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

/// Names the control socket to a copy of this program that runs as another user.
const CONTROL: &str = "ISCSIUIO_TEST_CONTROL";

/// CVE-2026-44944: the peer asked the listening socket who its client is, and got itself.
#[test]
fn a_client_of_another_user_is_turned_away() {
    if let Ok(control) = std::env::var(CONTROL) {
        let mut stream = connect(&control);
        // It may be closed before that.
        let _ = stream.write_all(&[0xff; 8]);
        let answer = stream.read(&mut [0; 12]);
        assert!(matches!(answer, Ok(0) | Err(_)), "an answer of {answer:?} bytes");
        return;
    }
    if !nix::unistd::geteuid().is_root() {
        assert!(
            std::env::var_os("HBA_TEST_STRICT").is_none(),
            "only root can be somebody else"
        );
        eprintln!("left out: only root can be somebody else");
        return;
    }
    let kernel = Kernel::new();
    let helper = Helper::start(kernel.dir.path());
    // Where another user can get at it.
    let room = tempfile::tempdir().unwrap();
    let program = room.path().join("client");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(room.path(), Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(&program)
        .args([
            "--exact",
            "limits::a_client_of_another_user_is_turned_away",
            "--nocapture",
        ])
        .env(CONTROL, &helper.control)
        .current_dir("/")
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    helper.logged("user 65534");
    // Who may ask is still served.
    let mut own = helper.connect();
    own.write_all(&[0xff; 8]).unwrap();
    own.read_exact(&mut [0; 12]).unwrap();
}
