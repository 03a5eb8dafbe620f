//! Memory that commands hold: none for promises, a bounded sum for all connections, a share for each, and not for ever.

use super::*;
use crate::pool::{Pool, SHARE};

const BUSY: u8 = 0x08;
const MIB: u32 = 1 << 20;

fn config(pool: &Pool) -> Config {
    Config {
        pool: pool.clone(),
        ..Config::default()
    }
}

fn peer(pool: &Pool) -> Peer {
    Peer::ready(config(pool), &[("ImmediateData", "No")])
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 253) as u8 ^ at as u8).collect()
}

/// Writes so much in answer to each R2T; what the owner gets, or the status that ends the command.
fn write(peer: &mut Peer, itt: u32, len: usize, segment: usize) -> Result<Vec<u8>, u8> {
    let data = bytes(len);
    let mut answers = peer.command(itt, FINAL | WRITE, u32::try_from(len).unwrap(), &[]);
    loop {
        if let Some((response, _)) = ended(&answers) {
            return Err(response.status);
        }
        if let Some(command) = peer.commands().pop() {
            let got = command.data_out.unwrap().into_vec();
            peer.target.complete(command.task, Completion::status(0));
            peer.answers();
            return Ok(got);
        }
        let asked = r2ts(&answers);
        assert!(!asked.is_empty(), "nothing is asked for");
        answers.clear();
        // The last that is asked for comes first: nothing says that bursts come in order.
        for (ttt, offset, len) in asked.into_iter().rev() {
            let burst = &data[offset as usize..(offset + len) as usize];
            let count = burst.chunks(segment).count();
            for (sn, part) in burst.chunks(segment).enumerate() {
                let at = offset + (sn * segment) as u32;
                answers.extend(peer.data_out(itt, ttt, sn as u32, at, part, sn + 1 == count));
            }
        }
    }
}

#[test]
fn commands_alone_take_no_memory() {
    let pool = Pool::default();
    let mut peers: Vec<Peer> = (0..60).map(|_| peer(&pool)).collect();
    for peer in &mut peers {
        for itt in 1..=128 {
            peer.command(itt, FINAL | WRITE, MIB / 2, &[]);
        }
    }
    assert_eq!(pool.lent(), 0);
}

#[test]
fn memory_grows_with_what_comes() {
    let pool = Pool::with_limit(8 << 20);
    let mut peer = peer(&pool);
    let asked = r2ts(&peer.command(1, FINAL | WRITE, 16 * MIB, &[]));
    let burst = asked[0].2 as usize;
    // One byte, while there is plenty.
    peer.data_out(1, asked[0].0, 0, 0, &[1], false);
    assert_eq!(pool.lent(), 1 << 20);
    // Frugal beyond that: never much more than twice what came.
    let (mut came, mut sn) = (1, 1);
    while came < burst {
        let n = (burst - came).min(100_000);
        peer.data_out(1, asked[0].0, sn, came as u32, &vec![1; n], came + n == burst);
        (came, sn) = (came + n, sn + 1);
        assert!(
            pool.lent() <= (1 << 20).max(2 * came + 20_000),
            "{} for {came}",
            pool.lent()
        );
    }
    peer.target.abort_tasks(None);
    assert_eq!((pool.lent(), peer.target.held, peer.target.buffered), (0, 0, 0));
}

#[test]
fn every_byte_gets_where_it_belongs() {
    for limit in [1, 256 << 20] {
        for digest in ["None", "CRC32C"] {
            let pool = Pool::with_limit(limit);
            let keys = [
                ("ImmediateData", "No"),
                ("MaxBurstLength", "65536"),
                ("MaxOutstandingR2T", "3"),
                ("DataDigest", digest),
            ];
            let mut peer = Peer::ready(config(&pool), &keys);
            for (itt, len) in [1, 16_384, 16_385, 65_537, 300_000, 700_001]
                .into_iter()
                .enumerate()
            {
                assert!(write(&mut peer, itt as u32, len, 5000) == Ok(bytes(len)), "{len}");
            }
            assert_eq!((pool.lent(), peer.target.held), (0, 0));
        }
    }
}

#[test]
fn a_write_of_nothing_has_empty_data() {
    let mut peer = peer(&Pool::default());
    peer.command(1, FINAL | WRITE, 0, &[]);
    assert!(peer.commands().pop().unwrap().data_out.unwrap().is_empty());
}

#[test]
fn together_they_stay_within_the_bound_and_each_has_its_share() {
    let limit = 4 << 20;
    let pool = Pool::with_limit(limit);
    let mut hogs: Vec<Peer> = (0..40).map(|_| peer(&pool)).collect();
    for hog in &mut hogs {
        for itt in 1..=4 {
            let asked = r2ts(&hog.command(itt, FINAL | WRITE, 16 * MIB, &[]));
            for (ttt, offset, _) in asked {
                hog.data_out(itt, ttt, 0, offset, &[0; 30_000], false);
            }
        }
    }
    let bound = limit + 40 * SHARE;
    assert!(
        (limit - (64 << 10)..=bound).contains(&pool.lent()),
        "{}",
        pool.lent()
    );
    let mut honest = peer(&pool);
    assert!(write(&mut honest, 1, SHARE, 65_536) == Ok(bytes(SHARE)));
    assert_eq!(
        write(&mut honest, 2, 2 << 20, 65_536),
        Err(BUSY),
        "to be tried again"
    );
    drop(hogs);
    assert!(write(&mut honest, 3, 2 << 20, 65_536) == Ok(bytes(2 << 20)));
    assert_eq!(pool.lent(), 0);
}

#[test]
fn reads_count_before_they_are_made() {
    let pool = Pool::with_limit(8 << 20);
    let mut peer = peer(&pool);
    let other = pool.take(8 << 20);
    let (response, _) = ended(&peer.command(1, FINAL | READ, 2 * MIB, &[])).unwrap();
    assert_eq!(response.status, BUSY);
    peer.command(2, FINAL | READ, MIB, &[]);
    assert_eq!(peer.commands().len(), 1, "a share for everybody");
    let (response, _) = ended(&peer.command(3, FINAL | READ, MIB, &[])).unwrap();
    assert_eq!(response.status, BUSY, "the share is taken");
    peer.target.abort_tasks(None);
    drop(other);
    peer.command(4, FINAL | READ, 2 * MIB, &[]);
    assert_eq!(peer.commands().len(), 1);
}

#[test]
fn data_that_does_not_come_ends_the_connection() {
    let config = Config {
        data_timeout: Duration::from_secs(120),
        ..Config::default()
    };
    let mut peer = Peer::ready(config, &[("ImmediateData", "No")]);
    assert_eq!(write(&mut peer, 1, 4096, 4096).unwrap().len(), 4096);
    peer.after(Duration::from_secs(60));
    let asked = r2ts(&peer.command(2, FINAL | WRITE, 4096, &[]));
    peer.after(Duration::from_secs(119));
    peer.data_out(2, asked[0].0, 0, 0, &[1; 100], false);
    assert!(peer.closed().is_none());
    peer.after(Duration::from_secs(1));
    assert_eq!(peer.closed(), Some(&CloseReason::NoData));
    // An idle session has nothing to wait for.
    let mut idle = Peer::ready(Config::default(), &[("ImmediateData", "No")]);
    assert_eq!(write(&mut idle, 1, 4096, 4096).unwrap().len(), 4096);
    idle.after(Duration::from_secs(500));
    assert!(idle.closed().is_none() && idle.target.poll_timeout().is_none());
}

/// One ping of 1000 bytes whose answer nobody has read yet.
fn unread() -> Peer {
    let mut peer = Peer::ready(Config::default(), &[]);
    let ping = crate::pdu::NopOut {
        opcode: OpcodeByte::immediate(Opcode::NOP_OUT),
        flags: 0x80,
        itt: 5.into(),
        ttt: RESERVED_TAG.into(),
        cmd_sn: peer.cmd_sn.into(),
        ..Default::default()
    };
    let mut wire = zerocopy::IntoBytes::as_bytes(&ping.to_bhs()).to_vec();
    wire[5..8].copy_from_slice(&[0, 3, 232]);
    wire.resize(1048, 7);
    for byte in wire {
        peer.target.read_slot()[0] = byte;
        peer.target.received(peer.now, 1);
    }
    peer
}

/// Time passes, and nothing is read.
fn pass(peer: &mut Peer, seconds: u64) {
    peer.now += Duration::from_secs(seconds);
    if peer.target.poll_timeout().is_some_and(|at| at <= peer.now) {
        peer.target.handle_timeout(peer.now);
    }
    peer.events
        .extend(std::iter::from_fn(|| peer.target.poll_event()));
}

#[test]
fn who_reads_nothing_for_long_is_closed() {
    let mut peer = unread();
    pass(&mut peer, 59);
    // A single byte is a sign of life.
    peer.target.sent(peer.now, 1);
    pass(&mut peer, 59);
    assert!(peer.closed().is_none());
    pass(&mut peer, 1);
    assert_eq!(peer.closed(), Some(&CloseReason::Stuck));
    let mut kept = unread();
    kept.target.keep_back(true);
    pass(&mut kept, 60);
    pass(&mut kept, 500);
    assert!(kept.closed().is_none(), "the target keeps its answers back");
}
