//! Parameters of a flash node (a persistent target, DDB): SET_FLASHNODE_PARAMS.
//!
//! One parameter that the driver does not take makes it refuse the whole request, after it has changed the ones before
//! it in memory: filter by [`super::ParamInfo::settable`] first.
//!
//! Source: `iscsi_if.h`, `enum iscsi_flashnode_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_flashnode_sess_attr` and `iscsi_flashnode_conn_attr`; widths and settability from `ql4_os.c`,
//! `qla4xxx_sysfs_ddb_set_param`; record keys as the stock iscsiadm prints them.

use super::info::params;

params! {
    /// A flash node parameter.
    pub enum FlashnodeParam;
    /// Every flash node parameter, in code order.
    pub static FLASHNODE_PARAMS: 59 rows {
        /// Is firmware assigned IPv6.
        IsFwAssignedIpv6 = 0, "ISCSI_FLASHNODE_IS_FW_ASSIGNED_IPV6", FlashConnection, Some("is_fw_assigned_ipv6"), Some("flashnode.conn[0].is_fw_assigned_ipv6"), U8, settable;
        /// Portal type.
        PortalType = 1, "ISCSI_FLASHNODE_PORTAL_TYPE", FlashSession, Some("portal_type"), Some("flashnode.session.portal_type"), Text, settable;
        /// Auto send target disable.
        AutoSndTgtDisable = 2, "ISCSI_FLASHNODE_AUTO_SND_TGT_DISABLE", FlashSession, Some("auto_snd_tgt_disable"), Some("flashnode.session.auto_snd_tgt_disable"), U8, settable;
        /// Discovery session.
        DiscoverySess = 3, "ISCSI_FLASHNODE_DISCOVERY_SESS", FlashSession, Some("discovery_session"), Some("flashnode.session.discovery_session"), U8, settable;
        /// Entry.
        EntryEn = 4, "ISCSI_FLASHNODE_ENTRY_EN", FlashSession, Some("entry_enable"), Some("flashnode.session.entry_enable"), U8, settable;
        /// Header digest.
        HdrDgstEn = 5, "ISCSI_FLASHNODE_HDR_DGST_EN", FlashConnection, Some("header_digest"), Some("flashnode.conn[0].header_digest_en"), U8, settable;
        /// Data digest.
        DataDgstEn = 6, "ISCSI_FLASHNODE_DATA_DGST_EN", FlashConnection, Some("data_digest"), Some("flashnode.conn[0].data_digest_en"), U8, settable;
        /// Immediate data.
        ImmDataEn = 7, "ISCSI_FLASHNODE_IMM_DATA_EN", FlashSession, Some("immediate_data"), Some("flashnode.session.immediate_data"), U8, settable;
        /// Initial R2T.
        InitialR2tEn = 8, "ISCSI_FLASHNODE_INITIAL_R2T_EN", FlashSession, Some("initial_r2t"), Some("flashnode.session.initial_r2t"), U8, settable;
        /// Data sequence in order.
        DataseqInorder = 9, "ISCSI_FLASHNODE_DATASEQ_INORDER", FlashSession, Some("data_seq_in_order"), Some("flashnode.session.data_seq_in_order"), U8, settable;
        /// PDU in order.
        PduInorder = 10, "ISCSI_FLASHNODE_PDU_INORDER", FlashSession, Some("data_pdu_in_order"), Some("flashnode.session.data_pdu_in_order"), U8, settable;
        /// CHAP auth.
        ChapAuthEn = 11, "ISCSI_FLASHNODE_CHAP_AUTH_EN", FlashSession, Some("chap_auth"), Some("flashnode.session.chap_auth_en"), U8, settable;
        /// SNACK required.
        SnackReqEn = 12, "ISCSI_FLASHNODE_SNACK_REQ_EN", FlashConnection, Some("snack_req"), Some("flashnode.conn[0].snack_req_en"), U8, settable;
        /// Discovery logout.
        DiscoveryLogoutEn = 13, "ISCSI_FLASHNODE_DISCOVERY_LOGOUT_EN", FlashSession, Some("discovery_logout"), Some("flashnode.session.discovery_logout_en"), U8, settable;
        /// Bidirectional CHAP.
        BidiChapEn = 14, "ISCSI_FLASHNODE_BIDI_CHAP_EN", FlashSession, Some("bidi_chap"), Some("flashnode.session.bidi_chap_en"), U8, settable;
        /// Discovery auth optional.
        DiscoveryAuthOptional = 15, "ISCSI_FLASHNODE_DISCOVERY_AUTH_OPTIONAL", FlashSession, Some("discovery_auth_optional"), Some("flashnode.session.discovery_auth_optional"), U8, settable;
        /// Error recovery level.
        Erl = 16, "ISCSI_FLASHNODE_ERL", FlashSession, Some("erl"), Some("flashnode.session.erl"), U8, settable;
        /// TCP timestamp stat.
        TcpTimestampStat = 17, "ISCSI_FLASHNODE_TCP_TIMESTAMP_STAT", FlashConnection, Some("tcp_timestamp_stat"), Some("flashnode.conn[0].tcp_timestamp_stat"), U8, settable;
        /// TCP Nagle disable.
        TcpNagleDisable = 18, "ISCSI_FLASHNODE_TCP_NAGLE_DISABLE", FlashConnection, Some("tcp_nagle_disable"), Some("flashnode.conn[0].tcp_nagle_disable"), U8, settable;
        /// TCP window scaling factor disable.
        TcpWsfDisable = 19, "ISCSI_FLASHNODE_TCP_WSF_DISABLE", FlashConnection, Some("tcp_wsf_disable"), Some("flashnode.conn[0].tcp_wsf_disable"), U8, settable;
        /// TCP timer scale.
        TcpTimerScale = 20, "ISCSI_FLASHNODE_TCP_TIMER_SCALE", FlashConnection, Some("tcp_timer_scale"), Some("flashnode.conn[0].tcp_timer_scale"), U8, settable;
        /// TCP timestamp.
        TcpTimestampEn = 21, "ISCSI_FLASHNODE_TCP_TIMESTAMP_EN", FlashConnection, Some("tcp_timestamp_enable"), Some("flashnode.conn[0].tcp_timestamp_en"), U8, settable;
        /// IP fragmentation disable.
        IpFragDisable = 22, "ISCSI_FLASHNODE_IP_FRAG_DISABLE", FlashConnection, Some("fragment_disable"), Some("flashnode.conn[0].fragment_disable"), U8, settable;
        /// Maximum receive data segment length.
        MaxRecvDlength = 23, "ISCSI_FLASHNODE_MAX_RECV_DLENGTH", FlashConnection, Some("max_recv_dlength"), Some("flashnode.conn[0].max_recv_dlength"), U32, settable;
        /// Maximum transmit data segment length.
        MaxXmitDlength = 24, "ISCSI_FLASHNODE_MAX_XMIT_DLENGTH", FlashConnection, Some("max_xmit_dlength"), Some("flashnode.conn[0].max_xmit_dlength"), U32, settable;
        /// First burst.
        FirstBurst = 25, "ISCSI_FLASHNODE_FIRST_BURST", FlashSession, Some("first_burst_len"), Some("flashnode.session.first_burst_len"), U32, settable;
        /// Default time2wait.
        DefTime2wait = 26, "ISCSI_FLASHNODE_DEF_TIME2WAIT", FlashSession, Some("def_time2wait"), Some("flashnode.session.def_time2wait"), U16, settable;
        /// Default time2retain.
        DefTime2retain = 27, "ISCSI_FLASHNODE_DEF_TIME2RETAIN", FlashSession, Some("def_time2retain"), Some("flashnode.session.def_time2retain"), U16, settable;
        /// Maximum R2T.
        MaxR2t = 28, "ISCSI_FLASHNODE_MAX_R2T", FlashSession, Some("max_outstanding_r2t"), Some("flashnode.session.max_outstanding_r2t"), U16, settable;
        /// Keepalive timeout.
        KeepaliveTmo = 29, "ISCSI_FLASHNODE_KEEPALIVE_TMO", FlashConnection, Some("keepalive_tmo"), Some("flashnode.conn[0].keepalive_tmo"), U16, settable;
        /// ISID.
        Isid = 30, "ISCSI_FLASHNODE_ISID", FlashSession, Some("isid"), Some("flashnode.session.isid"), Bytes(6), settable;
        /// TSID.
        Tsid = 31, "ISCSI_FLASHNODE_TSID", FlashSession, Some("tsid"), Some("flashnode.session.tsid"), U16, settable;
        /// Port.
        Port = 32, "ISCSI_FLASHNODE_PORT", FlashConnection, Some("port"), Some("flashnode.conn[0].port"), U16, settable;
        /// Maximum burst.
        MaxBurst = 33, "ISCSI_FLASHNODE_MAX_BURST", FlashSession, Some("max_burst_len"), Some("flashnode.session.max_burst_len"), U32, settable;
        /// Default task management timeout.
        DefTaskmgmtTmo = 34, "ISCSI_FLASHNODE_DEF_TASKMGMT_TMO", FlashSession, Some("def_taskmgmt_tmo"), Some("flashnode.session.def_taskmgmt_tmo"), U16, settable;
        /// IP address.
        Ipaddr = 35, "ISCSI_FLASHNODE_IPADDR", FlashConnection, Some("ipaddress"), Some("flashnode.conn[0].ipaddress"), Ip, settable;
        /// Alias.
        Alias = 36, "ISCSI_FLASHNODE_ALIAS", FlashSession, Some("targetalias"), Some("flashnode.session.targetalias"), CText, settable;
        /// Redirect IP address.
        RedirectIpaddr = 37, "ISCSI_FLASHNODE_REDIRECT_IPADDR", FlashConnection, Some("redirect_ipaddr"), Some("flashnode.conn[0].redirect_ipaddr"), Ip, settable;
        /// Maximum segment size.
        MaxSegmentSize = 38, "ISCSI_FLASHNODE_MAX_SEGMENT_SIZE", FlashConnection, Some("max_segment_size"), Some("flashnode.conn[0].max_segment_size"), U32, settable;
        /// Local port.
        LocalPort = 39, "ISCSI_FLASHNODE_LOCAL_PORT", FlashConnection, Some("local_port"), Some("flashnode.conn[0].local_port"), U16, settable;
        /// IPv4 type of service.
        Ipv4Tos = 40, "ISCSI_FLASHNODE_IPV4_TOS", FlashConnection, Some("ipv4_tos"), Some("flashnode.conn[0].ipv4_tos"), U8, settable;
        /// IPv6 traffic class.
        Ipv6Tc = 41, "ISCSI_FLASHNODE_IPV6_TC", FlashConnection, Some("ipv6_traffic_class"), Some("flashnode.conn[0].ipv6_traffic_class"), U8, settable;
        /// IPv6 flow label.
        Ipv6FlowLabel = 42, "ISCSI_FLASHNODE_IPV6_FLOW_LABEL", FlashConnection, Some("ipv6_flow_label"), Some("flashnode.conn[0].ipv6_flow_label"), U8, settable;
        /// Name.
        Name = 43, "ISCSI_FLASHNODE_NAME", FlashSession, Some("targetname"), Some("flashnode.session.targetname"), CText, settable;
        /// Target portal group tag.
        Tpgt = 44, "ISCSI_FLASHNODE_TPGT", FlashSession, Some("tpgt"), Some("flashnode.session.tpgt"), U16, settable;
        /// Link local IPv6.
        LinkLocalIpv6 = 45, "ISCSI_FLASHNODE_LINK_LOCAL_IPV6", FlashConnection, Some("link_local_ipv6"), Some("flashnode.conn[0].link_local_ipv6"), Ip, settable;
        /// Discovery parent index.
        DiscoveryParentIdx = 46, "ISCSI_FLASHNODE_DISCOVERY_PARENT_IDX", FlashSession, Some("discovery_parent_idx"), Some("flashnode.session.discovery_parent_idx"), U16, settable;
        /// Discovery parent type.
        DiscoveryParentType = 47, "ISCSI_FLASHNODE_DISCOVERY_PARENT_TYPE", FlashSession, Some("discovery_parent_type"), Some("flashnode.session.discovery_parent_type"), U16, fixed;
        /// TCP transmit window scaling factor.
        TcpXmitWsf = 48, "ISCSI_FLASHNODE_TCP_XMIT_WSF", FlashConnection, Some("tcp_xmit_wsf"), Some("flashnode.conn[0].tcp_xmit_wsf"), U8, settable;
        /// TCP receive window scaling factor.
        TcpRecvWsf = 49, "ISCSI_FLASHNODE_TCP_RECV_WSF", FlashConnection, Some("tcp_recv_wsf"), Some("flashnode.conn[0].tcp_recv_wsf"), U8, settable;
        /// CHAP in index.
        ChapInIdx = 50, "ISCSI_FLASHNODE_CHAP_IN_IDX", FlashSession, Some("chap_in_idx"), Some("flashnode.session.chap_in_idx"), U16, fixed;
        /// CHAP out index.
        ChapOutIdx = 51, "ISCSI_FLASHNODE_CHAP_OUT_IDX", FlashSession, Some("chap_out_idx"), Some("flashnode.session.chap_out_idx"), U16, settable;
        /// Username.
        Username = 52, "ISCSI_FLASHNODE_USERNAME", FlashSession, Some("username"), Some("flashnode.session.username"), CText, fixed;
        /// Username in.
        UsernameIn = 53, "ISCSI_FLASHNODE_USERNAME_IN", FlashSession, Some("username_in"), Some("flashnode.session.username_in"), CText, fixed;
        /// Password.
        Password = 54, "ISCSI_FLASHNODE_PASSWORD", FlashSession, Some("password"), Some("flashnode.session.password"), Secret, fixed;
        /// Password in.
        PasswordIn = 55, "ISCSI_FLASHNODE_PASSWORD_IN", FlashSession, Some("password_in"), Some("flashnode.session.password_in"), Secret, fixed;
        /// StatSN.
        Statsn = 56, "ISCSI_FLASHNODE_STATSN", FlashConnection, Some("statsn"), Some("flashnode.conn[0].statsn"), U32, settable;
        /// Expected StatSN.
        ExpStatsn = 57, "ISCSI_FLASHNODE_EXP_STATSN", FlashConnection, Some("exp_statsn"), Some("flashnode.conn[0].exp_statsn"), U32, settable;
        /// Is boot target.
        IsBootTgt = 58, "ISCSI_FLASHNODE_IS_BOOT_TGT", FlashSession, Some("is_boot_target"), Some("flashnode.session.is_boot_target"), U8, fixed;
    }
}

/// The order in which the stock iscsiadm prints a flash node record.
pub static FLASHNODE_RECORD_ORDER: [FlashnodeParam; 59] = [
    FlashnodeParam::AutoSndTgtDisable,
    FlashnodeParam::DiscoverySess,
    FlashnodeParam::PortalType,
    FlashnodeParam::EntryEn,
    FlashnodeParam::ImmDataEn,
    FlashnodeParam::InitialR2tEn,
    FlashnodeParam::DataseqInorder,
    FlashnodeParam::PduInorder,
    FlashnodeParam::ChapAuthEn,
    FlashnodeParam::DiscoveryLogoutEn,
    FlashnodeParam::BidiChapEn,
    FlashnodeParam::DiscoveryAuthOptional,
    FlashnodeParam::Erl,
    FlashnodeParam::FirstBurst,
    FlashnodeParam::DefTime2wait,
    FlashnodeParam::DefTime2retain,
    FlashnodeParam::MaxR2t,
    FlashnodeParam::Isid,
    FlashnodeParam::Tsid,
    FlashnodeParam::MaxBurst,
    FlashnodeParam::DefTaskmgmtTmo,
    FlashnodeParam::Alias,
    FlashnodeParam::Name,
    FlashnodeParam::DiscoveryParentIdx,
    FlashnodeParam::DiscoveryParentType,
    FlashnodeParam::Tpgt,
    FlashnodeParam::ChapOutIdx,
    FlashnodeParam::ChapInIdx,
    FlashnodeParam::Username,
    FlashnodeParam::UsernameIn,
    FlashnodeParam::Password,
    FlashnodeParam::PasswordIn,
    FlashnodeParam::IsBootTgt,
    FlashnodeParam::IsFwAssignedIpv6,
    FlashnodeParam::HdrDgstEn,
    FlashnodeParam::DataDgstEn,
    FlashnodeParam::SnackReqEn,
    FlashnodeParam::TcpTimestampStat,
    FlashnodeParam::TcpNagleDisable,
    FlashnodeParam::TcpWsfDisable,
    FlashnodeParam::TcpTimerScale,
    FlashnodeParam::TcpTimestampEn,
    FlashnodeParam::IpFragDisable,
    FlashnodeParam::MaxXmitDlength,
    FlashnodeParam::MaxRecvDlength,
    FlashnodeParam::KeepaliveTmo,
    FlashnodeParam::Port,
    FlashnodeParam::Ipaddr,
    FlashnodeParam::RedirectIpaddr,
    FlashnodeParam::MaxSegmentSize,
    FlashnodeParam::LocalPort,
    FlashnodeParam::Ipv4Tos,
    FlashnodeParam::Ipv6Tc,
    FlashnodeParam::Ipv6FlowLabel,
    FlashnodeParam::LinkLocalIpv6,
    FlashnodeParam::TcpXmitWsf,
    FlashnodeParam::TcpRecvWsf,
    FlashnodeParam::Statsn,
    FlashnodeParam::ExpStatsn,
];
