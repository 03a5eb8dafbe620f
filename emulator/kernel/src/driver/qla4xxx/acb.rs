//! Showing and setting the port's address control block through its table.
//!
//! Owns the text of interface attributes and the effect of parameters on a control block. Must not talk to the card.
//! Source: `ql4_os.c` (`qla4xxx_get_iface_param`, `qla4xxx_iface_set_param`), `ql4_mbx.c` (`qla4xxx_update_local_ip`).

use driver_sys::hw::raw::addr_ctrl_blk;
use driver_sys::netlink::IfaceCode;
use zerocopy::{FromBytes, IntoBytes};

use super::acb_table::{Field, On, Row, rows};
use crate::text::{cstr, ip4, ip6};
use crate::transport::IfaceKind;

/// What a parameter of an interface reads; none when it has no such attribute.
pub(crate) fn get(acb: &addr_ctrl_blk, iface: IfaceKind, param: IfaceCode) -> Option<String> {
    let others = if iface == IfaceKind::V4 { On::V6 } else { On::V4 };
    let (_, row) = rows().find(|(on, row)| *on != others && row.param == param && row.attr().is_some())?;
    Some(show_field(acb, acb.as_bytes(), row, iface))
}

fn half(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([b[at], b[at + 1]])
}

fn switch(on: bool) -> String {
    if on { "enable" } else { "disable" }.to_owned()
}

/// The word of a parameter's value.
fn word(row: &Row, number: u8) -> &'static str {
    let words = row.param.info().map(|info| info.values);
    words.and_then(|words| words.word(number)).unwrap_or_default()
}

fn show_field(acb: &addr_ctrl_blk, b: &[u8], row: &Row, iface: IfaceKind) -> String {
    let own = |n0: &[u8], n1: &[u8]| ip6(if iface == IfaceKind::V6(1) { n1 } else { n0 });
    match row.field {
        Field::Bit(at, mask) | Field::Enable(at, mask) => switch(half(b, at) & mask != 0),
        Field::BitOff(at, mask) => switch(half(b, at) & mask == 0),
        Field::Choice(at, mask, on) => {
            word(row, if half(b, at) & mask != 0 { on } else { 3 - on }).to_owned()
        }
        Field::Dec8(at) => b[at].to_string(),
        Field::Dec16(at) => half(b, at).to_string(),
        Field::Dec32(at) => u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]).to_string(),
        Field::Units(at) => (u32::from(half(b, at)) * 512).to_string(),
        Field::Scale(at) => ((half(b, at) & 0x000e) >> 1).to_string(),
        Field::Erl(at) => (half(b, at) & 3).to_string(),
        Field::Ip4(at) => ip4(&b[at..at + 4]),
        Field::Ip6(at) => ip6(&b[at..at + 16]),
        Field::Ip6Own => own(&acb.ipv6_addr0, &acb.ipv6_addr1),
        Field::LinkLocal(_) => ip6(&link_local(acb)),
        Field::VlanId(at) => (u16::from_be_bytes([b[at], b[at + 1]]) & 4095).to_string(),
        Field::VlanPrio(at) => (u16::from_be_bytes([b[at], b[at + 1]]) >> 13).to_string(),
        Field::State(at) => address_state(b[at]).to_owned(),
        Field::StateOwn => address_state(if iface == IfaceKind::V6(1) {
            acb.ipv6_addr1_state
        } else {
            acb.ipv6_addr0_state
        })
        .to_owned(),
        Field::Router(at) => match b[at] {
            1 => "Manual",
            3 => "Advertised",
            4 => "Stale",
            _ => "Unknown",
        }
        .to_owned(),
        Field::Text(len, at) => {
            if b[len] == 0 {
                String::new()
            } else {
                cstr(&b[at..at + 11])
            }
        }
        Field::Name => cstr(&acb.iscsi_name),
        Field::VlanTag(_) | Field::RouterAuto(_) => String::new(),
    }
}

/// The link-local address of a control block.
pub(crate) fn link_local(acb: &addr_ctrl_blk) -> [u8; 16] {
    let mut a = [0u8; 16];
    a[0] = 0xfe;
    a[1] = 0x80;
    a[8..].copy_from_slice(&acb.ipv6_if_id);
    a
}

/// The kernel's name of the firmware's address state.
fn address_state(state: u8) -> &'static str {
    match state & 0x0f {
        1 => "Invalid",
        2 => "Acquiring",
        3 => "Tentative",
        4 => "Deprecated",
        5 => "Valid",
        6 => "Disabling",
        _ => "Unconfigured",
    }
}

/// What a parameter did beside changing bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing more.
    None,
    /// The protocol was switched: its interfaces come or go.
    Switched {
        /// IPv6 rather than IPv4.
        v6: bool,
        /// On.
        on: bool,
    },
}

/// One parameter as it comes in SET_IFACE_PARAMS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Param<'a> {
    /// `iface_num`.
    pub(crate) iface_num: u32,
    /// `iface_type`: 1 IPv4, 2 IPv6.
    pub(crate) iface_type: u8,
    /// `param_type`: 2 network, 5 interface (`enum iscsi_param_type`).
    pub(crate) param_type: u8,
    /// `param`.
    pub(crate) param: u16,
    /// Value bytes.
    pub(crate) value: &'a [u8],
}

/// `ISCSI_NET_PARAM`.
const NET_PARAM: u8 = 2;
/// `ISCSI_IFACE_PARAM`.
const IFACE_PARAM: u8 = 5;

/// Applies a parameter; what the driver does not know it ignores (it logs), and so do we.
pub(crate) fn apply(acb: &mut addr_ctrl_blk, p: Param<'_>) -> Effect {
    let of = match (p.param_type, p.iface_type, p.iface_num) {
        (NET_PARAM, 1, 0) => On::V4,
        (NET_PARAM, 2, 0 | 1) => On::V6,
        (IFACE_PARAM, _, _) => On::Both,
        _ => return Effect::None,
    };
    let asked = (p.param_type, p.param);
    let found = rows().find(|(on, row)| row.settable && *on == of && row.param.raw() == asked);
    let Some((_, row)) = found else {
        tracing::debug!(param = p.param, "unknown interface parameter");
        return Effect::None;
    };
    if p.iface_num & 1 != 0 && !row.second {
        return Effect::None;
    }
    set_field(acb, row, p, of == On::V6)
}

fn set_field(acb: &mut addr_ctrl_blk, row: &Row, p: Param<'_>, v6: bool) -> Effect {
    // The driver reads beyond a short value; missing bytes read as zero here.
    let byte = |i: usize| p.value.get(i).copied().unwrap_or(0);
    let short = u16::from_ne_bytes([byte(0), byte(1)]);
    let long = u32::from_ne_bytes([byte(0), byte(1), byte(2), byte(3)]);
    let Ok(block) = <[u8; 768]>::mut_from_bytes(acb.as_mut_bytes()) else {
        return Effect::None;
    };
    let put = |b: &mut [u8; 768], at: usize, v: u16| b[at..at + 2].copy_from_slice(&v.to_le_bytes());
    let bit = |b: &mut [u8; 768], at: usize, mask: u16, on: bool| {
        let old = half(&b[..], at);
        put(b, at, if on { old | mask } else { old & !mask });
    };
    match row.field {
        Field::Bit(at, mask) => bit(block, at, mask, byte(0) == 2),
        Field::BitOff(at, mask) => bit(block, at, mask, byte(0) == 1),
        Field::Choice(at, mask, on) => match byte(0) {
            v if v == on => bit(block, at, mask, true),
            1 | 2 => bit(block, at, mask, false),
            _ => {}
        },
        Field::Enable(at, mask) => {
            let on = byte(0) == 2;
            bit(block, at, mask, on);
            return Effect::Switched { v6, on };
        }
        Field::Dec8(at) => block[at] = byte(0),
        Field::Dec16(at) => put(block, at, short),
        Field::Dec32(at) => block[at..at + 4].copy_from_slice(&long.to_le_bytes()),
        Field::Units(at) => put(block, at, (long / 512) as u16),
        Field::Scale(at) => {
            let old = half(&block[..], at) & !0x000e;
            put(block, at, old | ((u16::from(byte(0)) << 1) & 0x000e));
        }
        Field::Erl(at) => {
            let old = half(&block[..], at) & !3;
            put(block, at, old | (u16::from(byte(0)) & 3));
        }
        Field::Ip4(at) => (0..4).for_each(|i| block[at + i] = byte(i)),
        Field::Ip6(at) => (0..16).for_each(|i| block[at + i] = byte(i)),
        Field::Ip6Own => {
            let to = if p.iface_num & 1 != 0 {
                &mut acb.ipv6_addr1
            } else {
                &mut acb.ipv6_addr0
            };
            (0..16).for_each(|i| to[i] = byte(i));
        }
        Field::LinkLocal(at) => (0..8).for_each(|i| block[at + i] = byte(8 + i)),
        Field::VlanTag(at) => {
            if p.value.len() == 2 {
                block[at..at + 2].copy_from_slice(&short.to_be_bytes());
            }
        }
        Field::RouterAuto(at) => {
            if byte(0) == 1 {
                block[at..at + 16].fill(0);
            }
        }
        Field::Text(len, at) => {
            (0..10).for_each(|i| block[at + i] = byte(i));
            block[len] = block[at..at + 11].iter().take_while(|b| **b != 0).count() as u8;
        }
        Field::VlanId(_)
        | Field::VlanPrio(_)
        | Field::State(_)
        | Field::StateOwn
        | Field::Router(_)
        | Field::Name => {}
    }
    Effect::None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(iface_type: u8, iface_num: u32, param: u16, value: &[u8]) -> Param<'_> {
        Param {
            iface_num,
            iface_type,
            param_type: NET_PARAM,
            param,
            value,
        }
    }

    fn shown(acb: &addr_ctrl_blk, iface: IfaceKind, attr: &str) -> String {
        let mut read = rows().filter(|(_, row)| row.attr() == Some(attr));
        read.find_map(|(_, row)| get(acb, iface, row.param))
            .expect("attribute")
    }

    #[test]
    fn an_address_is_set_and_shown() {
        let mut acb = addr_ctrl_blk::default();
        apply(&mut acb, param(1, 0, 1, &[10, 0, 0, 9]));
        assert_eq!(shown(&acb, IfaceKind::V4, "ipaddress"), "10.0.0.9");
        let mut six = [0u8; 16];
        six[15] = 7;
        apply(&mut acb, param(2, 1, 7, &six));
        assert!(shown(&acb, IfaceKind::V6(1), "ipaddress").ends_with(":0007"));
        assert!(shown(&acb, IfaceKind::V6(0), "ipaddress").ends_with(":0000"));
    }

    #[test]
    fn the_second_ipv6_interface_does_not_set_common_values() {
        let mut acb = addr_ctrl_blk::default();
        apply(&mut acb, param(2, 1, 49, &[64]));
        assert_eq!(acb.ipv6_hop_limit, 0);
        apply(&mut acb, param(2, 0, 49, &[64]));
        assert_eq!(acb.ipv6_hop_limit, 64);
    }

    #[test]
    fn a_vlan_tag_is_kept_in_network_order() {
        let mut acb = addr_ctrl_blk::default();
        apply(&mut acb, param(1, 0, 16, &0x6005u16.to_ne_bytes()));
        assert_eq!(shown(&acb, IfaceKind::V4, "vlan_id"), "5");
        assert_eq!(shown(&acb, IfaceKind::V4, "vlan_priority"), "3");
        apply(&mut acb, param(1, 0, 16, &[1, 2, 3]));
        assert_eq!(shown(&acb, IfaceKind::V4, "vlan_id"), "5");
    }

    #[test]
    fn inverted_switches_follow_the_driver() {
        let mut acb = addr_ctrl_blk::default();
        assert_eq!(shown(&acb, IfaceKind::V4, "tcp_nagle_disable"), "enable");
        apply(&mut acb, param(1, 0, 25, &[1]));
        assert_eq!(shown(&acb, IfaceKind::V4, "tcp_nagle_disable"), "disable");
    }

    #[test]
    fn short_values_and_unknown_parameters_do_no_harm() {
        let mut acb = addr_ctrl_blk::default();
        for p in 0..80u16 {
            for t in 0..5u8 {
                for n in 0..3u32 {
                    apply(
                        &mut acb,
                        Param {
                            iface_num: n,
                            iface_type: t,
                            param_type: 2 + (t & 1),
                            param: p,
                            value: &[],
                        },
                    );
                }
            }
        }
    }

    #[test]
    fn switching_a_protocol_is_told() {
        let mut acb = addr_ctrl_blk::default();
        assert_eq!(
            apply(&mut acb, param(2, 0, 12, &[2])),
            Effect::Switched { v6: true, on: true }
        );
        assert_eq!(shown(&acb, IfaceKind::V6(0), "enabled"), "enable");
    }
}
