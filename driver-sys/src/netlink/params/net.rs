//! Network parameters of an interface: SET_IFACE_PARAMS with parameter type 2.
//!
//! On/off values are 1 (off) and 2 (on), and `*_DISABLE` parameters speak of the feature, not of its disabling: 1 turns it
//! off. Link-local and router autoconfiguration are the other way round (1 on, 2 off).
//!
//! Source: `iscsi_if.h`, `enum iscsi_net_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_iface_net_attr`; widths and settability from `ql4_os.c`, `qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`.

use super::info::{Object, ParamInfo, WireKind, param_impl};
use crate::abi::open_enum;

type P = NetParam;

const fn net(
    param: P,
    object: Object,
    attr: Option<&'static str>,
    key: Option<&'static str>,
    kind: WireKind,
    settable: bool,
) -> ParamInfo<P> {
    ParamInfo {
        param,
        object,
        attr,
        key,
        kind,
        settable,
        root_only: false,
    }
}

open_enum! {
    /// A network parameter of an interface.
    pub enum NetParam: u16 {
        /// IPv4 address.
        Ipv4Addr = 1 => "ISCSI_NET_PARAM_IPV4_ADDR",
        /// IPv4 subnet.
        Ipv4Subnet = 2 => "ISCSI_NET_PARAM_IPV4_SUBNET",
        /// IPv4 gateway.
        Ipv4Gw = 3 => "ISCSI_NET_PARAM_IPV4_GW",
        /// IPv4 boot protocol.
        Ipv4Bootproto = 4 => "ISCSI_NET_PARAM_IPV4_BOOTPROTO",
        /// MAC address.
        Mac = 5 => "ISCSI_NET_PARAM_MAC",
        /// IPv6 link-local address.
        Ipv6Linklocal = 6 => "ISCSI_NET_PARAM_IPV6_LINKLOCAL",
        /// IPv6 address.
        Ipv6Addr = 7 => "ISCSI_NET_PARAM_IPV6_ADDR",
        /// IPv6 router.
        Ipv6Router = 8 => "ISCSI_NET_PARAM_IPV6_ROUTER",
        /// IPv6 address autoconfiguration.
        Ipv6AddrAutocfg = 9 => "ISCSI_NET_PARAM_IPV6_ADDR_AUTOCFG",
        /// IPv6 link-local address autoconfiguration.
        Ipv6LinklocalAutocfg = 10 => "ISCSI_NET_PARAM_IPV6_LINKLOCAL_AUTOCFG",
        /// IPv6 router autoconfiguration.
        Ipv6RouterAutocfg = 11 => "ISCSI_NET_PARAM_IPV6_ROUTER_AUTOCFG",
        /// Iface enable.
        IfaceEnable = 12 => "ISCSI_NET_PARAM_IFACE_ENABLE",
        /// VLAN ID.
        VlanId = 13 => "ISCSI_NET_PARAM_VLAN_ID",
        /// VLAN priority.
        VlanPriority = 14 => "ISCSI_NET_PARAM_VLAN_PRIORITY",
        /// VLAN enabled.
        VlanEnabled = 15 => "ISCSI_NET_PARAM_VLAN_ENABLED",
        /// VLAN tag.
        VlanTag = 16 => "ISCSI_NET_PARAM_VLAN_TAG",
        /// Iface type.
        IfaceType = 17 => "ISCSI_NET_PARAM_IFACE_TYPE",
        /// Iface name.
        IfaceName = 18 => "ISCSI_NET_PARAM_IFACE_NAME",
        /// MTU.
        Mtu = 19 => "ISCSI_NET_PARAM_MTU",
        /// Port.
        Port = 20 => "ISCSI_NET_PARAM_PORT",
        /// IP address state.
        IpaddrState = 21 => "ISCSI_NET_PARAM_IPADDR_STATE",
        /// IPv6 link-local address state.
        Ipv6LinklocalState = 22 => "ISCSI_NET_PARAM_IPV6_LINKLOCAL_STATE",
        /// IPv6 router state.
        Ipv6RouterState = 23 => "ISCSI_NET_PARAM_IPV6_ROUTER_STATE",
        /// Delayed ACK.
        DelayedAckEn = 24 => "ISCSI_NET_PARAM_DELAYED_ACK_EN",
        /// TCP Nagle disable.
        TcpNagleDisable = 25 => "ISCSI_NET_PARAM_TCP_NAGLE_DISABLE",
        /// TCP window scaling factor disable.
        TcpWsfDisable = 26 => "ISCSI_NET_PARAM_TCP_WSF_DISABLE",
        /// TCP window scaling factor.
        TcpWsf = 27 => "ISCSI_NET_PARAM_TCP_WSF",
        /// TCP timer scale.
        TcpTimerScale = 28 => "ISCSI_NET_PARAM_TCP_TIMER_SCALE",
        /// TCP timestamp.
        TcpTimestampEn = 29 => "ISCSI_NET_PARAM_TCP_TIMESTAMP_EN",
        /// Cache ID.
        CacheId = 30 => "ISCSI_NET_PARAM_CACHE_ID",
        /// IPv4 DHCP DNS address.
        Ipv4DhcpDnsAddrEn = 31 => "ISCSI_NET_PARAM_IPV4_DHCP_DNS_ADDR_EN",
        /// IPv4 DHCP SLP directory agent.
        Ipv4DhcpSlpDaEn = 32 => "ISCSI_NET_PARAM_IPV4_DHCP_SLP_DA_EN",
        /// IPv4 type of service.
        Ipv4TosEn = 33 => "ISCSI_NET_PARAM_IPV4_TOS_EN",
        /// IPv4 type of service.
        Ipv4Tos = 34 => "ISCSI_NET_PARAM_IPV4_TOS",
        /// IPv4 gratuitous ARP.
        Ipv4GratArpEn = 35 => "ISCSI_NET_PARAM_IPV4_GRAT_ARP_EN",
        /// IPv4 DHCP alternative client ID.
        Ipv4DhcpAltClientIdEn = 36 => "ISCSI_NET_PARAM_IPV4_DHCP_ALT_CLIENT_ID_EN",
        /// IPv4 DHCP alternative client ID.
        Ipv4DhcpAltClientId = 37 => "ISCSI_NET_PARAM_IPV4_DHCP_ALT_CLIENT_ID",
        /// IPv4 DHCP required vendor ID.
        Ipv4DhcpReqVendorIdEn = 38 => "ISCSI_NET_PARAM_IPV4_DHCP_REQ_VENDOR_ID_EN",
        /// IPv4 DHCP use vendor ID.
        Ipv4DhcpUseVendorIdEn = 39 => "ISCSI_NET_PARAM_IPV4_DHCP_USE_VENDOR_ID_EN",
        /// IPv4 DHCP vendor ID.
        Ipv4DhcpVendorId = 40 => "ISCSI_NET_PARAM_IPV4_DHCP_VENDOR_ID",
        /// IPv4 DHCP learn initiator name.
        Ipv4DhcpLearnIqnEn = 41 => "ISCSI_NET_PARAM_IPV4_DHCP_LEARN_IQN_EN",
        /// IPv4 fragment disable.
        Ipv4FragmentDisable = 42 => "ISCSI_NET_PARAM_IPV4_FRAGMENT_DISABLE",
        /// IPv4 in forward.
        Ipv4InForwardEn = 43 => "ISCSI_NET_PARAM_IPV4_IN_FORWARD_EN",
        /// IPv4 TTL.
        Ipv4Ttl = 44 => "ISCSI_NET_PARAM_IPV4_TTL",
        /// IPv6 gratuitous neighbor advertisement.
        Ipv6GratNeighborAdvEn = 45 => "ISCSI_NET_PARAM_IPV6_GRAT_NEIGHBOR_ADV_EN",
        /// IPv6 MLD.
        Ipv6MldEn = 46 => "ISCSI_NET_PARAM_IPV6_MLD_EN",
        /// IPv6 flow label.
        Ipv6FlowLabel = 47 => "ISCSI_NET_PARAM_IPV6_FLOW_LABEL",
        /// IPv6 traffic class.
        Ipv6TrafficClass = 48 => "ISCSI_NET_PARAM_IPV6_TRAFFIC_CLASS",
        /// IPv6 hop limit.
        Ipv6HopLimit = 49 => "ISCSI_NET_PARAM_IPV6_HOP_LIMIT",
        /// IPv6 ND reachable timeout.
        Ipv6NdReachableTmo = 50 => "ISCSI_NET_PARAM_IPV6_ND_REACHABLE_TMO",
        /// IPv6 ND retransmit time.
        Ipv6NdRexmitTime = 51 => "ISCSI_NET_PARAM_IPV6_ND_REXMIT_TIME",
        /// IPv6 ND stale timeout.
        Ipv6NdStaleTmo = 52 => "ISCSI_NET_PARAM_IPV6_ND_STALE_TMO",
        /// IPv6 duplicate address detect count.
        Ipv6DupAddrDetectCnt = 53 => "ISCSI_NET_PARAM_IPV6_DUP_ADDR_DETECT_CNT",
        /// IPv6 router advertisement link MTU.
        Ipv6RtrAdvLinkMtu = 54 => "ISCSI_NET_PARAM_IPV6_RTR_ADV_LINK_MTU",
        /// Redirect.
        RedirectEn = 55 => "ISCSI_NET_PARAM_REDIRECT_EN",
    }
}

param_impl!(NetParam, NET_PARAMS);

/// Every network parameter, in code order.
pub static NET_PARAMS: [ParamInfo<NetParam>; 55] = [
    net(
        P::Ipv4Addr,
        Object::Ipv4Iface,
        Some("ipaddress"),
        Some("iface.ipaddress"),
        WireKind::Ipv4,
        true,
    ),
    net(
        P::Ipv4Subnet,
        Object::Ipv4Iface,
        Some("subnet"),
        Some("iface.subnet_mask"),
        WireKind::Ipv4,
        true,
    ),
    net(
        P::Ipv4Gw,
        Object::Ipv4Iface,
        Some("gateway"),
        Some("iface.gateway"),
        WireKind::Ipv4,
        true,
    ),
    net(
        P::Ipv4Bootproto,
        Object::Ipv4Iface,
        Some("bootproto"),
        Some("iface.bootproto"),
        WireKind::U8,
        true,
    ),
    net(P::Mac, Object::Iface, None, None, WireKind::Bytes(6), false),
    net(
        P::Ipv6Linklocal,
        Object::Ipv6Iface,
        Some("link_local_addr"),
        Some("iface.ipv6_linklocal"),
        WireKind::Ipv6,
        true,
    ),
    net(
        P::Ipv6Addr,
        Object::Ipv6Iface,
        Some("ipaddress"),
        Some("iface.ipaddress"),
        WireKind::Ipv6,
        true,
    ),
    net(
        P::Ipv6Router,
        Object::Ipv6Iface,
        Some("router_addr"),
        Some("iface.ipv6_router"),
        WireKind::Ipv6,
        true,
    ),
    net(
        P::Ipv6AddrAutocfg,
        Object::Ipv6Iface,
        Some("ipaddr_autocfg"),
        Some("iface.ipv6_autocfg"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv6LinklocalAutocfg,
        Object::Ipv6Iface,
        Some("link_local_autocfg"),
        Some("iface.linklocal_autocfg"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv6RouterAutocfg,
        Object::Ipv6Iface,
        None,
        None,
        WireKind::U8,
        true,
    ),
    net(
        P::IfaceEnable,
        Object::Iface,
        Some("enabled"),
        Some("iface.state"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::VlanId,
        Object::Iface,
        Some("vlan_id"),
        Some("iface.vlan_id"),
        WireKind::U16,
        false,
    ),
    net(
        P::VlanPriority,
        Object::Iface,
        Some("vlan_priority"),
        Some("iface.vlan_priority"),
        WireKind::U8,
        false,
    ),
    net(
        P::VlanEnabled,
        Object::Iface,
        Some("vlan_enabled"),
        Some("iface.vlan_state"),
        WireKind::OnOff,
        true,
    ),
    net(P::VlanTag, Object::Iface, None, None, WireKind::U16, true),
    net(P::IfaceType, Object::Iface, None, None, WireKind::U8, false),
    net(P::IfaceName, Object::Iface, None, None, WireKind::Text, false),
    net(
        P::Mtu,
        Object::Iface,
        Some("mtu"),
        Some("iface.mtu"),
        WireKind::U16,
        true,
    ),
    net(
        P::Port,
        Object::Iface,
        Some("port"),
        Some("iface.port"),
        WireKind::U16,
        true,
    ),
    net(
        P::IpaddrState,
        Object::Iface,
        Some("ipaddress_state"),
        None,
        WireKind::U8,
        false,
    ),
    net(
        P::Ipv6LinklocalState,
        Object::Ipv6Iface,
        Some("link_local_state"),
        None,
        WireKind::U8,
        false,
    ),
    net(
        P::Ipv6RouterState,
        Object::Ipv6Iface,
        Some("router_state"),
        Some("iface.router_autocfg"),
        WireKind::U8,
        false,
    ),
    net(
        P::DelayedAckEn,
        Object::Iface,
        Some("delayed_ack_en"),
        Some("iface.delayed_ack"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::TcpNagleDisable,
        Object::Iface,
        Some("tcp_nagle_disable"),
        Some("iface.tcp_nagle"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::TcpWsfDisable,
        Object::Iface,
        Some("tcp_wsf_disable"),
        Some("iface.tcp_wsf_state"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::TcpWsf,
        Object::Iface,
        Some("tcp_wsf"),
        Some("iface.tcp_wsf"),
        WireKind::U8,
        true,
    ),
    net(
        P::TcpTimerScale,
        Object::Iface,
        Some("tcp_timer_scale"),
        Some("iface.tcp_timer_scale"),
        WireKind::U8,
        true,
    ),
    net(
        P::TcpTimestampEn,
        Object::Iface,
        Some("tcp_timestamp_en"),
        Some("iface.tcp_timestamp"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::CacheId,
        Object::Iface,
        Some("cache_id"),
        None,
        WireKind::U8,
        false,
    ),
    net(
        P::Ipv4DhcpDnsAddrEn,
        Object::Ipv4Iface,
        Some("dhcp_dns_address_en"),
        Some("iface.dhcp_dns"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4DhcpSlpDaEn,
        Object::Ipv4Iface,
        Some("dhcp_slp_da_info_en"),
        Some("iface.dhcp_slp_da"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4TosEn,
        Object::Ipv4Iface,
        Some("tos_en"),
        Some("iface.tos_state"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4Tos,
        Object::Ipv4Iface,
        Some("tos"),
        Some("iface.tos"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv4GratArpEn,
        Object::Ipv4Iface,
        Some("grat_arp_en"),
        Some("iface.gratuitous_arp"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4DhcpAltClientIdEn,
        Object::Ipv4Iface,
        Some("dhcp_alt_client_id_en"),
        Some("iface.dhcp_alt_client_id_state"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4DhcpAltClientId,
        Object::Ipv4Iface,
        Some("dhcp_alt_client_id"),
        Some("iface.dhcp_alt_client_id"),
        WireKind::Text,
        true,
    ),
    net(
        P::Ipv4DhcpReqVendorIdEn,
        Object::Ipv4Iface,
        Some("dhcp_req_vendor_id_en"),
        Some("iface.dhcp_req_vendor_id_state"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4DhcpUseVendorIdEn,
        Object::Ipv4Iface,
        Some("dhcp_use_vendor_id_en"),
        Some("iface.dhcp_vendor_id_state"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4DhcpVendorId,
        Object::Ipv4Iface,
        Some("dhcp_vendor_id"),
        Some("iface.dhcp_vendor_id"),
        WireKind::Text,
        true,
    ),
    net(
        P::Ipv4DhcpLearnIqnEn,
        Object::Ipv4Iface,
        Some("dhcp_learn_iqn_en"),
        Some("iface.dhcp_learn_iqn"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4FragmentDisable,
        Object::Ipv4Iface,
        Some("fragment_disable"),
        Some("iface.fragmentation"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4InForwardEn,
        Object::Ipv4Iface,
        Some("incoming_forwarding_en"),
        Some("iface.incoming_forwarding"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv4Ttl,
        Object::Ipv4Iface,
        Some("ttl"),
        Some("iface.ttl"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv6GratNeighborAdvEn,
        Object::Ipv6Iface,
        Some("grat_neighbor_adv_en"),
        Some("iface.gratuitous_neighbor_adv"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv6MldEn,
        Object::Ipv6Iface,
        Some("mld_en"),
        Some("iface.mld"),
        WireKind::OnOff,
        true,
    ),
    net(
        P::Ipv6FlowLabel,
        Object::Ipv6Iface,
        Some("flow_label"),
        Some("iface.flow_label"),
        WireKind::U32,
        true,
    ),
    net(
        P::Ipv6TrafficClass,
        Object::Ipv6Iface,
        Some("traffic_class"),
        Some("iface.traffic_class"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv6HopLimit,
        Object::Ipv6Iface,
        Some("hop_limit"),
        Some("iface.hop_limit"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv6NdReachableTmo,
        Object::Ipv6Iface,
        Some("nd_reachable_tmo"),
        Some("iface.nd_reachable_tmo"),
        WireKind::U32,
        true,
    ),
    net(
        P::Ipv6NdRexmitTime,
        Object::Ipv6Iface,
        Some("nd_rexmit_time"),
        Some("iface.nd_rexmit_time"),
        WireKind::U32,
        true,
    ),
    net(
        P::Ipv6NdStaleTmo,
        Object::Ipv6Iface,
        Some("nd_stale_tmo"),
        Some("iface.nd_stale_tmo"),
        WireKind::U32,
        true,
    ),
    net(
        P::Ipv6DupAddrDetectCnt,
        Object::Ipv6Iface,
        Some("dup_addr_detect_cnt"),
        Some("iface.dup_addr_detect_cnt"),
        WireKind::U8,
        true,
    ),
    net(
        P::Ipv6RtrAdvLinkMtu,
        Object::Ipv6Iface,
        Some("router_adv_link_mtu"),
        Some("iface.router_adv_link_mtu"),
        WireKind::U32,
        true,
    ),
    net(
        P::RedirectEn,
        Object::Iface,
        Some("redirect_en"),
        Some("iface.redirect"),
        WireKind::OnOff,
        true,
    ),
];
