//! Attributes and parameters of `ipv6-iface-H-0` and `-1`.

use super::*;

const TCP6: usize = offset_of!(Acb, ipv6_tcp_opts);
const OPT6: usize = offset_of!(Acb, ipv6_opts);
const ADD6: usize = offset_of!(Acb, ipv6_addtl_opts);

pub(super) const ROWS: &[Row] = &[
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
];
