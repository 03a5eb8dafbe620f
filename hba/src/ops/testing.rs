//! Objects that the tests of operations share.

use std::path::Path;
use std::time::Duration;

use crate::backend::scripted::Scripted;
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::home::Home;
use crate::ids::{Family, HostNo};
use crate::model::{
    Adapter, AdapterKey, Connection, FlashTarget, Health, Iface, Limits, LoginBy, Owner, PortalType,
    Security, Session, SessionBrief, SessionKind,
};
use crate::nodes::Place;
use crate::ops::Consent;
use crate::params::{FlashnodeParam, IfaceCode, ParamValue, Parameter, Params, fits_family};
use crate::quirks::Driver;

pub(crate) const H0: HostNo = HostNo(0);
pub(super) const TARGET: &str = "iqn.2026-01.test:disk0";

/// A program's home in `dir`.
pub(crate) fn home(dir: &Path) -> Home {
    Home {
        program: "tester",
        state: dir.to_owned(),
        locks: dir.join("lock"),
        records: Place::under(&dir.join("db")),
        registry: dir.join("registry"),
        config: dir.to_owned(),
    }
}

/// A context with a deadline far away, in which everything may be written; the state directory does not exist.
pub(super) fn ctx(backend: &mut Scripted) -> Ctx<'_> {
    let mut ctx = Ctx::new(
        backend,
        Deadline::after(Duration::from_secs(60)),
        home(Path::new("/nonexistent/hba-tests")),
    );
    ctx.consent = Consent {
        flash: true,
        nvram: true,
        disturb: true,
    };
    ctx
}

/// A context whose deadline has passed: nothing is looked at twice.
pub(super) fn late(backend: &mut Scripted) -> Ctx<'_> {
    Ctx::new(
        backend,
        Deadline::after(Duration::ZERO),
        home(Path::new("/nonexistent/hba-tests")),
    )
}

pub(crate) fn key() -> AdapterKey {
    AdapterKey {
        host: H0,
        transport: Some("qla4xxx".into()),
        mac: Some("00:c0:dd:11:22:35".into()),
        port_name: Some("0000:00:05.1".into()),
        serial: Some("RFE0711A00001".into()),
        model: Some("QLE4060C".into()),
    }
}

pub(super) fn adapter() -> Adapter {
    Adapter {
        host: H0,
        unique_id: Some("000000c0dd112235".into()),
        driver: Some("qla4xxx".into()),
        transport: Some("qla4xxx".into()),
        vendor: Some("QLogic".into()),
        model: Some("QLE4060C".into()),
        serial: Some("RFE0711A00001".into()),
        board_id: None,
        port_name: Some("0000:00:05.1".into()),
        mac: Some("00:c0:dd:11:22:35".into()),
        netdev: None,
        ip_address: Some("192.168.10.2".into()),
        initiator_name: Some("iqn.2000-04.com.qlogic:qle4060c.rfe0711a00001.1".into()),
        health: Health {
            status: None,
            reason: None,
        },
        state: Some("running".into()),
        link: Some("LINK UP".into()),
        speed: Some("1 Gbps".into()),
        max_link_speed: None,
        mtu: Some(1500),
        firmware_version: Some("3.00.01.49".into()),
        firmware_timestamp: None,
        firmware_ext_timestamp: None,
        firmware_build_user: None,
        firmware_load_source: None,
        firmware_state: None,
        firmware_uptime: Some("36.814 secs".into()),
        option_rom_version: None,
        asic_version: None,
        iscsi_version: None,
        protocol_version_min: Some(0),
        protocol_version_max: Some(0),
        port_count: None,
        port_number: None,
        function_count: None,
        max_cdb_length: Some(16),
        can_queue: Some(1024),
        integrated_tcpip: Some(false),
        multifunction: Some(true),
        bidirectional_commands: Some(false),
        capabilities: None,
        logs_in: Some(LoginBy::Adapter),
        features: Driver::of("qla4xxx").features(None),
        missing: Driver::of("qla4xxx").missing(None),
        limits: Limits {
            flash_targets: Some(64),
            chap_entries: Some(128),
            ipv4_ifaces: Some(1),
            ipv6_ifaces: Some(2),
        },
        helper: None,
        sessions: None,
        endpoints: None,
        cache_valid: None,
        generation: None,
        security: Security {
            chap_one_way: Some(true),
            chap_mutual: Some(true),
            chap_algorithms: None,
            ipsec: false,
            ipsec_encryptions: Vec::new(),
            certificates: false,
        },
    }
}

/// Parameters as sysfs would show them, of those that the object `has`.
pub(super) fn params<P: Parameter>(has: impl Fn(P) -> bool, pairs: &[(&str, &str)]) -> Params<P> {
    let find = |name: &str| P::all().find(|param| param.name() == name && has(*param));
    pairs
        .iter()
        .map(|(name, text)| {
            let param = find(name).unwrap_or_else(|| panic!("no parameter {name}"));
            let info = param.info().expect("a row");
            (param, ParamValue::shown(info, text))
        })
        .collect()
}

/// A committed flash target as sysfs would show it.
pub(crate) fn flash(index: u32, changed: &[(&str, &str)]) -> FlashTarget {
    let mut all = params(
        |_: FlashnodeParam| true,
        &[
            ("targetname", TARGET),
            ("ipaddress", "192.168.10.50"),
            ("port", "3260"),
            ("tpgt", "1"),
            ("portal_type", "ipv4"),
            ("discovery_session", "0"),
            ("is_boot_target", "0"),
            ("chap_auth", "0"),
            ("bidi_chap", "0"),
            ("chap_out_idx", "65535"),
            ("max_burst_len", "262144"),
            ("header_digest", "0"),
            ("isid", "011e0e010040"),
        ],
    );
    all.extend(params(|_: FlashnodeParam| true, changed));
    FlashTarget::from_params(H0, index, all)
}

pub(super) fn brief(sid: u32, target: &str, state: &str) -> SessionBrief {
    SessionBrief {
        sid,
        host: H0,
        transport: "qla4xxx".into(),
        target_name: target.into(),
        address: "192.168.10.50".into(),
        port: 3260,
        tpgt: Some(1),
        owner: Owner::Flash,
        held_by: "flash".into(),
        state: Some(state.into()),
    }
}

pub(crate) fn session(sid: u32, target: &str, state: &str) -> Session {
    Session {
        sid,
        host: H0,
        transport: Some("qla4xxx".into()),
        owner: Owner::Flash,
        held_by: "flash".into(),
        held_since: None,
        kind: SessionKind::Normal,
        flash_index: None,
        target_name: target.into(),
        target_alias: None,
        tpgt: Some(1),
        initiator_name: None,
        iface: None,
        mac: None,
        port_address: None,
        netdev: None,
        isid: Some("011e0e010040".into()),
        tsid: Some(1),
        state: Some(state.into()),
        target_state: None,
        target_id: Some(0),
        recovery_timeout: Some(120),
        chap_index: None,
        chap_username: None,
        chap_username_in: None,
        params: Params::new(),
        max_connections: 1,
        throughput: None,
        connections: vec![Connection {
            cid: 0,
            state: Some("up".into()),
            address: Some("192.168.10.50".into()),
            port: Some(3260),
            persistent_address: Some("192.168.10.50".into()),
            persistent_port: Some(3260),
            local_address: None,
            local_port: None,
            standing: None,
            redirected: Some(false),
            redirected_unknown: None,
            header_digest: None,
            data_digest: None,
            max_recv_dlength: None,
            max_xmit_dlength: None,
            params: Params::new(),
        }],
        luns: Vec::new(),
    }
}

/// The port's IPv4 interface.
pub(in crate::ops) fn iface(changed: &[(&str, &str)]) -> Iface {
    let ours = |param: IfaceCode| fits_family(param, Family::Ipv4);
    let mut all = params(
        ours,
        &[
            ("ipaddress", "192.168.10.2"),
            ("subnet", "255.255.255.0"),
            ("gateway", "192.168.10.1"),
            ("bootproto", "static"),
            ("mtu", "1500"),
            ("enabled", "enable"),
            ("ipaddress_state", "Valid"),
        ],
    );
    all.extend(params(ours, changed));
    Iface::from_params(
        crate::ids::IfaceId {
            host: H0,
            family: Family::Ipv4,
            num: 0,
        },
        all,
    )
}

pub(super) const V4: PortalType = PortalType::Ipv4;
