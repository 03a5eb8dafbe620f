use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use super::*;

/// Sends `out`, collects what comes, and asks to close after `expect` bytes.
struct Scripted {
    out: Vec<u8>,
    sent: usize,
    taken: Vec<u8>,
    expect: usize,
    slot: [u8; 8],
}

impl Scripted {
    fn new(out: &[u8], expect: usize) -> Self {
        Self {
            out: out.to_vec(),
            sent: 0,
            taken: Vec::new(),
            expect,
            slot: [0; 8],
        }
    }
}

impl Duplex for Scripted {
    fn read_slot(&mut self) -> &mut [u8] {
        &mut self.slot
    }
    fn received(&mut self, _: Instant, n: usize) {
        self.taken.extend_from_slice(&self.slot[..n]);
    }
    fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        out.push(IoSlice::new(&self.out[self.sent..]));
    }
    fn sent(&mut self, _: Instant, n: usize) {
        self.sent += n;
    }
    fn wants_close(&self) -> bool {
        self.taken.len() >= self.expect
    }
}

fn turn(reactor: &mut Reactor, links: &mut [(&mut Link, &mut Scripted)]) -> Vec<Pumped> {
    let mut ready = Vec::new();
    reactor
        .wait(Some(Instant::now() + Duration::from_secs(5)), &mut ready)
        .unwrap();
    let now = Instant::now();
    let mut results = Vec::new();
    for event in ready {
        for (link, engine) in links.iter_mut() {
            if link.token() == event.token {
                if link.is_connecting() {
                    link.finish_connect(reactor).unwrap();
                }
                results.push(link.pump(reactor, *engine, now, event.readable));
            }
        }
    }
    results
}

#[test]
fn bytes_cross_a_link_whole_and_in_order() {
    let mut reactor = Reactor::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = listener.local_addr().unwrap();
    let mut near = Link::connect(&mut reactor, 0, to, Some(Ipv4Addr::new(127, 0, 0, 9).into())).unwrap();
    let (stream, from) = listener.accept().unwrap();
    assert_eq!(
        from.ip(),
        Ipv4Addr::new(127, 0, 0, 9),
        "the source address is one of this machine's and is used"
    );
    let mut far = Link::accepted(&mut reactor, 0, stream).unwrap();
    let text: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let mut talker = Scripted::new(&text, 1);
    let mut listener_engine = Scripted::new(b"", text.len());
    for _ in 0..10_000 {
        turn(
            &mut reactor,
            &mut [(&mut near, &mut talker), (&mut far, &mut listener_engine)],
        );
        if listener_engine.wants_close() {
            break;
        }
    }
    assert!(listener_engine.taken == text);
}

#[test]
fn a_foreign_source_address_is_left_to_the_system() {
    let mut reactor = Reactor::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = listener.local_addr().unwrap();
    let source = Some(Ipv4Addr::new(198, 51, 100, 7).into());
    let _link = Link::connect(&mut reactor, 0, to, source).unwrap();
    assert_eq!(listener.accept().unwrap().1.ip(), Ipv4Addr::LOCALHOST);
}

#[test]
fn a_peer_that_closes_is_reported_as_closed() {
    let mut reactor = Reactor::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = listener.local_addr().unwrap();
    let mut near = Link::connect(&mut reactor, 0, to, None).unwrap();
    drop(listener.accept().unwrap());
    let mut engine = Scripted::new(b"", 1);
    let mut outcome = Vec::new();
    for _ in 0..100 {
        outcome = turn(&mut reactor, &mut [(&mut near, &mut engine)]);
        if outcome.iter().any(|o| matches!(o, Pumped::PeerClosed)) {
            break;
        }
    }
    assert!(
        outcome.iter().any(|o| matches!(o, Pumped::PeerClosed)),
        "{outcome:?}"
    );
}

#[test]
fn a_refused_connect_says_so() {
    let mut reactor = Reactor::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = listener.local_addr().unwrap();
    drop(listener);
    let mut near = Link::connect(&mut reactor, 0, to, None).unwrap();
    let mut ready = Vec::new();
    reactor
        .wait(Some(Instant::now() + Duration::from_secs(5)), &mut ready)
        .unwrap();
    let error = near.finish_connect(&mut reactor).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

/// Takes messages of a short head and a long body, as payload comes: the body's place is named when the head is there.
struct Framed {
    head: [u8; 16],
    at: usize,
    body: Vec<u8>,
    in_body: bool,
    bodies: Vec<Vec<u8>>,
    expect: usize,
}

const BODY: usize = 40_000;

impl Duplex for Framed {
    fn read_slot(&mut self) -> &mut [u8] {
        if self.in_body {
            &mut self.body[self.at..]
        } else {
            &mut self.head[self.at..]
        }
    }
    fn received(&mut self, _: Instant, n: usize) {
        self.at += n;
        if self.in_body && self.at == BODY {
            self.bodies.push(std::mem::replace(&mut self.body, vec![0; BODY]));
            (self.in_body, self.at) = (false, 0);
        } else if !self.in_body && self.at == self.head.len() {
            assert_eq!(self.head, [0xee; 16], "the stream is out of step");
            (self.in_body, self.at) = (true, 0);
        }
    }
    fn write_slices<'a>(&'a self, _: &mut Vec<IoSlice<'a>>) {}
    fn sent(&mut self, _: Instant, _: usize) {}
    fn wants_close(&self) -> bool {
        self.bodies.len() >= self.expect
    }
}

#[test]
fn long_slots_are_filled_in_place_and_what_follows_is_not_lost() {
    const COUNT: usize = 100;
    let mut reactor = Reactor::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut link = Link::accepted(&mut reactor, 0, listener.accept().unwrap().0).unwrap();
    let sender = std::thread::spawn(move || {
        for number in 0..COUNT {
            let mut message = vec![0xee; 16];
            message.extend((0..BODY).map(|at| (at + number) as u8));
            peer.write_all(&message).unwrap();
        }
        peer
    });
    let mut engine = Framed {
        head: [0; 16],
        at: 0,
        body: vec![0; BODY],
        in_body: false,
        bodies: Vec::new(),
        expect: COUNT,
    };
    let mut ready = Vec::new();
    while !engine.wants_close() {
        let limit = Instant::now() + Duration::from_secs(10);
        reactor.wait(Some(limit), &mut ready).unwrap();
        assert!(!ready.is_empty(), "{} bodies came", engine.bodies.len());
        link.pump(&mut reactor, &mut engine, Instant::now(), true);
    }
    for (number, body) in engine.bodies.iter().enumerate() {
        assert!(
            body.iter()
                .enumerate()
                .all(|(at, byte)| *byte == (at + number) as u8)
        );
    }
    drop(sender.join().unwrap());
}
