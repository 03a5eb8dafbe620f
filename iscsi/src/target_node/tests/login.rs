//! Logins that a decent initiator never tries.

use proptest::prelude::*;

use super::*;
use crate::chap::{ChapAlgorithm, ChapError, decode, encode_hex};
use crate::framer::FrameError;
use crate::pdu::{LoginStatus, NopOut};

const OPERATIONAL: LoginFlags = LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE);
const SECURITY: LoginFlags = LoginFlags::transit(Stage::SECURITY, Stage::OPERATIONAL);
const NAMES: [(&str, &str); 2] = [("InitiatorName", "iqn.2026-01.example:host"), ("TargetName", IQN)];

fn open() -> Peer {
    Peer::new(Config::default(), Admission::Accept(Authentication::None))
}

fn chap() -> Peer {
    Peer::new(
        Config::default(),
        Admission::Accept(Authentication::Chap(vec![ChapAlgorithm::Md5])),
    )
}

/// The status of a login that fails at once, and that the connection ends with it.
fn refused(mut peer: Peer, flags: LoginFlags, keys: &[(&str, &str)]) -> LoginStatus {
    let (answer, _) = peer.login(flags, keys);
    assert!(peer.target.wants_close() && matches!(peer.closed(), Some(CloseReason::LoginFailed(_))));
    answer.status
}

#[test]
fn every_kind_of_bad_login_has_its_status() {
    let with = |extra: &[(&'static str, &'static str)]| [&NAMES[..], extra].concat();
    for (flags, keys, status) in [
        (
            OPERATIONAL,
            vec![NAMES[0], ("TargetName", "iqn.2026-01.example:none")],
            LoginStatus::NOT_FOUND,
        ),
        (OPERATIONAL, vec![NAMES[1]], LoginStatus::MISSING_PARAMETER),
        (OPERATIONAL, vec![NAMES[0]], LoginStatus::MISSING_PARAMETER),
        (
            OPERATIONAL,
            with(&[("SessionType", "Strange")]),
            LoginStatus::SESSION_TYPE,
        ),
        (
            OPERATIONAL,
            with(&[("InitiatorName", "iqn.2026-01.example:two")]),
            LoginStatus::INITIATOR_ERROR,
        ),
        (
            OPERATIONAL,
            with(&[("MaxBurstLength", "4096"), ("MaxBurstLength", "4096")]),
            LoginStatus::INITIATOR_ERROR,
        ),
        (
            OPERATIONAL,
            with(&[("SendTargets", "All")]),
            LoginStatus::INITIATOR_ERROR,
        ),
        (
            OPERATIONAL,
            with(&[("CHAP_N", "alice")]),
            LoginStatus::INITIATOR_ERROR,
        ),
        (
            SECURITY,
            with(&[("AuthMethod", "KRB5")]),
            LoginStatus::AUTHENTICATION_FAILURE,
        ),
        (SECURITY, with(&[("CHAP_A", "5")]), LoginStatus::INITIATOR_ERROR),
        (
            LoginFlags::stay(Stage::FULL_FEATURE),
            with(&[]),
            LoginStatus::INITIATOR_ERROR,
        ),
        (
            LoginFlags::transit(Stage::OPERATIONAL, Stage::SECURITY),
            with(&[]),
            LoginStatus::INITIATOR_ERROR,
        ),
    ] {
        assert_eq!(refused(open(), flags, &keys), status, "{keys:?}");
    }
    for (flags, keys) in [
        (OPERATIONAL, with(&[])),
        (SECURITY, with(&[])),
        (SECURITY, with(&[("AuthMethod", "None")])),
    ] {
        assert_eq!(
            refused(chap(), flags, &keys),
            LoginStatus::AUTHENTICATION_FAILURE,
            "{keys:?}"
        );
    }
}

#[test]
fn version_and_session_handle_are_checked_first() {
    for (change, status) in [
        (
            &(|r: &mut LoginRequest| r.version_min = 1) as &dyn Fn(&mut LoginRequest),
            LoginStatus::UNSUPPORTED_VERSION,
        ),
        (&|r: &mut LoginRequest| r.tsih = 9.into(), LoginStatus::NO_SESSION),
    ] {
        let mut peer = open();
        let mut request = peer.login_request(OPERATIONAL);
        change(&mut request);
        assert_eq!(peer.login_with(&request, &NAMES).0.status, status);
    }
}

#[test]
fn what_identifies_the_connection_cannot_change_midway() {
    let mut peer = open();
    let (answer, _) = peer.login(LoginFlags::stay(Stage::OPERATIONAL), &NAMES);
    assert!(answer.status.is_success());
    let mut request = peer.login_request(OPERATIONAL);
    request.isid = crate::Isid([9; 6]);
    assert_eq!(
        peer.login_with(&request, &[]).0.status,
        LoginStatus::INITIATOR_ERROR
    );
}

/// Runs CHAP to the response; gives the challenge, then what `respond` makes of it is sent.
fn chap_with(
    respond: impl FnOnce(u8, &[u8]) -> Vec<(&'static str, String)>,
) -> (Peer, LoginResponse, String) {
    let mut peer = chap();
    let (answer, text) = peer.login(SECURITY, &[&NAMES[..], &[("AuthMethod", "CHAP,None")]].concat());
    assert!(answer.status.is_success() && !answer.flags.contains(LoginFlags::TRANSIT));
    assert!(
        text.contains("AuthMethod=CHAP;") && text.contains("TargetPortalGroupTag=1;"),
        "{text}"
    );
    let (_, text) = peer.login(LoginFlags::stay(Stage::SECURITY), &[("CHAP_A", "7,5")]);
    let value = |key: &str| {
        text.split(';')
            .find_map(|p| p.strip_prefix(key))
            .and_then(|v| v.strip_prefix('='))
            .unwrap()
            .to_owned()
    };
    assert_eq!(value("CHAP_A"), "5");
    let keys = respond(
        value("CHAP_I").parse().unwrap(),
        &decode(&value("CHAP_C")).unwrap(),
    );
    let keys: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let (answer, text) = peer.login(SECURITY, &keys);
    (peer, answer, text)
}

fn response(id: u8, text: &str, challenge: &[u8]) -> String {
    encode_hex(&ChapAlgorithm::Md5.response(id, &secret(text), challenge))
}

fn failure(peer: &Peer) -> ChapError {
    match peer.closed() {
        Some(CloseReason::LoginFailed(LoginFailure::Chap(error))) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn mutual_chap_proves_both() {
    let (peer, answer, text) = chap_with(|id, challenge| {
        vec![
            ("CHAP_N", "alice".into()),
            ("CHAP_R", response(id, "alice-secret", challenge)),
            ("CHAP_I", "9".into()),
            ("CHAP_C", encode_hex(&[5; 16])),
        ]
    });
    assert!(answer.status.is_success() && answer.flags.contains(LoginFlags::TRANSIT));
    assert_eq!(
        text,
        format!("CHAP_N=array;CHAP_R={};", response(9, "array-secret", &[5; 16]))
    );
    assert!(peer.closed().is_none());
}

#[test]
fn unknown_names_and_wrong_secrets_look_the_same() {
    let mut answers = Vec::new();
    for (name, text) in [("alice", "other-secret"), ("mallory", "alice-secret")] {
        let (peer, answer, text) =
            chap_with(|id, c| vec![("CHAP_N", name.into()), ("CHAP_R", response(id, text, c))]);
        assert_eq!(answer.status, LoginStatus::AUTHENTICATION_FAILURE);
        assert_eq!(failure(&peer), ChapError::WrongResponse);
        answers.push((answer.to_bhs(), text));
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn login_rejects_reflected_challenge() {
    let (peer, answer, _) = chap_with(|id, challenge| {
        vec![
            ("CHAP_N", "alice".into()),
            ("CHAP_R", response(id, "alice-secret", challenge)),
            ("CHAP_I", "9".into()),
            ("CHAP_C", encode_hex(challenge)),
        ]
    });
    assert_eq!(answer.status, LoginStatus::AUTHENTICATION_FAILURE);
    assert_eq!(failure(&peer), ChapError::Reflected);
}

#[test]
fn a_half_given_response_is_refused() {
    for keys in [
        vec![("CHAP_N", "alice".to_owned())],
        vec![("CHAP_R", "0x00".to_owned())],
        vec![("CHAP_N", "alice".to_owned()), ("CHAP_R", "zero".to_owned())],
    ] {
        let (_, answer, _) = chap_with(|_, _| keys);
        assert_eq!(answer.status, LoginStatus::AUTHENTICATION_FAILURE);
    }
}

#[test]
fn a_slow_login_is_cut_off() {
    let mut peer = open();
    peer.after(Duration::from_secs(10));
    let (answer, _) = peer.login(LoginFlags::stay(Stage::OPERATIONAL), &NAMES);
    assert!(answer.status.is_success());
    peer.after(Duration::from_secs(4));
    assert!(peer.closed().is_none());
    peer.after(Duration::from_secs(1));
    assert_eq!(
        peer.closed(),
        Some(&CloseReason::LoginTimeout),
        "activity does not prolong it"
    );
}

#[test]
fn an_endless_login_is_cut_off() {
    let mut peer = open();
    let mut answer = peer.login(LoginFlags::stay(Stage::OPERATIONAL), &NAMES).0;
    let mut rounds = 1;
    while answer.status.is_success() {
        answer = peer.login(LoginFlags::stay(Stage::OPERATIONAL), &[]).0;
        rounds += 1;
        assert!(rounds < 100);
    }
    assert_eq!(
        peer.closed(),
        Some(&CloseReason::LoginFailed(LoginFailure::Endless))
    );
}

#[test]
fn a_stranger_gets_no_answer_and_a_login_with_other_requests_does() {
    let mut peer = open();
    assert_eq!(peer.bytes(&[0u8; 48]), []);
    assert_eq!(peer.closed(), Some(&CloseReason::NoLogin));

    let mut peer = open();
    peer.login(LoginFlags::stay(Stage::OPERATIONAL), &NAMES);
    let nop = NopOut {
        opcode: OpcodeByte::immediate(Opcode::NOP_OUT),
        ..NopOut::default()
    };
    match &peer.send(nop.to_bhs(), &[])[..] {
        [(TargetPdu::LoginResponse(answer), _)] => {
            assert_eq!(answer.status, LoginStatus::INVALID_DURING_LOGIN);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_absurd_length_ends_the_connection_before_it_is_read() {
    let mut peer = open();
    let mut header = [0u8; 48];
    header[0] = 0x43;
    header[5..8].copy_from_slice(&[0xff; 3]);
    peer.bytes(&header);
    assert!(matches!(
        peer.closed(),
        Some(CloseReason::Frame(FrameError::TooLong { .. }))
    ));
}

#[test]
fn login_text_in_pieces_is_put_together() {
    let mut peer = open();
    let request = peer.login_request(LoginFlags::stay(Stage::OPERATIONAL) | LoginFlags::CONTINUE);
    let answers = peer.send(request.to_bhs(), b"InitiatorName=iqn.2026-01.exam");
    assert!(
        matches!(&answers[..], [(TargetPdu::LoginResponse(a), text)] if a.status.is_success() && text.is_empty())
    );
    let request = peer.login_request(OPERATIONAL);
    let answers = peer.send(
        request.to_bhs(),
        b"ple:host\0TargetName=iqn.2026-01.example:disk\0",
    );
    assert!(matches!(&answers[..], [(TargetPdu::LoginResponse(a), _)] if a.status.is_success()));
    assert_eq!(
        peer.target.session().unwrap().initiator,
        "iqn.2026-01.example:host"
    );
}

#[test]
fn required_digests_end_a_login_without_them() {
    let mut config = Config {
        require_data_digest: true,
        ..Config::default()
    };
    config.offer.data_digests = vec![Digest::Crc32c];
    for keys in [&[][..], &[("DataDigest", "None")]] {
        let peer = Peer::new(config.clone(), Admission::Accept(Authentication::None));
        assert_eq!(
            refused(peer, OPERATIONAL, &[&NAMES[..], keys].concat()),
            LoginStatus::INITIATOR_ERROR
        );
    }
    let peer = Peer::ready(config, &[("DataDigest", "None,CRC32C")]);
    assert_eq!(peer.params().data_digest, Digest::Crc32c);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        open().bytes(&bytes);
    }

    #[test]
    fn arbitrary_login_text_never_panics(
        text in proptest::collection::vec(any::<u8>(), 0..500), flags in any::<u8>(), more in any::<u8>(),
    ) {
        let mut peer = chap();
        for flags in [flags, more] {
            let request = peer.login_request(LoginFlags(flags));
            peer.send(request.to_bhs(), &text);
        }
    }
}

#[test]
fn a_name_that_is_said_again_is_taken_and_another_is_not() {
    for (name, status) in [
        (NAMES[0].1, LoginStatus::SUCCESS),
        ("iqn.2026-01.example:two", LoginStatus::INITIATOR_ERROR),
    ] {
        let mut peer = open();
        let (answer, _) = peer.login(SECURITY, &[&NAMES[..], &[("AuthMethod", "CHAP,None")]].concat());
        assert_eq!(answer.status, LoginStatus::SUCCESS);
        let (answer, _) = peer.login(OPERATIONAL, &[("InitiatorName", name), NAMES[1]]);
        assert_eq!(answer.status, status, "{name}");
    }
}
