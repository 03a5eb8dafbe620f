//! The connection of a session. There is one: the index is always 0.

use driver_sys::netlink::params::IscsiParam;
use iscsi::negotiate::Key as LoginKey;

use super::super::{Key, Object, Sent, ValueKind};
use super::{LENGTH, PORT, SECONDS, STARTUP, key};
use crate::nodes::Version;

const NODE: &[Object] = &[Object::Node, Object::Conf];
const DIGEST: ValueKind = ValueKind::Choice(&["None", "CRC32C", "CRC32C,None", "None,CRC32C"]);

pub(super) const CONNECTION: [Key; 17] = [
    key(
        "node.conn[0].address",
        &[Object::Node, Object::Firmware],
        ValueKind::Host,
        "the portal's address or name",
    )
    .fixed()
    .sent(&[Sent::Param(IscsiParam::PersistentAddress)]),
    key(
        "node.conn[0].port",
        &[Object::Node, Object::Firmware],
        PORT,
        "the portal's tcp port",
    )
    .value("3260")
    .fixed()
    .sent(&[Sent::Param(IscsiParam::PersistentPort)]),
    key(
        "node.conn[0].startup",
        NODE,
        STARTUP,
        "as node.startup for the connection; the stock programs keep it and never look",
    )
    .value("manual"),
    key(
        "node.conn[0].tcp.window_size",
        NODE,
        ValueKind::Number {
            min: 0,
            max: i32::MAX as i64,
            unit: "bytes",
        },
        "the socket's buffers, within what the kernel allows",
    )
    .value("524288"),
    key(
        "node.conn[0].tcp.type_of_service",
        NODE,
        ValueKind::Number {
            min: 0,
            max: 255,
            unit: "",
        },
        "the type of service of packets",
    )
    .value("0"),
    key(
        "node.conn[0].tcp.congestion_control",
        NODE,
        ValueKind::Text { max: 15 },
        "the socket's way of congestion control",
    )
    .since(Version(2, 1, 12)),
    key(
        "node.conn[0].timeo.logout_timeout",
        NODE,
        SECONDS,
        "how long the answer to a logout is waited for",
    )
    .both("15"),
    key(
        "node.conn[0].timeo.login_timeout",
        NODE,
        SECONDS,
        "how long a login may take",
    )
    .value("30")
    .shipped("15"),
    key(
        "node.conn[0].timeo.auth_timeout",
        NODE,
        SECONDS,
        "how long the proof within a login may take",
    )
    .value("45"),
    key(
        "node.conn[0].timeo.noop_out_interval",
        NODE,
        SECONDS,
        "after how much silence the target is pinged, 0 for never",
    )
    .both("5")
    .sent(&[Sent::Param(IscsiParam::RecvTmo)]),
    key(
        "node.conn[0].timeo.noop_out_timeout",
        NODE,
        SECONDS,
        "how long the answer to a ping is waited for before the connection is given up",
    )
    .both("5")
    .sent(&[Sent::Param(IscsiParam::PingTmo)]),
    key(
        "node.conn[0].iscsi.MaxXmitDataSegmentLength",
        NODE,
        ValueKind::ZeroOr {
            min: 512,
            max: (1 << 24) - 1,
            unit: "bytes",
        },
        "the longest data segment that we send, 0 for what the target takes",
    )
    .both("0")
    .sent(&[Sent::Param(IscsiParam::MaxXmitDlength)]),
    key(
        "node.conn[0].iscsi.MaxRecvDataSegmentLength",
        NODE,
        LENGTH,
        "the longest data segment that we take",
    )
    .both("262144")
    .sent(&[
        Sent::Login(LoginKey::MaxRecvDataSegmentLength),
        Sent::Param(IscsiParam::MaxRecvDlength),
    ]),
    key(
        "node.conn[0].iscsi.HeaderDigest",
        NODE,
        DIGEST,
        "whether headers have a checksum; the first is what we like more",
    )
    .value("None")
    .sent(&[
        Sent::Login(LoginKey::HeaderDigest),
        Sent::Param(IscsiParam::HdrdgstEn),
    ]),
    key(
        "node.conn[0].iscsi.DataDigest",
        NODE,
        DIGEST,
        "whether data have a checksum; the first is what we like more",
    )
    .value("None")
    .sent(&[
        Sent::Login(LoginKey::DataDigest),
        Sent::Param(IscsiParam::DatadgstEn),
    ]),
    key(
        "node.conn[0].iscsi.IFMarker",
        NODE,
        ValueKind::YesNo,
        "whether the target marks its stream; nobody does any more",
    )
    .value("No")
    .sent(&[
        Sent::Login(LoginKey::IFMarker),
        Sent::Param(IscsiParam::IfmarkerEn),
    ]),
    key(
        "node.conn[0].iscsi.OFMarker",
        NODE,
        ValueKind::YesNo,
        "whether we mark our stream; nobody does any more",
    )
    .value("No")
    .sent(&[
        Sent::Login(LoginKey::OFMarker),
        Sent::Param(IscsiParam::OfmarkerEn),
    ]),
];
