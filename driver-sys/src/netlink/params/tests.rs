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
    assert_eq!(P::table().len(), count, "table of {enum_name}");
    for ((name, code), row) in known.iter().zip(P::table()) {
        assert_eq!(u64::from(row.param.code()), *code, "{name}");
        assert_eq!(kernel_name(row.param), Some(name.as_str()));
        assert_eq!(P::from_code(row.param.code()), row.param);
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
        for a in P::table() {
            let same = P::table()
                .iter()
                .filter(|b| b.attr.is_some() && b.object == a.object && b.attr == a.attr);
            assert!(a.attr.is_none() || same.count() == 1, "{a:?}");
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
    for row in &FLASHNODE_PARAMS {
        assert_eq!(
            FLASHNODE_RECORD_ORDER.iter().filter(|p| **p == row.param).count(),
            1,
            "{row:?}"
        );
    }
}

#[test]
fn what_the_driver_refuses_is_not_settable() {
    let refused: Vec<_> = FLASHNODE_PARAMS
        .iter()
        .filter(|r| !r.settable)
        .map(|r| r.param)
        .collect();
    assert_eq!(
        refused,
        [
            FlashnodeParam::DiscoveryParentType,
            FlashnodeParam::ChapInIdx,
            FlashnodeParam::Username,
            FlashnodeParam::UsernameIn,
            FlashnodeParam::Password,
            FlashnodeParam::PasswordIn,
            FlashnodeParam::IsBootTgt
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
fn lookup_by_sysfs_name_and_by_record_key_agree() {
    let by_attr = FlashnodeParam::by_attr(Object::FlashSession, "chap_auth").unwrap();
    let by_key = FlashnodeParam::by_key("flashnode.session.chap_auth_en").unwrap();
    assert_eq!(by_attr, by_key);
}
