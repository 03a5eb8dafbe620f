//! Records of what is asked for targets. Those of iSNS servers have their address under the names of SendTargets, too.

use iscsi::negotiate::Key as LoginKey;

use super::super::{Key, Object, Sent, ValueKind};
use super::{LENGTH, METHODS, PASSWORD, PASSWORD_LENGTH, PORT, SECONDS, TIMES, USER, key};
use crate::nodes::Version;

const EITHER: &[Object] = &[Object::SendTargets, Object::Isns];
const SEND_TARGETS: &[Object] = &[Object::SendTargets, Object::Conf];
const ISNS: &[Object] = &[Object::Isns, Object::Conf];

pub(super) const DISCOVERY: [Key; 21] = [
    key(
        "discovery.startup",
        EITHER,
        ValueKind::Choice(&["manual", "automatic"]),
        "kept by the stock programs, which never look",
    )
    .value("manual"),
    key(
        "discovery.type",
        EITHER,
        ValueKind::Choice(&[
            "sendtargets",
            "isns",
            "offload_send_targets",
            "slp",
            "static",
            "fw",
        ]),
        "what is asked",
    )
    .fixed(),
    key(
        "discovery.sendtargets.address",
        EITHER,
        ValueKind::Host,
        "whom to ask",
    )
    .fixed(),
    key(
        "discovery.sendtargets.port",
        EITHER,
        PORT,
        "its tcp port: 3260, of iSNS servers 3205",
    )
    .fixed(),
    key(
        "discovery.sendtargets.auth.authmethod",
        SEND_TARGETS,
        METHODS,
        "whether we prove ourselves; the stock programs do it whenever there is a secret",
    )
    .value("None")
    .sent(&[Sent::Login(LoginKey::AuthMethod)]),
    key(
        "discovery.sendtargets.auth.username",
        SEND_TARGETS,
        USER,
        "the name that we prove ourselves with",
    )
    .sent(&[Sent::Login(LoginKey::ChapN)]),
    key(
        "discovery.sendtargets.auth.password",
        SEND_TARGETS,
        PASSWORD,
        "the secret that we prove ourselves with",
    )
    .sent(&[Sent::Login(LoginKey::ChapR)]),
    key(
        "discovery.sendtargets.auth.password_length",
        SEND_TARGETS,
        PASSWORD_LENGTH,
        "the secret's length, which is read and not written",
    )
    .read_only(),
    key(
        "discovery.sendtargets.auth.username_in",
        SEND_TARGETS,
        USER,
        "the name that the portal proves itself with",
    ),
    key(
        "discovery.sendtargets.auth.password_in",
        SEND_TARGETS,
        PASSWORD,
        "the secret that the portal proves itself with",
    ),
    key(
        "discovery.sendtargets.auth.password_in_length",
        SEND_TARGETS,
        PASSWORD_LENGTH,
        "the length of the portal's secret, which is read and not written",
    )
    .read_only(),
    key(
        "node.session.auth.chap_algs",
        &[Object::Node, Object::SendTargets, Object::Conf],
        ValueKind::Algorithms,
        "the algorithms that a proof may use",
    )
    .value("MD5")
    .sent(&[Sent::Login(LoginKey::ChapA)]),
    key(
        "discovery.sendtargets.timeo.login_timeout",
        SEND_TARGETS,
        SECONDS,
        "how long a login may take",
    )
    .value("15"),
    key(
        "discovery.sendtargets.use_discoveryd",
        SEND_TARGETS,
        ValueKind::YesNo,
        "whether the daemon asks again and again",
    )
    .value("No"),
    key(
        "discovery.sendtargets.discoveryd_poll_inval",
        SEND_TARGETS,
        ValueKind::Number {
            min: -1,
            max: i32::MAX as i64,
            unit: "s",
        },
        "how long the daemon waits in between, -1 to ask once",
    )
    .value("30"),
    key(
        "discovery.sendtargets.reopen_max",
        SEND_TARGETS,
        TIMES,
        "how often a login is tried again",
    )
    .value("5"),
    key(
        "discovery.sendtargets.login_redirect_max",
        SEND_TARGETS,
        TIMES,
        "how many redirections of a login are followed",
    )
    .value("8")
    .since(Version(2, 1, 13)),
    key(
        "discovery.sendtargets.timeo.auth_timeout",
        SEND_TARGETS,
        SECONDS,
        "how long the proof within a login may take",
    )
    .value("45"),
    key(
        "discovery.sendtargets.timeo.active_timeout",
        SEND_TARGETS,
        SECONDS,
        "how long an answer is waited for",
    )
    .value("30"),
    key(
        "discovery.sendtargets.iscsi.MaxRecvDataSegmentLength",
        SEND_TARGETS,
        LENGTH,
        "the longest data segment that we take",
    )
    .both("32768")
    .sent(&[Sent::Login(LoginKey::MaxRecvDataSegmentLength)]),
    key(
        "discovery.isns.use_discoveryd",
        ISNS,
        ValueKind::YesNo,
        "whether the daemon registers with the server and follows its notes",
    )
    .value("No"),
];
