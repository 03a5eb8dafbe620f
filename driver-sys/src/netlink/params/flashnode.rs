//! Parameters of a flash node (a persistent target, DDB): SET_FLASHNODE_PARAMS.
//!
//! One parameter that the driver does not take makes it refuse the whole request, after it has changed the ones before in
//! memory: filter by [`ParamInfo::settable`] first.
//!
//! Source: `iscsi_if.h`, `enum iscsi_flashnode_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_flashnode_sess_attr` and `iscsi_flashnode_conn_attr`; widths and
//! settability from `ql4_os.c`, `qla4xxx_sysfs_ddb_set_param`; record keys as the stock iscsiadm prints them.

use super::info::{Object, ParamInfo, WireKind, param_impl};
use crate::abi::open_enum;

type P = FlashnodeParam;

const fn flash(
    param: P,
    object: Object,
    attr: &'static str,
    key: &'static str,
    kind: WireKind,
    settable: bool,
) -> ParamInfo<P> {
    ParamInfo {
        param,
        object,
        attr: Some(attr),
        key: Some(key),
        kind,
        settable,
        root_only: false,
    }
}

open_enum! {
    /// A flash node parameter.
    pub enum FlashnodeParam: u16 {
        /// Is firmware assigned IPv6.
        IsFwAssignedIpv6 = 0 => "ISCSI_FLASHNODE_IS_FW_ASSIGNED_IPV6",
        /// Portal type.
        PortalType = 1 => "ISCSI_FLASHNODE_PORTAL_TYPE",
        /// Auto send target disable.
        AutoSndTgtDisable = 2 => "ISCSI_FLASHNODE_AUTO_SND_TGT_DISABLE",
        /// Discovery session.
        DiscoverySess = 3 => "ISCSI_FLASHNODE_DISCOVERY_SESS",
        /// Entry.
        EntryEn = 4 => "ISCSI_FLASHNODE_ENTRY_EN",
        /// Header digest.
        HdrDgstEn = 5 => "ISCSI_FLASHNODE_HDR_DGST_EN",
        /// Data digest.
        DataDgstEn = 6 => "ISCSI_FLASHNODE_DATA_DGST_EN",
        /// Immediate data.
        ImmDataEn = 7 => "ISCSI_FLASHNODE_IMM_DATA_EN",
        /// Initial R2T.
        InitialR2tEn = 8 => "ISCSI_FLASHNODE_INITIAL_R2T_EN",
        /// Data sequence in order.
        DataseqInorder = 9 => "ISCSI_FLASHNODE_DATASEQ_INORDER",
        /// PDU in order.
        PduInorder = 10 => "ISCSI_FLASHNODE_PDU_INORDER",
        /// CHAP auth.
        ChapAuthEn = 11 => "ISCSI_FLASHNODE_CHAP_AUTH_EN",
        /// SNACK required.
        SnackReqEn = 12 => "ISCSI_FLASHNODE_SNACK_REQ_EN",
        /// Discovery logout.
        DiscoveryLogoutEn = 13 => "ISCSI_FLASHNODE_DISCOVERY_LOGOUT_EN",
        /// Bidirectional CHAP.
        BidiChapEn = 14 => "ISCSI_FLASHNODE_BIDI_CHAP_EN",
        /// Discovery auth optional.
        DiscoveryAuthOptional = 15 => "ISCSI_FLASHNODE_DISCOVERY_AUTH_OPTIONAL",
        /// Error recovery level.
        Erl = 16 => "ISCSI_FLASHNODE_ERL",
        /// TCP timestamp stat.
        TcpTimestampStat = 17 => "ISCSI_FLASHNODE_TCP_TIMESTAMP_STAT",
        /// TCP Nagle disable.
        TcpNagleDisable = 18 => "ISCSI_FLASHNODE_TCP_NAGLE_DISABLE",
        /// TCP window scaling factor disable.
        TcpWsfDisable = 19 => "ISCSI_FLASHNODE_TCP_WSF_DISABLE",
        /// TCP timer scale.
        TcpTimerScale = 20 => "ISCSI_FLASHNODE_TCP_TIMER_SCALE",
        /// TCP timestamp.
        TcpTimestampEn = 21 => "ISCSI_FLASHNODE_TCP_TIMESTAMP_EN",
        /// IP fragmentation disable.
        IpFragDisable = 22 => "ISCSI_FLASHNODE_IP_FRAG_DISABLE",
        /// Maximum receive data segment length.
        MaxRecvDlength = 23 => "ISCSI_FLASHNODE_MAX_RECV_DLENGTH",
        /// Maximum transmit data segment length.
        MaxXmitDlength = 24 => "ISCSI_FLASHNODE_MAX_XMIT_DLENGTH",
        /// First burst.
        FirstBurst = 25 => "ISCSI_FLASHNODE_FIRST_BURST",
        /// Default time2wait.
        DefTime2wait = 26 => "ISCSI_FLASHNODE_DEF_TIME2WAIT",
        /// Default time2retain.
        DefTime2retain = 27 => "ISCSI_FLASHNODE_DEF_TIME2RETAIN",
        /// Maximum R2T.
        MaxR2t = 28 => "ISCSI_FLASHNODE_MAX_R2T",
        /// Keepalive timeout.
        KeepaliveTmo = 29 => "ISCSI_FLASHNODE_KEEPALIVE_TMO",
        /// ISID.
        Isid = 30 => "ISCSI_FLASHNODE_ISID",
        /// TSID.
        Tsid = 31 => "ISCSI_FLASHNODE_TSID",
        /// Port.
        Port = 32 => "ISCSI_FLASHNODE_PORT",
        /// Maximum burst.
        MaxBurst = 33 => "ISCSI_FLASHNODE_MAX_BURST",
        /// Default task management timeout.
        DefTaskmgmtTmo = 34 => "ISCSI_FLASHNODE_DEF_TASKMGMT_TMO",
        /// IP address.
        Ipaddr = 35 => "ISCSI_FLASHNODE_IPADDR",
        /// Alias.
        Alias = 36 => "ISCSI_FLASHNODE_ALIAS",
        /// Redirect IP address.
        RedirectIpaddr = 37 => "ISCSI_FLASHNODE_REDIRECT_IPADDR",
        /// Maximum segment size.
        MaxSegmentSize = 38 => "ISCSI_FLASHNODE_MAX_SEGMENT_SIZE",
        /// Local port.
        LocalPort = 39 => "ISCSI_FLASHNODE_LOCAL_PORT",
        /// IPv4 type of service.
        Ipv4Tos = 40 => "ISCSI_FLASHNODE_IPV4_TOS",
        /// IPv6 traffic class.
        Ipv6Tc = 41 => "ISCSI_FLASHNODE_IPV6_TC",
        /// IPv6 flow label.
        Ipv6FlowLabel = 42 => "ISCSI_FLASHNODE_IPV6_FLOW_LABEL",
        /// Name.
        Name = 43 => "ISCSI_FLASHNODE_NAME",
        /// Target portal group tag.
        Tpgt = 44 => "ISCSI_FLASHNODE_TPGT",
        /// Link local IPv6.
        LinkLocalIpv6 = 45 => "ISCSI_FLASHNODE_LINK_LOCAL_IPV6",
        /// Discovery parent index.
        DiscoveryParentIdx = 46 => "ISCSI_FLASHNODE_DISCOVERY_PARENT_IDX",
        /// Discovery parent type.
        DiscoveryParentType = 47 => "ISCSI_FLASHNODE_DISCOVERY_PARENT_TYPE",
        /// TCP transmit window scaling factor.
        TcpXmitWsf = 48 => "ISCSI_FLASHNODE_TCP_XMIT_WSF",
        /// TCP receive window scaling factor.
        TcpRecvWsf = 49 => "ISCSI_FLASHNODE_TCP_RECV_WSF",
        /// CHAP in index.
        ChapInIdx = 50 => "ISCSI_FLASHNODE_CHAP_IN_IDX",
        /// CHAP out index.
        ChapOutIdx = 51 => "ISCSI_FLASHNODE_CHAP_OUT_IDX",
        /// Username.
        Username = 52 => "ISCSI_FLASHNODE_USERNAME",
        /// Username in.
        UsernameIn = 53 => "ISCSI_FLASHNODE_USERNAME_IN",
        /// Password.
        Password = 54 => "ISCSI_FLASHNODE_PASSWORD",
        /// Password in.
        PasswordIn = 55 => "ISCSI_FLASHNODE_PASSWORD_IN",
        /// StatSN.
        Statsn = 56 => "ISCSI_FLASHNODE_STATSN",
        /// Expected StatSN.
        ExpStatsn = 57 => "ISCSI_FLASHNODE_EXP_STATSN",
        /// Is boot target.
        IsBootTgt = 58 => "ISCSI_FLASHNODE_IS_BOOT_TGT",
    }
}

param_impl!(FlashnodeParam, FLASHNODE_PARAMS);

/// Every flash node parameter, in code order.
pub static FLASHNODE_PARAMS: [ParamInfo<FlashnodeParam>; 59] = [
    flash(
        P::IsFwAssignedIpv6,
        Object::FlashConnection,
        "is_fw_assigned_ipv6",
        "flashnode.conn[0].is_fw_assigned_ipv6",
        WireKind::U8,
        true,
    ),
    flash(
        P::PortalType,
        Object::FlashSession,
        "portal_type",
        "flashnode.session.portal_type",
        WireKind::Text,
        true,
    ),
    flash(
        P::AutoSndTgtDisable,
        Object::FlashSession,
        "auto_snd_tgt_disable",
        "flashnode.session.auto_snd_tgt_disable",
        WireKind::U8,
        true,
    ),
    flash(
        P::DiscoverySess,
        Object::FlashSession,
        "discovery_session",
        "flashnode.session.discovery_session",
        WireKind::U8,
        true,
    ),
    flash(
        P::EntryEn,
        Object::FlashSession,
        "entry_enable",
        "flashnode.session.entry_enable",
        WireKind::U8,
        true,
    ),
    flash(
        P::HdrDgstEn,
        Object::FlashConnection,
        "header_digest",
        "flashnode.conn[0].header_digest_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::DataDgstEn,
        Object::FlashConnection,
        "data_digest",
        "flashnode.conn[0].data_digest_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::ImmDataEn,
        Object::FlashSession,
        "immediate_data",
        "flashnode.session.immediate_data",
        WireKind::U8,
        true,
    ),
    flash(
        P::InitialR2tEn,
        Object::FlashSession,
        "initial_r2t",
        "flashnode.session.initial_r2t",
        WireKind::U8,
        true,
    ),
    flash(
        P::DataseqInorder,
        Object::FlashSession,
        "data_seq_in_order",
        "flashnode.session.data_seq_in_order",
        WireKind::U8,
        true,
    ),
    flash(
        P::PduInorder,
        Object::FlashSession,
        "data_pdu_in_order",
        "flashnode.session.data_pdu_in_order",
        WireKind::U8,
        true,
    ),
    flash(
        P::ChapAuthEn,
        Object::FlashSession,
        "chap_auth",
        "flashnode.session.chap_auth_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::SnackReqEn,
        Object::FlashConnection,
        "snack_req",
        "flashnode.conn[0].snack_req_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::DiscoveryLogoutEn,
        Object::FlashSession,
        "discovery_logout",
        "flashnode.session.discovery_logout_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::BidiChapEn,
        Object::FlashSession,
        "bidi_chap",
        "flashnode.session.bidi_chap_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::DiscoveryAuthOptional,
        Object::FlashSession,
        "discovery_auth_optional",
        "flashnode.session.discovery_auth_optional",
        WireKind::U8,
        true,
    ),
    flash(
        P::Erl,
        Object::FlashSession,
        "erl",
        "flashnode.session.erl",
        WireKind::U8,
        true,
    ),
    flash(
        P::TcpTimestampStat,
        Object::FlashConnection,
        "tcp_timestamp_stat",
        "flashnode.conn[0].tcp_timestamp_stat",
        WireKind::U8,
        true,
    ),
    flash(
        P::TcpNagleDisable,
        Object::FlashConnection,
        "tcp_nagle_disable",
        "flashnode.conn[0].tcp_nagle_disable",
        WireKind::U8,
        true,
    ),
    flash(
        P::TcpWsfDisable,
        Object::FlashConnection,
        "tcp_wsf_disable",
        "flashnode.conn[0].tcp_wsf_disable",
        WireKind::U8,
        true,
    ),
    flash(
        P::TcpTimerScale,
        Object::FlashConnection,
        "tcp_timer_scale",
        "flashnode.conn[0].tcp_timer_scale",
        WireKind::U8,
        true,
    ),
    flash(
        P::TcpTimestampEn,
        Object::FlashConnection,
        "tcp_timestamp_enable",
        "flashnode.conn[0].tcp_timestamp_en",
        WireKind::U8,
        true,
    ),
    flash(
        P::IpFragDisable,
        Object::FlashConnection,
        "fragment_disable",
        "flashnode.conn[0].fragment_disable",
        WireKind::U8,
        true,
    ),
    flash(
        P::MaxRecvDlength,
        Object::FlashConnection,
        "max_recv_dlength",
        "flashnode.conn[0].max_recv_dlength",
        WireKind::U32,
        true,
    ),
    flash(
        P::MaxXmitDlength,
        Object::FlashConnection,
        "max_xmit_dlength",
        "flashnode.conn[0].max_xmit_dlength",
        WireKind::U32,
        true,
    ),
    flash(
        P::FirstBurst,
        Object::FlashSession,
        "first_burst_len",
        "flashnode.session.first_burst_len",
        WireKind::U32,
        true,
    ),
    flash(
        P::DefTime2wait,
        Object::FlashSession,
        "def_time2wait",
        "flashnode.session.def_time2wait",
        WireKind::U16,
        true,
    ),
    flash(
        P::DefTime2retain,
        Object::FlashSession,
        "def_time2retain",
        "flashnode.session.def_time2retain",
        WireKind::U16,
        true,
    ),
    flash(
        P::MaxR2t,
        Object::FlashSession,
        "max_outstanding_r2t",
        "flashnode.session.max_outstanding_r2t",
        WireKind::U16,
        true,
    ),
    flash(
        P::KeepaliveTmo,
        Object::FlashConnection,
        "keepalive_tmo",
        "flashnode.conn[0].keepalive_tmo",
        WireKind::U16,
        true,
    ),
    flash(
        P::Isid,
        Object::FlashSession,
        "isid",
        "flashnode.session.isid",
        WireKind::Bytes(6),
        true,
    ),
    flash(
        P::Tsid,
        Object::FlashSession,
        "tsid",
        "flashnode.session.tsid",
        WireKind::U16,
        true,
    ),
    flash(
        P::Port,
        Object::FlashConnection,
        "port",
        "flashnode.conn[0].port",
        WireKind::U16,
        true,
    ),
    flash(
        P::MaxBurst,
        Object::FlashSession,
        "max_burst_len",
        "flashnode.session.max_burst_len",
        WireKind::U32,
        true,
    ),
    flash(
        P::DefTaskmgmtTmo,
        Object::FlashSession,
        "def_taskmgmt_tmo",
        "flashnode.session.def_taskmgmt_tmo",
        WireKind::U16,
        true,
    ),
    flash(
        P::Ipaddr,
        Object::FlashConnection,
        "ipaddress",
        "flashnode.conn[0].ipaddress",
        WireKind::Ip,
        true,
    ),
    flash(
        P::Alias,
        Object::FlashSession,
        "targetalias",
        "flashnode.session.targetalias",
        WireKind::CText,
        true,
    ),
    flash(
        P::RedirectIpaddr,
        Object::FlashConnection,
        "redirect_ipaddr",
        "flashnode.conn[0].redirect_ipaddr",
        WireKind::Ip,
        true,
    ),
    flash(
        P::MaxSegmentSize,
        Object::FlashConnection,
        "max_segment_size",
        "flashnode.conn[0].max_segment_size",
        WireKind::U32,
        true,
    ),
    flash(
        P::LocalPort,
        Object::FlashConnection,
        "local_port",
        "flashnode.conn[0].local_port",
        WireKind::U16,
        true,
    ),
    flash(
        P::Ipv4Tos,
        Object::FlashConnection,
        "ipv4_tos",
        "flashnode.conn[0].ipv4_tos",
        WireKind::U8,
        true,
    ),
    flash(
        P::Ipv6Tc,
        Object::FlashConnection,
        "ipv6_traffic_class",
        "flashnode.conn[0].ipv6_traffic_class",
        WireKind::U8,
        true,
    ),
    flash(
        P::Ipv6FlowLabel,
        Object::FlashConnection,
        "ipv6_flow_label",
        "flashnode.conn[0].ipv6_flow_label",
        WireKind::U8,
        true,
    ),
    flash(
        P::Name,
        Object::FlashSession,
        "targetname",
        "flashnode.session.targetname",
        WireKind::CText,
        true,
    ),
    flash(
        P::Tpgt,
        Object::FlashSession,
        "tpgt",
        "flashnode.session.tpgt",
        WireKind::U16,
        true,
    ),
    flash(
        P::LinkLocalIpv6,
        Object::FlashConnection,
        "link_local_ipv6",
        "flashnode.conn[0].link_local_ipv6",
        WireKind::Ip,
        true,
    ),
    flash(
        P::DiscoveryParentIdx,
        Object::FlashSession,
        "discovery_parent_idx",
        "flashnode.session.discovery_parent_idx",
        WireKind::U16,
        true,
    ),
    flash(
        P::DiscoveryParentType,
        Object::FlashSession,
        "discovery_parent_type",
        "flashnode.session.discovery_parent_type",
        WireKind::U16,
        false,
    ),
    flash(
        P::TcpXmitWsf,
        Object::FlashConnection,
        "tcp_xmit_wsf",
        "flashnode.conn[0].tcp_xmit_wsf",
        WireKind::U8,
        true,
    ),
    flash(
        P::TcpRecvWsf,
        Object::FlashConnection,
        "tcp_recv_wsf",
        "flashnode.conn[0].tcp_recv_wsf",
        WireKind::U8,
        true,
    ),
    flash(
        P::ChapInIdx,
        Object::FlashSession,
        "chap_in_idx",
        "flashnode.session.chap_in_idx",
        WireKind::U16,
        false,
    ),
    flash(
        P::ChapOutIdx,
        Object::FlashSession,
        "chap_out_idx",
        "flashnode.session.chap_out_idx",
        WireKind::U16,
        true,
    ),
    flash(
        P::Username,
        Object::FlashSession,
        "username",
        "flashnode.session.username",
        WireKind::CText,
        false,
    ),
    flash(
        P::UsernameIn,
        Object::FlashSession,
        "username_in",
        "flashnode.session.username_in",
        WireKind::CText,
        false,
    ),
    flash(
        P::Password,
        Object::FlashSession,
        "password",
        "flashnode.session.password",
        WireKind::Secret,
        false,
    ),
    flash(
        P::PasswordIn,
        Object::FlashSession,
        "password_in",
        "flashnode.session.password_in",
        WireKind::Secret,
        false,
    ),
    flash(
        P::Statsn,
        Object::FlashConnection,
        "statsn",
        "flashnode.conn[0].statsn",
        WireKind::U32,
        true,
    ),
    flash(
        P::ExpStatsn,
        Object::FlashConnection,
        "exp_statsn",
        "flashnode.conn[0].exp_statsn",
        WireKind::U32,
        true,
    ),
    flash(
        P::IsBootTgt,
        Object::FlashSession,
        "is_boot_target",
        "flashnode.session.is_boot_target",
        WireKind::U8,
        false,
    ),
];

/// The order in which the stock iscsiadm prints a flash node record.
pub static FLASHNODE_RECORD_ORDER: [P; 59] = [
    P::AutoSndTgtDisable,
    P::DiscoverySess,
    P::PortalType,
    P::EntryEn,
    P::ImmDataEn,
    P::InitialR2tEn,
    P::DataseqInorder,
    P::PduInorder,
    P::ChapAuthEn,
    P::DiscoveryLogoutEn,
    P::BidiChapEn,
    P::DiscoveryAuthOptional,
    P::Erl,
    P::FirstBurst,
    P::DefTime2wait,
    P::DefTime2retain,
    P::MaxR2t,
    P::Isid,
    P::Tsid,
    P::MaxBurst,
    P::DefTaskmgmtTmo,
    P::Alias,
    P::Name,
    P::DiscoveryParentIdx,
    P::DiscoveryParentType,
    P::Tpgt,
    P::ChapOutIdx,
    P::ChapInIdx,
    P::Username,
    P::UsernameIn,
    P::Password,
    P::PasswordIn,
    P::IsBootTgt,
    P::IsFwAssignedIpv6,
    P::HdrDgstEn,
    P::DataDgstEn,
    P::SnackReqEn,
    P::TcpTimestampStat,
    P::TcpNagleDisable,
    P::TcpWsfDisable,
    P::TcpTimerScale,
    P::TcpTimestampEn,
    P::IpFragDisable,
    P::MaxXmitDlength,
    P::MaxRecvDlength,
    P::KeepaliveTmo,
    P::Port,
    P::Ipaddr,
    P::RedirectIpaddr,
    P::MaxSegmentSize,
    P::LocalPort,
    P::Ipv4Tos,
    P::Ipv6Tc,
    P::Ipv6FlowLabel,
    P::LinkLocalIpv6,
    P::TcpXmitWsf,
    P::TcpRecvWsf,
    P::Statsn,
    P::ExpStatsn,
];
