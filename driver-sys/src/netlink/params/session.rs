//! Parameters of sessions and connections: SET_PARAM carries them as text, sysfs shows them.
//!
//! Source: `iscsi_if.h`, `enum iscsi_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_session_attr` and `iscsi_conn_attr`.

use super::info::{Object, ParamInfo, Value, WireKind, param_impl};
use crate::abi::open_enum;

type P = IscsiParam;

const fn session(
    param: P,
    object: Object,
    attr: Option<&'static str>,
    kind: WireKind,
    root_only: bool,
) -> ParamInfo<P> {
    ParamInfo {
        param,
        object,
        attr,
        key: None,
        kind,
        settable: false,
        root_only,
    }
}

open_enum! {
    /// A session or connection parameter.
    pub enum IscsiParam: u16 {
        /// Maximum receive data segment length.
        MaxRecvDlength = 0 => "ISCSI_PARAM_MAX_RECV_DLENGTH",
        /// Maximum transmit data segment length.
        MaxXmitDlength = 1 => "ISCSI_PARAM_MAX_XMIT_DLENGTH",
        /// Header digest.
        HdrdgstEn = 2 => "ISCSI_PARAM_HDRDGST_EN",
        /// Data digest.
        DatadgstEn = 3 => "ISCSI_PARAM_DATADGST_EN",
        /// Initial R2T.
        InitialR2tEn = 4 => "ISCSI_PARAM_INITIAL_R2T_EN",
        /// Maximum R2T.
        MaxR2t = 5 => "ISCSI_PARAM_MAX_R2T",
        /// Immediate data.
        ImmDataEn = 6 => "ISCSI_PARAM_IMM_DATA_EN",
        /// First burst.
        FirstBurst = 7 => "ISCSI_PARAM_FIRST_BURST",
        /// Maximum burst.
        MaxBurst = 8 => "ISCSI_PARAM_MAX_BURST",
        /// PDU in order.
        PduInorderEn = 9 => "ISCSI_PARAM_PDU_INORDER_EN",
        /// Data sequence in order.
        DataseqInorderEn = 10 => "ISCSI_PARAM_DATASEQ_INORDER_EN",
        /// Error recovery level.
        Erl = 11 => "ISCSI_PARAM_ERL",
        /// Ifmarker.
        IfmarkerEn = 12 => "ISCSI_PARAM_IFMARKER_EN",
        /// Ofmarker.
        OfmarkerEn = 13 => "ISCSI_PARAM_OFMARKER_EN",
        /// Expected StatSN.
        ExpStatsn = 14 => "ISCSI_PARAM_EXP_STATSN",
        /// Target name.
        TargetName = 15 => "ISCSI_PARAM_TARGET_NAME",
        /// Target portal group tag.
        Tpgt = 16 => "ISCSI_PARAM_TPGT",
        /// Persistent address.
        PersistentAddress = 17 => "ISCSI_PARAM_PERSISTENT_ADDRESS",
        /// Persistent port.
        PersistentPort = 18 => "ISCSI_PARAM_PERSISTENT_PORT",
        /// Session recovery timeout.
        SessRecoveryTmo = 19 => "ISCSI_PARAM_SESS_RECOVERY_TMO",
        /// Connection port.
        ConnPort = 20 => "ISCSI_PARAM_CONN_PORT",
        /// Connection address.
        ConnAddress = 21 => "ISCSI_PARAM_CONN_ADDRESS",
        /// Username.
        Username = 22 => "ISCSI_PARAM_USERNAME",
        /// Username in.
        UsernameIn = 23 => "ISCSI_PARAM_USERNAME_IN",
        /// Password.
        Password = 24 => "ISCSI_PARAM_PASSWORD",
        /// Password in.
        PasswordIn = 25 => "ISCSI_PARAM_PASSWORD_IN",
        /// Fast abort.
        FastAbort = 26 => "ISCSI_PARAM_FAST_ABORT",
        /// Abort timeout.
        AbortTmo = 27 => "ISCSI_PARAM_ABORT_TMO",
        /// LU reset timeout.
        LuResetTmo = 28 => "ISCSI_PARAM_LU_RESET_TMO",
        /// Host reset timeout.
        HostResetTmo = 29 => "ISCSI_PARAM_HOST_RESET_TMO",
        /// Ping timeout.
        PingTmo = 30 => "ISCSI_PARAM_PING_TMO",
        /// Receive timeout.
        RecvTmo = 31 => "ISCSI_PARAM_RECV_TMO",
        /// Iface name.
        IfaceName = 32 => "ISCSI_PARAM_IFACE_NAME",
        /// ISID.
        Isid = 33 => "ISCSI_PARAM_ISID",
        /// Initiator name.
        InitiatorName = 34 => "ISCSI_PARAM_INITIATOR_NAME",
        /// Target reset timeout.
        TgtResetTmo = 35 => "ISCSI_PARAM_TGT_RESET_TMO",
        /// Target alias.
        TargetAlias = 36 => "ISCSI_PARAM_TARGET_ALIAS",
        /// CHAP in index.
        ChapInIdx = 37 => "ISCSI_PARAM_CHAP_IN_IDX",
        /// CHAP out index.
        ChapOutIdx = 38 => "ISCSI_PARAM_CHAP_OUT_IDX",
        /// Boot root.
        BootRoot = 39 => "ISCSI_PARAM_BOOT_ROOT",
        /// Boot NIC.
        BootNic = 40 => "ISCSI_PARAM_BOOT_NIC",
        /// Boot target.
        BootTarget = 41 => "ISCSI_PARAM_BOOT_TARGET",
        /// Auto send target disable.
        AutoSndTgtDisable = 42 => "ISCSI_PARAM_AUTO_SND_TGT_DISABLE",
        /// Discovery session.
        DiscoverySess = 43 => "ISCSI_PARAM_DISCOVERY_SESS",
        /// Portal type.
        PortalType = 44 => "ISCSI_PARAM_PORTAL_TYPE",
        /// CHAP auth.
        ChapAuthEn = 45 => "ISCSI_PARAM_CHAP_AUTH_EN",
        /// Discovery logout.
        DiscoveryLogoutEn = 46 => "ISCSI_PARAM_DISCOVERY_LOGOUT_EN",
        /// Bidirectional CHAP.
        BidiChapEn = 47 => "ISCSI_PARAM_BIDI_CHAP_EN",
        /// Discovery auth optional.
        DiscoveryAuthOptional = 48 => "ISCSI_PARAM_DISCOVERY_AUTH_OPTIONAL",
        /// Default time2wait.
        DefTime2wait = 49 => "ISCSI_PARAM_DEF_TIME2WAIT",
        /// Default time2retain.
        DefTime2retain = 50 => "ISCSI_PARAM_DEF_TIME2RETAIN",
        /// Maximum segment size.
        MaxSegmentSize = 51 => "ISCSI_PARAM_MAX_SEGMENT_SIZE",
        /// StatSN.
        Statsn = 52 => "ISCSI_PARAM_STATSN",
        /// Keepalive timeout.
        KeepaliveTmo = 53 => "ISCSI_PARAM_KEEPALIVE_TMO",
        /// Local port.
        LocalPort = 54 => "ISCSI_PARAM_LOCAL_PORT",
        /// TSID.
        Tsid = 55 => "ISCSI_PARAM_TSID",
        /// Default task management timeout.
        DefTaskmgmtTmo = 56 => "ISCSI_PARAM_DEF_TASKMGMT_TMO",
        /// TCP timestamp stat.
        TcpTimestampStat = 57 => "ISCSI_PARAM_TCP_TIMESTAMP_STAT",
        /// TCP window scaling factor disable.
        TcpWsfDisable = 58 => "ISCSI_PARAM_TCP_WSF_DISABLE",
        /// TCP Nagle disable.
        TcpNagleDisable = 59 => "ISCSI_PARAM_TCP_NAGLE_DISABLE",
        /// TCP timer scale.
        TcpTimerScale = 60 => "ISCSI_PARAM_TCP_TIMER_SCALE",
        /// TCP timestamp.
        TcpTimestampEn = 61 => "ISCSI_PARAM_TCP_TIMESTAMP_EN",
        /// TCP transmit window scaling factor.
        TcpXmitWsf = 62 => "ISCSI_PARAM_TCP_XMIT_WSF",
        /// TCP receive window scaling factor.
        TcpRecvWsf = 63 => "ISCSI_PARAM_TCP_RECV_WSF",
        /// IP fragment disable.
        IpFragmentDisable = 64 => "ISCSI_PARAM_IP_FRAGMENT_DISABLE",
        /// IPv4 type of service.
        Ipv4Tos = 65 => "ISCSI_PARAM_IPV4_TOS",
        /// IPv6 traffic class.
        Ipv6Tc = 66 => "ISCSI_PARAM_IPV6_TC",
        /// IPv6 flow label.
        Ipv6FlowLabel = 67 => "ISCSI_PARAM_IPV6_FLOW_LABEL",
        /// Is firmware assigned IPv6.
        IsFwAssignedIpv6 = 68 => "ISCSI_PARAM_IS_FW_ASSIGNED_IPV6",
        /// Discovery parent index.
        DiscoveryParentIdx = 69 => "ISCSI_PARAM_DISCOVERY_PARENT_IDX",
        /// Discovery parent type.
        DiscoveryParentType = 70 => "ISCSI_PARAM_DISCOVERY_PARENT_TYPE",
        /// Local IP address.
        LocalIpaddr = 71 => "ISCSI_PARAM_LOCAL_IPADDR",
    }
}

param_impl!(IscsiParam, ISCSI_PARAMS);

/// Every session and connection parameter, in code order.
pub static ISCSI_PARAMS: [ParamInfo<IscsiParam>; 72] = [
    session(
        P::MaxRecvDlength,
        Object::Connection,
        Some("max_recv_dlength"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::MaxXmitDlength,
        Object::Connection,
        Some("max_xmit_dlength"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::HdrdgstEn,
        Object::Connection,
        Some("header_digest"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DatadgstEn,
        Object::Connection,
        Some("data_digest"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::InitialR2tEn,
        Object::Session,
        Some("initial_r2t"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::MaxR2t,
        Object::Session,
        Some("max_outstanding_r2t"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::ImmDataEn,
        Object::Session,
        Some("immediate_data"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::FirstBurst,
        Object::Session,
        Some("first_burst_len"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::MaxBurst,
        Object::Session,
        Some("max_burst_len"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::PduInorderEn,
        Object::Session,
        Some("data_pdu_in_order"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DataseqInorderEn,
        Object::Session,
        Some("data_seq_in_order"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::Erl,
        Object::Session,
        Some("erl"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::IfmarkerEn,
        Object::Connection,
        Some("ifmarker"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::OfmarkerEn,
        Object::Connection,
        Some("ofmarker"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::ExpStatsn,
        Object::Connection,
        Some("exp_statsn"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::TargetName,
        Object::Session,
        Some("targetname"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::Tpgt,
        Object::Session,
        Some("tpgt"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::PersistentAddress,
        Object::Connection,
        Some("persistent_address"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::PersistentPort,
        Object::Connection,
        Some("persistent_port"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::SessRecoveryTmo,
        Object::Session,
        Some("recovery_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::ConnPort,
        Object::Connection,
        Some("port"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::ConnAddress,
        Object::Connection,
        Some("address"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::Username,
        Object::Session,
        Some("username"),
        WireKind::Ascii(Value::Text),
        true,
    ),
    session(
        P::UsernameIn,
        Object::Session,
        Some("username_in"),
        WireKind::Ascii(Value::Text),
        true,
    ),
    session(
        P::Password,
        Object::Session,
        Some("password"),
        WireKind::Ascii(Value::Secret),
        true,
    ),
    session(
        P::PasswordIn,
        Object::Session,
        Some("password_in"),
        WireKind::Ascii(Value::Secret),
        true,
    ),
    session(
        P::FastAbort,
        Object::Session,
        Some("fast_abort"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::AbortTmo,
        Object::Session,
        Some("abort_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::LuResetTmo,
        Object::Session,
        Some("lu_reset_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::HostResetTmo,
        Object::None,
        None,
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::PingTmo,
        Object::Connection,
        Some("ping_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::RecvTmo,
        Object::Connection,
        Some("recv_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::IfaceName,
        Object::Session,
        Some("ifacename"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::Isid,
        Object::Session,
        Some("isid"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::InitiatorName,
        Object::Session,
        Some("initiatorname"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::TgtResetTmo,
        Object::Session,
        Some("tgt_reset_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::TargetAlias,
        Object::Session,
        Some("targetalias"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::ChapInIdx,
        Object::Session,
        Some("chap_in_idx"),
        WireKind::Ascii(Value::Number),
        true,
    ),
    session(
        P::ChapOutIdx,
        Object::Session,
        Some("chap_out_idx"),
        WireKind::Ascii(Value::Number),
        true,
    ),
    session(
        P::BootRoot,
        Object::Session,
        Some("boot_root"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::BootNic,
        Object::Session,
        Some("boot_nic"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::BootTarget,
        Object::Session,
        Some("boot_target"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::AutoSndTgtDisable,
        Object::Session,
        Some("auto_snd_tgt_disable"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DiscoverySess,
        Object::Session,
        Some("discovery_session"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::PortalType,
        Object::Session,
        Some("portal_type"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::ChapAuthEn,
        Object::Session,
        Some("chap_auth"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DiscoveryLogoutEn,
        Object::Session,
        Some("discovery_logout"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::BidiChapEn,
        Object::Session,
        Some("bidi_chap"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DiscoveryAuthOptional,
        Object::Session,
        Some("discovery_auth_optional"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DefTime2wait,
        Object::Session,
        Some("def_time2wait"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::DefTime2retain,
        Object::Session,
        Some("def_time2retain"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::MaxSegmentSize,
        Object::Connection,
        Some("max_segment_size"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::Statsn,
        Object::Connection,
        Some("statsn"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::KeepaliveTmo,
        Object::Connection,
        Some("keepalive_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::LocalPort,
        Object::Connection,
        Some("local_port"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::Tsid,
        Object::Session,
        Some("tsid"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::DefTaskmgmtTmo,
        Object::Session,
        Some("def_taskmgmt_tmo"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::TcpTimestampStat,
        Object::Connection,
        Some("tcp_timestamp_stat"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::TcpWsfDisable,
        Object::Connection,
        Some("tcp_wsf_disable"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::TcpNagleDisable,
        Object::Connection,
        Some("tcp_nagle_disable"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::TcpTimerScale,
        Object::Connection,
        Some("tcp_timer_scale"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::TcpTimestampEn,
        Object::Connection,
        Some("tcp_timestamp_enable"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::TcpXmitWsf,
        Object::Connection,
        Some("tcp_xmit_wsf"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::TcpRecvWsf,
        Object::Connection,
        Some("tcp_recv_wsf"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::IpFragmentDisable,
        Object::Connection,
        Some("fragment_disable"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::Ipv4Tos,
        Object::Connection,
        Some("ipv4_tos"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::Ipv6Tc,
        Object::Connection,
        Some("ipv6_traffic_class"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::Ipv6FlowLabel,
        Object::Connection,
        Some("ipv6_flow_label"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::IsFwAssignedIpv6,
        Object::Connection,
        Some("is_fw_assigned_ipv6"),
        WireKind::Ascii(Value::Bool),
        false,
    ),
    session(
        P::DiscoveryParentIdx,
        Object::Session,
        Some("discovery_parent_idx"),
        WireKind::Ascii(Value::Number),
        false,
    ),
    session(
        P::DiscoveryParentType,
        Object::Session,
        Some("discovery_parent_type"),
        WireKind::Ascii(Value::Text),
        false,
    ),
    session(
        P::LocalIpaddr,
        Object::Connection,
        Some("local_ipaddr"),
        WireKind::Ascii(Value::Text),
        false,
    ),
];
