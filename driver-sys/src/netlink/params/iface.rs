//! iSCSI parameters of an interface: SET_IFACE_PARAMS with parameter type 5.
//!
//! Source: `iscsi_if.h`, `enum iscsi_iface_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_iface_attr`; widths and settability from `ql4_os.c`, `qla4xxx_set_iscsi_param`.

use super::info::params;

params! {
    /// An iSCSI parameter of an interface.
    pub enum IfaceParam;
    /// Every iSCSI parameter of an interface, in code order.
    pub static IFACE_PARAMS: 18 rows {
        /// Default task management timeout.
        DefTaskmgmtTmo = 0, "ISCSI_IFACE_PARAM_DEF_TASKMGMT_TMO", Iface, Some("def_taskmgmt_tmo"), Some("iface.def_task_mgmt_timeout"), U16, settable;
        /// Header digest.
        HdrdgstEn = 1, "ISCSI_IFACE_PARAM_HDRDGST_EN", Iface, Some("header_digest"), Some("iface.header_digest"), OnOff, settable;
        /// Data digest.
        DatadgstEn = 2, "ISCSI_IFACE_PARAM_DATADGST_EN", Iface, Some("data_digest"), Some("iface.data_digest"), OnOff, settable;
        /// Immediate data.
        ImmDataEn = 3, "ISCSI_IFACE_PARAM_IMM_DATA_EN", Iface, Some("immediate_data"), Some("iface.immediate_data"), OnOff, settable;
        /// Initial R2T.
        InitialR2tEn = 4, "ISCSI_IFACE_PARAM_INITIAL_R2T_EN", Iface, Some("initial_r2t"), Some("iface.initial_r2t"), OnOff, settable;
        /// Data sequence in order.
        DataseqInorderEn = 5, "ISCSI_IFACE_PARAM_DATASEQ_INORDER_EN", Iface, Some("data_seq_in_order"), Some("iface.data_seq_inorder"), OnOff, settable;
        /// PDU in order.
        PduInorderEn = 6, "ISCSI_IFACE_PARAM_PDU_INORDER_EN", Iface, Some("data_pdu_in_order"), Some("iface.data_pdu_inorder"), OnOff, settable;
        /// Error recovery level.
        Erl = 7, "ISCSI_IFACE_PARAM_ERL", Iface, Some("erl"), Some("iface.erl"), U8, settable;
        /// Maximum receive data segment length.
        MaxRecvDlength = 8, "ISCSI_IFACE_PARAM_MAX_RECV_DLENGTH", Iface, Some("max_recv_dlength"), Some("iface.max_receive_data_len"), U32, settable;
        /// First burst.
        FirstBurst = 9, "ISCSI_IFACE_PARAM_FIRST_BURST", Iface, Some("first_burst_len"), Some("iface.first_burst_len"), U32, settable;
        /// Maximum R2T.
        MaxR2t = 10, "ISCSI_IFACE_PARAM_MAX_R2T", Iface, Some("max_outstanding_r2t"), Some("iface.max_outstanding_r2t"), U16, settable;
        /// Maximum burst.
        MaxBurst = 11, "ISCSI_IFACE_PARAM_MAX_BURST", Iface, Some("max_burst_len"), Some("iface.max_burst_len"), U32, settable;
        /// CHAP auth.
        ChapAuthEn = 12, "ISCSI_IFACE_PARAM_CHAP_AUTH_EN", Iface, Some("chap_auth"), Some("iface.chap_auth"), OnOff, settable;
        /// Bidirectional CHAP.
        BidiChapEn = 13, "ISCSI_IFACE_PARAM_BIDI_CHAP_EN", Iface, Some("bidi_chap"), Some("iface.bidi_chap"), OnOff, settable;
        /// Discovery auth optional.
        DiscoveryAuthOptional = 14, "ISCSI_IFACE_PARAM_DISCOVERY_AUTH_OPTIONAL", Iface, Some("discovery_auth_optional"), Some("iface.discovery_auth"), OnOff, settable;
        /// Discovery logout.
        DiscoveryLogoutEn = 15, "ISCSI_IFACE_PARAM_DISCOVERY_LOGOUT_EN", Iface, Some("discovery_logout"), Some("iface.discovery_logout"), OnOff, settable;
        /// Strict login compliance.
        StrictLoginCompEn = 16, "ISCSI_IFACE_PARAM_STRICT_LOGIN_COMP_EN", Iface, Some("strict_login_comp_en"), Some("iface.strict_login_compliance"), OnOff, settable;
        /// Initiator name.
        InitiatorName = 17, "ISCSI_IFACE_PARAM_INITIATOR_NAME", Iface, Some("initiator_name"), None, Text, fixed;
    }
}
