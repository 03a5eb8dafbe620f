//! One table for flash nodes: which attribute shows which field of a DDB, which parameter sets it.
//!
//! Owns the link between flashnode attributes, `ISCSI_FLASHNODE_*` and bytes of `dev_db_entry`. Must not talk to the card.
//! Source: `ql4_os.c` (`qla4xxx_copy_from_fwddb_param`, `qla4xxx_copy_to_fwddb_param`, `qla4xxx_sysfs_ddb_get_param`,
//! `qla4xxx_sysfs_ddb_set_param`).

use std::mem::offset_of;

use driver_sys::hw::ddb::{DdbIpOptions, DdbOptions, DdbTcpOptions, IscsiOptions};
use driver_sys::hw::raw::dev_db_entry as Ddb;
use driver_sys::netlink::params::FlashnodeParam as F;

/// How wide the driver's variable is: a parameter's value is cut to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// `u8`.
    W8,
    /// `u16`.
    W16,
    /// `unsigned`.
    W32,
}

/// Where a number lies in the DDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// A bit of a word.
    Bit(usize, u16),
    /// Bits of a word: shift and how many.
    Bits(usize, u32, u32),
    /// A byte.
    Byte(usize),
    /// Two bytes.
    Half(usize),
    /// Four bytes.
    Long(usize),
    /// Two bytes in units of 512 bytes.
    Units(usize),
    /// Only in the driver's memory.
    Nowhere,
}

/// One numeric attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// `ISCSI_FLASHNODE_*`.
    pub(super) param: u16,
    /// Attribute name.
    pub(super) attr: &'static str,
    /// Shown by the connection object.
    pub(super) conn: bool,
    /// Width of the variable.
    pub(super) width: Width,
    /// Place in the DDB.
    pub(super) at: At,
}

const fn n(param: u16, attr: &'static str, conn: bool, width: Width, at: At) -> Number {
    Number {
        param,
        attr,
        conn,
        width,
        at,
    }
}

const fn opt(param: u16, attr: &'static str, conn: bool, flag: DdbOptions) -> Number {
    n(
        param,
        attr,
        conn,
        Width::W8,
        At::Bit(offset_of!(Ddb, options), flag.bits()),
    )
}

const fn iscsi(param: u16, attr: &'static str, conn: bool, flag: IscsiOptions) -> Number {
    n(
        param,
        attr,
        conn,
        Width::W8,
        At::Bit(offset_of!(Ddb, iscsi_options), flag.bits()),
    )
}

const fn tcp(param: u16, attr: &'static str, flag: DdbTcpOptions) -> Number {
    n(
        param,
        attr,
        true,
        Width::W8,
        At::Bit(offset_of!(Ddb, tcp_options), flag.bits()),
    )
}

const fn half(param: u16, attr: &'static str, conn: bool, at: usize) -> Number {
    n(param, attr, conn, Width::W16, At::Half(at))
}

const fn units(param: u16, attr: &'static str, conn: bool, at: usize) -> Number {
    n(param, attr, conn, Width::W32, At::Units(at))
}

/// Parameter numbers that the code names.
pub(super) mod param {
    use driver_sys::netlink::params::FlashnodeParam;

    pub(crate) const PORTAL_TYPE: u16 = FlashnodeParam::PortalType.raw();
    pub(crate) const CHAP_AUTH_EN: u16 = FlashnodeParam::ChapAuthEn.raw();
    pub(crate) const DEF_TIME2WAIT: u16 = FlashnodeParam::DefTime2wait.raw();
    pub(crate) const ISID: u16 = FlashnodeParam::Isid.raw();
    pub(crate) const PORT: u16 = FlashnodeParam::Port.raw();
    pub(crate) const DEF_TASKMGMT_TMO: u16 = FlashnodeParam::DefTaskmgmtTmo.raw();
    pub(crate) const IPADDR: u16 = FlashnodeParam::Ipaddr.raw();
    pub(crate) const ALIAS: u16 = FlashnodeParam::Alias.raw();
    pub(crate) const REDIRECT_IPADDR: u16 = FlashnodeParam::RedirectIpaddr.raw();
    pub(crate) const IPV4_TOS: u16 = FlashnodeParam::Ipv4Tos.raw();
    pub(crate) const IPV6_TC: u16 = FlashnodeParam::Ipv6Tc.raw();
    pub(crate) const NAME: u16 = FlashnodeParam::Name.raw();
    pub(crate) const TPGT: u16 = FlashnodeParam::Tpgt.raw();
    pub(crate) const LINK_LOCAL_IPV6: u16 = FlashnodeParam::LinkLocalIpv6.raw();
    pub(crate) const DISCOVERY_PARENT_IDX: u16 = FlashnodeParam::DiscoveryParentIdx.raw();
    pub(crate) const CHAP_OUT_IDX: u16 = FlashnodeParam::ChapOutIdx.raw();
}

/// The numeric attributes of flash nodes.
pub(super) const NUMBERS: &[Number] = &[
    opt(
        F::IsFwAssignedIpv6.raw(),
        "is_fw_assigned_ipv6",
        true,
        DdbOptions::IS_FW_ASSIGNED_IPV6,
    ),
    opt(
        F::AutoSndTgtDisable.raw(),
        "auto_snd_tgt_disable",
        false,
        DdbOptions::AUTO_SENDTGTS_DISABLE,
    ),
    opt(
        F::DiscoverySess.raw(),
        "discovery_session",
        false,
        DdbOptions::DISC_SESSION,
    ),
    opt(F::EntryEn.raw(), "entry_enable", false, DdbOptions::ENTRY_STATE),
    iscsi(
        F::HdrDgstEn.raw(),
        "header_digest",
        true,
        IscsiOptions::HEADER_DIGEST,
    ),
    iscsi(
        F::DataDgstEn.raw(),
        "data_digest",
        true,
        IscsiOptions::DATA_DIGEST,
    ),
    iscsi(
        F::ImmDataEn.raw(),
        "immediate_data",
        false,
        IscsiOptions::IMMEDIATE_DATA,
    ),
    iscsi(
        F::InitialR2tEn.raw(),
        "initial_r2t",
        false,
        IscsiOptions::INITIAL_R2T,
    ),
    iscsi(
        F::DataseqInorder.raw(),
        "data_seq_in_order",
        false,
        IscsiOptions::DATA_SEQ_IN_ORDER,
    ),
    iscsi(
        F::PduInorder.raw(),
        "data_pdu_in_order",
        false,
        IscsiOptions::DATA_PDU_IN_ORDER,
    ),
    iscsi(param::CHAP_AUTH_EN, "chap_auth", false, IscsiOptions::CHAP_AUTH),
    iscsi(F::SnackReqEn.raw(), "snack_req", true, IscsiOptions::SNACK_REQ),
    iscsi(
        F::DiscoveryLogoutEn.raw(),
        "discovery_logout",
        false,
        IscsiOptions::DISCOVERY_LOGOUT,
    ),
    iscsi(F::BidiChapEn.raw(), "bidi_chap", false, IscsiOptions::BIDI_CHAP),
    iscsi(
        F::DiscoveryAuthOptional.raw(),
        "discovery_auth_optional",
        false,
        IscsiOptions::DISCOVERY_AUTH_OPTIONAL,
    ),
    n(
        F::Erl.raw(),
        "erl",
        false,
        Width::W8,
        At::Bits(offset_of!(Ddb, iscsi_options), 0, 2),
    ),
    tcp(
        F::TcpTimestampStat.raw(),
        "tcp_timestamp_stat",
        DdbTcpOptions::TIMESTAMP_STAT,
    ),
    tcp(
        F::TcpNagleDisable.raw(),
        "tcp_nagle_disable",
        DdbTcpOptions::NAGLE_DISABLE,
    ),
    tcp(
        F::TcpWsfDisable.raw(),
        "tcp_wsf_disable",
        DdbTcpOptions::WSF_DISABLE,
    ),
    n(
        F::TcpTimerScale.raw(),
        "tcp_timer_scale",
        true,
        Width::W8,
        At::Bits(offset_of!(Ddb, tcp_options), 1, 3),
    ),
    tcp(
        F::TcpTimestampEn.raw(),
        "tcp_timestamp_enable",
        DdbTcpOptions::TIMESTAMP_EN,
    ),
    n(
        F::IpFragDisable.raw(),
        "fragment_disable",
        true,
        Width::W8,
        At::Bit(offset_of!(Ddb, ip_options), DdbIpOptions::FRAGMENT_DISABLE.bits()),
    ),
    units(
        F::MaxRecvDlength.raw(),
        "max_recv_dlength",
        true,
        offset_of!(Ddb, iscsi_max_rcv_data_seg_len),
    ),
    units(
        F::MaxXmitDlength.raw(),
        "max_xmit_dlength",
        true,
        offset_of!(Ddb, iscsi_max_snd_data_seg_len),
    ),
    units(
        F::FirstBurst.raw(),
        "first_burst_len",
        false,
        offset_of!(Ddb, iscsi_first_burst_len),
    ),
    half(
        param::DEF_TIME2WAIT,
        "def_time2wait",
        false,
        offset_of!(Ddb, iscsi_def_time2wait),
    ),
    half(
        F::DefTime2retain.raw(),
        "def_time2retain",
        false,
        offset_of!(Ddb, iscsi_def_time2retain),
    ),
    half(
        F::MaxR2t.raw(),
        "max_outstanding_r2t",
        false,
        offset_of!(Ddb, iscsi_max_outsnd_r2t),
    ),
    half(
        F::KeepaliveTmo.raw(),
        "keepalive_tmo",
        true,
        offset_of!(Ddb, ka_timeout),
    ),
    half(F::Tsid.raw(), "tsid", false, offset_of!(Ddb, tsid)),
    half(param::PORT, "port", true, offset_of!(Ddb, port)),
    units(
        F::MaxBurst.raw(),
        "max_burst_len",
        false,
        offset_of!(Ddb, iscsi_max_burst_len),
    ),
    half(
        param::DEF_TASKMGMT_TMO,
        "def_taskmgmt_tmo",
        false,
        offset_of!(Ddb, def_timeout),
    ),
    n(
        F::MaxSegmentSize.raw(),
        "max_segment_size",
        true,
        Width::W32,
        At::Half(offset_of!(Ddb, mss)),
    ),
    half(F::LocalPort.raw(), "local_port", true, offset_of!(Ddb, lcl_port)),
    n(param::IPV4_TOS, "ipv4_tos", true, Width::W8, At::Nowhere),
    n(param::IPV6_TC, "ipv6_traffic_class", true, Width::W8, At::Nowhere),
    n(
        F::Ipv6FlowLabel.raw(),
        "ipv6_flow_label",
        true,
        Width::W8,
        At::Half(offset_of!(Ddb, ipv6_flow_lbl)),
    ),
    half(param::TPGT, "tpgt", false, offset_of!(Ddb, tgt_portal_grp)),
    half(
        param::DISCOVERY_PARENT_IDX,
        "discovery_parent_idx",
        false,
        offset_of!(Ddb, ddb_link),
    ),
    n(
        F::TcpXmitWsf.raw(),
        "tcp_xmit_wsf",
        true,
        Width::W8,
        At::Byte(offset_of!(Ddb, tcp_xmt_wsf)),
    ),
    n(
        F::TcpRecvWsf.raw(),
        "tcp_recv_wsf",
        true,
        Width::W8,
        At::Byte(offset_of!(Ddb, tcp_rcv_wsf)),
    ),
    half(
        param::CHAP_OUT_IDX,
        "chap_out_idx",
        false,
        offset_of!(Ddb, chap_tbl_idx),
    ),
    n(
        F::Statsn.raw(),
        "statsn",
        true,
        Width::W32,
        At::Long(offset_of!(Ddb, stat_sn)),
    ),
    n(
        F::ExpStatsn.raw(),
        "exp_statsn",
        true,
        Width::W32,
        At::Long(offset_of!(Ddb, exp_stat_sn)),
    ),
];

fn word(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([b[at], b[at + 1]])
}

impl At {
    /// Reads the number from the bytes of a DDB.
    pub(super) fn get(self, b: &[u8; 512]) -> u32 {
        match self {
            Self::Bit(at, mask) => u32::from(word(b, at) & mask != 0),
            Self::Bits(at, shift, count) => (u32::from(word(b, at)) >> shift) & ((1 << count) - 1),
            Self::Byte(at) => u32::from(b[at]),
            Self::Half(at) => u32::from(word(b, at)),
            Self::Long(at) => u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]),
            Self::Units(at) => u32::from(word(b, at)) * 512,
            Self::Nowhere => 0,
        }
    }

    /// Writes the number into the bytes of a DDB.
    pub(super) fn put(self, b: &mut [u8; 512], v: u32) {
        let mut half = |at: usize, v: u16| b[at..at + 2].copy_from_slice(&v.to_le_bytes());
        match self {
            Self::Bit(at, mask) => {
                let old = word(b, at);
                let new = if v != 0 { old | mask } else { old & !mask };
                b[at..at + 2].copy_from_slice(&new.to_le_bytes());
            }
            Self::Bits(at, shift, count) => {
                let mask = (((1u32 << count) - 1) << shift) as u16;
                let new = (word(b, at) & !mask) | (((v << shift) as u16) & mask);
                b[at..at + 2].copy_from_slice(&new.to_le_bytes());
            }
            Self::Byte(at) => b[at] = v as u8,
            Self::Half(at) => half(at, v as u16),
            Self::Long(at) => b[at..at + 4].copy_from_slice(&v.to_le_bytes()),
            Self::Units(at) => half(at, (v / 512) as u16),
            Self::Nowhere => {}
        }
    }
}

impl Width {
    /// Cuts a parameter's value; missing bytes read as zero.
    pub(super) fn read(self, value: &[u8]) -> u32 {
        let byte = |i: usize| value.get(i).copied().unwrap_or(0);
        match self {
            Self::W8 => u32::from(byte(0)),
            Self::W16 => u32::from(u16::from_ne_bytes([byte(0), byte(1)])),
            Self::W32 => u32::from_ne_bytes([byte(0), byte(1), byte(2), byte(3)]),
        }
    }
}
