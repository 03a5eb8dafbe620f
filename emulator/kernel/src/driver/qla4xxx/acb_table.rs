//! Where the parameters of interfaces lie in the port's address control block.
//!
//! Owns the link between `ISCSI_NET_PARAM_*`/`ISCSI_IFACE_PARAM_*` and bytes of `addr_ctrl_blk`; what a parameter is called, its row in
//! driver-sys says. Must not talk to the card. Source: `ql4_os.c` (`qla4xxx_get_iface_param`, `qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`,
//! `qla4xxx_set_iscsi_param`), `scsi_transport_iscsi.c` (`iscsi_iface_attr_is_visible`).

use std::mem::offset_of;

use driver_sys::hw::acb::{Ipv4IpOptions, Ipv4TcpOptions, Ipv6AddOptions, Ipv6Options, Ipv6TcpOptions};
use driver_sys::hw::ddb::IscsiOptions;
use driver_sys::hw::raw::addr_ctrl_blk as Acb;
use driver_sys::netlink::IfaceCode;
use driver_sys::netlink::params::{IfaceParam as I, NetParam as N, ParamInfo};

/// Which interfaces have a parameter.
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
    /// ignored. The words are those of the parameter's row.
    Choice(usize, u16, u8),
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

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Which; its row in driver-sys names the attribute, if there is one.
    pub(super) param: IfaceCode,
    /// What it is.
    pub(super) field: Field,
    /// Setting it does something.
    pub(super) settable: bool,
    /// Also settable through the second IPv6 interface.
    pub(super) second: bool,
}

impl Row {
    /// Name of its attribute.
    pub(super) fn attr(&self) -> Option<&'static str> {
        self.param.info().and_then(ParamInfo::attr)
    }
}

const fn row(param: IfaceCode, field: Field) -> Row {
    Row {
        param,
        field,
        settable: true,
        second: false,
    }
}

const fn net(param: N, field: Field) -> Row {
    row(IfaceCode::Net(param), field)
}

const fn show(param: N, field: Field) -> Row {
    Row {
        settable: false,
        ..net(param, field)
    }
}

const fn any(param: N, field: Field) -> Row {
    Row {
        second: true,
        ..net(param, field)
    }
}

const fn def(param: I, field: Field) -> Row {
    row(IfaceCode::Iscsi(param), field)
}

const fn opt(param: I, flag: IscsiOptions) -> Row {
    def(param, Field::Bit(offset_of!(Acb, iscsi_opts), flag.bits()))
}

const fn tcp4(param: N, flag: Ipv4TcpOptions) -> Row {
    net(param, Field::Bit(offset_of!(Acb, ipv4_tcp_opts), flag.bits()))
}

const fn ip4o(param: N, flag: Ipv4IpOptions) -> Row {
    net(param, Field::Bit(offset_of!(Acb, ipv4_ip_opts), flag.bits()))
}

const fn off(param: N, word: usize, mask: u16) -> Row {
    net(param, Field::BitOff(word, mask))
}

/// Every parameter that the driver knows, and the interfaces that have it.
pub(super) fn rows() -> impl Iterator<Item = (On, &'static Row)> {
    let tables = [
        (On::V4, ipv4::ROWS),
        (On::V6, ipv6::ROWS),
        (On::Both, initiator::ROWS),
    ];
    tables
        .into_iter()
        .flat_map(|(on, rows)| rows.iter().map(move |row| (on, row)))
}

mod initiator;
mod ipv4;
mod ipv6;
