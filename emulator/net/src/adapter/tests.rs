//! Hardware that is no card: what it says goes out over connections that somebody else has made.

use std::io::{IoSlice, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use iscsi::LinkLoss;

use super::AdapterLinks;
use crate::hardware::{Effect, Hardware, LinkId};
use crate::reactor::Reactor;

const LINK: LinkId = LinkId(7);

/// Sends back what it gets.
#[derive(Default)]
struct Mirror {
    effects: Vec<Effect>,
    slot: Vec<u8>,
    out: Vec<u8>,
    local: Option<SocketAddr>,
    failed: Option<LinkLoss>,
    closed: Option<LinkLoss>,
}

impl Hardware for Mirror {
    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }
    fn connected(&mut self, _: Instant, _: LinkId, local: SocketAddr) {
        self.local = Some(local);
    }
    fn connect_failed(&mut self, _: Instant, _: LinkId, why: LinkLoss) {
        self.failed = Some(why);
    }
    fn read_slot(&mut self, _: LinkId) -> &mut [u8] {
        self.slot.resize(16, 0);
        &mut self.slot
    }
    fn received(&mut self, _: Instant, link: LinkId, n: usize) {
        assert_eq!(link, LINK);
        self.out.extend_from_slice(&self.slot[..n]);
    }
    fn closed(&mut self, _: Instant, _: LinkId, why: LinkLoss) {
        self.closed = Some(why);
    }
    fn write_slices<'a>(&'a self, _: LinkId, out: &mut Vec<IoSlice<'a>>) {
        out.push(IoSlice::new(&self.out));
    }
    fn sent(&mut self, _: Instant, _: LinkId, n: usize) {
        self.out.drain(..n);
    }
    fn wants_close(&self, _: LinkId) -> bool {
        false
    }
}

struct Lab {
    reactor: Reactor,
    links: AdapterLinks,
    mirror: Mirror,
    peer: TcpStream,
}

impl Lab {
    fn new(prepare: impl FnOnce(&mut AdapterLinks)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
        let stream = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
        let (peer, _) = listener.accept().expect("accept");
        peer.set_read_timeout(Some(Duration::from_secs(20)))
            .expect("timeout");
        let mut lab = Self {
            reactor: Reactor::new().expect("reactor"),
            links: AdapterLinks::new(0),
            mirror: Mirror::default(),
            peer,
        };
        prepare(&mut lab.links);
        lab.mirror.effects.push(Effect::Adopt { link: LINK, stream });
        lab.settle();
        lab
    }

    fn settle(&mut self) {
        let now = Instant::now();
        self.links.settle(&mut self.reactor, &mut self.mirror, now);
    }

    fn turn(&mut self) {
        let mut ready = Vec::new();
        let limit = Instant::now() + Duration::from_secs(20);
        let until = self.links.deadline().map_or(limit, |at| at.min(limit));
        self.reactor.wait(Some(until), &mut ready).expect("wait");
        let now = Instant::now();
        for one in ready {
            assert!(self.links.ready(&mut self.reactor, &mut self.mirror, now, one));
        }
        self.links
            .handle_timeout(&mut self.reactor, &mut self.mirror, now);
    }
}

#[test]
fn a_connection_that_somebody_else_made_is_a_link_until_its_peer_closes() {
    let mut lab = Lab::new(|_| {});
    assert_eq!(lab.mirror.local, lab.peer.peer_addr().ok());
    lab.peer.write_all(b"forty eight bytes or so").expect("sent");
    lab.turn();
    let mut answer = [0; 23];
    lab.peer.read_exact(&mut answer).expect("answer");
    assert_eq!(&answer, b"forty eight bytes or so");
    lab.peer.shutdown(std::net::Shutdown::Write).expect("shut");
    lab.turn();
    assert_eq!(lab.mirror.closed, Some(LinkLoss::PeerClosed));
    assert!(lab.links.is_empty());
}

#[test]
fn while_connections_are_refused_none_is_taken_over() {
    let mut lab = Lab::new(|links| links.refuse_connects(true));
    assert_eq!(
        (lab.mirror.local, lab.mirror.failed),
        (None, Some(LinkLoss::Reset))
    );
    assert_eq!(lab.peer.read(&mut [0; 1]).expect("closed"), 0);
    assert!(lab.links.is_empty());
}

#[test]
fn what_the_peer_of_a_taken_over_connection_sends_is_held_back_on_demand() {
    let delay = Duration::from_millis(50);
    let mut lab = Lab::new(|links| links.hold_back(delay));
    let start = Instant::now();
    lab.peer.write_all(b"late").expect("sent");
    // Readiness, then the end of the time.
    lab.turn();
    lab.turn();
    assert!(start.elapsed() >= delay);
    let mut answer = [0; 4];
    lab.peer.read_exact(&mut answer).expect("answer");
    assert_eq!(&answer, b"late");
}

#[test]
fn a_link_that_is_given_up_is_closed_and_nothing_is_said_of_it() {
    let mut lab = Lab::new(|_| {});
    lab.mirror.effects.push(Effect::Close { link: LINK });
    lab.settle();
    assert_eq!(lab.peer.read(&mut [0; 1]).expect("closed"), 0);
    assert_eq!((lab.mirror.closed, lab.mirror.failed), (None, None));
}
