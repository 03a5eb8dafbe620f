//! `hbaemu target` is told something it must not do: it says so at once, and what was there is untouched. A flood of connections keeps
//! no initiator out.

use std::collections::VecDeque;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab_tests::asked::text;
use lab_tests::lab::READY;
use lab_tests::process::{Running, own_binary};
use lab_tests::rounds;
use nix::sys::signal::Signal;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const IQN: &str = "iqn.2026-11.org.example:disk";

/// `hbaemu target` at a free port, started by the words `before` it.
fn target(before: &[&str], args: &[&str]) -> Result<Command> {
    let hbaemu = own_binary("hbaemu")?;
    let mut command = match before {
        [] => Command::new(hbaemu),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(hbaemu);
            command
        }
    };
    command
        .args(["target", "--listen", "127.0.0.1:0", "--iqn", IQN])
        .args(args)
        .stdin(Stdio::null());
    Ok(command)
}

/// The portal that a target says it listens at.
fn portal(line: &str) -> Result<SocketAddr> {
    let last = line.rsplit(' ').next().unwrap_or_default();
    last.parse().with_context(|| format!("no portal in {line:?}"))
}

/// A target that must not start; what it says.
fn refused(args: &[&str]) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = target(&["timeout", "30"], args)?.output()?;
    let said = text(&stderr);
    ensure!(
        status.code() == Some(1) && stdout.is_empty(),
        "{args:?}: {status}: {said}"
    );
    Ok(said)
}

fn at(dir: &Path, name: &str) -> String {
    dir.join(name).to_string_lossy().into_owned()
}

#[test]
fn an_accounts_file_that_closes_nothing_is_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = at(dir.path(), "accounts");
    for accounts in ["", "# nobody yet\n\n", "mutual:array:array-secret-12\n"] {
        fs::write(&file, accounts)?;
        let said = refused(&["--lun", "1M", "--chap-file", &file])?;
        ensure!(said.contains("open to everybody"), "{accounts:?}: {said}");
        ensure!(!said.contains("array-secret"), "{said}");
    }
    Ok(())
}

#[test]
fn a_target_without_accounts_says_so_and_one_with_them_does_not() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let (file, said) = (at(dir.path(), "accounts"), dir.path().join("stderr"));
    fs::write(&file, "alice:alice-secret-12\n")?;
    for (args, told) in [
        (vec!["--lun", "1M"], true),
        (vec!["--lun", "1M", "--chap-file", &file], false),
    ] {
        let mut command = target(&[], &args)?;
        command.stderr(fs::File::create(&said)?);
        let (running, line) = Running::start_telling(&mut command, "ready", READY)?;
        ensure!(line.starts_with(&format!("ready: target {IQN} at ")), "{line}");
        let noted = fs::read_to_string(&said)?;
        ensure!(noted.contains("asks for no CHAP") == told, "{args:?}: {noted}");
        drop(running);
    }
    Ok(())
}

#[test]
fn units_that_are_no_disks_are_refused_without_waiting() -> Result<()> {
    let dir = tempfile::tempdir()?;
    mkfifo(&dir.path().join("pipe"), Mode::S_IRWXU)?;
    symlink("pipe", dir.path().join("link"))?;
    fs::write(dir.path().join("disk"), vec![0; 1 << 20])?;
    let (pipe, link, disk) = (
        at(dir.path(), "pipe"),
        at(dir.path(), "link"),
        at(dir.path(), "disk"),
    );
    for unit in [
        &*pipe,
        &*link,
        "/dev/null",
        "/dev/zero",
        &format!("{disk},reservations={pipe}"),
    ] {
        let said = refused(&["--lun", unit])?;
        ensure!(said.starts_with("error: cannot use"), "{unit}: {said}");
    }
    let said = refused(&["--lun", "1M", "--chap-file", "/dev/zero"])?;
    ensure!(said.contains("larger than"), "{said}");
    Ok(())
}

#[test]
fn a_control_socket_takes_the_place_of_nothing_else() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("disk.img");
    fs::write(&file, "precious")?;
    symlink("disk.img", dir.path().join("link"))?;
    for name in ["disk.img", "link"] {
        let said = refused(&["--lun", "1M", "--control", &at(dir.path(), name)])?;
        ensure!(said.contains("left as it is"), "{name}: {said}");
    }
    ensure!(fs::read(&file)? == b"precious");
    let socket = dir.path().join("control");
    for _ in 0..2 {
        let any_mode = ["sh", "-c", "umask 000; exec \"$0\" \"$@\""];
        let mut command = target(
            &any_mode,
            &["--lun", "1M", "--control", &at(dir.path(), "control")],
        )?;
        let mut running = Running::start(&mut command, "ready", READY)?;
        let mode = fs::symlink_metadata(&socket)?.permissions().mode();
        ensure!(mode & 0o777 == 0o600, "{mode:o}");
        // A dead target of this user's leaves its socket, which the next one replaces.
        running.signal(Signal::SIGKILL)?;
        running.ended(READY)?;
        ensure!(socket.exists());
    }
    Ok(())
}

/// Connections of one round's flood, the last few of which stay.
const FLOOD: usize = 2000;
const STAY: usize = 300;
/// Logins beside it, and what each may take, attempts that fail included.
const LOGINS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(30);

/// A whole session: login, one command, logout; how often it had to be tried.
fn session(portal: SocketAddr) -> Result<u32> {
    let end = Instant::now() + PATIENCE;
    for attempt in 1.. {
        let out = Command::new("timeout")
            .arg("30")
            .arg(own_binary("hbaemu")?)
            .args(["load", &portal.to_string(), IQN, "--logins", "1"])
            .output()?;
        if out.status.success() {
            return Ok(attempt);
        }
        ensure!(
            Instant::now() < end,
            "no login in {attempt} attempts: {}",
            text(&out.stderr)
        );
    }
    Ok(0)
}

#[test]
fn a_flood_keeps_no_initiator_out() -> Result<()> {
    let mut command = target(&[], &["--lun", "1M"])?;
    command.stderr(Stdio::null());
    let (_target, line) = Running::start_telling(&mut command, "ready", READY)?;
    let portal = portal(&line)?;
    for _ in rounds::each("flood", 1, 20) {
        let made = AtomicUsize::new(0);
        let attempts = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut crowd = VecDeque::new();
                for _ in 0..FLOOD {
                    if let Ok(stream) = TcpStream::connect(portal) {
                        crowd.push_back(stream);
                    }
                    if crowd.len() > STAY {
                        crowd.pop_front();
                    }
                    made.fetch_add(1, Ordering::Relaxed);
                }
            });
            (0..LOGINS).map(|_| session(portal)).sum::<Result<u32>>()
        })?;
        ensure!(made.load(Ordering::Relaxed) == FLOOD);
        ensure!(attempts <= LOGINS * 4, "{LOGINS} logins took {attempts} attempts");
    }
    Ok(())
}

/// A caller of the control socket that says nothing; `None` while the queue of callers is full.
fn idle_caller(path: &Path) -> Option<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None).ok()?;
    socket::connect(fd.as_raw_fd(), &UnixAddr::new(path).ok()?).ok()?;
    Some(fd)
}

#[test]
fn without_descriptors_initiators_and_orders_get_through_all_the_same() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let control = dir.path().join("control");
    let few = ["sh", "-c", "ulimit -n 24; exec \"$0\" \"$@\""];
    let mut command = target(&few, &["--lun", "1M", "--control", &at(dir.path(), "control")])?;
    command.stderr(Stdio::null());
    let (_target, line) = Running::start_telling(&mut command, "ready", READY)?;
    let portal = portal(&line)?;
    let mut callers = Vec::new();
    for _ in 0..60 {
        callers.extend(idle_caller(&control));
    }
    let crowd: Vec<TcpStream> = (0..60).filter_map(|_| TcpStream::connect(portal).ok()).collect();
    ensure!(session(portal)? <= 4);
    // An order that waits in the queue of callers is heard in time, or its caller tries again.
    let end = Instant::now() + PATIENCE;
    while emu_array::control::status(&control).is_err() {
        ensure!(Instant::now() < end, "no order gets through");
    }
    drop((callers, crowd));
    Ok(())
}
