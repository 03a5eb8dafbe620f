//! A process without descriptors neither spins nor forgets who waits. Alone in its file: the limit is the process's.

use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use emu_net::accept::Acceptor;
use emu_net::reactor::Reactor;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Turns the loop for `span`; how often it woke, and how many connections were taken.
fn turn_for(
    span: Duration,
    reactor: &mut Reactor,
    acceptor: &mut Acceptor<UnixListener>,
    taken: &mut Vec<UnixStream>,
) -> usize {
    let end = Instant::now() + span;
    let mut ready = Vec::new();
    let mut woken = 0;
    while Instant::now() < end {
        let until = acceptor.poll_timeout().map_or(end, |at| at.min(end));
        reactor.wait(Some(until), &mut ready).unwrap();
        woken += 1;
        let now = Instant::now();
        if ready.iter().any(|r| r.token == acceptor.token()) {
            taken.extend(acceptor.accept(reactor, now));
        }
        acceptor.handle_timeout(reactor, now);
    }
    woken
}

#[test]
fn out_of_descriptors_the_loop_sleeps_and_those_who_wait_are_served_later() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s");
    let mut reactor = Reactor::new().unwrap();
    let socket = UnixListener::bind(&path).unwrap();
    let mut acceptor = Acceptor::new(&mut reactor, 0, socket).unwrap();
    let callers: Vec<UnixStream> = (0..8).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let mut fillers = Vec::new();
    setrlimit(Resource::RLIMIT_NOFILE, 64.min(hard), hard).unwrap();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        fillers.push(file);
    }
    let mut taken = Vec::new();
    let woken = turn_for(Duration::from_secs(1), &mut reactor, &mut acceptor, &mut taken);
    assert!(taken.is_empty());
    // One failure and one end of a rest in every tenth of a second.
    assert!(woken < 60, "woken {woken} times in a second");
    fillers.clear();
    let limit = Instant::now() + Duration::from_secs(60);
    while taken.len() < callers.len() && Instant::now() < limit {
        turn_for(Duration::from_millis(50), &mut reactor, &mut acceptor, &mut taken);
    }
    assert_eq!(taken.len(), callers.len());
}
