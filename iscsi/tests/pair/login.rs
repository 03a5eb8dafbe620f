//! Logins that fail, are sent elsewhere, or lead to a list of targets.

use std::time::Duration;

use iscsi::{
    chap::{ChapAlgorithm, ChapError},
    initiator::{Auth, Event, FailureKind, LoginFailure, TextFailure},
    pdu::LoginStatus,
    target_node::{self, Admission, TargetRecord},
};

use crate::harness::*;

fn login(auth: Auth, books: Books) -> Pair {
    let mut config = initiator_config();
    config.auth = auth;
    let mut pair = Pair::new(
        config,
        target_node::Config::default(),
        books,
        Cuts::new([13, 100]),
    );
    pair.run();
    pair
}

fn failure(pair: &Pair) -> LoginFailure {
    match &pair.events[..] {
        [Event::LoginFailed(why)] => *why,
        other => panic!("{other:?}"),
    }
}

fn one_way(secret: &str) -> Auth {
    Auth::Chap {
        outgoing: account("host", secret),
        incoming: None,
        algorithms: Vec::new(),
        optional: false,
    }
}

fn mutual(secret: &str) -> Auth {
    Auth::Chap {
        outgoing: account("host", "right secret"),
        incoming: Some(account("disk", secret)),
        algorithms: vec![ChapAlgorithm::Md5],
        optional: false,
    }
}

fn books() -> Books {
    Books::chap(
        &ChapAlgorithm::ALL,
        account("host", "right secret"),
        Some(account("disk", "target secret")),
    )
}

#[test]
fn a_wrong_secret_is_an_authentication_failure() {
    let why = failure(&login(one_way("wrong secret"), books()));
    assert_eq!(
        (why, why.kind()),
        (
            LoginFailure::Refused(LoginStatus::AUTHENTICATION_FAILURE),
            FailureKind::Authentication
        )
    );
    assert!(!why.is_about_algorithms(), "a secret was judged");
}

#[test]
fn a_target_with_the_wrong_secret_is_refused_by_the_initiator() {
    let why = failure(&login(mutual("another secret"), books()));
    assert_eq!(
        (why, why.kind()),
        (
            LoginFailure::Chap(ChapError::WrongResponse),
            FailureKind::Authentication
        )
    );
    assert!(
        login(mutual("target secret"), books())
            .logged_in()
            .is_some_and(|logged_in| logged_in.authenticated)
    );
}

#[test]
fn a_target_with_the_wrong_name_is_refused_by_the_initiator() {
    let mut books = books();
    books.identity = Some(account("impostor", "target secret"));
    assert_eq!(
        failure(&login(mutual("target secret"), books)),
        LoginFailure::Chap(ChapError::WrongName)
    );
}

#[test]
fn the_same_secret_both_ways_never_leaves_the_initiator() {
    let pair = login(mutual("right secret"), books());
    assert_eq!(failure(&pair), LoginFailure::Chap(ChapError::SameSecret));
    assert_eq!(pair.initiator.counters().tx_octets, 0);
}

#[test]
fn no_common_algorithm_or_method_is_an_authentication_failure() {
    let only_sha3 = Books::chap(&[ChapAlgorithm::Sha3_256], account("host", "right secret"), None);
    let auth = Auth::Chap {
        outgoing: account("host", "right secret"),
        incoming: None,
        algorithms: vec![ChapAlgorithm::Md5],
        optional: false,
    };
    let why = failure(&login(auth, only_sha3));
    assert_eq!(
        (why, why.kind()),
        (
            LoginFailure::AlgorithmsRefused(LoginStatus::AUTHENTICATION_FAILURE),
            FailureKind::Authentication
        )
    );
    assert!(why.is_about_algorithms(), "no secret was judged");
    assert_eq!(
        failure(&login(Auth::None, books())).kind(),
        FailureKind::Authentication
    );
}

#[test]
fn optional_chap_does_without() {
    let auth = Auth::Chap {
        outgoing: account("host", "s"),
        incoming: None,
        algorithms: Vec::new(),
        optional: true,
    };
    assert!(
        login(auth, Books::open())
            .logged_in()
            .is_some_and(|logged_in| !logged_in.authenticated)
    );
}

#[test]
fn refusals_keep_class_and_detail() {
    for (status, kind) in [
        (LoginStatus::NOT_FOUND, FailureKind::Other),
        (LoginStatus::AUTHORIZATION_FAILURE, FailureKind::Authorization),
        (LoginStatus::OUT_OF_RESOURCES, FailureKind::Other),
    ] {
        let books = Books {
            admission: Admission::Refuse(status),
            ..Books::open()
        };
        let why = failure(&login(Auth::None, books));
        assert_eq!((why, why.kind()), (LoginFailure::Refused(status), kind));
    }
}

#[test]
fn a_redirection_names_the_new_address() {
    for (address, shown, permanent) in [
        ("10.1.2.3:3261", "10.1.2.3:3261", false),
        ("[fd00::9]:3260", "[fd00::9]:3260", true),
    ] {
        let admission = Admission::Redirect {
            address: address.into(),
            permanent,
        };
        let pair = login(
            Auth::None,
            Books {
                admission,
                ..Books::open()
            },
        );
        let [
            Event::Redirected {
                permanent: got,
                address,
            },
        ] = &pair.events[..]
        else {
            panic!("{:?}", pair.events)
        };
        assert_eq!((*got, address.to_string().as_str()), (permanent, shown));
    }
}

#[test]
fn a_login_tells_alias_tag_and_handle() {
    let config = target_node::Config {
        alias: Some("disk one".into()),
        portal_group: 7,
        tsih: 0x1234,
        ..target_node::Config::default()
    };
    let mut pair = Pair::new(initiator_config(), config, Books::open(), Cuts::new([7]));
    pair.run();
    let logged_in = pair.logged_in().unwrap();
    assert_eq!(logged_in.target_alias.as_deref(), Some("disk one"));
    assert_eq!((logged_in.portal_group_tag, logged_in.tsih), (Some(7), 0x1234));
}

fn discovery(count: usize) -> Pair {
    let mut config = initiator_config();
    config.target_name = None;
    let record = |number| TargetRecord {
        name: format!("iqn.2024-01.example.pair:disk{number}"),
        addresses: vec![
            format!("10.0.0.{}:3260,1", number % 250 + 1),
            "[fd00::1]:3261,2".into(),
        ],
    };
    let books = Books {
        targets: (0..count).map(record).collect(),
        ..Books::open()
    };
    let mut pair = Pair::new(config, target_node::Config::default(), books, Cuts::new([911]));
    pair.run();
    assert!(pair.logged_in().is_some());
    pair.events.clear();
    pair
}

#[test]
fn send_targets_brings_thousands_of_targets_in_many_pdus() {
    for count in [0usize, 1, 3000] {
        let mut pair = discovery(count);
        let asked = pair.initiator.send_targets(pair.now);
        pair.run();
        let [
            Event::Targets {
                tag,
                result: Ok(targets),
            },
        ] = &pair.events[..]
        else {
            panic!("{:?}", pair.events)
        };
        assert_eq!((*tag, targets.targets.len()), (asked, count));
        if let Some(last) = targets.targets.last() {
            assert_eq!(
                last.name.as_str(),
                format!("iqn.2024-01.example.pair:disk{}", count - 1)
            );
            assert_eq!(last.addresses[1].to_string(), "[fd00::1]:3261,2");
        }
        if count == 3000 {
            assert!(pair.initiator.counters().rx.text > 10);
        }
    }
}

#[test]
fn one_text_exchange_runs_at_a_time_and_discovery_takes_no_commands() {
    let mut pair = discovery(1);
    pair.initiator.send_targets(pair.now);
    let second = pair.initiator.send_targets(pair.now);
    let command = pair.test_unit_ready(0);
    pair.run();
    assert_eq!(pair.done(command).0, iscsi::initiator::Outcome::NotSent);
    assert!(pair.events.iter().any(|event| {
        matches!(event, Event::Targets { tag, result: Err(TextFailure::NotSent) } if *tag == second)
    }));
    assert!(
        pair.events
            .iter()
            .any(|event| matches!(event, Event::Targets { result: Ok(_), .. }))
    );
}

#[test]
fn a_silent_target_ends_the_login_in_time() {
    let mut pair = Pair::new(
        initiator_config(),
        target_node::Config::default(),
        Books::open(),
        Cuts::new([13]),
    );
    let start = pair.now;
    let deadline = pair.initiator.poll_timeout().unwrap();
    assert_eq!(deadline - start, Duration::from_secs(15));
    pair.initiator.handle_timeout(deadline - Duration::from_millis(1));
    assert!(pair.initiator.poll_event().is_none());
    pair.initiator.handle_timeout(deadline);
    assert!(matches!(
        pair.initiator.poll_event(),
        Some(Event::LoginFailed(LoginFailure::TimedOut))
    ));
    assert_eq!(pair.initiator.counters().timeout_errors, 1);
    assert!(pair.initiator.wants_close() && pair.initiator.poll_timeout().is_none());
}
