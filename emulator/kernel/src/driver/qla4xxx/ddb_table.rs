//! Where the numeric parameters of a flash node lie in a DDB.
//!
//! Owns the link between `ISCSI_FLASHNODE_*` and bytes of `dev_db_entry`; what a parameter is called and how wide it is, its row in
//! driver-sys says. Must not talk to the card.
//! Source: `ql4_os.c` (`qla4xxx_copy_from_fwddb_param`, `qla4xxx_copy_to_fwddb_param`, `qla4xxx_sysfs_ddb_get_param`,
//! `qla4xxx_sysfs_ddb_set_param`).

use std::mem::offset_of;

use driver_sys::hw::ddb::{DdbIpOptions, DdbOptions, DdbTcpOptions, IscsiOptions};
use driver_sys::hw::raw::dev_db_entry as Ddb;
use driver_sys::netlink::params::{FlashnodeParam as F, WireKind};

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

/// One numeric parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// Which; its row says what it is called, which object shows it and how wide the driver's variable is.
    pub(super) param: F,
    /// Place in the DDB.
    pub(super) at: At,
}

const fn n(param: F, at: At) -> Number {
    Number { param, at }
}

const fn opt(param: F, flag: DdbOptions) -> Number {
    n(param, At::Bit(offset_of!(Ddb, options), flag.bits()))
}

const fn iscsi(param: F, flag: IscsiOptions) -> Number {
    n(param, At::Bit(offset_of!(Ddb, iscsi_options), flag.bits()))
}

const fn tcp(param: F, flag: DdbTcpOptions) -> Number {
    n(param, At::Bit(offset_of!(Ddb, tcp_options), flag.bits()))
}

const fn half(param: F, at: usize) -> Number {
    n(param, At::Half(at))
}

const fn units(param: F, at: usize) -> Number {
    n(param, At::Units(at))
}

/// The numeric parameters of flash nodes.
pub(super) const NUMBERS: &[Number] = &[
    opt(F::IsFwAssignedIpv6, DdbOptions::IS_FW_ASSIGNED_IPV6),
    opt(F::AutoSndTgtDisable, DdbOptions::AUTO_SENDTGTS_DISABLE),
    opt(F::DiscoverySess, DdbOptions::DISC_SESSION),
    opt(F::EntryEn, DdbOptions::ENTRY_STATE),
    iscsi(F::HdrDgstEn, IscsiOptions::HEADER_DIGEST),
    iscsi(F::DataDgstEn, IscsiOptions::DATA_DIGEST),
    iscsi(F::ImmDataEn, IscsiOptions::IMMEDIATE_DATA),
    iscsi(F::InitialR2tEn, IscsiOptions::INITIAL_R2T),
    iscsi(F::DataseqInorder, IscsiOptions::DATA_SEQ_IN_ORDER),
    iscsi(F::PduInorder, IscsiOptions::DATA_PDU_IN_ORDER),
    iscsi(F::ChapAuthEn, IscsiOptions::CHAP_AUTH),
    iscsi(F::SnackReqEn, IscsiOptions::SNACK_REQ),
    iscsi(F::DiscoveryLogoutEn, IscsiOptions::DISCOVERY_LOGOUT),
    iscsi(F::BidiChapEn, IscsiOptions::BIDI_CHAP),
    iscsi(F::DiscoveryAuthOptional, IscsiOptions::DISCOVERY_AUTH_OPTIONAL),
    n(F::Erl, At::Bits(offset_of!(Ddb, iscsi_options), 0, 2)),
    tcp(F::TcpTimestampStat, DdbTcpOptions::TIMESTAMP_STAT),
    tcp(F::TcpNagleDisable, DdbTcpOptions::NAGLE_DISABLE),
    tcp(F::TcpWsfDisable, DdbTcpOptions::WSF_DISABLE),
    n(F::TcpTimerScale, At::Bits(offset_of!(Ddb, tcp_options), 1, 3)),
    tcp(F::TcpTimestampEn, DdbTcpOptions::TIMESTAMP_EN),
    n(
        F::IpFragDisable,
        At::Bit(offset_of!(Ddb, ip_options), DdbIpOptions::FRAGMENT_DISABLE.bits()),
    ),
    units(F::MaxRecvDlength, offset_of!(Ddb, iscsi_max_rcv_data_seg_len)),
    units(F::MaxXmitDlength, offset_of!(Ddb, iscsi_max_snd_data_seg_len)),
    units(F::FirstBurst, offset_of!(Ddb, iscsi_first_burst_len)),
    half(F::DefTime2wait, offset_of!(Ddb, iscsi_def_time2wait)),
    half(F::DefTime2retain, offset_of!(Ddb, iscsi_def_time2retain)),
    half(F::MaxR2t, offset_of!(Ddb, iscsi_max_outsnd_r2t)),
    half(F::KeepaliveTmo, offset_of!(Ddb, ka_timeout)),
    half(F::Tsid, offset_of!(Ddb, tsid)),
    half(F::Port, offset_of!(Ddb, port)),
    units(F::MaxBurst, offset_of!(Ddb, iscsi_max_burst_len)),
    half(F::DefTaskmgmtTmo, offset_of!(Ddb, def_timeout)),
    n(F::MaxSegmentSize, At::Half(offset_of!(Ddb, mss))),
    half(F::LocalPort, offset_of!(Ddb, lcl_port)),
    n(F::Ipv4Tos, At::Nowhere),
    n(F::Ipv6Tc, At::Nowhere),
    n(F::Ipv6FlowLabel, At::Half(offset_of!(Ddb, ipv6_flow_lbl))),
    half(F::Tpgt, offset_of!(Ddb, tgt_portal_grp)),
    half(F::DiscoveryParentIdx, offset_of!(Ddb, ddb_link)),
    n(F::TcpXmitWsf, At::Byte(offset_of!(Ddb, tcp_xmt_wsf))),
    n(F::TcpRecvWsf, At::Byte(offset_of!(Ddb, tcp_rcv_wsf))),
    half(F::ChapOutIdx, offset_of!(Ddb, chap_tbl_idx)),
    n(F::Statsn, At::Long(offset_of!(Ddb, stat_sn))),
    n(F::ExpStatsn, At::Long(offset_of!(Ddb, exp_stat_sn))),
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

/// Cuts a value to the driver's variable, which is as wide as what travels; missing bytes read as zero.
pub(super) fn cut(kind: WireKind, value: &[u8]) -> u32 {
    let byte = |i: usize| value.get(i).copied().unwrap_or(0);
    match kind {
        WireKind::U8 => u32::from(byte(0)),
        WireKind::U16 => u32::from(u16::from_ne_bytes([byte(0), byte(1)])),
        _ => u32::from_ne_bytes([byte(0), byte(1), byte(2), byte(3)]),
    }
}
