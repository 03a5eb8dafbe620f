//! Network parameters of an interface: SET_IFACE_PARAMS with parameter type 2.
//!
//! On/off values are 1 (off) and 2 (on), and `*_DISABLE` parameters speak of the feature, not of its disabling:
//! 1 turns it off. Link-local and router autoconfiguration are the other way round (1 on, 2 off).
//!
//! Source: `iscsi_if.h`, `enum iscsi_net_param`; attribute names from `scsi_transport_iscsi.c`,
//! `iscsi_iface_net_attr`; widths and settability from `ql4_os.c`, `qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`.

use super::info::params;

params! {
    /// A network parameter of an interface.
    pub enum NetParam;
    /// Every network parameter, in code order.
    pub static NET_PARAMS: 55 rows {
        /// IPv4 address.
        Ipv4Addr = 1, "ISCSI_NET_PARAM_IPV4_ADDR", Ipv4Iface, Some("ipaddress"), Some("iface.ipaddress"), Ipv4, settable;
        /// IPv4 subnet.
        Ipv4Subnet = 2, "ISCSI_NET_PARAM_IPV4_SUBNET", Ipv4Iface, Some("subnet"), Some("iface.subnet_mask"), Ipv4, settable;
        /// IPv4 gateway.
        Ipv4Gw = 3, "ISCSI_NET_PARAM_IPV4_GW", Ipv4Iface, Some("gateway"), Some("iface.gateway"), Ipv4, settable;
        /// IPv4 boot protocol.
        Ipv4Bootproto = 4, "ISCSI_NET_PARAM_IPV4_BOOTPROTO", Ipv4Iface, Some("bootproto"), Some("iface.bootproto"), U8, settable;
        /// MAC address.
        Mac = 5, "ISCSI_NET_PARAM_MAC", Iface, None, None, Bytes(6), fixed;
        /// IPv6 link-local address.
        Ipv6Linklocal = 6, "ISCSI_NET_PARAM_IPV6_LINKLOCAL", Ipv6Iface, Some("link_local_addr"), Some("iface.ipv6_linklocal"), Ipv6, settable;
        /// IPv6 address.
        Ipv6Addr = 7, "ISCSI_NET_PARAM_IPV6_ADDR", Ipv6Iface, Some("ipaddress"), Some("iface.ipaddress"), Ipv6, settable;
        /// IPv6 router.
        Ipv6Router = 8, "ISCSI_NET_PARAM_IPV6_ROUTER", Ipv6Iface, Some("router_addr"), Some("iface.ipv6_router"), Ipv6, settable;
        /// IPv6 address autoconfiguration.
        Ipv6AddrAutocfg = 9, "ISCSI_NET_PARAM_IPV6_ADDR_AUTOCFG", Ipv6Iface, Some("ipaddr_autocfg"), Some("iface.ipv6_autocfg"), U8, settable;
        /// IPv6 link-local address autoconfiguration.
        Ipv6LinklocalAutocfg = 10, "ISCSI_NET_PARAM_IPV6_LINKLOCAL_AUTOCFG", Ipv6Iface, Some("link_local_autocfg"), Some("iface.linklocal_autocfg"), U8, settable;
        /// IPv6 router autoconfiguration.
        Ipv6RouterAutocfg = 11, "ISCSI_NET_PARAM_IPV6_ROUTER_AUTOCFG", Ipv6Iface, None, None, U8, settable;
        /// Iface enable.
        IfaceEnable = 12, "ISCSI_NET_PARAM_IFACE_ENABLE", Iface, Some("enabled"), Some("iface.state"), OnOff, settable;
        /// VLAN ID.
        VlanId = 13, "ISCSI_NET_PARAM_VLAN_ID", Iface, Some("vlan_id"), Some("iface.vlan_id"), U16, fixed;
        /// VLAN priority.
        VlanPriority = 14, "ISCSI_NET_PARAM_VLAN_PRIORITY", Iface, Some("vlan_priority"), Some("iface.vlan_priority"), U8, fixed;
        /// VLAN enabled.
        VlanEnabled = 15, "ISCSI_NET_PARAM_VLAN_ENABLED", Iface, Some("vlan_enabled"), Some("iface.vlan_state"), OnOff, settable;
        /// VLAN tag.
        VlanTag = 16, "ISCSI_NET_PARAM_VLAN_TAG", Iface, None, None, U16, settable;
        /// Iface type.
        IfaceType = 17, "ISCSI_NET_PARAM_IFACE_TYPE", Iface, None, None, U8, fixed;
        /// Iface name.
        IfaceName = 18, "ISCSI_NET_PARAM_IFACE_NAME", Iface, None, None, Text, fixed;
        /// MTU.
        Mtu = 19, "ISCSI_NET_PARAM_MTU", Iface, Some("mtu"), Some("iface.mtu"), U16, settable;
        /// Port.
        Port = 20, "ISCSI_NET_PARAM_PORT", Iface, Some("port"), Some("iface.port"), U16, settable;
        /// IP address state.
        IpaddrState = 21, "ISCSI_NET_PARAM_IPADDR_STATE", Iface, Some("ipaddress_state"), None, U8, fixed;
        /// IPv6 link-local address state.
        Ipv6LinklocalState = 22, "ISCSI_NET_PARAM_IPV6_LINKLOCAL_STATE", Ipv6Iface, Some("link_local_state"), None, U8, fixed;
        /// IPv6 router state.
        Ipv6RouterState = 23, "ISCSI_NET_PARAM_IPV6_ROUTER_STATE", Ipv6Iface, Some("router_state"), Some("iface.router_autocfg"), U8, fixed;
        /// Delayed ACK.
        DelayedAckEn = 24, "ISCSI_NET_PARAM_DELAYED_ACK_EN", Iface, Some("delayed_ack_en"), Some("iface.delayed_ack"), OnOff, settable;
        /// TCP Nagle disable.
        TcpNagleDisable = 25, "ISCSI_NET_PARAM_TCP_NAGLE_DISABLE", Iface, Some("tcp_nagle_disable"), Some("iface.tcp_nagle"), OffOn, settable;
        /// TCP window scaling factor disable.
        TcpWsfDisable = 26, "ISCSI_NET_PARAM_TCP_WSF_DISABLE", Iface, Some("tcp_wsf_disable"), Some("iface.tcp_wsf_state"), OffOn, settable;
        /// TCP window scaling factor.
        TcpWsf = 27, "ISCSI_NET_PARAM_TCP_WSF", Iface, Some("tcp_wsf"), Some("iface.tcp_wsf"), U8, settable;
        /// TCP timer scale.
        TcpTimerScale = 28, "ISCSI_NET_PARAM_TCP_TIMER_SCALE", Iface, Some("tcp_timer_scale"), Some("iface.tcp_timer_scale"), U8, settable;
        /// TCP timestamp.
        TcpTimestampEn = 29, "ISCSI_NET_PARAM_TCP_TIMESTAMP_EN", Iface, Some("tcp_timestamp_en"), Some("iface.tcp_timestamp"), OnOff, settable;
        /// Cache ID.
        CacheId = 30, "ISCSI_NET_PARAM_CACHE_ID", Iface, Some("cache_id"), None, U8, fixed;
        /// IPv4 DHCP DNS address.
        Ipv4DhcpDnsAddrEn = 31, "ISCSI_NET_PARAM_IPV4_DHCP_DNS_ADDR_EN", Ipv4Iface, Some("dhcp_dns_address_en"), Some("iface.dhcp_dns"), OnOff, settable;
        /// IPv4 DHCP SLP directory agent.
        Ipv4DhcpSlpDaEn = 32, "ISCSI_NET_PARAM_IPV4_DHCP_SLP_DA_EN", Ipv4Iface, Some("dhcp_slp_da_info_en"), Some("iface.dhcp_slp_da"), OnOff, settable;
        /// IPv4 type of service.
        Ipv4TosEn = 33, "ISCSI_NET_PARAM_IPV4_TOS_EN", Ipv4Iface, Some("tos_en"), Some("iface.tos_state"), OnOff, settable;
        /// IPv4 type of service.
        Ipv4Tos = 34, "ISCSI_NET_PARAM_IPV4_TOS", Ipv4Iface, Some("tos"), Some("iface.tos"), U8, settable;
        /// IPv4 gratuitous ARP.
        Ipv4GratArpEn = 35, "ISCSI_NET_PARAM_IPV4_GRAT_ARP_EN", Ipv4Iface, Some("grat_arp_en"), Some("iface.gratuitous_arp"), OnOff, settable;
        /// IPv4 DHCP alternative client ID.
        Ipv4DhcpAltClientIdEn = 36, "ISCSI_NET_PARAM_IPV4_DHCP_ALT_CLIENT_ID_EN", Ipv4Iface, Some("dhcp_alt_client_id_en"), Some("iface.dhcp_alt_client_id_state"), OnOff, settable;
        /// IPv4 DHCP alternative client ID.
        Ipv4DhcpAltClientId = 37, "ISCSI_NET_PARAM_IPV4_DHCP_ALT_CLIENT_ID", Ipv4Iface, Some("dhcp_alt_client_id"), Some("iface.dhcp_alt_client_id"), Text, settable;
        /// IPv4 DHCP required vendor ID.
        Ipv4DhcpReqVendorIdEn = 38, "ISCSI_NET_PARAM_IPV4_DHCP_REQ_VENDOR_ID_EN", Ipv4Iface, Some("dhcp_req_vendor_id_en"), Some("iface.dhcp_req_vendor_id_state"), OnOff, settable;
        /// IPv4 DHCP use vendor ID.
        Ipv4DhcpUseVendorIdEn = 39, "ISCSI_NET_PARAM_IPV4_DHCP_USE_VENDOR_ID_EN", Ipv4Iface, Some("dhcp_use_vendor_id_en"), Some("iface.dhcp_vendor_id_state"), OnOff, settable;
        /// IPv4 DHCP vendor ID.
        Ipv4DhcpVendorId = 40, "ISCSI_NET_PARAM_IPV4_DHCP_VENDOR_ID", Ipv4Iface, Some("dhcp_vendor_id"), Some("iface.dhcp_vendor_id"), Text, settable;
        /// IPv4 DHCP learn initiator name.
        Ipv4DhcpLearnIqnEn = 41, "ISCSI_NET_PARAM_IPV4_DHCP_LEARN_IQN_EN", Ipv4Iface, Some("dhcp_learn_iqn_en"), Some("iface.dhcp_learn_iqn"), OnOff, settable;
        /// IPv4 fragment disable.
        Ipv4FragmentDisable = 42, "ISCSI_NET_PARAM_IPV4_FRAGMENT_DISABLE", Ipv4Iface, Some("fragment_disable"), Some("iface.fragmentation"), OffOn, settable;
        /// IPv4 in forward.
        Ipv4InForwardEn = 43, "ISCSI_NET_PARAM_IPV4_IN_FORWARD_EN", Ipv4Iface, Some("incoming_forwarding_en"), Some("iface.incoming_forwarding"), OnOff, settable;
        /// IPv4 TTL.
        Ipv4Ttl = 44, "ISCSI_NET_PARAM_IPV4_TTL", Ipv4Iface, Some("ttl"), Some("iface.ttl"), U8, settable;
        /// IPv6 gratuitous neighbor advertisement.
        Ipv6GratNeighborAdvEn = 45, "ISCSI_NET_PARAM_IPV6_GRAT_NEIGHBOR_ADV_EN", Ipv6Iface, Some("grat_neighbor_adv_en"), Some("iface.gratuitous_neighbor_adv"), OnOff, settable;
        /// IPv6 MLD.
        Ipv6MldEn = 46, "ISCSI_NET_PARAM_IPV6_MLD_EN", Ipv6Iface, Some("mld_en"), Some("iface.mld"), OnOff, settable;
        /// IPv6 flow label.
        Ipv6FlowLabel = 47, "ISCSI_NET_PARAM_IPV6_FLOW_LABEL", Ipv6Iface, Some("flow_label"), Some("iface.flow_label"), U32, settable;
        /// IPv6 traffic class.
        Ipv6TrafficClass = 48, "ISCSI_NET_PARAM_IPV6_TRAFFIC_CLASS", Ipv6Iface, Some("traffic_class"), Some("iface.traffic_class"), U8, settable;
        /// IPv6 hop limit.
        Ipv6HopLimit = 49, "ISCSI_NET_PARAM_IPV6_HOP_LIMIT", Ipv6Iface, Some("hop_limit"), Some("iface.hop_limit"), U8, settable;
        /// IPv6 ND reachable timeout.
        Ipv6NdReachableTmo = 50, "ISCSI_NET_PARAM_IPV6_ND_REACHABLE_TMO", Ipv6Iface, Some("nd_reachable_tmo"), Some("iface.nd_reachable_tmo"), U32, settable;
        /// IPv6 ND retransmit time.
        Ipv6NdRexmitTime = 51, "ISCSI_NET_PARAM_IPV6_ND_REXMIT_TIME", Ipv6Iface, Some("nd_rexmit_time"), Some("iface.nd_rexmit_time"), U32, settable;
        /// IPv6 ND stale timeout.
        Ipv6NdStaleTmo = 52, "ISCSI_NET_PARAM_IPV6_ND_STALE_TMO", Ipv6Iface, Some("nd_stale_tmo"), Some("iface.nd_stale_tmo"), U32, settable;
        /// IPv6 duplicate address detect count.
        Ipv6DupAddrDetectCnt = 53, "ISCSI_NET_PARAM_IPV6_DUP_ADDR_DETECT_CNT", Ipv6Iface, Some("dup_addr_detect_cnt"), Some("iface.dup_addr_detect_cnt"), U8, settable;
        /// IPv6 router advertisement link MTU.
        Ipv6RtrAdvLinkMtu = 54, "ISCSI_NET_PARAM_IPV6_RTR_ADV_LINK_MTU", Ipv6Iface, Some("router_adv_link_mtu"), Some("iface.router_adv_link_mtu"), U32, settable;
        /// Redirect.
        RedirectEn = 55, "ISCSI_NET_PARAM_REDIRECT_EN", Iface, Some("redirect_en"), Some("iface.redirect"), OnOff, settable;
    }
}
