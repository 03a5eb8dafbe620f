//! One table for the port's address control block: which attribute shows which field, which parameter sets it.
//!
//! Owns the link between iface attributes, `ISCSI_NET_PARAM_*`/`ISCSI_IFACE_PARAM_*` and bytes of `addr_ctrl_blk`. Must not
//! talk to the card. Source: `ql4_os.c` (`qla4xxx_get_iface_param`, `qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`,
//! `qla4xxx_set_iscsi_param`), `scsi_transport_iscsi.c` (`iscsi_iface_attr_is_visible`).

use std::mem::offset_of;

use driver_sys::hw::acb::{Ipv4IpOptions, Ipv4TcpOptions, Ipv6AddOptions, Ipv6Options, Ipv6TcpOptions};
use driver_sys::hw::ddb::IscsiOptions;
use driver_sys::hw::raw::addr_ctrl_blk as Acb;
use driver_sys::netlink::params::{IfaceParam as I, NetParam as N};

/// Which interfaces have a row's attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// `ipv4-iface-H-0`.
    V4,
    /// `ipv6-iface-H-0` and `-1`.
    V6,
    /// Every interface (initiator defaults).
    Both,
}

/// How a row lies in the block, is shown and is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `enable` when the bit is set; parameter value 2 sets it.
    Bit(usize, u16),
    /// `enable` when the bit is clear; parameter value 1 sets it.
    BitOff(usize, u16),
    /// One of two words by a bit; the parameter value that sets it stands last, the other of 1 and 2 clears it, others are
    /// ignored.
    Choice(usize, u16, &'static str, &'static str, u8),
    /// A byte in decimal.
    Dec8(usize),
    /// Two bytes in decimal.
    Dec16(usize),
    /// Four bytes in decimal.
    Dec32(usize),
    /// Two bytes in units of 512 bytes, shown in bytes.
    Units(usize),
    /// Three bits of a word, one up (`TIMER_SCALE`).
    Scale(usize),
    /// The two lowest bits of a word.
    Erl(usize),
    /// IPv4 address.
    Ip4(usize),
    /// IPv6 address.
    Ip6(usize),
    /// The routable IPv6 address of the interface's number.
    Ip6Own,
    /// Link-local address, made of the interface ID.
    LinkLocal(usize),
    /// VLAN ID of a tag kept in network order.
    VlanId(usize),
    /// VLAN priority of a tag kept in network order.
    VlanPrio(usize),
    /// Never shown: the whole VLAN tag.
    VlanTag(usize),
    /// Never shown: 1 forgets the default router.
    RouterAuto(usize),
    /// Address state of the IPv4 address or of the link-local address.
    State(usize),
    /// Address state of the interface's own IPv6 address.
    StateOwn,
    /// Router state.
    Router(usize),
    /// A length byte and eleven bytes of text.
    Text(usize, usize),
    /// The initiator name (read only).
    Name,
    /// Switches the protocol on or off; interfaces come and go with it.
    Enable(usize, u16),
}

/// Which numbering the parameter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// `ISCSI_NET_PARAM_*`.
    Net,
    /// `ISCSI_IFACE_PARAM_*`.
    Iface,
}

/// One attribute and parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Attribute name; empty when there is only a parameter.
    pub(super) attr: &'static str,
    /// Interfaces that have it.
    pub(super) on: On,
    /// Parameter numbering.
    pub(super) space: Space,
    /// Parameter number.
    pub(super) param: u16,
    /// What it is.
    pub(super) field: Field,
    /// Setting it does something.
    pub(super) settable: bool,
    /// Also settable through the second IPv6 interface.
    pub(super) second: bool,
}

const fn row(attr: &'static str, on: On, space: Space, param: u16, field: Field) -> Row {
    Row {
        attr,
        on,
        space,
        param,
        field,
        settable: true,
        second: false,
    }
}

const fn show(attr: &'static str, on: On, param: N, field: Field) -> Row {
    Row {
        attr,
        on,
        space: Space::Net,
        param: param.raw(),
        field,
        settable: false,
        second: false,
    }
}

const fn any(attr: &'static str, on: On, param: N, field: Field) -> Row {
    Row {
        attr,
        on,
        space: Space::Net,
        param: param.raw(),
        field,
        settable: true,
        second: true,
    }
}

const fn net(attr: &'static str, on: On, param: N, field: Field) -> Row {
    row(attr, on, Space::Net, param.raw(), field)
}

const fn def(attr: &'static str, param: I, field: Field) -> Row {
    row(attr, On::Both, Space::Iface, param.raw(), field)
}

const fn opt(attr: &'static str, param: I, flag: IscsiOptions) -> Row {
    def(attr, param, Field::Bit(offset_of!(Acb, iscsi_opts), flag.bits()))
}

const fn tcp4(attr: &'static str, param: N, flag: Ipv4TcpOptions) -> Row {
    net(
        attr,
        On::V4,
        param,
        Field::Bit(offset_of!(Acb, ipv4_tcp_opts), flag.bits()),
    )
}

const fn ip4o(attr: &'static str, param: N, flag: Ipv4IpOptions) -> Row {
    net(
        attr,
        On::V4,
        param,
        Field::Bit(offset_of!(Acb, ipv4_ip_opts), flag.bits()),
    )
}

const fn off(attr: &'static str, on: On, param: N, word: usize, mask: u16) -> Row {
    net(attr, on, param, Field::BitOff(word, mask))
}

/// Every attribute of the interfaces and every parameter that the driver knows.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    [ipv4::ROWS, ipv6::ROWS, initiator::ROWS].into_iter().flatten()
}

mod initiator;
mod ipv4;
mod ipv6;
