//! Sessions: how many, how they are proved, what their errors wait for, what they negotiate.
//!
//! Split where records of discovery have their own keys in between.

use driver_sys::netlink::params::IscsiParam;
use iscsi::negotiate::Key as LoginKey;

use super::super::{Key, Object, Sent, ValueKind};
use super::{LENGTH, METHODS, PASSWORD, PASSWORD_LENGTH, SECONDS, TIMES, USER, key};
use crate::nodes::Version;

const NODE: &[Object] = &[Object::Node, Object::Conf];
const WITH_FIRMWARE: &[Object] = &[Object::Node, Object::Conf, Object::Firmware];

pub(super) const BEGIN: [Key; 13] = [
    key(
        "node.session.initial_cmdsn",
        NODE,
        TIMES,
        "the first command number",
    )
    .value("0")
    .sent(&[Sent::Create]),
    key(
        "node.session.initial_login_retry_max",
        NODE,
        TIMES,
        "how often the first login is tried when it is not answered in time",
    )
    .value("4")
    .shipped("8"),
    key(
        "node.session.login_redirect_max",
        NODE,
        TIMES,
        "how many redirections of a login are followed",
    )
    .value("8")
    .since(Version(2, 1, 13)),
    key(
        "node.session.xmit_thread_priority",
        NODE,
        ValueKind::Number {
            min: -20,
            max: 20,
            unit: "",
        },
        "the priority of the kernel's sending thread, 0 to leave it alone",
    )
    .value("0")
    .older(Version(2, 1, 10), "-20"),
    key(
        "node.session.cmds_max",
        NODE,
        ValueKind::PowerOfTwo { min: 2, max: 2048 },
        "how many commands a session queues",
    )
    .both("128")
    .sent(&[Sent::Create]),
    key(
        "node.session.queue_depth",
        NODE,
        ValueKind::Number {
            min: 1,
            max: 1024,
            unit: "",
        },
        "how many commands a device queues",
    )
    .both("32")
    .sent(&[Sent::Create]),
    key(
        "node.session.nr_sessions",
        NODE,
        ValueKind::Number {
            min: 1,
            max: 1024,
            unit: "",
        },
        "how many sessions a login makes on each interface",
    )
    .both("1"),
    key(
        "node.session.auth.authmethod",
        NODE,
        METHODS,
        "whether we prove ourselves; the stock programs do it whenever there is a secret",
    )
    .value("None")
    .sent(&[Sent::Login(LoginKey::AuthMethod)]),
    key(
        "node.session.auth.username",
        WITH_FIRMWARE,
        USER,
        "the name that we prove ourselves with",
    )
    .sent(&[Sent::Login(LoginKey::ChapN), Sent::Param(IscsiParam::Username)]),
    key(
        "node.session.auth.password",
        WITH_FIRMWARE,
        PASSWORD,
        "the secret that we prove ourselves with",
    )
    .sent(&[Sent::Login(LoginKey::ChapR), Sent::Param(IscsiParam::Password)]),
    key(
        "node.session.auth.password_length",
        NODE,
        PASSWORD_LENGTH,
        "the secret's length, which is read and not written",
    )
    .read_only(),
    key(
        "node.session.auth.username_in",
        WITH_FIRMWARE,
        USER,
        "the name that the target proves itself with",
    )
    .sent(&[Sent::Param(IscsiParam::UsernameIn)]),
    key(
        "node.session.auth.password_in",
        WITH_FIRMWARE,
        PASSWORD,
        "the secret that the target proves itself with",
    )
    .sent(&[Sent::Param(IscsiParam::PasswordIn)]),
];

pub(super) const REST: [Key; 22] = [
    key(
        "node.session.timeo.replacement_timeout",
        NODE,
        ValueKind::Number {
            min: -1,
            max: i32::MAX as i64,
            unit: "s",
        },
        "how long commands wait for a lost session: 0 not at all, -1 for ever",
    )
    .both("120")
    .sent(&[Sent::Param(IscsiParam::SessRecoveryTmo)]),
    key(
        "node.session.err_timeo.abort_timeout",
        NODE,
        SECONDS,
        "how long the answer to an abort is waited for",
    )
    .both("15")
    .sent(&[Sent::Param(IscsiParam::AbortTmo)]),
    key(
        "node.session.err_timeo.lu_reset_timeout",
        NODE,
        SECONDS,
        "how long the answer to a reset of a logical unit is waited for",
    )
    .both("30")
    .sent(&[Sent::Param(IscsiParam::LuResetTmo)]),
    key(
        "node.session.err_timeo.tgt_reset_timeout",
        NODE,
        SECONDS,
        "how long the answer to a reset of the target is waited for",
    )
    .both("30")
    .sent(&[Sent::Param(IscsiParam::TgtResetTmo)]),
    key(
        "node.session.err_timeo.host_reset_timeout",
        NODE,
        SECONDS,
        "how long a reset of the host waits for the session",
    )
    .both("60")
    .sent(&[Sent::Param(IscsiParam::HostResetTmo)]),
    key(
        "node.session.iscsi.FastAbort",
        NODE,
        ValueKind::YesNo,
        "whether R2Ts of a command that is aborted stay unanswered",
    )
    .both("Yes")
    .sent(&[Sent::Param(IscsiParam::FastAbort)]),
    key(
        "node.session.iscsi.InitialR2T",
        NODE,
        ValueKind::YesNo,
        "whether the first data of a write wait for an R2T",
    )
    .both("No")
    .sent(&[
        Sent::Login(LoginKey::InitialR2T),
        Sent::Param(IscsiParam::InitialR2tEn),
    ]),
    key(
        "node.session.iscsi.ImmediateData",
        NODE,
        ValueKind::YesNo,
        "whether data come with a command",
    )
    .both("Yes")
    .sent(&[
        Sent::Login(LoginKey::ImmediateData),
        Sent::Param(IscsiParam::ImmDataEn),
    ]),
    key(
        "node.session.iscsi.FirstBurstLength",
        NODE,
        LENGTH,
        "the most data of a command that are sent unasked",
    )
    .both("262144")
    .sent(&[
        Sent::Login(LoginKey::FirstBurstLength),
        Sent::Param(IscsiParam::FirstBurst),
    ]),
    key(
        "node.session.iscsi.MaxBurstLength",
        NODE,
        LENGTH,
        "the most data of a sequence",
    )
    .both("16776192")
    .sent(&[
        Sent::Login(LoginKey::MaxBurstLength),
        Sent::Param(IscsiParam::MaxBurst),
    ]),
    key(
        "node.session.iscsi.DefaultTime2Retain",
        NODE,
        ValueKind::Number {
            min: 0,
            max: 3600,
            unit: "s",
        },
        "how long the target keeps tasks of a lost connection",
    )
    .value("0")
    .sent(&[Sent::Login(LoginKey::DefaultTime2Retain)]),
    key(
        "node.session.iscsi.DefaultTime2Wait",
        NODE,
        ValueKind::Number {
            min: 0,
            max: 3600,
            unit: "s",
        },
        "how long to wait before a lost connection is made again",
    )
    .value("2")
    .sent(&[Sent::Login(LoginKey::DefaultTime2Wait)]),
    key(
        "node.session.iscsi.MaxConnections",
        NODE,
        ValueKind::Number {
            min: 1,
            max: 65_535,
            unit: "",
        },
        "the most connections of a session; the kernel makes one",
    )
    .value("1")
    .sent(&[Sent::Login(LoginKey::MaxConnections)]),
    key(
        "node.session.iscsi.MaxOutstandingR2T",
        NODE,
        ValueKind::Number {
            min: 1,
            max: 65_535,
            unit: "",
        },
        "the most R2Ts of a command at once",
    )
    .value("1")
    .sent(&[
        Sent::Login(LoginKey::MaxOutstandingR2T),
        Sent::Param(IscsiParam::MaxR2t),
    ]),
    key(
        "node.session.iscsi.ERL",
        NODE,
        ValueKind::Number {
            min: 0,
            max: 2,
            unit: "",
        },
        "the level of error recovery; the kernel does 0",
    )
    .value("0")
    .sent(&[
        Sent::Login(LoginKey::ErrorRecoveryLevel),
        Sent::Param(IscsiParam::Erl),
    ]),
    key(
        "node.session.scan",
        NODE,
        ValueKind::Choice(&["auto", "manual"]),
        "whether logical units are looked for after a login",
    )
    .both("auto"),
    key(
        "node.session.reopen_max",
        NODE,
        TIMES,
        "how often a lost session is tried again, 0 for ever",
    )
    .both("0"),
    key(
        "node.session.sess_reopen_log_freq",
        NODE,
        TIMES,
        "every how many tries of a lost session are logged",
    )
    .value("1")
    .since(Version(2, 1, 12))
    .twin("node.session.conn_reopen_log_freq"),
    key(
        "node.session.conn_reopen_log_freq",
        NODE,
        TIMES,
        "the older name of node.session.sess_reopen_log_freq",
    )
    .value("1")
    .since(Version(2, 1, 11))
    .twin("node.session.sess_reopen_log_freq"),
    key(
        "node.session.auth.password_in_length",
        NODE,
        PASSWORD_LENGTH,
        "the length of the target's secret, which is read and not written",
    )
    .read_only(),
    key(
        "node.boot_lun",
        &[Object::Firmware],
        ValueKind::Text { max: 16 },
        "the logical unit that the machine boots from",
    )
    .read_only(),
    key(
        "node.transport_name",
        &[Object::Firmware],
        ValueKind::Text { max: 15 },
        "the transport, where no interface says it",
    )
    .read_only(),
];
