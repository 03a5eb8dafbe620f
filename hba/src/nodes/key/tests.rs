//! The table says one thing once, and what it refers to is there.

use std::collections::HashSet;

use driver_sys::netlink::IfaceCode;
use driver_sys::netlink::params::{IfaceParam, NetParam, Param};

use super::*;

#[test]
fn every_key_is_found_by_its_name_and_stands_once() {
    let names: HashSet<_> = TABLE.iter().map(|key| key.name).collect();
    assert_eq!(names.len(), TABLE.len());
    for key in TABLE {
        assert_eq!(find(key.name).map(|found| found.name), Some(key.name));
        assert!(
            !key.help.is_empty() && key.objects.iter().next().is_some(),
            "{}",
            key.name
        );
    }
    for none in ["", "node", "node.conn[1].port", "zzz", "node.startup "] {
        assert!(find(none).is_none(), "{none}");
    }
}

#[test]
fn every_default_is_a_value_of_its_key() {
    for key in TABLE {
        let older = key.older_default.map(|older| older.1);
        for value in [key.code_default, key.shipped_default, older]
            .into_iter()
            .flatten()
        {
            assert_eq!(key.kind.read(value).as_deref(), Some(value), "{}", key.name);
        }
        assert!(
            key.shipped_default.is_none() || key.objects.has(Object::Conf),
            "{}",
            key.name
        );
    }
}

#[test]
fn every_parameter_of_an_interface_that_has_a_key_is_where_that_key_is_sent() {
    let rows = NetParam::all()
        .iter()
        .map(|param| (Sent::Iface(IfaceCode::Net(*param)), param.info()));
    let rows = rows.chain(
        IfaceParam::all()
            .iter()
            .map(|param| (Sent::Iface(IfaceCode::Iscsi(*param)), param.info())),
    );
    let mut count = 0;
    for (sent, row) in rows {
        let Some(name) = row.and_then(|row| row.key) else {
            continue;
        };
        let key = find(name).unwrap_or_else(|| panic!("{name}"));
        // The router's state is shown; what is set is its autoconfiguration.
        assert!(
            key.sent.contains(&sent) || name == "iface.router_autocfg",
            "{name}: {:?}",
            key.sent
        );
        count += 1;
    }
    assert!(count > 50, "{count}");
}

#[test]
fn a_key_belongs_to_the_family_that_takes_it() {
    let family = |name: &str| find(name).expect(name).family();
    assert_eq!(family("iface.subnet_mask"), Some(Family::Ipv4));
    assert_eq!(family("iface.router_autocfg"), Some(Family::Ipv6));
    for either in [
        "iface.ipaddress",
        "iface.mtu",
        "iface.header_digest",
        "node.startup",
    ] {
        assert_eq!(family(either), None, "{either}");
    }
}

#[test]
fn twins_name_each_other() {
    for key in TABLE {
        if let Some(twin) = key.twin {
            assert_eq!(find(twin).expect(twin).twin, Some(key.name));
        }
    }
}

#[test]
fn orders_have_every_key_once() {
    for object in Object::ALL {
        let names: Vec<_> = in_order(object).map(|key| key.name).collect();
        let all = TABLE.iter().filter(|key| key.objects.has(object)).count();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), all, "{object}");
        assert!(names.is_sorted_by_key(|name| rank(object, name)), "{object}");
    }
}
