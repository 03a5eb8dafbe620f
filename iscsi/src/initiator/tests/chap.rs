//! The security stage: CHAP both ways, against a peer that does it wrong.

use super::{
    login::{TO_OPERATIONAL, texts},
    peer::{Peer, config},
};
use crate::{
    chap::{ChapAccount, ChapError, ChapSecret, decode},
    initiator::{Auth, Event, LoginFailure},
    pdu::*,
};

fn account(name: &str, secret: &[u8]) -> ChapAccount {
    ChapAccount {
        name: name.into(),
        secret: ChapSecret::new(secret.to_vec()).unwrap(),
    }
}

/// A mutual CHAP login up to the initiator's proof; the peer's challenge is sixteen bytes of 1.
fn mutual() -> (Peer, Vec<String>) {
    let mut config = config();
    let incoming = Some(account("disk", b"incoming secret"));
    let outgoing = account("host", b"outgoing secret");
    config.auth = Auth::Chap {
        outgoing,
        incoming,
        algorithms: Vec::new(),
        optional: false,
    };
    let mut peer = Peer::new(config);
    assert_eq!(peer.login_request().flags, LoginFlags::stay(Stage::SECURITY));
    peer.answer_login(LoginFlags::stay(Stage::SECURITY), b"AuthMethod=CHAP\0");
    assert_eq!(texts(&peer.heard.last().unwrap().1), ["CHAP_A=8,6,5,7"]);
    let text = b"CHAP_A=5\0CHAP_I=9\0CHAP_C=0x01010101010101010101010101010101\0";
    peer.answer_login(LoginFlags::stay(Stage::SECURITY), text);
    let sent = texts(&peer.heard.last().unwrap().1);
    (peer, sent)
}

fn value<'a>(texts: &'a [String], key: &str) -> &'a str {
    texts
        .iter()
        .find_map(|text| text.strip_prefix(key)?.strip_prefix('='))
        .unwrap()
}

fn chap_verdict(answer: impl FnOnce(&[String]) -> String) -> LoginFailure {
    let (mut peer, sent) = mutual();
    let answer = answer(&sent);
    peer.answer_login(TO_OPERATIONAL, answer.as_bytes());
    match &peer.events()[..] {
        [Event::LoginFailed(why)] => *why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_proof_is_md5_of_id_secret_and_challenge() {
    let (peer, sent) = mutual();
    assert_eq!(value(&sent, "CHAP_N"), "host");
    // md5(09 "outgoing secret" 01 * 16), computed with an independent implementation.
    assert_eq!(value(&sent, "CHAP_R"), "0xd1beef127d5b8d31fb764b8b342423e6");
    assert_eq!(decode(value(&sent, "CHAP_C")).unwrap().len(), 32);
    assert_eq!(peer.login_request().flags, TO_OPERATIONAL);
}

#[test]
fn login_rejects_a_reflected_proof_and_every_broken_one() {
    let chap = LoginFailure::Chap;
    let reflected = chap_verdict(|sent| format!("CHAP_N=disk\0CHAP_R={}\0", value(sent, "CHAP_R")));
    assert_eq!(reflected, chap(ChapError::Reflected));
    assert_eq!(
        chap_verdict(|_| String::new()),
        chap(ChapError::Missing("CHAP_R"))
    );
    assert_eq!(
        chap_verdict(|_| "CHAP_N=disk\0".into()),
        chap(ChapError::Missing("CHAP_R"))
    );
    assert_eq!(
        chap_verdict(|_| "CHAP_R=0x00\0".into()),
        chap(ChapError::Missing("CHAP_N"))
    );
    assert_eq!(
        chap_verdict(|_| "CHAP_N=disk\0CHAP_R=zz\0".into()),
        chap(ChapError::Malformed("CHAP_R"))
    );
    assert_eq!(
        chap_verdict(|_| "CHAP_N=disk\0CHAP_R=0x00\0".into()),
        chap(ChapError::WrongResponse)
    );
}

#[test]
fn a_challenge_that_is_none_is_refused() {
    for (text, why) in [
        (&b"CHAP_A=5\0CHAP_I=9\0"[..], ChapError::Missing("CHAP_C")),
        (b"CHAP_A=5\0CHAP_C=0x01\0", ChapError::Missing("CHAP_I")),
        (b"CHAP_I=5\0CHAP_C=0x01\0", ChapError::Missing("CHAP_A")),
        (b"CHAP_A=4\0CHAP_I=9\0CHAP_C=0x01\0", ChapError::NoAlgorithm),
        (
            b"CHAP_A=5\0CHAP_I=256\0CHAP_C=0x01\0",
            ChapError::Malformed("CHAP_I"),
        ),
        (
            b"CHAP_A=5\0CHAP_I=9\0CHAP_C=0xgg\0",
            ChapError::Malformed("CHAP_C"),
        ),
    ] {
        let mut config = config();
        let outgoing = account("host", b"outgoing secret");
        config.auth = Auth::Chap {
            outgoing,
            incoming: None,
            algorithms: Vec::new(),
            optional: false,
        };
        let mut peer = Peer::new(config);
        peer.answer_login(LoginFlags::stay(Stage::SECURITY), b"AuthMethod=CHAP\0");
        peer.answer_login(LoginFlags::stay(Stage::SECURITY), text);
        let events = peer.events();
        assert!(
            matches!(&events[..], [Event::LoginFailed(LoginFailure::Chap(got))] if *got == why),
            "{events:?} {why}"
        );
    }
}

#[test]
fn a_target_cannot_leave_the_security_stage_before_chap_is_done() {
    let mut config = config();
    let outgoing = account("host", b"outgoing secret");
    config.auth = Auth::Chap {
        outgoing,
        incoming: None,
        algorithms: Vec::new(),
        optional: false,
    };
    let mut peer = Peer::new(config);
    peer.answer_login(TO_OPERATIONAL, b"AuthMethod=CHAP\0");
    assert!(matches!(
        peer.events()[..],
        [Event::LoginFailed(LoginFailure::BadField("T bit"))]
    ));
}

#[test]
fn secrets_and_seed_are_not_shown() {
    let mut config = config();
    config.seed = [0xab; 32];
    let outgoing = account("host", b"outgoing secret");
    config.auth = Auth::Chap {
        outgoing,
        incoming: None,
        algorithms: Vec::new(),
        optional: false,
    };
    let shown = format!(
        "{config:?} {:?}",
        Event::LoginFailed(LoginFailure::Chap(ChapError::WrongResponse))
    );
    assert!(
        !shown.contains("outgoing secret") && !shown.contains("171") && !shown.contains("111, 117, 116"),
        "{shown}"
    );
}
