//! What newer suites ask of a target (SendTargets, NOP-Out, CHAP, logout during I/O) and what none does (digests, negotiation, R2T and
//! immediate data, redirect), said PDU by PDU over TCP.

use std::collections::BTreeSet;

use emu_array::{Accounts, Fault};
use iscsi::chap::{ChapAlgorithm, ChapSecret};
use iscsi::pdu::{
    BHS_LEN, Bhs, CommandFlags, DataOut, LoginFlags, LoginStatus, Opcode, R2t, RESERVED_TAG, RejectReason,
    ScsiCommand, Stage, TargetPdu,
};

use super::host::{Host, IQN, config, pattern, serve, target_config};
use super::raw::Raw;

const WRITE: CommandFlags = CommandFlags::WRITE;
const READ: CommandFlags = CommandFlags::READ;
const FINAL: CommandFlags = CommandFlags::FINAL;

fn text_of(raw: &mut Raw) -> String {
    match raw.hear() {
        (TargetPdu::TextResponse(_), text) => String::from_utf8(text).unwrap().replace('\0', ";"),
        other => panic!("{other:?}"),
    }
}

fn pong(raw: &mut Raw, itt: u32) -> Vec<u8> {
    match raw.hear() {
        (TargetPdu::NopIn(pdu), data) => {
            assert_eq!((pdu.itt.get(), pdu.ttt.get()), (itt, RESERVED_TAG));
            data
        }
        other => panic!("{other:?}"),
    }
}

fn status(raw: &mut Raw, itt: u32) -> (u8, Vec<u8>) {
    match raw.hear() {
        (TargetPdu::ScsiResponse(pdu), sense) => {
            assert_eq!(pdu.itt.get(), itt);
            (pdu.status, sense)
        }
        other => panic!("{other:?}"),
    }
}

fn asked(raw: &mut Raw) -> (u32, u32, u32) {
    match raw.hear() {
        (
            TargetPdu::R2t(R2t {
                ttt,
                buffer_offset,
                desired_length,
                ..
            }),
            _,
        ) => (ttt.get(), buffer_offset.get(), desired_length.get()),
        other => panic!("{other:?}"),
    }
}

fn data_out(itt: u32, ttt: u32, sn: u32, offset: u32, last: bool) -> Bhs {
    DataOut {
        opcode: Opcode::DATA_OUT.into(),
        flags: if last { DataOut::FINAL } else { 0 },
        itt: itt.into(),
        ttt: ttt.into(),
        data_sn: sn.into(),
        buffer_offset: offset.into(),
        ..DataOut::default()
    }
    .to_bhs()
}

#[test]
fn send_targets_lists_all_one_or_none() {
    let mut settings = target_config();
    let other = "iqn.2026-11.org.example:other";
    settings.extra_targets.push(other.to_owned());
    let target = serve(settings);
    let portal = target.portal();
    let keys = [
        ("InitiatorName", "iqn.2026-11.org.example:raw"),
        ("SessionType", "Discovery"),
    ];
    let (mut raw, _) = Raw::login_as(portal, &keys);
    let entry = |name: &str| format!("TargetName={name};TargetAddress={portal},1;");
    raw.text("SendTargets=All\0");
    assert_eq!(text_of(&mut raw), entry(IQN) + &entry(other));
    raw.text(&format!("SendTargets={other}\0"));
    assert_eq!(text_of(&mut raw), entry(other));
    raw.text("SendTargets=iqn.2026-11.org.example:nobody\0");
    assert_eq!(text_of(&mut raw), "", "nobody has no portal");
    raw.text("SendTargets=\0");
    assert_eq!(
        text_of(&mut raw),
        "SendTargets=Reject;",
        "a discovery session has no target of its own"
    );
    raw.text("sendtargets=All\0");
    assert_eq!(
        text_of(&mut raw),
        "sendtargets=NotUnderstood;",
        "keys have their case"
    );
    // In a normal session, its own portals.
    let (mut raw, _) = Raw::login(portal, &[]);
    raw.text("SendTargets=\0");
    assert_eq!(text_of(&mut raw), entry(IQN));
}

#[test]
fn pings_come_back_with_their_data_in_order() {
    let target = serve(target_config());
    let (mut raw, _) = Raw::login(target.portal(), &[]);
    raw.ping(1, true, b"");
    assert_eq!(pong(&mut raw, 1), b"");
    let data = pattern(4096, 1);
    raw.ping(2, false, &data);
    assert_eq!(pong(&mut raw, 2), data);
    for itt in 10..42 {
        raw.ping(itt, itt % 2 == 0, &itt.to_be_bytes());
    }
    for itt in 10u32..42 {
        assert_eq!(pong(&mut raw, itt), itt.to_be_bytes());
    }
    // One that wants no answer gets none.
    raw.ping(RESERVED_TAG, true, b"quiet");
    raw.ping(50, true, b"loud");
    assert_eq!(pong(&mut raw, 50), b"loud");
}

#[test]
fn the_answer_to_a_ping_is_no_longer_than_was_declared() {
    let target = serve(target_config());
    let (mut raw, _) = Raw::login(target.portal(), &[("MaxRecvDataSegmentLength", "512")]);
    let data = pattern(2000, 2);
    raw.ping(1, true, &data);
    assert_eq!(pong(&mut raw, 1), data[..512]);
}

/// Logs in with CHAP (MD5) up to the answer to the proof, which is made by the closure from identifier and challenge.
fn chap(raw: &mut Raw, name: &str, proof: impl FnOnce(u8, &[u8]) -> String, twice: bool) -> LoginStatus {
    let stay = LoginFlags::stay(Stage::SECURITY);
    let names = [
        ("InitiatorName", "iqn.2026-11.org.example:raw"),
        ("TargetName", IQN),
        ("AuthMethod", "CHAP"),
    ];
    let (response, _) = raw.login_step(stay, &names);
    assert!(response.status.is_success());
    let (_, text) = raw.login_step(stay, &[("CHAP_A", "5")]);
    let value = |key: &str| {
        let value = text.split(';').find_map(|pair| pair.strip_prefix(key));
        value.unwrap().to_owned()
    };
    let hex = value("CHAP_C=0x");
    let challenge: Vec<u8> = (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    let proof = proof(value("CHAP_I=").parse().unwrap(), &challenge);
    let mut pairs = vec![("CHAP_N", name), ("CHAP_R", proof.as_str())];
    if twice {
        pairs.push(("CHAP_R", proof.as_str()));
    }
    let flags = LoginFlags::transit(Stage::SECURITY, Stage::FULL_FEATURE);
    raw.login_step(flags, &pairs).0.status
}

fn md5(secret: &str) -> impl Fn(u8, &[u8]) -> String {
    let secret = ChapSecret::new(secret.as_bytes().to_vec()).unwrap();
    move |id, challenge| {
        let bytes = ChapAlgorithm::Md5.response(id, &secret, challenge);
        bytes
            .iter()
            .fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

#[test]
fn chap_takes_the_right_proof_once_and_nothing_like_it() {
    let mut settings = target_config();
    settings.accounts = Accounts::parse("alice:alice-secret-12\n").unwrap();
    settings.chap_delay = std::time::Duration::ZERO;
    let target = serve(settings);
    let right = md5("alice-secret-12");
    let mut said = String::new();
    let login = |name: &str, proof: &dyn Fn(u8, &[u8]) -> String, twice: bool| {
        chap(&mut Raw::connect(target.portal()), name, proof, twice)
    };
    let first = chap(
        &mut Raw::connect(target.portal()),
        "alice",
        |id, challenge| {
            said = right(id, challenge);
            said.clone()
        },
        false,
    );
    assert!(first.is_success());
    let refused = LoginStatus::AUTHENTICATION_FAILURE;
    assert_eq!(
        login("alice", &|_, _| said.clone(), false),
        refused,
        "a proof of yesterday"
    );
    assert_eq!(login("alice", &md5("alice-secret-13"), false), refused);
    assert_eq!(login("Alice", &right, false), refused, "names have their case");
    assert_eq!(login("bob", &right, false), refused);
    assert_eq!(login("", &right, false), refused);
    assert_eq!(login("alice", &|_, _| "0x".to_owned(), false), refused);
    let truncated = |id: u8, challenge: &[u8]| right(id, challenge)[..32].to_owned();
    assert_eq!(login("alice", &truncated, false), refused);
    assert!(
        !login("alice", &right, true).is_success(),
        "a key that comes twice"
    );
    assert!(
        login("alice", &right, false).is_success(),
        "the account still works"
    );
}

#[test]
fn a_logout_during_io_ends_every_command_or_answers_it_once() {
    let target = serve(target_config());
    for round in 0..8u32 {
        let (mut raw, _) = Raw::login(target.portal(), &[("ImmediateData", "Yes")]);
        raw.settle();
        let mut bytes = Vec::new();
        for itt in 0..48 {
            let (flags, data) = match itt % 3 {
                0 => (FINAL | READ, Vec::new()),
                1 => (FINAL | WRITE, pattern(4096, itt as usize)),
                // Its data never comes.
                _ => (FINAL | WRITE, Vec::new()),
            };
            let command = raw.command(itt, flags, 4096);
            bytes.extend(raw.bytes_of(command, &data));
        }
        raw.write(&bytes);
        raw.logout();
        let mut answered = BTreeSet::new();
        loop {
            match raw.hear() {
                (TargetPdu::LogoutResponse(response), _) => {
                    assert_eq!(response.itt.get(), 71);
                    break;
                }
                (TargetPdu::R2t(r2t), _) => assert_eq!(r2t.itt.get() % 3, 2),
                (TargetPdu::DataIn(pdu), _) => assert!(answered.insert(pdu.itt.get())),
                (TargetPdu::ScsiResponse(pdu), _) => assert!(answered.insert(pdu.itt.get())),
                other => panic!("round {round}: {other:?}"),
            }
        }
        assert!(raw.listen().is_none(), "nothing follows a logout");
        assert!(answered.iter().all(|itt| itt % 3 != 2));
    }
    let mut host = Host::login(target.portal(), config(1));
    host.ready(0);
    assert_eq!(host.read(0, 0, 4096).len(), 4096);
    assert_eq!(target.sessions().unwrap(), 1);
}

#[test]
fn a_wrong_digest_on_the_wire_costs_a_command_or_the_connection() {
    let target = serve(target_config());
    let keys = [
        ("HeaderDigest", "CRC32C"),
        ("DataDigest", "CRC32C"),
        ("ImmediateData", "No"),
    ];
    let (mut raw, _) = Raw::login(target.portal(), &keys);
    raw.settle();
    let command = raw.command(1, FINAL | WRITE, 512);
    raw.say(command, b"");
    let (ttt, offset, len) = asked(&mut raw);
    assert_eq!((offset, len), (0, 512));
    let mut bytes = raw.bytes_of(data_out(1, ttt, 0, 0, true), &[7; 512]);
    bytes[BHS_LEN + 4 + 17] ^= 0x20;
    raw.write(&bytes);
    match raw.hear() {
        (TargetPdu::Reject(reject), header) => {
            assert_eq!(reject.reason, RejectReason::DATA_DIGEST_ERROR);
            assert_eq!(header, bytes[..BHS_LEN]);
        }
        other => panic!("{other:?}"),
    }
    let (status_, sense) = status(&mut raw, 1);
    assert_eq!((status_, sense[4], sense[14], sense[15]), (2, 0x0b, 0x47, 0x05));
    // The command again, whole.
    let command = raw.command(2, FINAL | WRITE, 512);
    raw.say(command, b"");
    let (ttt, ..) = asked(&mut raw);
    raw.say(data_out(2, ttt, 0, 0, true), &[7; 512]);
    assert_eq!(status(&mut raw, 2).0, 0);
    // A header that cannot be trusted ends the connection, and nothing else.
    let command = raw.command(3, FINAL | READ, 512);
    let mut bytes = raw.bytes_of(command, b"");
    bytes[33] ^= 1;
    raw.write(&bytes);
    assert!(raw.listen().is_none());
    let mut host = Host::login(target.portal(), config(1));
    host.ready(0);
    assert_eq!(host.read(0, 0, 512), [7; 512]);
}

#[test]
fn negotiation_gives_each_key_its_result() {
    let target = serve(target_config());
    for (asked, want) in [
        ("MaxConnections=8", "MaxConnections=1;"),
        ("ErrorRecoveryLevel=2", "ErrorRecoveryLevel=0;"),
        ("InitialR2T=No", "InitialR2T=No;"),
        ("InitialR2T=Yes", "InitialR2T=Yes;"),
        ("ImmediateData=No", "ImmediateData=No;"),
        ("MaxBurstLength=512", "MaxBurstLength=512;"),
        ("DataPDUInOrder=No", "DataPDUInOrder=Yes;"),
        ("HeaderDigest=CRC32C,None", "HeaderDigest=CRC32C;"),
        ("HeaderDigest=None,CRC32C", "HeaderDigest=None;"),
        ("HeaderDigest=X-none,CRC32C", "HeaderDigest=CRC32C;"),
        ("MaxBurstLength=511", "MaxBurstLength=Reject;"),
        ("ImmediateData=Maybe", "ImmediateData=Reject;"),
        ("X-org.example.speed=fast", "X-org.example.speed=NotUnderstood;"),
        ("IFMarker=Yes", "IFMarker="),
    ] {
        let (_, text) = Raw::login(target.portal(), &[asked.split_once('=').unwrap()]);
        assert!(text.contains(want), "{asked}: {text}");
    }
}

#[test]
fn what_is_solicited_and_what_is_not_follows_the_agreement() {
    let target = serve(target_config());
    let all = pattern(8192, 5);
    for (immediate, initial_r2t) in [("Yes", "Yes"), ("Yes", "No"), ("No", "Yes"), ("No", "No")] {
        let keys = [
            ("ImmediateData", immediate),
            ("InitialR2T", initial_r2t),
            ("FirstBurstLength", "2048"),
            ("MaxBurstLength", "4096"),
        ];
        let (mut raw, _) = Raw::login(target.portal(), &keys);
        raw.settle();
        let first = if immediate == "Yes" { 512 } else { 0 };
        let unsolicited = if initial_r2t == "No" { 2048 } else { first };
        let flags = if initial_r2t == "No" { WRITE } else { FINAL | WRITE };
        let command = raw.command(9, flags, all.len());
        raw.say(command, &all[..first]);
        if unsolicited > first {
            let pdu = data_out(9, RESERVED_TAG, 0, first as u32, true);
            raw.say(pdu, &all[first..unsolicited]);
        }
        let mut sent = unsolicited;
        while sent < all.len() {
            let (ttt, offset, len) = asked(&mut raw);
            let (offset, end) = (offset as usize, (offset + len) as usize);
            assert!(
                offset == sent && len as usize == (all.len() - sent).min(4096),
                "{keys:?}"
            );
            let half = offset + len as usize / 2;
            raw.say(data_out(9, ttt, 0, offset as u32, false), &all[offset..half]);
            raw.say(data_out(9, ttt, 1, half as u32, true), &all[half..end]);
            sent = end;
        }
        assert_eq!(status(&mut raw, 9).0, 0, "{keys:?}");
        let command = raw.command(10, FINAL | READ, all.len());
        raw.say(command, b"");
        let mut read = Vec::new();
        while read.len() < all.len() {
            let (pdu, data) = raw.hear();
            assert!(matches!(pdu, TargetPdu::DataIn(_)), "{pdu:?}");
            read.extend(data);
        }
        assert_eq!(read, all, "{keys:?}");
    }
}

#[test]
fn a_command_that_repeats_a_number_is_not_carried_out_twice() {
    let target = serve(target_config());
    let (mut raw, _) = Raw::login(target.portal(), &[]);
    raw.settle();
    let command = ScsiCommand::from_bhs(&raw.command(1, FINAL | READ, 512));
    raw.say(command.to_bhs(), b"");
    assert!(matches!(raw.hear().0, TargetPdu::DataIn(_)));
    raw.say(command.to_bhs(), b"");
    raw.ping(2, true, b"");
    assert_eq!(pong(&mut raw, 2), b"");
}

#[test]
fn a_redirect_names_the_address_and_its_kind() {
    let target = serve(target_config());
    for (permanent, want) in [(false, LoginStatus::new(1, 1)), (true, LoginStatus::new(1, 2))] {
        let to = "[fe80::7]:3261".parse().unwrap();
        target.fault(&Fault::Redirect(to, permanent)).unwrap();
        let mut raw = Raw::connect(target.portal());
        let pairs = [
            ("InitiatorName", "iqn.2026-11.org.example:raw"),
            ("TargetName", IQN),
        ];
        let flags = LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE);
        let (response, text) = raw.login_step(flags, &pairs);
        assert_eq!(response.status, want);
        assert!(text.contains("TargetAddress=[fe80::7]:3261"), "{text}");
        assert!(raw.listen().is_none(), "the connection ends with the answer");
    }
}
