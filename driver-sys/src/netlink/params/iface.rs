//! iSCSI parameters of an interface: SET_IFACE_PARAMS with parameter type 5.
//!
//! Source: `iscsi_if.h`, `enum iscsi_iface_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_iface_attr`; widths from `ql4_os.c`, `qla4xxx_set_iscsi_param`.

use super::ParamInfo;
use super::info::params;
use crate::netlink::IfaceCode;

params! {
    /// An iSCSI parameter of an interface.
    pub enum IfaceParam;
    DefTaskmgmtTmo = 0 "ISCSI_IFACE_PARAM_DEF_TASKMGMT_TMO", Iface "def_taskmgmt_tmo" "def_task_mgmt_timeout",
        U16, ANY16, "task management timeout", unit("s");
    HdrdgstEn = 1 "ISCSI_IFACE_PARAM_HDRDGST_EN", Iface "header_digest" =,
        OnOff, FLAG, "header digest crc32c";
    DatadgstEn = 2 "ISCSI_IFACE_PARAM_DATADGST_EN", Iface "data_digest" =,
        OnOff, FLAG, "data digest crc32c";
    ImmDataEn = 3 "ISCSI_IFACE_PARAM_IMM_DATA_EN", Iface "immediate_data" =,
        OnOff, FLAG, "immediate data";
    InitialR2tEn = 4 "ISCSI_IFACE_PARAM_INITIAL_R2T_EN", Iface "initial_r2t" =,
        OnOff, FLAG, "initial r2t";
    DataseqInorderEn = 5 "ISCSI_IFACE_PARAM_DATASEQ_INORDER_EN", Iface "data_seq_in_order" "data_seq_inorder",
        OnOff, FLAG, "data sequences in order";
    PduInorderEn = 6 "ISCSI_IFACE_PARAM_PDU_INORDER_EN", Iface "data_pdu_in_order" "data_pdu_inorder",
        OnOff, FLAG, "data pdus in order";
    Erl = 7 "ISCSI_IFACE_PARAM_ERL", Iface "erl" =,
        U8, number(0, 2), "error recovery level";
    MaxRecvDlength = 8 "ISCSI_IFACE_PARAM_MAX_RECV_DLENGTH", Iface "max_recv_dlength" "max_receive_data_len",
        U32, LENGTH, "longest data segment we take", unit("bytes");
    FirstBurst = 9 "ISCSI_IFACE_PARAM_FIRST_BURST", Iface "first_burst_len" =,
        U32, LENGTH, "most unsolicited data of a command", unit("bytes");
    MaxR2t = 10 "ISCSI_IFACE_PARAM_MAX_R2T", Iface "max_outstanding_r2t" =,
        U16, number(1, 0xFFFF), "r2ts at once";
    MaxBurst = 11 "ISCSI_IFACE_PARAM_MAX_BURST", Iface "max_burst_len" =,
        U32, LENGTH, "most data of a sequence", unit("bytes");
    ChapAuthEn = 12 "ISCSI_IFACE_PARAM_CHAP_AUTH_EN", Iface "chap_auth" =,
        OnOff, FLAG, "prove ourselves by chap";
    BidiChapEn = 13 "ISCSI_IFACE_PARAM_BIDI_CHAP_EN", Iface "bidi_chap" =,
        OnOff, FLAG, "the target must prove itself too";
    DiscoveryAuthOptional = 14 "ISCSI_IFACE_PARAM_DISCOVERY_AUTH_OPTIONAL", Iface "discovery_auth_optional" "discovery_auth",
        OnOff, FLAG, "discovery without chap allowed";
    DiscoveryLogoutEn = 15 "ISCSI_IFACE_PARAM_DISCOVERY_LOGOUT_EN", Iface "discovery_logout" =,
        OnOff, FLAG, "log out after discovery";
    StrictLoginCompEn = 16 "ISCSI_IFACE_PARAM_STRICT_LOGIN_COMP_EN", Iface "strict_login_comp_en" "strict_login_compliance",
        OnOff, FLAG, "strict login compliance";
    InitiatorName = 17 "ISCSI_IFACE_PARAM_INITIATOR_NAME", Iface "initiator_name" _,
        Text, ISCSI_NAME, "initiator name";
}

impl IfaceCode {
    /// Its row; `None` for an unknown code or table.
    #[must_use]
    pub const fn info(self) -> Option<&'static ParamInfo> {
        match self {
            Self::Net(p) => p.info(),
            Self::Iscsi(p) => p.info(),
            Self::Other { .. } => None,
        }
    }
}
