//! Parameters of a flash node (a persistent target, DDB): SET_FLASHNODE_PARAMS.
//!
//! One parameter that the driver does not take makes it refuse the whole request, after it has changed the ones before
//! it in memory: leave out what it does not take.
//!
//! Source: `iscsi_if.h`, `enum iscsi_flashnode_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_flashnode_sess_attr` and `iscsi_flashnode_conn_attr`; widths and units from `ql4_os.c`,
//! `qla4xxx_sysfs_ddb_set_param`, `qla4xxx_copy_to_fwddb_param`; record keys as the stock iscsiadm prints them.

use super::Values;
use super::info::params;

const PORTAL_TYPE: Values = Values::Words(&[("ipv4", None), ("ipv6", None)]);

params! {
    /// A flash node parameter.
    pub enum FlashnodeParam;
    IsFwAssignedIpv6 = 0 "ISCSI_FLASHNODE_IS_FW_ASSIGNED_IPV6", FlashConnection "is_fw_assigned_ipv6" =,
        U8, FLAG, "firmware assigns the ipv6 address";
    PortalType = 1 "ISCSI_FLASHNODE_PORTAL_TYPE", FlashSession "portal_type" =,
        Text, PORTAL_TYPE, "portal's address family";
    AutoSndTgtDisable = 2 "ISCSI_FLASHNODE_AUTO_SND_TGT_DISABLE", FlashSession "auto_snd_tgt_disable" =,
        U8, FLAG, "no automatic sendtargets";
    DiscoverySess = 3 "ISCSI_FLASHNODE_DISCOVERY_SESS", FlashSession "discovery_session" =,
        U8, FLAG, "sendtargets entry";
    EntryEn = 4 "ISCSI_FLASHNODE_ENTRY_EN", FlashSession "entry_enable" =,
        U8, FLAG, "entry is enabled";
    HdrDgstEn = 5 "ISCSI_FLASHNODE_HDR_DGST_EN", FlashConnection "header_digest" "header_digest_en",
        U8, FLAG, "header digest crc32c";
    DataDgstEn = 6 "ISCSI_FLASHNODE_DATA_DGST_EN", FlashConnection "data_digest" "data_digest_en",
        U8, FLAG, "data digest crc32c";
    ImmDataEn = 7 "ISCSI_FLASHNODE_IMM_DATA_EN", FlashSession "immediate_data" =,
        U8, FLAG, "immediate data";
    InitialR2tEn = 8 "ISCSI_FLASHNODE_INITIAL_R2T_EN", FlashSession "initial_r2t" =,
        U8, FLAG, "initial r2t";
    DataseqInorder = 9 "ISCSI_FLASHNODE_DATASEQ_INORDER", FlashSession "data_seq_in_order" =,
        U8, FLAG, "data sequences in order";
    PduInorder = 10 "ISCSI_FLASHNODE_PDU_INORDER", FlashSession "data_pdu_in_order" =,
        U8, FLAG, "data pdus in order";
    ChapAuthEn = 11 "ISCSI_FLASHNODE_CHAP_AUTH_EN", FlashSession "chap_auth" "chap_auth_en",
        U8, FLAG, "prove ourselves by chap";
    SnackReqEn = 12 "ISCSI_FLASHNODE_SNACK_REQ_EN", FlashConnection "snack_req" "snack_req_en",
        U8, FLAG, "snack requests";
    DiscoveryLogoutEn = 13 "ISCSI_FLASHNODE_DISCOVERY_LOGOUT_EN", FlashSession "discovery_logout" "discovery_logout_en",
        U8, FLAG, "log out after discovery";
    BidiChapEn = 14 "ISCSI_FLASHNODE_BIDI_CHAP_EN", FlashSession "bidi_chap" "bidi_chap_en",
        U8, FLAG, "the target must prove itself too";
    DiscoveryAuthOptional = 15 "ISCSI_FLASHNODE_DISCOVERY_AUTH_OPTIONAL", FlashSession "discovery_auth_optional" =,
        U8, FLAG, "discovery without chap allowed";
    Erl = 16 "ISCSI_FLASHNODE_ERL", FlashSession "erl" =,
        U8, number(0, 2), "error recovery level";
    TcpTimestampStat = 17 "ISCSI_FLASHNODE_TCP_TIMESTAMP_STAT", FlashConnection "tcp_timestamp_stat" =,
        U8, FLAG, "tcp timestamps in use";
    TcpNagleDisable = 18 "ISCSI_FLASHNODE_TCP_NAGLE_DISABLE", FlashConnection "tcp_nagle_disable" =,
        U8, FLAG, "no nagle algorithm";
    TcpWsfDisable = 19 "ISCSI_FLASHNODE_TCP_WSF_DISABLE", FlashConnection "tcp_wsf_disable" =,
        U8, FLAG, "no tcp window scaling";
    TcpTimerScale = 20 "ISCSI_FLASHNODE_TCP_TIMER_SCALE", FlashConnection "tcp_timer_scale" =,
        U8, number(0, 7), "tcp timer scale";
    TcpTimestampEn = 21 "ISCSI_FLASHNODE_TCP_TIMESTAMP_EN", FlashConnection "tcp_timestamp_enable" "tcp_timestamp_en",
        U8, FLAG, "tcp timestamps";
    IpFragDisable = 22 "ISCSI_FLASHNODE_IP_FRAG_DISABLE", FlashConnection "fragment_disable" =,
        U8, FLAG, "no ip fragmentation";
    MaxRecvDlength = 23 "ISCSI_FLASHNODE_MAX_RECV_DLENGTH", FlashConnection "max_recv_dlength" =,
        U32, LENGTH, "longest data segment we take", unit("bytes");
    MaxXmitDlength = 24 "ISCSI_FLASHNODE_MAX_XMIT_DLENGTH", FlashConnection "max_xmit_dlength" =,
        U32, LENGTH, "longest data segment the target takes", unit("bytes");
    FirstBurst = 25 "ISCSI_FLASHNODE_FIRST_BURST", FlashSession "first_burst_len" =,
        U32, LENGTH, "most unsolicited data of a command", unit("bytes");
    DefTime2wait = 26 "ISCSI_FLASHNODE_DEF_TIME2WAIT", FlashSession "def_time2wait" =,
        U16, TIME2, "wait before reconnecting", unit("s");
    DefTime2retain = 27 "ISCSI_FLASHNODE_DEF_TIME2RETAIN", FlashSession "def_time2retain" =,
        U16, TIME2, "how long the target keeps tasks", unit("s");
    MaxR2t = 28 "ISCSI_FLASHNODE_MAX_R2T", FlashSession "max_outstanding_r2t" =,
        U16, number(1, 0xFFFF), "r2ts at once";
    KeepaliveTmo = 29 "ISCSI_FLASHNODE_KEEPALIVE_TMO", FlashConnection "keepalive_tmo" =,
        U16, ANY16, "keep-alive timeout", unit("s");
    Isid = 30 "ISCSI_FLASHNODE_ISID", FlashSession "isid" =,
        Bytes(6), Values::Isid, "initiator's part of the session id";
    Tsid = 31 "ISCSI_FLASHNODE_TSID", FlashSession "tsid" =,
        U16, ANY16, "target's part of the session id";
    Port = 32 "ISCSI_FLASHNODE_PORT", FlashConnection "port" =,
        U16, number(1, 0xFFFF), "portal's tcp port";
    MaxBurst = 33 "ISCSI_FLASHNODE_MAX_BURST", FlashSession "max_burst_len" =,
        U32, LENGTH, "most data of a sequence", unit("bytes");
    DefTaskmgmtTmo = 34 "ISCSI_FLASHNODE_DEF_TASKMGMT_TMO", FlashSession "def_taskmgmt_tmo" =,
        U16, ANY16, "task management timeout", unit("s");
    Ipaddr = 35 "ISCSI_FLASHNODE_IPADDR", FlashConnection "ipaddress" =,
        Ip, Values::Ip, "portal's address";
    Alias = 36 "ISCSI_FLASHNODE_ALIAS", FlashSession "targetalias" =,
        CText, text(31), "target alias";
    RedirectIpaddr = 37 "ISCSI_FLASHNODE_REDIRECT_IPADDR", FlashConnection "redirect_ipaddr" =,
        Ip, Values::Ip, "address of the last redirect";
    MaxSegmentSize = 38 "ISCSI_FLASHNODE_MAX_SEGMENT_SIZE", FlashConnection "max_segment_size" =,
        U32, ANY16, "tcp maximum segment size", unit("bytes");
    LocalPort = 39 "ISCSI_FLASHNODE_LOCAL_PORT", FlashConnection "local_port" =,
        U16, ANY16, "our tcp port";
    Ipv4Tos = 40 "ISCSI_FLASHNODE_IPV4_TOS", FlashConnection "ipv4_tos" =,
        U8, ANY8, "ipv4 type of service";
    Ipv6Tc = 41 "ISCSI_FLASHNODE_IPV6_TC", FlashConnection "ipv6_traffic_class" =,
        U8, ANY8, "ipv6 traffic class";
    Ipv6FlowLabel = 42 "ISCSI_FLASHNODE_IPV6_FLOW_LABEL", FlashConnection "ipv6_flow_label" =,
        U8, ANY8, "ipv6 flow label (the driver stores 8 bits)";
    Name = 43 "ISCSI_FLASHNODE_NAME", FlashSession "targetname" =,
        CText, ISCSI_NAME, "target name; empty for a sendtargets entry";
    Tpgt = 44 "ISCSI_FLASHNODE_TPGT", FlashSession "tpgt" =,
        U16, ANY16, "target portal group tag";
    LinkLocalIpv6 = 45 "ISCSI_FLASHNODE_LINK_LOCAL_IPV6", FlashConnection "link_local_ipv6" =,
        Ip, Values::Ipv6, "our link-local address";
    DiscoveryParentIdx = 46 "ISCSI_FLASHNODE_DISCOVERY_PARENT_IDX", FlashSession "discovery_parent_idx" =,
        U16, ANY16, "sendtargets entry that found it";
    DiscoveryParentType = 47 "ISCSI_FLASHNODE_DISCOVERY_PARENT_TYPE", FlashSession "discovery_parent_type" =,
        U16, text(32), "kind of discovery that found it";
    TcpXmitWsf = 48 "ISCSI_FLASHNODE_TCP_XMIT_WSF", FlashConnection "tcp_xmit_wsf" =,
        U8, WSF, "tcp window scale factor, sending";
    TcpRecvWsf = 49 "ISCSI_FLASHNODE_TCP_RECV_WSF", FlashConnection "tcp_recv_wsf" =,
        U8, WSF, "tcp window scale factor, receiving";
    ChapInIdx = 50 "ISCSI_FLASHNODE_CHAP_IN_IDX", FlashSession "chap_in_idx" =,
        U16, ANY16, "chap entry the target proves itself with";
    ChapOutIdx = 51 "ISCSI_FLASHNODE_CHAP_OUT_IDX", FlashSession "chap_out_idx" =,
        U16, ANY16, "chap entry we prove ourselves with";
    Username = 52 "ISCSI_FLASHNODE_USERNAME", FlashSession "username" =,
        CText, text(255), "chap user name";
    UsernameIn = 53 "ISCSI_FLASHNODE_USERNAME_IN", FlashSession "username_in" =,
        CText, text(255), "chap user name of the target";
    Password = 54 "ISCSI_FLASHNODE_PASSWORD", FlashSession "password" =,
        Secret, SECRET, "chap secret";
    PasswordIn = 55 "ISCSI_FLASHNODE_PASSWORD_IN", FlashSession "password_in" =,
        Secret, SECRET, "chap secret of the target";
    Statsn = 56 "ISCSI_FLASHNODE_STATSN", FlashConnection "statsn" =,
        U32, ANY32, "status sequence number";
    ExpStatsn = 57 "ISCSI_FLASHNODE_EXP_STATSN", FlashConnection "exp_statsn" =,
        U32, ANY32, "expected status sequence number";
    IsBootTgt = 58 "ISCSI_FLASHNODE_IS_BOOT_TGT", FlashSession "is_boot_target" =,
        U8, FLAG, "boot target";
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
