//! How it starts, what it tells, and how it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use driver_sys::uip::{Request, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::helper::{Helper, command, connect, exchange, record, until};
use super::kernel::{Kernel, LIMIT};
use super::lan::Lan;

const OWN: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

#[test]
fn the_service_manager_hears_of_its_beginning_and_its_end() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let path = kernel.dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let next = || {
        let mut buffer = [0; 256];
        let len = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..len].to_vec())
            .unwrap()
            .trim()
            .to_owned()
    };
    let helper = Helper::start_with(kernel.dir.path(), |command| command.env("NOTIFY_SOCKET", &path));
    assert_eq!(next(), "READY=1");
    assert_eq!(next(), "STATUS=0 ports");
    helper.up(3, OWN);
    assert_eq!(next(), "STATUS=1 port");
    assert!(helper.end(Signal::SIGTERM).success());
    assert_eq!(next(), "STOPPING=1");
}

#[test]
fn a_socket_of_the_service_manager_is_the_control_socket() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let name = format!("iscsiuio-activated-{}", kernel.dir.path().display());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    // A shell puts it where the service manager would.
    let mut helper = Helper::start_with(kernel.dir.path(), |command| {
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"",
            ])
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(listener)));
        *command = shell;
        command
    });
    helper.control = name;
    helper.up(3, OWN);
}

#[test]
fn a_second_one_is_refused_and_says_why() {
    let kernel = Kernel::new();
    let helper = Helper::start(kernel.dir.path());
    let (mut second, ..) = command(kernel.dir.path());
    let output = second.arg("-f").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = format!(
        "the control socket @{} is taken: another iscsiuio is running",
        helper.control
    );
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn without_f_it_goes_on_in_the_background() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let pidfile = kernel.dir.path().join("pid");
    let (mut command, control, _) = command(kernel.dir.path());
    let status = command.arg("-p").arg(&pidfile).status().unwrap();
    assert!(status.success());
    // When its parent ends it is ready.
    let pid: i32 = std::fs::read_to_string(&pidfile).unwrap().trim().parse().unwrap();
    let message = Request::Iface(record(3, "192.0.2.7/24")).encode().unwrap();
    let reply = exchange(&mut connect(&control), &message);
    assert!(matches!(
        reply.status,
        Status::DeviceUp | Status::DeviceInitializing
    ));
    let session = nix::unistd::getsid(Some(Pid::from_raw(pid))).unwrap();
    assert_eq!(session.as_raw(), pid, "a session of its own");
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    until("the pid file is empty", || {
        std::fs::read_to_string(&pidfile)
            .unwrap()
            .is_empty()
            .then_some(())
    });
}

#[test]
fn a_background_that_cannot_start_says_why_and_fails() {
    let kernel = Kernel::new();
    let _helper = Helper::start(kernel.dir.path());
    let (mut second, ..) = command(kernel.dir.path());
    let output = second
        .arg("-p")
        .arg(kernel.dir.path().join("pid"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("another iscsiuio is running")
    );
}

#[test]
fn a_signal_puts_its_counters_into_the_log() {
    let (mut kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    kernel.ask(3, 1, OWN, Ipv4Addr::new(192, 0, 2, 20));
    kernel.update();
    helper.signal(Signal::SIGUSR1);
    let line = helper.logged("counters totals");
    assert!(line.contains("path_requests: 1"), "{line}");
    let line = helper.logged("counters host=3");
    assert!(line.contains("resolved: 1"), "{line}");
}

#[test]
fn version_and_help_are_the_peers_options() {
    let run = |option: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_iscsiuio"))
            .arg(option)
            .output()
            .unwrap();
        assert!(output.status.success(), "{option}");
        String::from_utf8(output.stdout).unwrap()
    };
    for option in ["-v", "--version"] {
        assert!(run(option).starts_with("iscsiuio "), "{option}");
    }
    for option in ["-h", "--help"] {
        let help = run(option);
        for named in ["--foreground", "--debug", "--pid", "--version", "--endpoint"] {
            assert!(help.contains(named), "{option}: {help}");
        }
    }
}

#[test]
fn programs_see_ports_and_ping_over_varlink() {
    let (kernel, ring) = Kernel::with_host(3);
    let _lan = Lan::behind(ring);
    let helper = Helper::start(kernel.dir.path());
    helper.up(3, OWN);
    let stream = UnixStream::connect(helper.state.join("io.hbactl.iscsiuio")).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut call = |method: &str, parameters: Value| -> Value {
        let call = json!({ "method": format!("io.hbactl.iscsiuio.{method}"), "parameters": parameters });
        (&stream).write_all(format!("{call}\0").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        reader.read_until(0, &mut bytes).unwrap();
        bytes.pop();
        serde_json::from_slice(&bytes).unwrap()
    };
    let answer = call("GetPorts", json!({}));
    let port = &answer["parameters"]["ports"][0];
    assert_eq!(
        (&port["host"], &port["mac"]),
        (&json!(3), &json!("00:10:18:00:00:03")),
        "{answer}"
    );
    let interface = &port["interfaces"][0];
    assert_eq!(
        (&interface["ipv4"], &interface["state"]),
        (&json!("static"), &json!("ready"))
    );
    assert_eq!(interface["addresses"][0]["address"], "192.0.2.7");
    let ping = json!({ "host": 3, "vlan": 0, "address": "192.0.2.20", "size": 56 });
    assert_eq!(call("Ping", ping)["parameters"]["answered"], true);
    let nowhere = json!({ "host": 3, "vlan": 9, "address": "192.0.2.20", "size": 56 });
    assert_eq!(
        call("Ping", nowhere)["error"],
        "io.hbactl.iscsiuio.NoSuchInterface"
    );
}
