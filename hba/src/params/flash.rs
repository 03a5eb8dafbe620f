//! Parameters of flash targets.
//!
//! Source: `scsi_transport_iscsi.c` (flashnode attributes), `qla4xxx/ql4_os.c` (`qla4xxx_sysfs_ddb_set_param`: which are taken and
//! their widths; `qla4xxx_copy_to_fwddb_param`: lengths in units of 512 bytes).

use super::Access::{ReadOnly, Settable};
use super::ParamKind::{Bytes, Flag, Ip, Ipv6, Isid, Number, Secret, Text};
use super::{Access, ParamKind, ParamSpec};

const fn p(
    name: &'static str,
    kind: ParamKind,
    unit: &'static str,
    access: Access,
    help: &'static str,
) -> ParamSpec {
    ParamSpec {
        name,
        kind,
        unit,
        access,
        help,
    }
}

const U8: ParamKind = Number { min: 0, max: 0xFF };
const U16: ParamKind = Number { min: 0, max: 0xFFFF };
const U32: ParamKind = Number {
    min: 0,
    max: u32::MAX,
};
const LEN: ParamKind = Bytes {
    min: 512,
    max: 65535 * 512,
    step: 512,
};

/// All parameters of a flash target.
pub const FLASH: &[ParamSpec] = &[
    p(
        "is_fw_assigned_ipv6",
        Flag,
        "",
        Settable,
        "firmware assigns the ipv6 address",
    ),
    p(
        "portal_type",
        ParamKind::Choice(&["ipv4", "ipv6"]),
        "",
        ReadOnly("the family is chosen when the entry is added"),
        "portal's address family",
    ),
    p(
        "auto_snd_tgt_disable",
        Flag,
        "",
        Settable,
        "no automatic sendtargets",
    ),
    p("discovery_session", Flag, "", Settable, "sendtargets entry"),
    p("entry_enable", Flag, "", Settable, "entry is enabled"),
    p("header_digest", Flag, "", Settable, "header digest crc32c"),
    p("data_digest", Flag, "", Settable, "data digest crc32c"),
    p("immediate_data", Flag, "", Settable, "immediate data"),
    p("initial_r2t", Flag, "", Settable, "initial r2t"),
    p("data_seq_in_order", Flag, "", Settable, "data sequences in order"),
    p("data_pdu_in_order", Flag, "", Settable, "data pdus in order"),
    p("chap_auth", Flag, "", Settable, "prove ourselves by chap"),
    p("snack_req", Flag, "", Settable, "snack requests"),
    p("discovery_logout", Flag, "", Settable, "log out after discovery"),
    p(
        "bidi_chap",
        Flag,
        "",
        Settable,
        "the target must prove itself too",
    ),
    p(
        "discovery_auth_optional",
        Flag,
        "",
        Settable,
        "discovery without chap allowed",
    ),
    p(
        "erl",
        Number { min: 0, max: 2 },
        "",
        Settable,
        "error recovery level",
    ),
    p("tcp_timestamp_stat", Flag, "", Settable, "tcp timestamps in use"),
    p("tcp_nagle_disable", Flag, "", Settable, "no nagle algorithm"),
    p("tcp_wsf_disable", Flag, "", Settable, "no tcp window scaling"),
    p(
        "tcp_timer_scale",
        Number { min: 0, max: 7 },
        "",
        Settable,
        "tcp timer scale",
    ),
    p("tcp_timestamp_enable", Flag, "", Settable, "tcp timestamps"),
    p("fragment_disable", Flag, "", Settable, "no ip fragmentation"),
    p(
        "max_recv_dlength",
        LEN,
        "bytes",
        Settable,
        "longest data segment we take",
    ),
    p(
        "max_xmit_dlength",
        LEN,
        "bytes",
        Settable,
        "longest data segment the target takes",
    ),
    p(
        "first_burst_len",
        LEN,
        "bytes",
        Settable,
        "most unsolicited data of a command",
    ),
    p("def_time2wait", U16, "s", Settable, "wait before reconnecting"),
    p(
        "def_time2retain",
        U16,
        "s",
        Settable,
        "how long the target keeps tasks",
    ),
    p(
        "max_outstanding_r2t",
        Number { min: 1, max: 0xFFFF },
        "",
        Settable,
        "r2ts at once",
    ),
    p("keepalive_tmo", U16, "s", Settable, "keep-alive timeout"),
    p("isid", Isid, "", Settable, "initiator's part of the session id"),
    p("tsid", U16, "", Settable, "target's part of the session id"),
    p(
        "port",
        Number { min: 1, max: 0xFFFF },
        "",
        Settable,
        "portal's tcp port",
    ),
    p("max_burst_len", LEN, "bytes", Settable, "most data of a sequence"),
    p("def_taskmgmt_tmo", U16, "s", Settable, "task management timeout"),
    p("ipaddress", Ip, "", Settable, "portal's address"),
    p("targetalias", Text(31), "", Settable, "target alias"),
    p(
        "redirect_ipaddr",
        Ip,
        "",
        Settable,
        "address of the last redirect",
    ),
    p(
        "max_segment_size",
        U16,
        "bytes",
        Settable,
        "tcp maximum segment size",
    ),
    p("local_port", U16, "", Settable, "our tcp port"),
    p("ipv4_tos", U8, "", Settable, "ipv4 type of service"),
    p("ipv6_traffic_class", U8, "", Settable, "ipv6 traffic class"),
    p(
        "ipv6_flow_label",
        U8,
        "",
        Settable,
        "ipv6 flow label (the driver stores 8 bits)",
    ),
    p(
        "targetname",
        Text(223),
        "",
        Settable,
        "target name; empty for a sendtargets entry",
    ),
    p("tpgt", U16, "", Settable, "target portal group tag"),
    p("link_local_ipv6", Ipv6, "", Settable, "our link-local address"),
    p(
        "discovery_parent_idx",
        U16,
        "",
        Settable,
        "sendtargets entry that found it",
    ),
    p(
        "discovery_parent_type",
        Text(32),
        "",
        ReadOnly("the driver derives it from discovery_parent_idx"),
        "kind of discovery that found it",
    ),
    p(
        "tcp_xmit_wsf",
        U8,
        "",
        Settable,
        "tcp window scale factor, sending",
    ),
    p(
        "tcp_recv_wsf",
        U8,
        "",
        Settable,
        "tcp window scale factor, receiving",
    ),
    p(
        "chap_in_idx",
        U16,
        "",
        ReadOnly(
            "the driver takes no chap entry for the target's side; it uses the first entry of direction in",
        ),
        "chap entry the target proves itself with",
    ),
    p(
        "chap_out_idx",
        U16,
        "",
        Settable,
        "chap entry we prove ourselves with",
    ),
    p(
        "username",
        Text(255),
        "",
        ReadOnly("make a chap entry (hbactl chap add) and set chap_out_idx to its index"),
        "chap user name",
    ),
    p(
        "username_in",
        Text(255),
        "",
        ReadOnly("make a chap entry of direction in (hbactl chap add) and switch bidi_chap on"),
        "chap user name of the target",
    ),
    p(
        "password",
        Secret,
        "",
        ReadOnly("make a chap entry (hbactl chap add) and set chap_out_idx to its index"),
        "chap secret",
    ),
    p(
        "password_in",
        Secret,
        "",
        ReadOnly("make a chap entry of direction in (hbactl chap add) and switch bidi_chap on"),
        "chap secret of the target",
    ),
    p("statsn", U32, "", Settable, "status sequence number"),
    p("exp_statsn", U32, "", Settable, "expected status sequence number"),
    p(
        "is_boot_target",
        Flag,
        "",
        ReadOnly("use hbactl boot set"),
        "boot target",
    ),
];
