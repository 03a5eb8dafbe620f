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

const TCP4: usize = offset_of!(Acb, ipv4_tcp_opts);
const IP4: usize = offset_of!(Acb, ipv4_ip_opts);
const TCP6: usize = offset_of!(Acb, ipv6_tcp_opts);
const OPT6: usize = offset_of!(Acb, ipv6_opts);
const ADD6: usize = offset_of!(Acb, ipv6_addtl_opts);

/// Every attribute of the interfaces and every parameter that the driver knows.
pub(super) const ROWS: &[Row] = &[
    net(
        "ipaddress",
        On::V4,
        N::Ipv4Addr,
        Field::Ip4(offset_of!(Acb, ipv4_addr)),
    ),
    net(
        "subnet",
        On::V4,
        N::Ipv4Subnet,
        Field::Ip4(offset_of!(Acb, ipv4_subnet)),
    ),
    net(
        "gateway",
        On::V4,
        N::Ipv4Gw,
        Field::Ip4(offset_of!(Acb, ipv4_gw_addr)),
    ),
    net(
        "bootproto",
        On::V4,
        N::Ipv4Bootproto,
        Field::Choice(TCP4, Ipv4TcpOptions::DHCP_ENABLE.bits(), "dhcp", "static", 2),
    ),
    net(
        "enabled",
        On::V4,
        N::IfaceEnable,
        Field::Enable(IP4, Ipv4IpOptions::IPV4_PROTOCOL_ENABLE.bits()),
    ),
    show(
        "vlan_id",
        On::V4,
        N::VlanId,
        Field::VlanId(offset_of!(Acb, ipv4_vlan_tag)),
    ),
    show(
        "vlan_priority",
        On::V4,
        N::VlanPriority,
        Field::VlanPrio(offset_of!(Acb, ipv4_vlan_tag)),
    ),
    net(
        "",
        On::V4,
        N::VlanTag,
        Field::VlanTag(offset_of!(Acb, ipv4_vlan_tag)),
    ),
    ip4o("vlan_enabled", N::VlanEnabled, Ipv4IpOptions::VLAN_TAGGING_ENABLE),
    net("mtu", On::V4, N::Mtu, Field::Dec16(offset_of!(Acb, eth_mtu_size))),
    net("port", On::V4, N::Port, Field::Dec16(offset_of!(Acb, ipv4_port))),
    show(
        "ipaddress_state",
        On::V4,
        N::IpaddrState,
        Field::State(offset_of!(Acb, ipv4_addr_state)),
    ),
    off(
        "delayed_ack_en",
        On::V4,
        N::DelayedAckEn,
        TCP4,
        Ipv4TcpOptions::DELAYED_ACK_DISABLE.bits(),
    ),
    off(
        "tcp_nagle_disable",
        On::V4,
        N::TcpNagleDisable,
        TCP4,
        Ipv4TcpOptions::NAGLE_ALGO_DISABLE.bits(),
    ),
    off(
        "tcp_wsf_disable",
        On::V4,
        N::TcpWsfDisable,
        TCP4,
        Ipv4TcpOptions::WINDOW_SCALE_DISABLE.bits(),
    ),
    net(
        "tcp_wsf",
        On::V4,
        N::TcpWsf,
        Field::Dec8(offset_of!(Acb, ipv4_tcp_wsf)),
    ),
    net("tcp_timer_scale", On::V4, N::TcpTimerScale, Field::Scale(TCP4)),
    tcp4(
        "tcp_timestamp_en",
        N::TcpTimestampEn,
        Ipv4TcpOptions::TIMESTAMP_ENABLE,
    ),
    show(
        "cache_id",
        On::V4,
        N::CacheId,
        Field::Dec8(offset_of!(Acb, ipv4_cacheid)),
    ),
    tcp4(
        "dhcp_dns_address_en",
        N::Ipv4DhcpDnsAddrEn,
        Ipv4TcpOptions::DNS_SERVER_IP_EN,
    ),
    tcp4(
        "dhcp_slp_da_info_en",
        N::Ipv4DhcpSlpDaEn,
        Ipv4TcpOptions::SLP_DA_INFO_EN,
    ),
    ip4o("tos_en", N::Ipv4TosEn, Ipv4IpOptions::IPV4_TOS_EN),
    net("tos", On::V4, N::Ipv4Tos, Field::Dec8(offset_of!(Acb, ipv4_tos))),
    ip4o("grat_arp_en", N::Ipv4GratArpEn, Ipv4IpOptions::GRAT_ARP_EN),
    ip4o(
        "dhcp_alt_client_id_en",
        N::Ipv4DhcpAltClientIdEn,
        Ipv4IpOptions::ALT_CID_EN,
    ),
    net(
        "dhcp_alt_client_id",
        On::V4,
        N::Ipv4DhcpAltClientId,
        Field::Text(
            offset_of!(Acb, ipv4_dhcp_alt_cid_len),
            offset_of!(Acb, ipv4_dhcp_alt_cid),
        ),
    ),
    ip4o(
        "dhcp_req_vendor_id_en",
        N::Ipv4DhcpReqVendorIdEn,
        Ipv4IpOptions::REQ_VID_EN,
    ),
    ip4o(
        "dhcp_use_vendor_id_en",
        N::Ipv4DhcpUseVendorIdEn,
        Ipv4IpOptions::USE_VID_EN,
    ),
    net(
        "dhcp_vendor_id",
        On::V4,
        N::Ipv4DhcpVendorId,
        Field::Text(offset_of!(Acb, ipv4_dhcp_vid_len), offset_of!(Acb, ipv4_dhcp_vid)),
    ),
    ip4o(
        "dhcp_learn_iqn_en",
        N::Ipv4DhcpLearnIqnEn,
        Ipv4IpOptions::LEARN_IQN_EN,
    ),
    off(
        "fragment_disable",
        On::V4,
        N::Ipv4FragmentDisable,
        IP4,
        Ipv4IpOptions::FRAGMENTATION_DISABLE.bits(),
    ),
    ip4o(
        "incoming_forwarding_en",
        N::Ipv4InForwardEn,
        Ipv4IpOptions::IN_FORWARD_EN,
    ),
    net("ttl", On::V4, N::Ipv4Ttl, Field::Dec8(offset_of!(Acb, ipv4_ttl))),
    ip4o("redirect_en", N::RedirectEn, Ipv4IpOptions::ARP_REDIRECT_EN),
    any("ipaddress", On::V6, N::Ipv6Addr, Field::Ip6Own),
    net(
        "link_local_addr",
        On::V6,
        N::Ipv6Linklocal,
        Field::LinkLocal(offset_of!(Acb, ipv6_if_id)),
    ),
    net(
        "router_addr",
        On::V6,
        N::Ipv6Router,
        Field::Ip6(offset_of!(Acb, ipv6_dflt_rtr_addr)),
    ),
    net(
        "ipaddr_autocfg",
        On::V6,
        N::Ipv6AddrAutocfg,
        Field::Choice(
            ADD6,
            Ipv6AddOptions::NEIGHBOR_DISCOVERY_ADDR_ENABLE.bits(),
            "nd",
            "static",
            2,
        ),
    ),
    net(
        "link_local_autocfg",
        On::V6,
        N::Ipv6LinklocalAutocfg,
        Field::Choice(
            ADD6,
            Ipv6AddOptions::AUTOCONFIG_LINK_LOCAL_ADDR.bits(),
            "auto",
            "static",
            1,
        ),
    ),
    net(
        "",
        On::V6,
        N::Ipv6RouterAutocfg,
        Field::RouterAuto(offset_of!(Acb, ipv6_dflt_rtr_addr)),
    ),
    any(
        "enabled",
        On::V6,
        N::IfaceEnable,
        Field::Enable(OPT6, Ipv6Options::IPV6_PROTOCOL_ENABLE.bits()),
    ),
    show(
        "vlan_id",
        On::V6,
        N::VlanId,
        Field::VlanId(offset_of!(Acb, ipv6_vlan_tag)),
    ),
    show(
        "vlan_priority",
        On::V6,
        N::VlanPriority,
        Field::VlanPrio(offset_of!(Acb, ipv6_vlan_tag)),
    ),
    any(
        "",
        On::V6,
        N::VlanTag,
        Field::VlanTag(offset_of!(Acb, ipv6_vlan_tag)),
    ),
    any(
        "vlan_enabled",
        On::V6,
        N::VlanEnabled,
        Field::Bit(OPT6, Ipv6Options::VLAN_TAGGING_ENABLE.bits()),
    ),
    any("mtu", On::V6, N::Mtu, Field::Dec16(offset_of!(Acb, eth_mtu_size))),
    net("port", On::V6, N::Port, Field::Dec16(offset_of!(Acb, ipv6_port))),
    show("ipaddress_state", On::V6, N::IpaddrState, Field::StateOwn),
    show(
        "link_local_state",
        On::V6,
        N::Ipv6LinklocalState,
        Field::State(offset_of!(Acb, ipv6_lnk_lcl_addr_state)),
    ),
    show(
        "router_state",
        On::V6,
        N::Ipv6RouterState,
        Field::Router(offset_of!(Acb, ipv6_dflt_rtr_state)),
    ),
    off(
        "delayed_ack_en",
        On::V6,
        N::DelayedAckEn,
        TCP6,
        Ipv6TcpOptions::DELAYED_ACK_DISABLE.bits(),
    ),
    off(
        "tcp_nagle_disable",
        On::V6,
        N::TcpNagleDisable,
        TCP6,
        Ipv6TcpOptions::NAGLE_ALGO_DISABLE.bits(),
    ),
    off(
        "tcp_wsf_disable",
        On::V6,
        N::TcpWsfDisable,
        TCP6,
        Ipv6TcpOptions::WINDOW_SCALE_DISABLE.bits(),
    ),
    net(
        "tcp_wsf",
        On::V6,
        N::TcpWsf,
        Field::Dec8(offset_of!(Acb, ipv6_tcp_wsf)),
    ),
    net("tcp_timer_scale", On::V6, N::TcpTimerScale, Field::Scale(TCP6)),
    net(
        "tcp_timestamp_en",
        On::V6,
        N::TcpTimestampEn,
        Field::Bit(TCP6, Ipv6TcpOptions::TIMESTAMP_EN.bits()),
    ),
    show(
        "cache_id",
        On::V6,
        N::CacheId,
        Field::Dec8(offset_of!(Acb, ipv6_cache_id)),
    ),
    net(
        "grat_neighbor_adv_en",
        On::V6,
        N::Ipv6GratNeighborAdvEn,
        Field::Bit(OPT6, Ipv6Options::GRAT_NEIGHBOR_ADV_EN.bits()),
    ),
    net(
        "mld_en",
        On::V6,
        N::Ipv6MldEn,
        Field::Bit(ADD6, Ipv6AddOptions::MLD_EN.bits()),
    ),
    net(
        "flow_label",
        On::V6,
        N::Ipv6FlowLabel,
        Field::Dec16(offset_of!(Acb, ipv6_flow_lbl)),
    ),
    net(
        "traffic_class",
        On::V6,
        N::Ipv6TrafficClass,
        Field::Dec8(offset_of!(Acb, ipv6_traffic_class)),
    ),
    net(
        "hop_limit",
        On::V6,
        N::Ipv6HopLimit,
        Field::Dec8(offset_of!(Acb, ipv6_hop_limit)),
    ),
    net(
        "nd_reachable_tmo",
        On::V6,
        N::Ipv6NdReachableTmo,
        Field::Dec32(offset_of!(Acb, ipv6_nd_reach_time)),
    ),
    net(
        "nd_rexmit_time",
        On::V6,
        N::Ipv6NdRexmitTime,
        Field::Dec32(offset_of!(Acb, ipv6_nd_rexmit_timer)),
    ),
    net(
        "nd_stale_tmo",
        On::V6,
        N::Ipv6NdStaleTmo,
        Field::Dec32(offset_of!(Acb, ipv6_nd_stale_timeout)),
    ),
    net(
        "dup_addr_detect_cnt",
        On::V6,
        N::Ipv6DupAddrDetectCnt,
        Field::Dec8(offset_of!(Acb, ipv6_dup_addr_detect_count)),
    ),
    net(
        "router_adv_link_mtu",
        On::V6,
        N::Ipv6RtrAdvLinkMtu,
        Field::Dec32(offset_of!(Acb, ipv6_gw_advrt_mtu)),
    ),
    net(
        "redirect_en",
        On::V6,
        N::RedirectEn,
        Field::Bit(OPT6, Ipv6Options::REDIRECT_EN.bits()),
    ),
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
