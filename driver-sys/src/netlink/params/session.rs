//! Parameters of sessions and connections: SET_PARAM carries them as text, sysfs shows them.
//!
//! Source: `iscsi_if.h`, `enum iscsi_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_session_attr` and `iscsi_conn_attr`.

use super::info::params;

params! {
    /// A session or connection parameter.
    pub enum IscsiParam;
    MaxRecvDlength = 0 "ISCSI_PARAM_MAX_RECV_DLENGTH", Connection "max_recv_dlength" _,
        Ascii, ANY32, "maximum receive data segment length";
    MaxXmitDlength = 1 "ISCSI_PARAM_MAX_XMIT_DLENGTH", Connection "max_xmit_dlength" _,
        Ascii, ANY32, "maximum transmit data segment length";
    HdrdgstEn = 2 "ISCSI_PARAM_HDRDGST_EN", Connection "header_digest" _,
        Ascii, FLAG, "header digest";
    DatadgstEn = 3 "ISCSI_PARAM_DATADGST_EN", Connection "data_digest" _,
        Ascii, FLAG, "data digest";
    InitialR2tEn = 4 "ISCSI_PARAM_INITIAL_R2T_EN", Session "initial_r2t" _,
        Ascii, FLAG, "initial R2T";
    MaxR2t = 5 "ISCSI_PARAM_MAX_R2T", Session "max_outstanding_r2t" _,
        Ascii, ANY32, "maximum R2T";
    ImmDataEn = 6 "ISCSI_PARAM_IMM_DATA_EN", Session "immediate_data" _,
        Ascii, FLAG, "immediate data";
    FirstBurst = 7 "ISCSI_PARAM_FIRST_BURST", Session "first_burst_len" _,
        Ascii, ANY32, "first burst";
    MaxBurst = 8 "ISCSI_PARAM_MAX_BURST", Session "max_burst_len" _,
        Ascii, ANY32, "maximum burst";
    PduInorderEn = 9 "ISCSI_PARAM_PDU_INORDER_EN", Session "data_pdu_in_order" _,
        Ascii, FLAG, "PDU in order";
    DataseqInorderEn = 10 "ISCSI_PARAM_DATASEQ_INORDER_EN", Session "data_seq_in_order" _,
        Ascii, FLAG, "data sequence in order";
    Erl = 11 "ISCSI_PARAM_ERL", Session "erl" _,
        Ascii, ANY32, "error recovery level";
    IfmarkerEn = 12 "ISCSI_PARAM_IFMARKER_EN", Connection "ifmarker" _,
        Ascii, FLAG, "ifmarker";
    OfmarkerEn = 13 "ISCSI_PARAM_OFMARKER_EN", Connection "ofmarker" _,
        Ascii, FLAG, "ofmarker";
    ExpStatsn = 14 "ISCSI_PARAM_EXP_STATSN", Connection "exp_statsn" _,
        Ascii, ANY32, "expected StatSN";
    TargetName = 15 "ISCSI_PARAM_TARGET_NAME", Session "targetname" _,
        Ascii, TEXT, "target name";
    Tpgt = 16 "ISCSI_PARAM_TPGT", Session "tpgt" _,
        Ascii, ANY32, "target portal group tag";
    PersistentAddress = 17 "ISCSI_PARAM_PERSISTENT_ADDRESS", Connection "persistent_address" _,
        Ascii, TEXT, "persistent address";
    PersistentPort = 18 "ISCSI_PARAM_PERSISTENT_PORT", Connection "persistent_port" _,
        Ascii, ANY32, "persistent port";
    SessRecoveryTmo = 19 "ISCSI_PARAM_SESS_RECOVERY_TMO", Session "recovery_tmo" _,
        Ascii, ANY32, "session recovery timeout";
    ConnPort = 20 "ISCSI_PARAM_CONN_PORT", Connection "port" _,
        Ascii, ANY32, "connection port";
    ConnAddress = 21 "ISCSI_PARAM_CONN_ADDRESS", Connection "address" _,
        Ascii, TEXT, "connection address";
    Username = 22 "ISCSI_PARAM_USERNAME", Session "username" _,
        Ascii, TEXT, "username", root_only();
    UsernameIn = 23 "ISCSI_PARAM_USERNAME_IN", Session "username_in" _,
        Ascii, TEXT, "username in", root_only();
    Password = 24 "ISCSI_PARAM_PASSWORD", Session "password" _,
        Ascii, SECRET, "password", root_only();
    PasswordIn = 25 "ISCSI_PARAM_PASSWORD_IN", Session "password_in" _,
        Ascii, SECRET, "password in", root_only();
    FastAbort = 26 "ISCSI_PARAM_FAST_ABORT", Session "fast_abort" _,
        Ascii, FLAG, "fast abort";
    AbortTmo = 27 "ISCSI_PARAM_ABORT_TMO", Session "abort_tmo" _,
        Ascii, ANY32, "abort timeout";
    LuResetTmo = 28 "ISCSI_PARAM_LU_RESET_TMO", Session "lu_reset_tmo" _,
        Ascii, ANY32, "LU reset timeout";
    HostResetTmo = 29 "ISCSI_PARAM_HOST_RESET_TMO", None _ _,
        Ascii, ANY32, "host reset timeout";
    PingTmo = 30 "ISCSI_PARAM_PING_TMO", Connection "ping_tmo" _,
        Ascii, ANY32, "ping timeout";
    RecvTmo = 31 "ISCSI_PARAM_RECV_TMO", Connection "recv_tmo" _,
        Ascii, ANY32, "receive timeout";
    IfaceName = 32 "ISCSI_PARAM_IFACE_NAME", Session "ifacename" _,
        Ascii, TEXT, "iface name";
    Isid = 33 "ISCSI_PARAM_ISID", Session "isid" _,
        Ascii, TEXT, "ISID";
    InitiatorName = 34 "ISCSI_PARAM_INITIATOR_NAME", Session "initiatorname" _,
        Ascii, TEXT, "initiator name";
    TgtResetTmo = 35 "ISCSI_PARAM_TGT_RESET_TMO", Session "tgt_reset_tmo" _,
        Ascii, ANY32, "target reset timeout";
    TargetAlias = 36 "ISCSI_PARAM_TARGET_ALIAS", Session "targetalias" _,
        Ascii, TEXT, "target alias";
    ChapInIdx = 37 "ISCSI_PARAM_CHAP_IN_IDX", Session "chap_in_idx" _,
        Ascii, ANY32, "CHAP in index", root_only();
    ChapOutIdx = 38 "ISCSI_PARAM_CHAP_OUT_IDX", Session "chap_out_idx" _,
        Ascii, ANY32, "CHAP out index", root_only();
    BootRoot = 39 "ISCSI_PARAM_BOOT_ROOT", Session "boot_root" _,
        Ascii, TEXT, "boot root";
    BootNic = 40 "ISCSI_PARAM_BOOT_NIC", Session "boot_nic" _,
        Ascii, TEXT, "boot NIC";
    BootTarget = 41 "ISCSI_PARAM_BOOT_TARGET", Session "boot_target" _,
        Ascii, TEXT, "boot target";
    AutoSndTgtDisable = 42 "ISCSI_PARAM_AUTO_SND_TGT_DISABLE", Session "auto_snd_tgt_disable" _,
        Ascii, FLAG, "auto send target disable";
    DiscoverySess = 43 "ISCSI_PARAM_DISCOVERY_SESS", Session "discovery_session" _,
        Ascii, FLAG, "discovery session";
    PortalType = 44 "ISCSI_PARAM_PORTAL_TYPE", Session "portal_type" _,
        Ascii, TEXT, "portal type";
    ChapAuthEn = 45 "ISCSI_PARAM_CHAP_AUTH_EN", Session "chap_auth" _,
        Ascii, FLAG, "CHAP auth";
    DiscoveryLogoutEn = 46 "ISCSI_PARAM_DISCOVERY_LOGOUT_EN", Session "discovery_logout" _,
        Ascii, FLAG, "discovery logout";
    BidiChapEn = 47 "ISCSI_PARAM_BIDI_CHAP_EN", Session "bidi_chap" _,
        Ascii, FLAG, "bidirectional CHAP";
    DiscoveryAuthOptional = 48 "ISCSI_PARAM_DISCOVERY_AUTH_OPTIONAL", Session "discovery_auth_optional" _,
        Ascii, FLAG, "discovery auth optional";
    DefTime2wait = 49 "ISCSI_PARAM_DEF_TIME2WAIT", Session "def_time2wait" _,
        Ascii, ANY32, "default time2wait";
    DefTime2retain = 50 "ISCSI_PARAM_DEF_TIME2RETAIN", Session "def_time2retain" _,
        Ascii, ANY32, "default time2retain";
    MaxSegmentSize = 51 "ISCSI_PARAM_MAX_SEGMENT_SIZE", Connection "max_segment_size" _,
        Ascii, ANY32, "maximum segment size";
    Statsn = 52 "ISCSI_PARAM_STATSN", Connection "statsn" _,
        Ascii, ANY32, "StatSN";
    KeepaliveTmo = 53 "ISCSI_PARAM_KEEPALIVE_TMO", Connection "keepalive_tmo" _,
        Ascii, ANY32, "keepalive timeout";
    LocalPort = 54 "ISCSI_PARAM_LOCAL_PORT", Connection "local_port" _,
        Ascii, ANY32, "local port";
    Tsid = 55 "ISCSI_PARAM_TSID", Session "tsid" _,
        Ascii, ANY32, "TSID";
    DefTaskmgmtTmo = 56 "ISCSI_PARAM_DEF_TASKMGMT_TMO", Session "def_taskmgmt_tmo" _,
        Ascii, ANY32, "default task management timeout";
    TcpTimestampStat = 57 "ISCSI_PARAM_TCP_TIMESTAMP_STAT", Connection "tcp_timestamp_stat" _,
        Ascii, FLAG, "TCP timestamp stat";
    TcpWsfDisable = 58 "ISCSI_PARAM_TCP_WSF_DISABLE", Connection "tcp_wsf_disable" _,
        Ascii, FLAG, "TCP window scaling factor disable";
    TcpNagleDisable = 59 "ISCSI_PARAM_TCP_NAGLE_DISABLE", Connection "tcp_nagle_disable" _,
        Ascii, FLAG, "TCP Nagle disable";
    TcpTimerScale = 60 "ISCSI_PARAM_TCP_TIMER_SCALE", Connection "tcp_timer_scale" _,
        Ascii, ANY32, "TCP timer scale";
    TcpTimestampEn = 61 "ISCSI_PARAM_TCP_TIMESTAMP_EN", Connection "tcp_timestamp_enable" _,
        Ascii, FLAG, "TCP timestamp";
    TcpXmitWsf = 62 "ISCSI_PARAM_TCP_XMIT_WSF", Connection "tcp_xmit_wsf" _,
        Ascii, ANY32, "TCP transmit window scaling factor";
    TcpRecvWsf = 63 "ISCSI_PARAM_TCP_RECV_WSF", Connection "tcp_recv_wsf" _,
        Ascii, ANY32, "TCP receive window scaling factor";
    IpFragmentDisable = 64 "ISCSI_PARAM_IP_FRAGMENT_DISABLE", Connection "fragment_disable" _,
        Ascii, FLAG, "IP fragment disable";
    Ipv4Tos = 65 "ISCSI_PARAM_IPV4_TOS", Connection "ipv4_tos" _,
        Ascii, ANY32, "IPv4 type of service";
    Ipv6Tc = 66 "ISCSI_PARAM_IPV6_TC", Connection "ipv6_traffic_class" _,
        Ascii, ANY32, "IPv6 traffic class";
    Ipv6FlowLabel = 67 "ISCSI_PARAM_IPV6_FLOW_LABEL", Connection "ipv6_flow_label" _,
        Ascii, ANY32, "IPv6 flow label";
    IsFwAssignedIpv6 = 68 "ISCSI_PARAM_IS_FW_ASSIGNED_IPV6", Connection "is_fw_assigned_ipv6" _,
        Ascii, FLAG, "is firmware assigned IPv6";
    DiscoveryParentIdx = 69 "ISCSI_PARAM_DISCOVERY_PARENT_IDX", Session "discovery_parent_idx" _,
        Ascii, ANY32, "discovery parent index";
    DiscoveryParentType = 70 "ISCSI_PARAM_DISCOVERY_PARENT_TYPE", Session "discovery_parent_type" _,
        Ascii, TEXT, "discovery parent type";
    LocalIpaddr = 71 "ISCSI_PARAM_LOCAL_IPADDR", Connection "local_ipaddr" _,
        Ascii, TEXT, "local IP address";
}
