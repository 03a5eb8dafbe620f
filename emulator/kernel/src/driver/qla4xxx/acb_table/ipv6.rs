//! Attributes and parameters of `ipv6-iface-H-0` and `-1`.

use super::*;

const TCP6: usize = offset_of!(Acb, ipv6_tcp_opts);
const OPT6: usize = offset_of!(Acb, ipv6_opts);
const ADD6: usize = offset_of!(Acb, ipv6_addtl_opts);

pub(super) const ROWS: &[Row] = &[
    any(N::Ipv6Addr, Field::Ip6Own),
    net(N::Ipv6Linklocal, Field::LinkLocal(offset_of!(Acb, ipv6_if_id))),
    net(N::Ipv6Router, Field::Ip6(offset_of!(Acb, ipv6_dflt_rtr_addr))),
    net(
        N::Ipv6AddrAutocfg,
        Field::Choice(ADD6, Ipv6AddOptions::NEIGHBOR_DISCOVERY_ADDR_ENABLE.bits(), 2),
    ),
    net(
        N::Ipv6LinklocalAutocfg,
        Field::Choice(ADD6, Ipv6AddOptions::AUTOCONFIG_LINK_LOCAL_ADDR.bits(), 1),
    ),
    net(
        N::Ipv6RouterAutocfg,
        Field::RouterAuto(offset_of!(Acb, ipv6_dflt_rtr_addr)),
    ),
    any(
        N::IfaceEnable,
        Field::Enable(OPT6, Ipv6Options::IPV6_PROTOCOL_ENABLE.bits()),
    ),
    show(N::VlanId, Field::VlanId(offset_of!(Acb, ipv6_vlan_tag))),
    show(N::VlanPriority, Field::VlanPrio(offset_of!(Acb, ipv6_vlan_tag))),
    any(N::VlanTag, Field::VlanTag(offset_of!(Acb, ipv6_vlan_tag))),
    any(
        N::VlanEnabled,
        Field::Bit(OPT6, Ipv6Options::VLAN_TAGGING_ENABLE.bits()),
    ),
    any(N::Mtu, Field::Dec16(offset_of!(Acb, eth_mtu_size))),
    net(N::Port, Field::Dec16(offset_of!(Acb, ipv6_port))),
    show(N::IpaddrState, Field::StateOwn),
    show(
        N::Ipv6LinklocalState,
        Field::State(offset_of!(Acb, ipv6_lnk_lcl_addr_state)),
    ),
    show(
        N::Ipv6RouterState,
        Field::Router(offset_of!(Acb, ipv6_dflt_rtr_state)),
    ),
    off(N::DelayedAckEn, TCP6, Ipv6TcpOptions::DELAYED_ACK_DISABLE.bits()),
    off(
        N::TcpNagleDisable,
        TCP6,
        Ipv6TcpOptions::NAGLE_ALGO_DISABLE.bits(),
    ),
    off(
        N::TcpWsfDisable,
        TCP6,
        Ipv6TcpOptions::WINDOW_SCALE_DISABLE.bits(),
    ),
    net(N::TcpWsf, Field::Dec8(offset_of!(Acb, ipv6_tcp_wsf))),
    net(N::TcpTimerScale, Field::Scale(TCP6)),
    net(
        N::TcpTimestampEn,
        Field::Bit(TCP6, Ipv6TcpOptions::TIMESTAMP_EN.bits()),
    ),
    show(N::CacheId, Field::Dec8(offset_of!(Acb, ipv6_cache_id))),
    net(
        N::Ipv6GratNeighborAdvEn,
        Field::Bit(OPT6, Ipv6Options::GRAT_NEIGHBOR_ADV_EN.bits()),
    ),
    net(N::Ipv6MldEn, Field::Bit(ADD6, Ipv6AddOptions::MLD_EN.bits())),
    net(N::Ipv6FlowLabel, Field::Dec16(offset_of!(Acb, ipv6_flow_lbl))),
    net(
        N::Ipv6TrafficClass,
        Field::Dec8(offset_of!(Acb, ipv6_traffic_class)),
    ),
    net(N::Ipv6HopLimit, Field::Dec8(offset_of!(Acb, ipv6_hop_limit))),
    net(
        N::Ipv6NdReachableTmo,
        Field::Dec32(offset_of!(Acb, ipv6_nd_reach_time)),
    ),
    net(
        N::Ipv6NdRexmitTime,
        Field::Dec32(offset_of!(Acb, ipv6_nd_rexmit_timer)),
    ),
    net(
        N::Ipv6NdStaleTmo,
        Field::Dec32(offset_of!(Acb, ipv6_nd_stale_timeout)),
    ),
    net(
        N::Ipv6DupAddrDetectCnt,
        Field::Dec8(offset_of!(Acb, ipv6_dup_addr_detect_count)),
    ),
    net(
        N::Ipv6RtrAdvLinkMtu,
        Field::Dec32(offset_of!(Acb, ipv6_gw_advrt_mtu)),
    ),
    net(N::RedirectEn, Field::Bit(OPT6, Ipv6Options::REDIRECT_EN.bits())),
];
