//! What listings say of a helper, and its counters, on a script.

use super::super::testing::{H0, adapter, ctx, key};
use super::*;
use crate::backend::scripted::{Call, Scripted};
use crate::model::{Adapter, Features, HealthStatus, HelperCounters, HelperPort, HelperTotals};
use crate::ops::adapter;

pub(in crate::ops) const H3: HostNo = HostNo(3);

pub(in crate::ops) fn bnx2i() -> AdapterKey {
    AdapterKey {
        host: H3,
        transport: Some("bnx2i".into()),
        mac: Some("00:10:18:00:00:81".into()),
        model: None,
        ..key()
    }
}

fn port(host: u32) -> HelperPort {
    HelperPort {
        host,
        mac: "00:10:18:00:00:81".into(),
        mtu: 1500,
        link: true,
        ring: "ring".into(),
        ring_full: 0,
        pending: 0,
        interfaces: Vec::new(),
        counters: HelperCounters {
            received: 1,
            sent: 2,
            dropped: 0,
            requests: 4,
            resolved: 4,
            failed: 0,
            evicted: 0,
        },
    }
}

fn running(ports: Vec<HelperPort>) -> Helper {
    Helper {
        presence: HelperPresence::Running,
        ports,
        totals: Some(HelperTotals {
            path_requests: 4,
            malformed: 0,
            overruns: 0,
            no_ring: 0,
            vanished: 0,
            refused: 0,
        }),
    }
}

fn bnx2i_port(host: HostNo) -> Adapter {
    Adapter {
        host,
        transport: Some("bnx2i".into()),
        features: Features::default(),
        health: crate::model::Health {
            status: Some(HealthStatus::Working),
            reason: None,
        },
        ..self::adapter()
    }
}

#[test]
fn a_listing_asks_the_helper_once_and_only_for_ports_that_need_it() {
    let mut s = Scripted::new();
    let second = AdapterKey {
        host: HostNo(4),
        ..bnx2i()
    };
    s.expect(Call::AdapterKeys, Ok(vec![key(), bnx2i(), second]))
        .expect(Call::Adapter(H0), Ok(Some(self::adapter())))
        .expect(Call::Adapter(H3), Ok(Some(bnx2i_port(H3))))
        .expect(Call::Helper, Ok(Helper::silent(HelperPresence::NotRunning)))
        .expect(Call::Adapter(HostNo(4)), Ok(Some(bnx2i_port(HostNo(4)))));
    let mut c = ctx(&mut s);
    let all = adapter::list(&mut c).expect("listed");
    let seen: Vec<_> = all.iter().map(|a| a.helper).collect();
    let silent = Some(HelperPresence::NotRunning);
    assert_eq!(seen, [None, silent, silent]);
    assert_eq!(
        all[1].health.status,
        Some(HealthStatus::Degraded),
        "no session comes up"
    );
    assert_eq!(c.warnings.len(), 1, "said once: {:?}", c.warnings);
    assert!(c.warnings[0].steps().any(|step| step == Step::StartHelper));
    s.finish();
}

#[test]
fn a_helper_that_fails_is_a_remark_beside_what_the_kernel_tells() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]))
        .expect(Call::Adapter(H3), Ok(Some(bnx2i_port(H3))))
        .expect::<Helper>(Call::Helper, Err(Error::timeout("ask", "the network helper")));
    let mut c = ctx(&mut s);
    let shown = adapter::show(&mut c, None).expect("shown");
    assert_eq!(
        (shown.helper, shown.health.status),
        (None, Some(HealthStatus::Working))
    );
    assert_eq!(c.warnings.len(), 1);
    s.finish();
}

#[test]
fn counters_are_of_the_ports_that_were_asked_for() {
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]))
        .expect(Call::Helper, Ok(running(vec![port(3), port(9)])));
    let helper = stats(&mut ctx(&mut s), Some(&AdapterId::Host(H3))).expect("counters");
    assert_eq!(helper.ports.iter().map(|p| p.host).collect::<Vec<_>>(), [3]);
    s.finish();
}

#[test]
fn counters_of_nobody_are_an_answer_with_a_reason() {
    let refused = |keys: Vec<AdapterKey>, id: Option<AdapterId>| {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(keys));
        let e = stats(&mut ctx(&mut s), id.as_ref()).expect_err("refused");
        s.finish();
        e
    };
    let e = refused(vec![key(), bnx2i()], Some(AdapterId::Host(H0)));
    assert_eq!(e.kind(), Kind::Unsupported);
    assert!(e.to_string().contains("host0 is of qla4xxx"), "{e}");
    assert_eq!(refused(vec![key()], None).kind(), Kind::Unsupported);
}

#[test]
fn who_does_not_answer_is_told_apart() {
    for (presence, kind, step) in [
        (HelperPresence::NotRunning, Kind::Failed, Some(Step::StartHelper)),
        (HelperPresence::Foreign, Kind::Failed, Some(Step::OpenIscsiPing)),
        (HelperPresence::NotPermitted, Kind::Permission, None),
    ] {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]))
            .expect(Call::Helper, Ok(Helper::silent(presence)));
        let e = stats(&mut ctx(&mut s), None).expect_err("silent");
        assert_eq!(e.kind(), kind, "{presence}");
        let named = e.next_step().and_then(|next| next.steps().next());
        assert_eq!(named, step, "{presence}");
        s.finish();
    }
}
