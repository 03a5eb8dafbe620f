//! Network parameters of an interface: SET_IFACE_PARAMS with parameter type 2.
//!
//! On/off values are 1 (off) and 2 (on). `*_DISABLE` parameters speak of the feature, not of its disabling, and link-local and router
//! autoconfiguration count the other way round: all of them are 1 for on and 2 for off, so their rows are inverted.
//!
//! Source: `iscsi_if.h`, `enum iscsi_net_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_iface_net_attr`; widths, words and polarity from `ql4_os.c`, `qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`, `qla4xxx_get_iface_param`.

use super::Values;
use super::info::params;
use crate::netlink::code::{
    BOOTPROTO_DHCP, BOOTPROTO_STATIC, IPV6_AUTO_OFF, IPV6_AUTO_ON, IPV6_AUTOCFG_DHCPV6, IPV6_AUTOCFG_DISABLE,
    IPV6_AUTOCFG_ND,
};

const BOOTPROTO: Values =
    Values::Words(&[("static", Some(BOOTPROTO_STATIC)), ("dhcp", Some(BOOTPROTO_DHCP))]);
const IPV6_AUTOCFG: Values = Values::Words(&[
    ("static", Some(IPV6_AUTOCFG_DISABLE)),
    ("nd", Some(IPV6_AUTOCFG_ND)),
    ("dhcpv6", Some(IPV6_AUTOCFG_DHCPV6)),
]);
const LINKLOCAL_AUTOCFG: Values =
    Values::Words(&[("static", Some(IPV6_AUTO_OFF)), ("auto", Some(IPV6_AUTO_ON))]);

params! {
    /// A network parameter of an interface.
    pub enum NetParam;
    Ipv4Addr = 1 "ISCSI_NET_PARAM_IPV4_ADDR", Ipv4Iface "ipaddress" =,
        Ipv4, Values::Ip, "address";
    Ipv4Subnet = 2 "ISCSI_NET_PARAM_IPV4_SUBNET", Ipv4Iface "subnet" "subnet_mask",
        Ipv4, Values::Ipv4, "ipv4 subnet mask";
    Ipv4Gw = 3 "ISCSI_NET_PARAM_IPV4_GW", Ipv4Iface "gateway" =,
        Ipv4, Values::Ipv4, "ipv4 gateway";
    Ipv4Bootproto = 4 "ISCSI_NET_PARAM_IPV4_BOOTPROTO", Ipv4Iface "bootproto" =,
        U8, BOOTPROTO, "where the ipv4 address comes from";
    Mac = 5 "ISCSI_NET_PARAM_MAC", Iface _ _,
        Bytes(6), TEXT, "MAC address";
    Ipv6Linklocal = 6 "ISCSI_NET_PARAM_IPV6_LINKLOCAL", Ipv6Iface "link_local_addr" "ipv6_linklocal",
        Ipv6, Values::Ipv6, "ipv6 link-local address";
    Ipv6Addr = 7 "ISCSI_NET_PARAM_IPV6_ADDR", Ipv6Iface "ipaddress" =,
        Ipv6, Values::Ip, "address";
    Ipv6Router = 8 "ISCSI_NET_PARAM_IPV6_ROUTER", Ipv6Iface "router_addr" "ipv6_router",
        Ipv6, Values::Ipv6, "ipv6 router";
    Ipv6AddrAutocfg = 9 "ISCSI_NET_PARAM_IPV6_ADDR_AUTOCFG", Ipv6Iface "ipaddr_autocfg" "ipv6_autocfg",
        U8, IPV6_AUTOCFG, "where the ipv6 address comes from";
    Ipv6LinklocalAutocfg = 10 "ISCSI_NET_PARAM_IPV6_LINKLOCAL_AUTOCFG", Ipv6Iface "link_local_autocfg" "linklocal_autocfg",
        U8, LINKLOCAL_AUTOCFG, "where the link-local address comes from";
    Ipv6RouterAutocfg = 11 "ISCSI_NET_PARAM_IPV6_ROUTER_AUTOCFG", Ipv6Iface "router_autocfg" _,
        OnOff, FLAG, "router found by advertisement", unshown(), inverted();
    IfaceEnable = 12 "ISCSI_NET_PARAM_IFACE_ENABLE", Iface "enabled" "state",
        OnOff, FLAG, "protocol is on";
    VlanId = 13 "ISCSI_NET_PARAM_VLAN_ID", Iface "vlan_id" =,
        U16, number(0, 4094), "vlan id";
    VlanPriority = 14 "ISCSI_NET_PARAM_VLAN_PRIORITY", Iface "vlan_priority" =,
        U8, number(0, 7), "vlan priority";
    VlanEnabled = 15 "ISCSI_NET_PARAM_VLAN_ENABLED", Iface "vlan_enabled" "vlan_state",
        OnOff, FLAG, "vlan tagging";
    VlanTag = 16 "ISCSI_NET_PARAM_VLAN_TAG", Iface _ _,
        U16, ANY16, "VLAN tag";
    IfaceType = 17 "ISCSI_NET_PARAM_IFACE_TYPE", Iface _ _,
        U8, ANY8, "iface type";
    IfaceName = 18 "ISCSI_NET_PARAM_IFACE_NAME", Iface _ _,
        Text, TEXT, "iface name";
    Mtu = 19 "ISCSI_NET_PARAM_MTU", Iface "mtu" =,
        U16, number(576, 9000), "mtu", unit("bytes");
    Port = 20 "ISCSI_NET_PARAM_PORT", Iface "port" =,
        U16, number(1, 0xFFFF), "iscsi tcp port";
    IpaddrState = 21 "ISCSI_NET_PARAM_IPADDR_STATE", Iface "ipaddress_state" _,
        U8, text(32), "state of the address";
    Ipv6LinklocalState = 22 "ISCSI_NET_PARAM_IPV6_LINKLOCAL_STATE", Ipv6Iface "link_local_state" _,
        U8, text(32), "state of the link-local address";
    Ipv6RouterState = 23 "ISCSI_NET_PARAM_IPV6_ROUTER_STATE", Ipv6Iface "router_state" "router_autocfg",
        U8, text(32), "state of the router";
    DelayedAckEn = 24 "ISCSI_NET_PARAM_DELAYED_ACK_EN", Iface "delayed_ack_en" "delayed_ack",
        OnOff, FLAG, "tcp delayed acknowledgement";
    TcpNagleDisable = 25 "ISCSI_NET_PARAM_TCP_NAGLE_DISABLE", Iface "tcp_nagle_disable" "tcp_nagle",
        OnOff, FLAG, "nagle's algorithm is off", inverted();
    TcpWsfDisable = 26 "ISCSI_NET_PARAM_TCP_WSF_DISABLE", Iface "tcp_wsf_disable" "tcp_wsf_state",
        OnOff, FLAG, "tcp window scaling is off", inverted();
    TcpWsf = 27 "ISCSI_NET_PARAM_TCP_WSF", Iface "tcp_wsf" =,
        U8, WSF, "tcp window scale factor";
    TcpTimerScale = 28 "ISCSI_NET_PARAM_TCP_TIMER_SCALE", Iface "tcp_timer_scale" =,
        U8, number(0, 7), "tcp timer scale";
    TcpTimestampEn = 29 "ISCSI_NET_PARAM_TCP_TIMESTAMP_EN", Iface "tcp_timestamp_en" "tcp_timestamp",
        OnOff, FLAG, "tcp timestamps";
    CacheId = 30 "ISCSI_NET_PARAM_CACHE_ID", Iface "cache_id" _,
        U8, ANY32, "arp or neighbour cache id";
    Ipv4DhcpDnsAddrEn = 31 "ISCSI_NET_PARAM_IPV4_DHCP_DNS_ADDR_EN", Ipv4Iface "dhcp_dns_address_en" "dhcp_dns",
        OnOff, FLAG, "dhcp: dns servers";
    Ipv4DhcpSlpDaEn = 32 "ISCSI_NET_PARAM_IPV4_DHCP_SLP_DA_EN", Ipv4Iface "dhcp_slp_da_info_en" "dhcp_slp_da",
        OnOff, FLAG, "dhcp: slp agents";
    Ipv4TosEn = 33 "ISCSI_NET_PARAM_IPV4_TOS_EN", Ipv4Iface "tos_en" "tos_state",
        OnOff, FLAG, "ipv4 type of service in use";
    Ipv4Tos = 34 "ISCSI_NET_PARAM_IPV4_TOS", Ipv4Iface "tos" =,
        U8, ANY8, "ipv4 type of service";
    Ipv4GratArpEn = 35 "ISCSI_NET_PARAM_IPV4_GRAT_ARP_EN", Ipv4Iface "grat_arp_en" "gratuitous_arp",
        OnOff, FLAG, "gratuitous arp";
    Ipv4DhcpAltClientIdEn = 36 "ISCSI_NET_PARAM_IPV4_DHCP_ALT_CLIENT_ID_EN", Ipv4Iface "dhcp_alt_client_id_en" "dhcp_alt_client_id_state",
        OnOff, FLAG, "dhcp: other client id";
    Ipv4DhcpAltClientId = 37 "ISCSI_NET_PARAM_IPV4_DHCP_ALT_CLIENT_ID", Ipv4Iface "dhcp_alt_client_id" =,
        Text, text(11), "dhcp: the other client id";
    Ipv4DhcpReqVendorIdEn = 38 "ISCSI_NET_PARAM_IPV4_DHCP_REQ_VENDOR_ID_EN", Ipv4Iface "dhcp_req_vendor_id_en" "dhcp_req_vendor_id_state",
        OnOff, FLAG, "dhcp: ask for the vendor id";
    Ipv4DhcpUseVendorIdEn = 39 "ISCSI_NET_PARAM_IPV4_DHCP_USE_VENDOR_ID_EN", Ipv4Iface "dhcp_use_vendor_id_en" "dhcp_vendor_id_state",
        OnOff, FLAG, "dhcp: send the vendor id";
    Ipv4DhcpVendorId = 40 "ISCSI_NET_PARAM_IPV4_DHCP_VENDOR_ID", Ipv4Iface "dhcp_vendor_id" =,
        Text, text(11), "dhcp: the vendor id";
    Ipv4DhcpLearnIqnEn = 41 "ISCSI_NET_PARAM_IPV4_DHCP_LEARN_IQN_EN", Ipv4Iface "dhcp_learn_iqn_en" "dhcp_learn_iqn",
        OnOff, FLAG, "dhcp: learn the initiator name";
    Ipv4FragmentDisable = 42 "ISCSI_NET_PARAM_IPV4_FRAGMENT_DISABLE", Ipv4Iface "fragment_disable" "fragmentation",
        OnOff, FLAG, "ip fragmentation is off", inverted();
    Ipv4InForwardEn = 43 "ISCSI_NET_PARAM_IPV4_IN_FORWARD_EN", Ipv4Iface "incoming_forwarding_en" "incoming_forwarding",
        OnOff, FLAG, "forward incoming packets";
    Ipv4Ttl = 44 "ISCSI_NET_PARAM_IPV4_TTL", Ipv4Iface "ttl" =,
        U8, number(1, 0xFF), "ipv4 time to live";
    Ipv6GratNeighborAdvEn = 45 "ISCSI_NET_PARAM_IPV6_GRAT_NEIGHBOR_ADV_EN", Ipv6Iface "grat_neighbor_adv_en" "gratuitous_neighbor_adv",
        OnOff, FLAG, "gratuitous neighbour advertisement";
    Ipv6MldEn = 46 "ISCSI_NET_PARAM_IPV6_MLD_EN", Ipv6Iface "mld_en" "mld",
        OnOff, FLAG, "multicast listener discovery";
    Ipv6FlowLabel = 47 "ISCSI_NET_PARAM_IPV6_FLOW_LABEL", Ipv6Iface "flow_label" =,
        U32, ANY16, "ipv6 flow label (the driver takes 16 bits)";
    Ipv6TrafficClass = 48 "ISCSI_NET_PARAM_IPV6_TRAFFIC_CLASS", Ipv6Iface "traffic_class" =,
        U8, ANY8, "ipv6 traffic class";
    Ipv6HopLimit = 49 "ISCSI_NET_PARAM_IPV6_HOP_LIMIT", Ipv6Iface "hop_limit" =,
        U8, number(1, 0xFF), "ipv6 hop limit";
    Ipv6NdReachableTmo = 50 "ISCSI_NET_PARAM_IPV6_ND_REACHABLE_TMO", Ipv6Iface "nd_reachable_tmo" =,
        U32, ANY32, "neighbour reachable time", unit("ms");
    Ipv6NdRexmitTime = 51 "ISCSI_NET_PARAM_IPV6_ND_REXMIT_TIME", Ipv6Iface "nd_rexmit_time" =,
        U32, ANY32, "neighbour retransmission time", unit("ms");
    Ipv6NdStaleTmo = 52 "ISCSI_NET_PARAM_IPV6_ND_STALE_TMO", Ipv6Iface "nd_stale_tmo" =,
        U32, ANY32, "neighbour stale time", unit("ms");
    Ipv6DupAddrDetectCnt = 53 "ISCSI_NET_PARAM_IPV6_DUP_ADDR_DETECT_CNT", Ipv6Iface "dup_addr_detect_cnt" =,
        U8, ANY8, "duplicate address probes";
    Ipv6RtrAdvLinkMtu = 54 "ISCSI_NET_PARAM_IPV6_RTR_ADV_LINK_MTU", Ipv6Iface "router_adv_link_mtu" =,
        U32, ANY32, "mtu advertised by the router", unit("bytes");
    RedirectEn = 55 "ISCSI_NET_PARAM_REDIRECT_EN", Iface "redirect_en" "redirect",
        OnOff, FLAG, "icmp or arp redirects";
}
