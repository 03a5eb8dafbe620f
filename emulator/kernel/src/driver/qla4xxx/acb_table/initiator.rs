//! Attributes and parameters that every interface has: the defaults of the port's initiator.

use super::*;

pub(super) const ROWS: &[Row] = &[
    def(
        "def_taskmgmt_tmo",
        I::DefTaskmgmtTmo,
        Field::Dec16(offset_of!(Acb, def_timeout)),
    ),
    opt("header_digest", I::HdrdgstEn, IscsiOptions::HEADER_DIGEST),
    opt("data_digest", I::DatadgstEn, IscsiOptions::DATA_DIGEST),
    opt("immediate_data", I::ImmDataEn, IscsiOptions::IMMEDIATE_DATA),
    opt("initial_r2t", I::InitialR2tEn, IscsiOptions::INITIAL_R2T),
    opt(
        "data_seq_in_order",
        I::DataseqInorderEn,
        IscsiOptions::DATA_SEQ_IN_ORDER,
    ),
    opt(
        "data_pdu_in_order",
        I::PduInorderEn,
        IscsiOptions::DATA_PDU_IN_ORDER,
    ),
    def("erl", I::Erl, Field::Erl(offset_of!(Acb, iscsi_opts))),
    def(
        "max_recv_dlength",
        I::MaxRecvDlength,
        Field::Units(offset_of!(Acb, iscsi_max_pdu_size)),
    ),
    def(
        "first_burst_len",
        I::FirstBurst,
        Field::Units(offset_of!(Acb, iscsi_fburst_len)),
    ),
    def(
        "max_outstanding_r2t",
        I::MaxR2t,
        Field::Dec16(offset_of!(Acb, iscsi_max_outstnd_r2t)),
    ),
    def(
        "max_burst_len",
        I::MaxBurst,
        Field::Units(offset_of!(Acb, iscsi_max_burst_len)),
    ),
    opt("chap_auth", I::ChapAuthEn, IscsiOptions::CHAP_AUTH),
    opt("bidi_chap", I::BidiChapEn, IscsiOptions::BIDI_CHAP),
    opt(
        "discovery_auth_optional",
        I::DiscoveryAuthOptional,
        IscsiOptions::DISCOVERY_AUTH_OPTIONAL,
    ),
    opt(
        "discovery_logout",
        I::DiscoveryLogoutEn,
        IscsiOptions::DISCOVERY_LOGOUT,
    ),
    opt(
        "strict_login_comp_en",
        I::StrictLoginCompEn,
        IscsiOptions::STRICT_LOGIN_COMP,
    ),
    Row {
        settable: false,
        ..def("initiator_name", I::InitiatorName, Field::Name)
    },
];
