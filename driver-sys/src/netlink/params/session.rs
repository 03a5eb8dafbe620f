//! Parameters of sessions and connections: SET_PARAM carries them as text, sysfs shows them.
//!
//! Source: `iscsi_if.h`, `enum iscsi_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_session_attr` and `iscsi_conn_attr`.

use super::info::{Value, params};

params! {
    /// A session or connection parameter.
    pub enum IscsiParam;
    /// Every session and connection parameter, in code order.
    pub static ISCSI_PARAMS: 72 rows {
        /// Maximum receive data segment length.
        MaxRecvDlength = 0, "ISCSI_PARAM_MAX_RECV_DLENGTH", Connection, Some("max_recv_dlength"), None, Ascii(Value::Number), everyone;
        /// Maximum transmit data segment length.
        MaxXmitDlength = 1, "ISCSI_PARAM_MAX_XMIT_DLENGTH", Connection, Some("max_xmit_dlength"), None, Ascii(Value::Number), everyone;
        /// Header digest.
        HdrdgstEn = 2, "ISCSI_PARAM_HDRDGST_EN", Connection, Some("header_digest"), None, Ascii(Value::Bool), everyone;
        /// Data digest.
        DatadgstEn = 3, "ISCSI_PARAM_DATADGST_EN", Connection, Some("data_digest"), None, Ascii(Value::Bool), everyone;
        /// Initial R2T.
        InitialR2tEn = 4, "ISCSI_PARAM_INITIAL_R2T_EN", Session, Some("initial_r2t"), None, Ascii(Value::Bool), everyone;
        /// Maximum R2T.
        MaxR2t = 5, "ISCSI_PARAM_MAX_R2T", Session, Some("max_outstanding_r2t"), None, Ascii(Value::Number), everyone;
        /// Immediate data.
        ImmDataEn = 6, "ISCSI_PARAM_IMM_DATA_EN", Session, Some("immediate_data"), None, Ascii(Value::Bool), everyone;
        /// First burst.
        FirstBurst = 7, "ISCSI_PARAM_FIRST_BURST", Session, Some("first_burst_len"), None, Ascii(Value::Number), everyone;
        /// Maximum burst.
        MaxBurst = 8, "ISCSI_PARAM_MAX_BURST", Session, Some("max_burst_len"), None, Ascii(Value::Number), everyone;
        /// PDU in order.
        PduInorderEn = 9, "ISCSI_PARAM_PDU_INORDER_EN", Session, Some("data_pdu_in_order"), None, Ascii(Value::Bool), everyone;
        /// Data sequence in order.
        DataseqInorderEn = 10, "ISCSI_PARAM_DATASEQ_INORDER_EN", Session, Some("data_seq_in_order"), None, Ascii(Value::Bool), everyone;
        /// Error recovery level.
        Erl = 11, "ISCSI_PARAM_ERL", Session, Some("erl"), None, Ascii(Value::Number), everyone;
        /// Ifmarker.
        IfmarkerEn = 12, "ISCSI_PARAM_IFMARKER_EN", Connection, Some("ifmarker"), None, Ascii(Value::Bool), everyone;
        /// Ofmarker.
        OfmarkerEn = 13, "ISCSI_PARAM_OFMARKER_EN", Connection, Some("ofmarker"), None, Ascii(Value::Bool), everyone;
        /// Expected StatSN.
        ExpStatsn = 14, "ISCSI_PARAM_EXP_STATSN", Connection, Some("exp_statsn"), None, Ascii(Value::Number), everyone;
        /// Target name.
        TargetName = 15, "ISCSI_PARAM_TARGET_NAME", Session, Some("targetname"), None, Ascii(Value::Text), everyone;
        /// Target portal group tag.
        Tpgt = 16, "ISCSI_PARAM_TPGT", Session, Some("tpgt"), None, Ascii(Value::Number), everyone;
        /// Persistent address.
        PersistentAddress = 17, "ISCSI_PARAM_PERSISTENT_ADDRESS", Connection, Some("persistent_address"), None, Ascii(Value::Text), everyone;
        /// Persistent port.
        PersistentPort = 18, "ISCSI_PARAM_PERSISTENT_PORT", Connection, Some("persistent_port"), None, Ascii(Value::Number), everyone;
        /// Session recovery timeout.
        SessRecoveryTmo = 19, "ISCSI_PARAM_SESS_RECOVERY_TMO", Session, Some("recovery_tmo"), None, Ascii(Value::Number), everyone;
        /// Connection port.
        ConnPort = 20, "ISCSI_PARAM_CONN_PORT", Connection, Some("port"), None, Ascii(Value::Number), everyone;
        /// Connection address.
        ConnAddress = 21, "ISCSI_PARAM_CONN_ADDRESS", Connection, Some("address"), None, Ascii(Value::Text), everyone;
        /// Username.
        Username = 22, "ISCSI_PARAM_USERNAME", Session, Some("username"), None, Ascii(Value::Text), root_only;
        /// Username in.
        UsernameIn = 23, "ISCSI_PARAM_USERNAME_IN", Session, Some("username_in"), None, Ascii(Value::Text), root_only;
        /// Password.
        Password = 24, "ISCSI_PARAM_PASSWORD", Session, Some("password"), None, Ascii(Value::Secret), root_only;
        /// Password in.
        PasswordIn = 25, "ISCSI_PARAM_PASSWORD_IN", Session, Some("password_in"), None, Ascii(Value::Secret), root_only;
        /// Fast abort.
        FastAbort = 26, "ISCSI_PARAM_FAST_ABORT", Session, Some("fast_abort"), None, Ascii(Value::Bool), everyone;
        /// Abort timeout.
        AbortTmo = 27, "ISCSI_PARAM_ABORT_TMO", Session, Some("abort_tmo"), None, Ascii(Value::Number), everyone;
        /// LU reset timeout.
        LuResetTmo = 28, "ISCSI_PARAM_LU_RESET_TMO", Session, Some("lu_reset_tmo"), None, Ascii(Value::Number), everyone;
        /// Host reset timeout.
        HostResetTmo = 29, "ISCSI_PARAM_HOST_RESET_TMO", None, None, None, Ascii(Value::Number), everyone;
        /// Ping timeout.
        PingTmo = 30, "ISCSI_PARAM_PING_TMO", Connection, Some("ping_tmo"), None, Ascii(Value::Number), everyone;
        /// Receive timeout.
        RecvTmo = 31, "ISCSI_PARAM_RECV_TMO", Connection, Some("recv_tmo"), None, Ascii(Value::Number), everyone;
        /// Iface name.
        IfaceName = 32, "ISCSI_PARAM_IFACE_NAME", Session, Some("ifacename"), None, Ascii(Value::Text), everyone;
        /// ISID.
        Isid = 33, "ISCSI_PARAM_ISID", Session, Some("isid"), None, Ascii(Value::Text), everyone;
        /// Initiator name.
        InitiatorName = 34, "ISCSI_PARAM_INITIATOR_NAME", Session, Some("initiatorname"), None, Ascii(Value::Text), everyone;
        /// Target reset timeout.
        TgtResetTmo = 35, "ISCSI_PARAM_TGT_RESET_TMO", Session, Some("tgt_reset_tmo"), None, Ascii(Value::Number), everyone;
        /// Target alias.
        TargetAlias = 36, "ISCSI_PARAM_TARGET_ALIAS", Session, Some("targetalias"), None, Ascii(Value::Text), everyone;
        /// CHAP in index.
        ChapInIdx = 37, "ISCSI_PARAM_CHAP_IN_IDX", Session, Some("chap_in_idx"), None, Ascii(Value::Number), root_only;
        /// CHAP out index.
        ChapOutIdx = 38, "ISCSI_PARAM_CHAP_OUT_IDX", Session, Some("chap_out_idx"), None, Ascii(Value::Number), root_only;
        /// Boot root.
        BootRoot = 39, "ISCSI_PARAM_BOOT_ROOT", Session, Some("boot_root"), None, Ascii(Value::Text), everyone;
        /// Boot NIC.
        BootNic = 40, "ISCSI_PARAM_BOOT_NIC", Session, Some("boot_nic"), None, Ascii(Value::Text), everyone;
        /// Boot target.
        BootTarget = 41, "ISCSI_PARAM_BOOT_TARGET", Session, Some("boot_target"), None, Ascii(Value::Text), everyone;
        /// Auto send target disable.
        AutoSndTgtDisable = 42, "ISCSI_PARAM_AUTO_SND_TGT_DISABLE", Session, Some("auto_snd_tgt_disable"), None, Ascii(Value::Bool), everyone;
        /// Discovery session.
        DiscoverySess = 43, "ISCSI_PARAM_DISCOVERY_SESS", Session, Some("discovery_session"), None, Ascii(Value::Bool), everyone;
        /// Portal type.
        PortalType = 44, "ISCSI_PARAM_PORTAL_TYPE", Session, Some("portal_type"), None, Ascii(Value::Text), everyone;
        /// CHAP auth.
        ChapAuthEn = 45, "ISCSI_PARAM_CHAP_AUTH_EN", Session, Some("chap_auth"), None, Ascii(Value::Bool), everyone;
        /// Discovery logout.
        DiscoveryLogoutEn = 46, "ISCSI_PARAM_DISCOVERY_LOGOUT_EN", Session, Some("discovery_logout"), None, Ascii(Value::Bool), everyone;
        /// Bidirectional CHAP.
        BidiChapEn = 47, "ISCSI_PARAM_BIDI_CHAP_EN", Session, Some("bidi_chap"), None, Ascii(Value::Bool), everyone;
        /// Discovery auth optional.
        DiscoveryAuthOptional = 48, "ISCSI_PARAM_DISCOVERY_AUTH_OPTIONAL", Session, Some("discovery_auth_optional"), None, Ascii(Value::Bool), everyone;
        /// Default time2wait.
        DefTime2wait = 49, "ISCSI_PARAM_DEF_TIME2WAIT", Session, Some("def_time2wait"), None, Ascii(Value::Number), everyone;
        /// Default time2retain.
        DefTime2retain = 50, "ISCSI_PARAM_DEF_TIME2RETAIN", Session, Some("def_time2retain"), None, Ascii(Value::Number), everyone;
        /// Maximum segment size.
        MaxSegmentSize = 51, "ISCSI_PARAM_MAX_SEGMENT_SIZE", Connection, Some("max_segment_size"), None, Ascii(Value::Number), everyone;
        /// StatSN.
        Statsn = 52, "ISCSI_PARAM_STATSN", Connection, Some("statsn"), None, Ascii(Value::Number), everyone;
        /// Keepalive timeout.
        KeepaliveTmo = 53, "ISCSI_PARAM_KEEPALIVE_TMO", Connection, Some("keepalive_tmo"), None, Ascii(Value::Number), everyone;
        /// Local port.
        LocalPort = 54, "ISCSI_PARAM_LOCAL_PORT", Connection, Some("local_port"), None, Ascii(Value::Number), everyone;
        /// TSID.
        Tsid = 55, "ISCSI_PARAM_TSID", Session, Some("tsid"), None, Ascii(Value::Number), everyone;
        /// Default task management timeout.
        DefTaskmgmtTmo = 56, "ISCSI_PARAM_DEF_TASKMGMT_TMO", Session, Some("def_taskmgmt_tmo"), None, Ascii(Value::Number), everyone;
        /// TCP timestamp stat.
        TcpTimestampStat = 57, "ISCSI_PARAM_TCP_TIMESTAMP_STAT", Connection, Some("tcp_timestamp_stat"), None, Ascii(Value::Bool), everyone;
        /// TCP window scaling factor disable.
        TcpWsfDisable = 58, "ISCSI_PARAM_TCP_WSF_DISABLE", Connection, Some("tcp_wsf_disable"), None, Ascii(Value::Bool), everyone;
        /// TCP Nagle disable.
        TcpNagleDisable = 59, "ISCSI_PARAM_TCP_NAGLE_DISABLE", Connection, Some("tcp_nagle_disable"), None, Ascii(Value::Bool), everyone;
        /// TCP timer scale.
        TcpTimerScale = 60, "ISCSI_PARAM_TCP_TIMER_SCALE", Connection, Some("tcp_timer_scale"), None, Ascii(Value::Number), everyone;
        /// TCP timestamp.
        TcpTimestampEn = 61, "ISCSI_PARAM_TCP_TIMESTAMP_EN", Connection, Some("tcp_timestamp_enable"), None, Ascii(Value::Bool), everyone;
        /// TCP transmit window scaling factor.
        TcpXmitWsf = 62, "ISCSI_PARAM_TCP_XMIT_WSF", Connection, Some("tcp_xmit_wsf"), None, Ascii(Value::Number), everyone;
        /// TCP receive window scaling factor.
        TcpRecvWsf = 63, "ISCSI_PARAM_TCP_RECV_WSF", Connection, Some("tcp_recv_wsf"), None, Ascii(Value::Number), everyone;
        /// IP fragment disable.
        IpFragmentDisable = 64, "ISCSI_PARAM_IP_FRAGMENT_DISABLE", Connection, Some("fragment_disable"), None, Ascii(Value::Bool), everyone;
        /// IPv4 type of service.
        Ipv4Tos = 65, "ISCSI_PARAM_IPV4_TOS", Connection, Some("ipv4_tos"), None, Ascii(Value::Number), everyone;
        /// IPv6 traffic class.
        Ipv6Tc = 66, "ISCSI_PARAM_IPV6_TC", Connection, Some("ipv6_traffic_class"), None, Ascii(Value::Number), everyone;
        /// IPv6 flow label.
        Ipv6FlowLabel = 67, "ISCSI_PARAM_IPV6_FLOW_LABEL", Connection, Some("ipv6_flow_label"), None, Ascii(Value::Number), everyone;
        /// Is firmware assigned IPv6.
        IsFwAssignedIpv6 = 68, "ISCSI_PARAM_IS_FW_ASSIGNED_IPV6", Connection, Some("is_fw_assigned_ipv6"), None, Ascii(Value::Bool), everyone;
        /// Discovery parent index.
        DiscoveryParentIdx = 69, "ISCSI_PARAM_DISCOVERY_PARENT_IDX", Session, Some("discovery_parent_idx"), None, Ascii(Value::Number), everyone;
        /// Discovery parent type.
        DiscoveryParentType = 70, "ISCSI_PARAM_DISCOVERY_PARENT_TYPE", Session, Some("discovery_parent_type"), None, Ascii(Value::Text), everyone;
        /// Local IP address.
        LocalIpaddr = 71, "ISCSI_PARAM_LOCAL_IPADDR", Connection, Some("local_ipaddr"), None, Ascii(Value::Text), everyone;
    }
}
