//! Limits are a thread's: each test has one of its own.

use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::process::Command;

use super::*;

/// Runs on a thread with the limits of a daemon whose endpoint and state are below a directory.
fn limited<T: Send>(dir: &Path, work: impl FnOnce(Sandbox) -> T + Send) -> T {
    let endpoint = Endpoint::Dir(dir.join("endpoint"));
    let state = dir.join("state");
    for made in [&dir.join("endpoint"), &state] {
        std::fs::create_dir_all(made).unwrap();
    }
    std::thread::scope(|scope| {
        let run = || {
            let limits = Limits {
                endpoint: &endpoint,
                state: &state,
            };
            work(Sandbox::enter(&limits).unwrap())
        };
        scope.spawn(run).join().unwrap()
    })
}

fn refused<T>(outcome: io::Result<T>) -> bool {
    outcome.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

#[test]
fn no_program_can_be_run_and_no_network_socket_opened() {
    let dir = tempfile::tempdir().unwrap();
    limited(dir.path(), |_| {
        assert!(refused(Command::new("/bin/true").status()));
        assert!(refused(UdpSocket::bind("127.0.0.1:0")));
        let raw = nix::sys::socket::socket(
            nix::sys::socket::AddressFamily::Inet,
            nix::sys::socket::SockType::Raw,
            nix::sys::socket::SockFlag::empty(),
            None,
        );
        assert_eq!(raw.map(drop), Err(nix::errno::Errno::EPERM));
    });
    // Whoever is not limited still can.
    assert!(Command::new("/bin/true").status().unwrap().success());
}

#[test]
fn no_other_file_can_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret"), b"x").unwrap();
    let held = limited(dir.path(), |sandbox| {
        if sandbox.files == paths::Held::None {
            return false;
        }
        assert!(refused(File::open(dir.path().join("secret"))));
        assert!(refused(File::create(dir.path().join("endpoint/new"))));
        assert!(refused(std::fs::remove_file(dir.path().join("secret"))));
        true
    });
    assert!(held, "this kernel has no landlock");
}

#[test]
fn what_the_daemon_does_still_works() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("endpoint")).unwrap();
    std::fs::write(dir.path().join("endpoint/attribute"), b"1\n").unwrap();
    limited(dir.path(), |_| {
        std::fs::read(dir.path().join("endpoint/attribute")).unwrap();
        let state = files::Dir::private(&dir.path().join("state")).unwrap();
        state.subdir("host1").unwrap().replace("mac", b"x").unwrap();
        state.rename("host1", "host2").unwrap();
        assert!(state.remove_all("host2").unwrap());
        UnixStream::pair().unwrap();
        std::thread::spawn(|| ()).join().unwrap();
        std::fs::read("/proc/self/status").unwrap();
        // A runtime with its signals is made under the limits as well.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let _signal =
                tokio::signal::unix::signal(tokio::signal::unix::SignalKind::user_defined2()).unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        });
    });
}

#[test]
fn capabilities_are_those_that_the_endpoint_needs() {
    let dir = tempfile::tempdir().unwrap();
    limited(dir.path(), |_| {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        for set in ["CapInh", "CapPrm", "CapEff"] {
            assert!(
                status.contains(&format!("{set}:\t0000000000000000\n")),
                "{status}"
            );
        }
        assert!(
            status.contains("NoNewPrivs:\t1\n") && status.contains("Seccomp:\t2\n"),
            "{status}"
        );
    });
    let host = needed(&Endpoint::Host);
    assert!(host.contains(CapabilitySet::SYS_ADMIN) && !host.contains(CapabilitySet::DAC_OVERRIDE));
}

/// The service manager's limits and ours are the same facts.
#[test]
fn the_unit_allows_what_the_program_allows_itself() {
    let unit = include_str!("../../../../packaging/systemd/iscsiuio.service");
    let words = |key: &str| -> Vec<&str> {
        let line = unit
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {key}")).split(' ').collect()
    };
    let capability = |word: &str| {
        let name = word.strip_prefix("CAP_").unwrap();
        CapabilitySet::from_name(name).unwrap_or_else(|| panic!("{word}"))
    };
    let capabilities: CapabilitySet = words("CapabilityBoundingSet")
        .into_iter()
        .map(capability)
        .collect();
    assert_eq!(capabilities, needed(&Endpoint::Host));
    let family = |word: &str| match word {
        "AF_UNIX" => libc::AF_UNIX,
        "AF_NETLINK" => libc::AF_NETLINK,
        "AF_PACKET" => libc::AF_PACKET,
        other => panic!("{other}"),
    };
    let mut families: Vec<i32> = words("RestrictAddressFamilies").into_iter().map(family).collect();
    let mut ours = calls::FAMILIES.to_vec();
    families.sort_unstable();
    ours.sort_unstable();
    assert_eq!(families, ours);
    let state = Endpoint::Host.helper_dir();
    assert_eq!(Path::new("/run").join(words("RuntimeDirectory")[0]), state);
    assert_eq!(words("RuntimeDirectoryPreserve"), ["yes"]);
    let socket = include_str!("../../../../packaging/systemd/iscsiuio.socket");
    let listens = format!("\nListenStream=@{}\n", driver_sys::uip::NAME);
    assert!(socket.contains(&listens));
    let registry = include_str!("../../../../packaging/tmpfiles.d/iscsiuio.conf");
    let link = format!(
        "/registry/{0} - - - - {1}/{0}\n",
        crate::varlink::NAME,
        state.display()
    );
    assert!(registry.contains(&link));
}
