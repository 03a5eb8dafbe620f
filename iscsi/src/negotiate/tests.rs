//! The table against the RFC, and both sides against each other.

use proptest::prelude::*;

use super::*;
use crate::{
    digest::Digest,
    text::{TextWriter, pairs},
};

#[test]
fn the_table_has_every_key_in_order() {
    for (at, key) in Key::ALL.iter().enumerate() {
        assert_eq!(*key as usize, at);
        assert_eq!(key.spec().key, *key);
        assert_eq!(Key::from_name(key.name()), Some(*key));
    }
    assert_eq!(Key::from_name("headerdigest"), None);
}

#[test]
fn defaults_are_those_of_the_rfc() {
    let params = Params::default();
    let want = Params {
        header_digest: Digest::None,
        data_digest: Digest::None,
        max_connections: 1,
        initial_r2t: true,
        immediate_data: true,
        max_recv_data_segment: 8192,
        max_xmit_data_segment: 8192,
        max_burst: 262_144,
        first_burst: 65_536,
        time2wait: 2,
        time2retain: 20,
        max_outstanding_r2t: 1,
        data_pdu_in_order: true,
        data_sequence_in_order: true,
        error_recovery_level: 0,
        protocol_level: 1,
    };
    assert_eq!(params, want);
}

fn target() -> Negotiation {
    Negotiation::new(Side::Target, SessionType::Normal, Offer::default())
}

/// What a side answers to one pair.
fn answer(side: &mut Negotiation, key: &str, value: &str) -> String {
    let mut out = TextWriter::new();
    side.take(key, value, &mut out).unwrap();
    String::from_utf8(out.as_bytes().to_vec())
        .unwrap()
        .replace('\0', ";")
}

#[test]
fn answers_follow_type_and_result_function() {
    for (key, value, want) in [
        ("HeaderDigest", "CRC32C,None", "HeaderDigest=CRC32C;"),
        ("HeaderDigest", "X-mine,None", "HeaderDigest=None;"),
        ("DataDigest", "X-mine", "DataDigest=Reject;"),
        ("InitialR2T", "No", "InitialR2T=Yes;"),
        ("ImmediateData", "No", "ImmediateData=No;"),
        ("ImmediateData", "yes", "ImmediateData=Reject;"),
        ("MaxBurstLength", "16776192", "MaxBurstLength=262144;"),
        ("MaxBurstLength", "511", "MaxBurstLength=Reject;"),
        ("MaxBurstLength", "0x1000", "MaxBurstLength=4096;"),
        ("MaxBurstLength", "+4096", "MaxBurstLength=Reject;"),
        ("DefaultTime2Wait", "0", "DefaultTime2Wait=2;"),
        ("DefaultTime2Retain", "0", "DefaultTime2Retain=0;"),
        ("ErrorRecoveryLevel", "2", "ErrorRecoveryLevel=0;"),
        ("ErrorRecoveryLevel", "3", "ErrorRecoveryLevel=Reject;"),
        ("MaxConnections", "8", "MaxConnections=1;"),
        ("MaxRecvDataSegmentLength", "65536", ""),
        ("iSCSIProtocolLevel", "2", "iSCSIProtocolLevel=1;"),
        ("TaskReporting", "FastAbort,RFC3720", "TaskReporting=RFC3720;"),
        ("OFMarker", "Yes", "OFMarker=No;"),
        ("IFMarkInt", "1~2048", "IFMarkInt=Reject;"),
        ("X-com.example", "1", "X-com.example=NotUnderstood;"),
        ("Y", "NotUnderstood", ""),
    ] {
        assert_eq!(answer(&mut target(), key, value), want, "{key}={value}");
    }
}

#[test]
fn a_discovery_session_finds_data_keys_irrelevant() {
    let mut target = Negotiation::new(Side::Target, SessionType::Discovery, Offer::default());
    assert_eq!(answer(&mut target, "InitialR2T", "No"), "InitialR2T=Irrelevant;");
    assert_eq!(answer(&mut target, "HeaderDigest", "None"), "HeaderDigest=None;");
    let mut out = TextWriter::new();
    let mut initiator = Negotiation::new(Side::Initiator, SessionType::Discovery, Offer::default());
    initiator.offers(&mut out);
    let text = String::from_utf8(out.as_bytes().to_vec()).unwrap();
    assert!(
        text.contains("HeaderDigest=") && text.contains("MaxRecvData") && !text.contains("MaxBurst"),
        "{text}"
    );
}

#[test]
fn misuse_is_refused_by_name() {
    let mut out = TextWriter::new();
    let mut side = target();
    side.take("MaxBurstLength", "4096", &mut out).unwrap();
    assert_eq!(
        side.take("MaxBurstLength", "4096", &mut out),
        Err(NegotiationError::Twice(Key::MaxBurstLength))
    );
    assert_eq!(
        side.take("TargetAlias", "x", &mut out),
        Err(NegotiationError::WrongSender(Key::TargetAlias))
    );
    assert_eq!(
        side.take("TargetName", "x", &mut out),
        Ok(Taken::Caller(Key::TargetName))
    );
    let declared = side.take("MaxRecvDataSegmentLength", "100", &mut out);
    assert_eq!(
        declared,
        Err(NegotiationError::BadValue(Key::MaxRecvDataSegmentLength))
    );
}

#[test]
fn an_initiator_checks_answers() {
    let start = || {
        let mut side = Negotiation::new(
            Side::Initiator,
            SessionType::Normal,
            Offer {
                header_digests: vec![Digest::Crc32c],
                ..Offer::default()
            },
        );
        side.offers(&mut TextWriter::new());
        side
    };
    let mut out = TextWriter::new();
    assert_eq!(
        start().take("HeaderDigest", "None", &mut out),
        Err(NegotiationError::BadValue(Key::HeaderDigest))
    );
    assert_eq!(
        start().take("HeaderDigest", "Reject", &mut out),
        Err(NegotiationError::Rejected(Key::HeaderDigest))
    );
    assert_eq!(
        start().take("MaxBurstLength", "1", &mut out),
        Err(NegotiationError::BadValue(Key::MaxBurstLength))
    );
    let mut side = start();
    side.take("MaxConnections", "Irrelevant", &mut out).unwrap();
    assert_eq!(
        side.finish(),
        Err(NegotiationError::Unanswered(Key::HeaderDigest))
    );
    assert!(out.as_bytes().is_empty(), "answers are not answered");
}

/// What an initiator with these wishes makes of one answer.
fn answered(
    change: impl FnOnce(&mut Offer),
    key: &str,
    value: &str,
) -> Result<Negotiation, NegotiationError> {
    let mut offer = Offer::default();
    change(&mut offer);
    let mut side = Negotiation::new(Side::Initiator, SessionType::Normal, offer);
    side.offers(&mut TextWriter::new());
    side.take(key, value, &mut TextWriter::new())?;
    Ok(side)
}

#[test]
fn a_refused_key_keeps_its_default_if_that_will_do() {
    let rejected = |key| Err(NegotiationError::Rejected(key));
    let with = |change: fn(&mut Offer), key: Key, value| answered(change, key.name(), value).map(|_| ());
    for value in [REJECT, NOT_UNDERSTOOD] {
        assert_eq!(with(|_| {}, Key::HeaderDigest, value), Ok(()));
        assert_eq!(with(|_| {}, Key::MaxBurstLength, value), Ok(()));
        assert_eq!(
            with(|o| o.params.max_burst = 1 << 20, Key::MaxBurstLength, value),
            Ok(()),
            "the default is less"
        );
        assert_eq!(
            with(|o| o.params.max_burst = 4096, Key::MaxBurstLength, value),
            rejected(Key::MaxBurstLength)
        );
        assert_eq!(
            with(|o| o.params.initial_r2t = false, Key::InitialR2T, value),
            Ok(())
        );
        assert_eq!(
            with(|o| o.params.immediate_data = false, Key::ImmediateData, value),
            rejected(Key::ImmediateData)
        );
        assert_eq!(
            with(|o| o.params.time2retain = 0, Key::DefaultTime2Retain, value),
            Ok(())
        );
    }
    for value in [REJECT, NOT_UNDERSTOOD, IRRELEVANT] {
        assert_eq!(
            with(|o| o.data_digests = vec![Digest::Crc32c], Key::DataDigest, value),
            rejected(Key::DataDigest),
            "a digest that is a must is not given up"
        );
    }
    assert_eq!(
        with(|o| o.params.first_burst = 4096, Key::FirstBurstLength, IRRELEVANT),
        Ok(())
    );
}

#[test]
fn a_boolean_that_settles_the_result_needs_no_answer() {
    let settle = |initial_r2t, immediate_data| {
        let mut offer = Offer::default();
        (offer.params.initial_r2t, offer.params.immediate_data) = (initial_r2t, immediate_data);
        offer.params.data_pdu_in_order = true;
        let mut side = Negotiation::new(Side::Initiator, SessionType::Normal, offer);
        let mut out = TextWriter::new();
        side.offers(&mut out);
        for pair in pairs(out.as_bytes()) {
            let (key, value) = pair.unwrap();
            if parse_bool(value).is_none() {
                let value = value.split(',').next().unwrap();
                side.take(key, value, &mut TextWriter::new()).unwrap();
            }
        }
        side.finish()
            .map(|params| (params.initial_r2t, params.immediate_data))
    };
    assert_eq!(settle(true, false), Ok((true, false)));
    assert_eq!(
        settle(false, false),
        Err(NegotiationError::Unanswered(Key::InitialR2T))
    );
    assert_eq!(
        settle(true, true),
        Err(NegotiationError::Unanswered(Key::ImmediateData))
    );
}

#[test]
fn after_the_login_only_what_may_change_is_taken() {
    for key in Key::ALL.iter().copied() {
        let mut side = Negotiation::resume(Side::Initiator, SessionType::Normal, Params::default());
        let mut out = TextWriter::new();
        let taken = side.take(key.name(), "1024", &mut out);
        let any = matches!(key.spec().phase, Phase::Any | Phase::FullFeature);
        let foreign = key.spec().sender == Sender::Initiator;
        let refused = String::from_utf8_lossy(out.as_bytes()).into_owned();
        match (foreign, any) {
            (true, _) => assert_eq!(taken, Err(NegotiationError::WrongSender(key))),
            (false, true) => assert_eq!(refused, "", "{key}"),
            (false, false) => assert_eq!(refused, format!("{key}=Reject\0")),
        }
        let burst = side.params().max_burst;
        assert_eq!(burst, Params::default().max_burst);
        let changed = side.params().max_xmit_data_segment == 1024;
        assert_eq!(changed, key == Key::MaxRecvDataSegmentLength, "{key}");
    }
}

#[test]
fn every_key_has_its_stage() {
    use crate::pdu::Stage;
    for key in Key::ALL.iter().copied() {
        let chap = key.name().starts_with("CHAP_") || key == Key::AuthMethod;
        let who = [
            "SessionType",
            "InitiatorName",
            "TargetName",
            "TargetAddress",
            "InitiatorAlias",
            "TargetAlias",
            "TargetPortalGroupTag",
            "X#NodeArchitecture",
        ]
        .contains(&key.name());
        assert_eq!(key.spec().may_come_in(Stage::SECURITY), chap || who, "{key}");
        assert_eq!(key.spec().may_come_in(Stage::OPERATIONAL), !chap, "{key}");
    }
}

fn offer() -> impl Strategy<Value = Offer> {
    let digests = || {
        prop_oneof![
            Just(vec![Digest::None]),
            Just(vec![Digest::Crc32c, Digest::None]),
            Just(vec![Digest::None, Digest::Crc32c])
        ]
    };
    let numbers = (
        512u32..=262_144,
        512u32..=262_144,
        0u32..=3600,
        0u32..=3600,
        1u32..=8,
        512u32..=65536,
    );
    (digests(), digests(), any::<(bool, bool, bool, bool)>(), numbers).prop_map(
        |(header_digests, data_digests, b, n)| Offer {
            header_digests,
            data_digests,
            params: Params {
                initial_r2t: b.0,
                immediate_data: b.1,
                data_pdu_in_order: b.2,
                data_sequence_in_order: b.3,
                max_burst: n.0,
                first_burst: n.1,
                time2wait: n.2,
                time2retain: n.3,
                max_outstanding_r2t: n.4,
                max_recv_data_segment: n.5,
                ..Params::default()
            },
        },
    )
}

proptest! {
    #[test]
    fn both_sides_come_to_the_same(ours in offer(), theirs in offer()) {
        let mut initiator = Negotiation::new(Side::Initiator, SessionType::Normal, ours.clone());
        let mut target = Negotiation::new(Side::Target, SessionType::Normal, theirs.clone());
        let (mut request, mut response) = (TextWriter::new(), TextWriter::new());
        initiator.offers(&mut request);
        for pair in pairs(request.as_bytes()) {
            let (key, value) = pair.unwrap();
            target.take(key, value, &mut response).unwrap();
        }
        target.offers(&mut response);
        let mut more = TextWriter::new();
        for pair in pairs(response.as_bytes()) {
            let (key, value) = pair.unwrap();
            initiator.take(key, value, &mut more).unwrap();
        }
        prop_assert!(more.as_bytes().is_empty() && initiator.is_settled() && target.is_settled());
        let (a, b) = (initiator.finish().unwrap(), target.finish().unwrap());
        prop_assert_eq!((a.max_recv_data_segment, a.max_xmit_data_segment), (b.max_xmit_data_segment, b.max_recv_data_segment));
        prop_assert!(a.first_burst <= a.max_burst);
        let same = Params { max_recv_data_segment: 0, max_xmit_data_segment: 0, ..a.clone() };
        prop_assert_eq!(same, Params { max_recv_data_segment: 0, max_xmit_data_segment: 0, ..b });
        prop_assert_eq!(a.initial_r2t, ours.params.initial_r2t || theirs.params.initial_r2t);
        prop_assert_eq!(a.immediate_data, ours.params.immediate_data && theirs.params.immediate_data);
        prop_assert_eq!(a.max_burst, ours.params.max_burst.min(theirs.params.max_burst));
        prop_assert_eq!(a.time2wait, ours.params.time2wait.max(theirs.params.time2wait));
    }

    #[test]
    fn arbitrary_pairs_never_panic(pairs in proptest::collection::vec(("[A-Za-z.]{1,70}", ".{0,40}"), 0..20), at: prop::sample::Index) {
        let mut side = target();
        let mut out = TextWriter::new();
        for (name, value) in &pairs {
            let _ = side.take(name, value, &mut out);
            let _ = side.take(Key::ALL[at.index(Key::ALL.len())].name(), value, &mut out);
        }
        let _ = side.finish();
    }
}
