//! Write data: what is solicited, what is refused, what it may cost.

use super::*;
use crate::pdu::RejectReason;

const CHECK: u8 = 0x02;

fn small(keys: &[(&str, &str)]) -> Peer {
    Peer::ready(Config::default(), keys)
}

#[test]
fn exactly_what_is_missing_is_solicited() {
    let mut peer = small(&[
        ("MaxBurstLength", "1024"),
        ("FirstBurstLength", "512"),
        ("MaxOutstandingR2T", "2"),
    ]);
    let answers = peer.command(1, FINAL | WRITE, 4000, &[1; 300]);
    let asked = r2ts(&answers);
    assert_eq!(
        asked.iter().map(|r| (r.1, r.2)).collect::<Vec<_>>(),
        [(300, 1024), (1324, 1024)]
    );
    let answers = peer.data_out(1, asked[0].0, 0, 300, &[2; 1000], false);
    assert!(answers.is_empty(), "the burst is not complete");
    let third = r2ts(&peer.data_out(1, asked[0].0, 1, 1300, &[3; 24], true));
    assert_eq!((third.len(), third[0].1, third[0].2), (1, 2348, 1024));
    let fourth = r2ts(&peer.data_out(1, asked[1].0, 0, 1324, &[4; 1024], true));
    assert_eq!((fourth.len(), fourth[0].1, fourth[0].2), (1, 3372, 628));
    peer.data_out(1, fourth[0].0, 0, 3372, &[6; 628], true);
    assert!(peer.commands().is_empty());
    peer.data_out(1, third[0].0, 0, 2348, &[5; 1024], true);
    let commands = peer.commands();
    assert_eq!(commands.len(), 1);
    let want = [
        vec![1; 300],
        vec![2; 1000],
        vec![3; 24],
        vec![4; 1024],
        vec![5; 1024],
        vec![6; 628],
    ]
    .concat();
    let command = commands.into_iter().next().unwrap();
    assert_eq!(command.data_out.unwrap().into_vec(), want);
}

#[test]
fn unsolicited_data_counts_and_the_rest_is_solicited() {
    let mut peer = small(&[("InitialR2T", "No"), ("FirstBurstLength", "1024")]);
    assert!(
        peer.command(1, WRITE, 3000, &[1; 400]).is_empty(),
        "unsolicited data is awaited"
    );
    assert!(
        peer.data_out(1, RESERVED_TAG, 0, 400, &[2; 200], false)
            .is_empty()
    );
    let asked = r2ts(&peer.data_out(1, RESERVED_TAG, 1, 600, &[2; 424], true));
    assert_eq!((asked.len(), asked[0].1, asked[0].2), (1, 1024, 1976));
    peer.data_out(1, asked[0].0, 0, 1024, &[3; 1976], true);
    assert_eq!(peer.commands().len(), 1);
}

/// The sense codes with which a write of 2000 bytes ends after one bad Data-Out for an R2T of everything.
fn bad(sn: u32, offset: u32, len: usize) -> [u8; 3] {
    let mut peer = small(&[("ImmediateData", "No")]);
    let asked = r2ts(&peer.command(1, FINAL | WRITE, 2000, &[]));
    let answers = peer.data_out(1, asked[0].0, sn, offset, &vec![0; len], true);
    let (response, sense) = ended(&answers).expect("an answer");
    assert_eq!((response.status, response.residual.get()), (CHECK, 2000));
    assert!(peer.commands().is_empty(), "never given to the owner");
    sense
}

#[test]
fn data_out_of_sequence_ends_the_command() {
    assert_eq!(bad(1, 0, 2000), [0x0b, 0x47, 0x05], "DataSN");
    assert_eq!(bad(0, 4, 1996), [0x0b, 0x47, 0x05], "offset");
    assert_eq!(bad(0, 0, 1000), [0x0b, 0x0c, 0x0d], "too little");
    assert_eq!(bad(0, 0, 2004), [0x0b, 0x0c, 0x0d], "too much");
}

#[test]
fn unsolicited_data_that_was_not_agreed_on_ends_the_command() {
    let mut peer = small(&[("ImmediateData", "No")]);
    let (_, sense) = ended(&peer.command(1, FINAL | WRITE, 512, &[0; 512])).unwrap();
    assert_eq!(sense, [0x0b, 0x0c, 0x0c]);
    let (_, sense) = ended(&peer.command(2, FINAL | READ, 512, &[0; 16])).unwrap();
    assert_eq!(sense, [0x0b, 0x0c, 0x0c], "data with a read");
    let mut peer = small(&[("FirstBurstLength", "512")]);
    let (_, sense) = ended(&peer.command(1, FINAL | WRITE, 2048, &[0; 1024])).unwrap();
    assert_eq!(sense, [0x0b, 0x0c, 0x0c], "beyond the first burst");
    let (_, sense) = ended(&peer.command(2, FINAL | WRITE, 100, &[0; 200])).unwrap();
    assert_eq!(sense, [0x0b, 0x0c, 0x0c], "beyond the command");
    assert!(peer.closed().is_none() && peer.commands().is_empty());
}

#[test]
fn a_digest_error_rejects_the_pdu_and_ends_the_command() {
    let mut peer = small(&[("DataDigest", "CRC32C"), ("ImmediateData", "No")]);
    let asked = r2ts(&peer.command(1, FINAL | WRITE, 512, &[]));
    peer.tx.set_digests(Digest::None, Digest::None);
    let pdu = DataOut {
        opcode: Opcode::DATA_OUT.into(),
        flags: DataOut::FINAL,
        itt: 1.into(),
        ttt: asked[0].0.into(),
        ..DataOut::default()
    };
    assert!(
        peer.send(pdu.to_bhs(), &[0; 512]).is_empty(),
        "the digest is still to come"
    );
    let answers = peer.bytes(&[0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(rejects(&answers), [RejectReason::DATA_DIGEST_ERROR]);
    assert_eq!(ended(&answers).unwrap().1, [0x0b, 0x47, 0x05]);
}

#[test]
fn a_damaged_command_is_thrown_away_and_its_number_awaited() {
    let mut peer = small(&[("DataDigest", "CRC32C"), ("ImmediateData", "Yes")]);
    let sn = peer.cmd_sn;
    peer.tx.set_digests(Digest::None, Digest::None);
    assert!(
        peer.command(1, FINAL | WRITE, 512, &[7; 512]).is_empty(),
        "the digest is still to come"
    );
    let answers = peer.bytes(&[0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(rejects(&answers), [RejectReason::DATA_DIGEST_ERROR]);
    assert!(ended(&answers).is_none() && peer.commands().is_empty());
    assert_eq!(peer.target.exp_cmd_sn, sn);
    // The command again, whole this time; what came after it waited.
    peer.command(2, FINAL | READ, 0, &[]);
    assert!(peer.commands().is_empty());
    peer.tx.set_digests(Digest::None, Digest::Crc32c);
    peer.command_sn(sn, 1, FINAL | WRITE, 512, &[8; 512]);
    let commands = peer.commands();
    assert_eq!(commands.len(), 2);
    let first = commands.into_iter().next().unwrap();
    assert_eq!(first.data_out.unwrap().into_vec(), [8; 512]);
    assert_eq!(peer.target.buffered, 512, "the thrown away one costs nothing");
}

#[test]
fn claimed_lengths_cost_no_memory() {
    let mut peer = small(&[("ImmediateData", "No")]);
    let (response, sense) = ended(&peer.command(1, FINAL | WRITE, u32::MAX, &[])).unwrap();
    assert_eq!((response.status, sense), (CHECK, [0x05, 0x24, 0x00]));
    let (_, sense) = ended(&peer.command(2, FINAL | READ | WRITE, 512, &[])).unwrap();
    assert_eq!(sense, [0x05, 0x24, 0x00], "bidirectional");
    let each = 16 << 20;
    for itt in 3..7 {
        assert!(ended(&peer.command(itt, FINAL | WRITE, each, &[])).is_none());
    }
    assert_eq!(peer.target.config.pool.lent(), 0, "no data came");
    let (response, _) = ended(&peer.command(7, FINAL | WRITE, each, &[])).unwrap();
    assert_eq!(response.status, 0x28, "TASK SET FULL beyond the budget");
    peer.target.abort_tasks(None);
    assert!(
        ended(&peer.command(8, FINAL | WRITE, each, &[])).is_none(),
        "aborted tasks give their memory back"
    );
}

#[test]
fn data_for_nobody_is_read_and_forgotten() {
    let mut peer = small(&[]);
    assert!(peer.data_out(99, RESERVED_TAG, 0, 0, &[0; 5000], true).is_empty());
    assert!(peer.data_out(99, 1234, 7, 1 << 30, &[0; 5000], true).is_empty());
    peer.command(1, FINAL | READ, 512, &[]);
    assert!(peer.data_out(1, RESERVED_TAG, 0, 0, &[0; 512], true).is_empty());
    assert_eq!(peer.commands().len(), 1);
    assert!(peer.closed().is_none());
}

/// As `Peer::command`, without reading answers.
fn command_unread(peer: &mut Peer, itt: u32, expected: u32) {
    let sn = peer.cmd_sn;
    peer.cmd_sn = sn.wrapping_add(1);
    let command = ScsiCommand {
        opcode: Opcode::SCSI_COMMAND.into(),
        flags: CommandFlags(FINAL | READ),
        itt: itt.into(),
        expected_length: expected.into(),
        cmd_sn: sn.into(),
        ..ScsiCommand::default()
    };
    for byte in zerocopy::IntoBytes::as_bytes(&command.to_bhs()) {
        peer.target.read_slot()[0] = *byte;
        peer.target.received(peer.now, 1);
    }
}

#[test]
fn commands_that_come_while_the_longest_reply_waits_are_taken_in() {
    let mut peer = Peer::ready(Config::default(), &[]);
    let longest = Config::default().max_transfer;
    let expected = u32::try_from(longest).unwrap();
    command_unread(&mut peer, 1, expected);
    let Some(Event::Command(first)) = peer.target.poll_event() else {
        panic!("no command")
    };
    let data = Completion {
        data: Some(Box::new(vec![1; longest])),
        transfer: longest as u64,
        ..Completion::status(0)
    };
    peer.target.complete(first.task, data);
    for itt in 2..40 {
        command_unread(&mut peer, itt, expected);
    }
    assert!(peer.target.poll_event().is_none(), "one reply at a time");
    peer.answers();
    assert_eq!(peer.commands().len(), 38);
    assert!(peer.closed().is_none());
}

#[test]
fn commands_are_held_back_while_nothing_is_read() {
    let config = Config {
        max_queued: 4096,
        ..Config::default()
    };
    let mut peer = Peer::ready(config, &[]);
    for itt in 1..=3 {
        command_unread(&mut peer, itt, 8192);
    }
    let Some(Event::Command(first)) = peer.target.poll_event() else {
        panic!("no command")
    };
    let data = Completion {
        data: Some(Box::new(vec![1; 8192])),
        transfer: 8192,
        ..Completion::status(0)
    };
    peer.target.complete(first.task, data);
    assert!(peer.target.poll_event().is_none(), "8 KiB wait to be sent");
    peer.answers();
    assert_eq!(peer.commands().len(), 2, "all given once the queue is empty");
}
