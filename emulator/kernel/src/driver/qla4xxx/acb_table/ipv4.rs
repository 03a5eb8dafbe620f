//! Attributes and parameters of `ipv4-iface-H-0`.

use super::*;

const TCP4: usize = offset_of!(Acb, ipv4_tcp_opts);
const IP4: usize = offset_of!(Acb, ipv4_ip_opts);

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
];
