//! Attributes and parameters that every interface has: the defaults of the port's initiator.

use super::*;

pub(super) const ROWS: &[Row] = &[
    def(I::DefTaskmgmtTmo, Field::Dec16(offset_of!(Acb, def_timeout))),
    opt(I::HdrdgstEn, IscsiOptions::HEADER_DIGEST),
    opt(I::DatadgstEn, IscsiOptions::DATA_DIGEST),
    opt(I::ImmDataEn, IscsiOptions::IMMEDIATE_DATA),
    opt(I::InitialR2tEn, IscsiOptions::INITIAL_R2T),
    opt(I::DataseqInorderEn, IscsiOptions::DATA_SEQ_IN_ORDER),
    opt(I::PduInorderEn, IscsiOptions::DATA_PDU_IN_ORDER),
    def(I::Erl, Field::Erl(offset_of!(Acb, iscsi_opts))),
    def(
        I::MaxRecvDlength,
        Field::Units(offset_of!(Acb, iscsi_max_pdu_size)),
    ),
    def(I::FirstBurst, Field::Units(offset_of!(Acb, iscsi_fburst_len))),
    def(I::MaxR2t, Field::Dec16(offset_of!(Acb, iscsi_max_outstnd_r2t))),
    def(I::MaxBurst, Field::Units(offset_of!(Acb, iscsi_max_burst_len))),
    opt(I::ChapAuthEn, IscsiOptions::CHAP_AUTH),
    opt(I::BidiChapEn, IscsiOptions::BIDI_CHAP),
    opt(I::DiscoveryAuthOptional, IscsiOptions::DISCOVERY_AUTH_OPTIONAL),
    opt(I::DiscoveryLogoutEn, IscsiOptions::DISCOVERY_LOGOUT),
    opt(I::StrictLoginCompEn, IscsiOptions::STRICT_LOGIN_COMP),
    Row {
        settable: false,
        ..def(I::InitiatorName, Field::Name)
    },
];
