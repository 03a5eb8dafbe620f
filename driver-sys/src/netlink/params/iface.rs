//! iSCSI parameters of an interface: SET_IFACE_PARAMS with parameter type 5.
//!
//! Source: `iscsi_if.h`, `enum iscsi_iface_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_iface_attr`; widths and settability from `ql4_os.c`, `qla4xxx_set_iscsi_param`.

use super::info::{Object, ParamInfo, WireKind, param_impl};
use crate::abi::open_enum;

type P = IfaceParam;

const fn net(
    param: P,
    object: Object,
    attr: Option<&'static str>,
    key: Option<&'static str>,
    kind: WireKind,
    settable: bool,
) -> ParamInfo<P> {
    ParamInfo {
        param,
        object,
        attr,
        key,
        kind,
        settable,
        root_only: false,
    }
}

open_enum! {
    /// An iSCSI parameter of an interface.
    pub enum IfaceParam: u16 {
        /// Default task management timeout.
        DefTaskmgmtTmo = 0 => "ISCSI_IFACE_PARAM_DEF_TASKMGMT_TMO",
        /// Header digest.
        HdrdgstEn = 1 => "ISCSI_IFACE_PARAM_HDRDGST_EN",
        /// Data digest.
        DatadgstEn = 2 => "ISCSI_IFACE_PARAM_DATADGST_EN",
        /// Immediate data.
        ImmDataEn = 3 => "ISCSI_IFACE_PARAM_IMM_DATA_EN",
        /// Initial R2T.
        InitialR2tEn = 4 => "ISCSI_IFACE_PARAM_INITIAL_R2T_EN",
        /// Data sequence in order.
        DataseqInorderEn = 5 => "ISCSI_IFACE_PARAM_DATASEQ_INORDER_EN",
        /// PDU in order.
        PduInorderEn = 6 => "ISCSI_IFACE_PARAM_PDU_INORDER_EN",
        /// Error recovery level.
        Erl = 7 => "ISCSI_IFACE_PARAM_ERL",
        /// Maximum receive data segment length.
        MaxRecvDlength = 8 => "ISCSI_IFACE_PARAM_MAX_RECV_DLENGTH",
        /// First burst.
        FirstBurst = 9 => "ISCSI_IFACE_PARAM_FIRST_BURST",
        /// Maximum R2T.
        MaxR2t = 10 => "ISCSI_IFACE_PARAM_MAX_R2T",
        /// Maximum burst.
        MaxBurst = 11 => "ISCSI_IFACE_PARAM_MAX_BURST",
        /// CHAP auth.
        ChapAuthEn = 12 => "ISCSI_IFACE_PARAM_CHAP_AUTH_EN",
        /// Bidirectional CHAP.
        BidiChapEn = 13 => "ISCSI_IFACE_PARAM_BIDI_CHAP_EN",
        /// Discovery auth optional.
        DiscoveryAuthOptional = 14 => "ISCSI_IFACE_PARAM_DISCOVERY_AUTH_OPTIONAL",
        /// Discovery logout.
        DiscoveryLogoutEn = 15 => "ISCSI_IFACE_PARAM_DISCOVERY_LOGOUT_EN",
        /// Strict login compliance.
        StrictLoginCompEn = 16 => "ISCSI_IFACE_PARAM_STRICT_LOGIN_COMP_EN",
        /// Initiator name.
        InitiatorName = 17 => "ISCSI_IFACE_PARAM_INITIATOR_NAME",
    }
}

param_impl!(IfaceParam, IFACE_PARAMS);

/// Every iSCSI parameter of an interface, in code order.
pub static IFACE_PARAMS: [ParamInfo<IfaceParam>; 18] = [
    net(
        P::DefTaskmgmtTmo,
        Object::Iface,
        Some("def_taskmgmt_tmo"),
        Some("iface.def_task_mgmt_timeout"),
        WireKind::U16,
        true,
    ),
    net(
        P::HdrdgstEn,
        Object::Iface,
        Some("header_digest"),
        Some("iface.header_digest"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::DatadgstEn,
        Object::Iface,
        Some("data_digest"),
        Some("iface.data_digest"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::ImmDataEn,
        Object::Iface,
        Some("immediate_data"),
        Some("iface.immediate_data"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::InitialR2tEn,
        Object::Iface,
        Some("initial_r2t"),
        Some("iface.initial_r2t"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::DataseqInorderEn,
        Object::Iface,
        Some("data_seq_in_order"),
        Some("iface.data_seq_inorder"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::PduInorderEn,
        Object::Iface,
        Some("data_pdu_in_order"),
        Some("iface.data_pdu_inorder"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Erl,
        Object::Iface,
        Some("erl"),
        Some("iface.erl"),
        WireKind::U8,
        true,
    ),
    net(
        P::MaxRecvDlength,
        Object::Iface,
        Some("max_recv_dlength"),
        Some("iface.max_receive_data_len"),
        WireKind::U32,
        true,
    ),
    net(
        P::FirstBurst,
        Object::Iface,
        Some("first_burst_len"),
        Some("iface.first_burst_len"),
        WireKind::U32,
        true,
    ),
    net(
        P::MaxR2t,
        Object::Iface,
        Some("max_outstanding_r2t"),
        Some("iface.max_outstanding_r2t"),
        WireKind::U16,
        true,
    ),
    net(
        P::MaxBurst,
        Object::Iface,
        Some("max_burst_len"),
        Some("iface.max_burst_len"),
        WireKind::U32,
        true,
    ),
    net(
        P::ChapAuthEn,
        Object::Iface,
        Some("chap_auth"),
        Some("iface.chap_auth"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::BidiChapEn,
        Object::Iface,
        Some("bidi_chap"),
        Some("iface.bidi_chap"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::DiscoveryAuthOptional,
        Object::Iface,
        Some("discovery_auth_optional"),
        Some("iface.discovery_auth"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::DiscoveryLogoutEn,
        Object::Iface,
        Some("discovery_logout"),
        Some("iface.discovery_logout"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::StrictLoginCompEn,
        Object::Iface,
        Some("strict_login_comp_en"),
        Some("iface.strict_login_compliance"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::InitiatorName,
        Object::Iface,
        Some("initiator_name"),
        None,
        WireKind::Text,
        false,
    ),
];
