//! The tables against the kernel's enums.

use serde_json::Value as Json;

use super::*;

fn kernel_enum(name: &str) -> Vec<(String, u64)> {
    let dump: Json = serde_json::from_str(include_str!("../../../abi/scsi_transport_iscsi.json")).unwrap();
    let mut all: Vec<(String, u64)> = dump["enums"][name]
        .as_object()
        .unwrap_or_else(|| panic!("no enum {name}"))
        .iter()
        .filter(|(k, _)| !k.ends_with("_MAX"))
        .map(|(k, v)| (k.clone(), v.as_u64().unwrap()))
        .collect();
    all.sort_by_key(|(_, v)| *v);
    all
}

fn check<P: Param>(enum_name: &str, count: usize, kernel_name: impl Fn(P) -> Option<&'static str>) {
    let known = kernel_enum(enum_name);
    assert_eq!(known.len(), count, "{enum_name}");
    assert_eq!(P::all().len(), count, "table of {enum_name}");
    for ((name, code), param) in known.iter().zip(P::all()) {
        assert_eq!(u64::from(param.code()), *code, "{name}");
        assert_eq!(kernel_name(*param), Some(name.as_str()));
        assert_eq!(P::from_code(param.code()), *param);
    }
}

#[test]
fn every_table_matches_the_kernels_enum() {
    check::<IscsiParam>("iscsi_param", 72, IscsiParam::kernel_name);
    check::<HostParam>("iscsi_host_param", 6, HostParam::kernel_name);
    check::<NetParam>("iscsi_net_param", 55, NetParam::kernel_name);
    check::<IfaceParam>("iscsi_iface_param", 18, IfaceParam::kernel_name);
    check::<FlashnodeParam>("iscsi_flashnode_param", 59, FlashnodeParam::kernel_name);
}

#[test]
fn attribute_names_are_unique_within_an_object() {
    fn unique<P: Param>() {
        let rows = || P::all().iter().filter_map(|p| p.info());
        for a in rows() {
            let same = rows().filter(|b| b.name.is_some() && b.object == a.object && b.name == a.name);
            assert!(a.name.is_none() || same.count() == 1, "{a:?}");
        }
    }
    unique::<IscsiParam>();
    unique::<HostParam>();
    unique::<NetParam>();
    unique::<IfaceParam>();
    unique::<FlashnodeParam>();
}

#[test]
fn the_record_order_names_every_flash_node_parameter_once() {
    for param in FlashnodeParam::ALL {
        assert_eq!(
            FLASHNODE_RECORD_ORDER.iter().filter(|p| *p == param).count(),
            1,
            "{param:?}"
        );
    }
}

#[test]
fn values_fit_into_what_travels() {
    fn fit<P: Param>() {
        for info in P::all().iter().filter_map(|p| p.info()) {
            let width = match info.kind {
                WireKind::U8 => 0xFF,
                WireKind::U16 => 0xFFFF,
                _ => u32::MAX,
            };
            match info.values {
                Values::Number { max, .. } | Values::Bytes { max, .. } => {
                    // Only told, by a driver that shows more of it than it would take.
                    assert!(max <= width || info.name == Some("cache_id"), "{info:?}");
                }
                Values::Flag => assert!(width >= 1, "{info:?}"),
                _ => {}
            }
            assert!(
                info.polarity == Polarity::Straight
                    || (info.kind, info.values) == (WireKind::OnOff, Values::Flag),
                "only switches are inverted: {info:?}"
            );
        }
    }
    fit::<NetParam>();
    fit::<IfaceParam>();
    fit::<FlashnodeParam>();
    fit::<ChapParam>();
}

/// `ql4_os.c`, `qla4xxx_set_ipv4` and `qla4xxx_set_ipv6`: these set the disabling bit for "disable" (1), all others set theirs for
/// "enable" (2); `iscsi_if.h`: `ISCSI_IPV6_ROUTER_AUTOCFG_ENABLE` is 1.
#[test]
fn switches_that_deny_a_feature_and_router_autoconfiguration_are_inverted() {
    let inverted: Vec<_> = NetParam::ALL
        .iter()
        .filter(|p| p.info().is_some_and(|i| i.polarity == Polarity::Inverted))
        .collect();
    assert_eq!(
        inverted,
        [
            &NetParam::Ipv6RouterAutocfg,
            &NetParam::TcpNagleDisable,
            &NetParam::TcpWsfDisable,
            &NetParam::Ipv4FragmentDisable
        ]
    );
}

#[test]
fn passwords_and_unknown_codes_are_secret() {
    assert!(IscsiParam::Password.is_secret() && IscsiParam::PasswordIn.is_secret());
    assert!(FlashnodeParam::Password.is_secret() && ChapParam::Password.is_secret());
    assert!(FlashnodeParam::from_code(999).is_secret());
    assert!(!FlashnodeParam::Name.is_secret());
}

#[test]
fn record_keys_are_those_of_the_stock_iscsiadm() {
    let key = |info: Option<&'static ParamInfo>| info.and_then(|i| i.key);
    assert_eq!(
        key(FlashnodeParam::ChapAuthEn.info()),
        Some("flashnode.session.chap_auth_en")
    );
    assert_eq!(key(FlashnodeParam::Port.info()), Some("flashnode.conn[0].port"));
    assert_eq!(key(NetParam::Ipv4Subnet.info()), Some("iface.subnet_mask"));
    assert_eq!(key(ChapParam::Index.info()), Some("host.auth.tbl_idx"));
    assert_eq!(key(IscsiParam::Tpgt.info()), None);
}
