//! What a record of a target is found by, and when it is logged in to; how it was found.

use driver_sys::netlink::params::IscsiParam;
use iscsi::negotiate::Key as LoginKey;

use super::super::{Key, Object, Sent, ValueKind};
use super::{STARTUP, key};

pub(super) const NODE: [Key; 4] = [
    key(
        "node.name",
        &[Object::Node, Object::Firmware],
        ValueKind::Name,
        "the target's name",
    )
    .fixed()
    .sent(&[
        Sent::Login(LoginKey::TargetName),
        Sent::Param(IscsiParam::TargetName),
    ]),
    key(
        "node.tpgt",
        &[Object::Node],
        ValueKind::Number {
            min: -1,
            max: 65_535,
            unit: "",
        },
        "the portal's group tag, -1 where it is not known",
    )
    .value("-1")
    .fixed()
    .sent(&[Sent::Param(IscsiParam::Tpgt)]),
    key(
        "node.startup",
        &[Object::Node, Object::Conf],
        STARTUP,
        "whether the target is logged in to by itself, and when",
    )
    .both("manual"),
    key(
        "node.leading_login",
        &[Object::Node, Object::Conf],
        ValueKind::YesNo,
        "whether the interfaces are tried one after the other until one is logged in, not all of them",
    )
    .both("No"),
];

pub(super) const DISCOVERED: [Key; 3] = [
    key(
        "node.discovery_address",
        &[Object::Node],
        ValueKind::Host,
        "the portal or server that told of the target",
    )
    .fixed(),
    key(
        "node.discovery_port",
        &[Object::Node],
        ValueKind::ZeroOr {
            min: 1,
            max: 65_535,
            unit: "",
        },
        "its tcp port",
    )
    .value("0")
    .fixed(),
    key(
        "node.discovery_type",
        &[Object::Node],
        ValueKind::Choice(&[
            "static",
            "send_targets",
            "isns",
            "offload_send_targets",
            "slp",
            "fw",
        ]),
        "how the target was found",
    )
    .value("static")
    .fixed(),
];
