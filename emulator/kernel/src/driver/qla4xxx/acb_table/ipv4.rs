//! Attributes and parameters of `ipv4-iface-H-0`.

use super::*;

const TCP4: usize = offset_of!(Acb, ipv4_tcp_opts);
const IP4: usize = offset_of!(Acb, ipv4_ip_opts);

pub(super) const ROWS: &[Row] = &[
    net(N::Ipv4Addr, Field::Ip4(offset_of!(Acb, ipv4_addr))),
    net(N::Ipv4Subnet, Field::Ip4(offset_of!(Acb, ipv4_subnet))),
    net(N::Ipv4Gw, Field::Ip4(offset_of!(Acb, ipv4_gw_addr))),
    net(
        N::Ipv4Bootproto,
        Field::Choice(TCP4, Ipv4TcpOptions::DHCP_ENABLE.bits(), 2),
    ),
    net(
        N::IfaceEnable,
        Field::Enable(IP4, Ipv4IpOptions::IPV4_PROTOCOL_ENABLE.bits()),
    ),
    show(N::VlanId, Field::VlanId(offset_of!(Acb, ipv4_vlan_tag))),
    show(N::VlanPriority, Field::VlanPrio(offset_of!(Acb, ipv4_vlan_tag))),
    net(N::VlanTag, Field::VlanTag(offset_of!(Acb, ipv4_vlan_tag))),
    ip4o(N::VlanEnabled, Ipv4IpOptions::VLAN_TAGGING_ENABLE),
    net(N::Mtu, Field::Dec16(offset_of!(Acb, eth_mtu_size))),
    net(N::Port, Field::Dec16(offset_of!(Acb, ipv4_port))),
    show(N::IpaddrState, Field::State(offset_of!(Acb, ipv4_addr_state))),
    off(N::DelayedAckEn, TCP4, Ipv4TcpOptions::DELAYED_ACK_DISABLE.bits()),
    off(
        N::TcpNagleDisable,
        TCP4,
        Ipv4TcpOptions::NAGLE_ALGO_DISABLE.bits(),
    ),
    off(
        N::TcpWsfDisable,
        TCP4,
        Ipv4TcpOptions::WINDOW_SCALE_DISABLE.bits(),
    ),
    net(N::TcpWsf, Field::Dec8(offset_of!(Acb, ipv4_tcp_wsf))),
    net(N::TcpTimerScale, Field::Scale(TCP4)),
    tcp4(N::TcpTimestampEn, Ipv4TcpOptions::TIMESTAMP_ENABLE),
    show(N::CacheId, Field::Dec8(offset_of!(Acb, ipv4_cacheid))),
    tcp4(N::Ipv4DhcpDnsAddrEn, Ipv4TcpOptions::DNS_SERVER_IP_EN),
    tcp4(N::Ipv4DhcpSlpDaEn, Ipv4TcpOptions::SLP_DA_INFO_EN),
    ip4o(N::Ipv4TosEn, Ipv4IpOptions::IPV4_TOS_EN),
    net(N::Ipv4Tos, Field::Dec8(offset_of!(Acb, ipv4_tos))),
    ip4o(N::Ipv4GratArpEn, Ipv4IpOptions::GRAT_ARP_EN),
    ip4o(N::Ipv4DhcpAltClientIdEn, Ipv4IpOptions::ALT_CID_EN),
    net(
        N::Ipv4DhcpAltClientId,
        Field::Text(
            offset_of!(Acb, ipv4_dhcp_alt_cid_len),
            offset_of!(Acb, ipv4_dhcp_alt_cid),
        ),
    ),
    ip4o(N::Ipv4DhcpReqVendorIdEn, Ipv4IpOptions::REQ_VID_EN),
    ip4o(N::Ipv4DhcpUseVendorIdEn, Ipv4IpOptions::USE_VID_EN),
    net(
        N::Ipv4DhcpVendorId,
        Field::Text(offset_of!(Acb, ipv4_dhcp_vid_len), offset_of!(Acb, ipv4_dhcp_vid)),
    ),
    ip4o(N::Ipv4DhcpLearnIqnEn, Ipv4IpOptions::LEARN_IQN_EN),
    off(
        N::Ipv4FragmentDisable,
        IP4,
        Ipv4IpOptions::FRAGMENTATION_DISABLE.bits(),
    ),
    ip4o(N::Ipv4InForwardEn, Ipv4IpOptions::IN_FORWARD_EN),
    net(N::Ipv4Ttl, Field::Dec8(offset_of!(Acb, ipv4_ttl))),
    ip4o(N::RedirectEn, Ipv4IpOptions::ARP_REDIRECT_EN),
];
