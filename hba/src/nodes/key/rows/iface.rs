//! Interfaces. What an adapter's interface takes has its values, unit and help from the rows of `driver_sys`.

use driver_sys::netlink::IfaceCode;
use driver_sys::netlink::params::{HostParam, IfaceParam as I, IscsiParam, NetParam as N};
use iscsi::negotiate::Key as LoginKey;

use super::super::{Key, Object, Sent, ValueKind};
use super::key;

const BOTH: &[Object] = &[Object::Node, Object::Iface, Object::Conf];
const BOOT: &[Object] = &[Object::Node, Object::Iface, Object::Conf, Object::Firmware];
/// The last four are states of a router.
const ROUTER: ValueKind =
    ValueKind::Choice(&["enable", "disable", "Unknown", "Advertised", "Manual", "Stale"]);

const fn net(param: N) -> Sent {
    Sent::Iface(IfaceCode::Net(param))
}

const fn param(param: I) -> Sent {
    Sent::Iface(IfaceCode::Iscsi(param))
}

/// The row of an interface's parameter.
const fn adapter(name: &'static str, objects: &[Object], sent: &'static [Sent]) -> Key {
    let row = sent[0].iface_row();
    let kind = ValueKind::of(row);
    let help = match row {
        Some(row) => row.help,
        None => "",
    };
    let row = key(name, objects, kind, help).sent(sent);
    if kind.zero_is_nothing() {
        row.value("0")
    } else {
        row
    }
}

pub(super) const IFACE: [Key; 74] = [
    key(
        "iface.iscsi_ifacename",
        &[Object::Node, Object::Iface],
        ValueKind::Text { max: 64 },
        "the interface's name",
    )
    .fixed()
    .sent(&[Sent::Param(IscsiParam::IfaceName)]),
    key(
        "iface.net_ifacename",
        BOOT,
        ValueKind::Text { max: 15 },
        "the network interface that it is bound to",
    )
    .sent(&[Sent::Host(HostParam::NetdevName)]),
    key(
        "iface.ipaddress",
        BOOT,
        ValueKind::Address,
        "its address",
    )
    .sent(&[Sent::Host(HostParam::Ipaddress), net(N::Ipv4Addr), net(N::Ipv6Addr)]),
    key(
        "iface.prefix_len",
        BOOT,
        ValueKind::ZeroOr { min: 1, max: 128, unit: "bits" },
        "the length of its network's prefix",
    )
    .value("0"),
    key(
        "iface.hwaddress",
        BOOT,
        ValueKind::Mac,
        "the mac address of the port that it is bound to",
    )
    .sent(&[Sent::Host(HostParam::Hwaddress)]),
    key(
        "iface.transport_name",
        BOOT,
        ValueKind::Text { max: 15 },
        "the transport: tcp, iser, or that of an adapter",
    )
    .value("tcp"),
    key(
        "iface.initiatorname",
        BOOT,
        ValueKind::Name,
        "our name through this interface, if not that of the host",
    )
    .sent(&[Sent::Login(LoginKey::InitiatorName), Sent::Param(IscsiParam::InitiatorName), Sent::Host(HostParam::InitiatorName)]),
    adapter("iface.state", BOOT, &[net(N::IfaceEnable)]),
    adapter("iface.vlan_id", BOOT, &[net(N::VlanId)]),
    adapter("iface.vlan_priority", BOOT, &[net(N::VlanPriority)]),
    adapter("iface.vlan_state", BOOT, &[net(N::VlanEnabled)]),
    key(
        "iface.iface_num",
        BOTH,
        ValueKind::Number { min: 0, max: 255, unit: "" },
        "which of the port's interfaces of its family",
    )
    .value("0"),
    adapter("iface.mtu", BOOT, &[net(N::Mtu)]),
    adapter("iface.port", BOTH, &[net(N::Port)]),
    adapter("iface.bootproto", BOOT, &[net(N::Ipv4Bootproto)]),
    adapter("iface.subnet_mask", BOOT, &[net(N::Ipv4Subnet)]),
    adapter("iface.gateway", BOOT, &[net(N::Ipv4Gw)]),
    adapter("iface.dhcp_alt_client_id_state", BOTH, &[net(N::Ipv4DhcpAltClientIdEn)]),
    adapter("iface.dhcp_alt_client_id", BOTH, &[net(N::Ipv4DhcpAltClientId)]),
    adapter("iface.dhcp_dns", BOTH, &[net(N::Ipv4DhcpDnsAddrEn)]),
    adapter("iface.dhcp_learn_iqn", BOTH, &[net(N::Ipv4DhcpLearnIqnEn)]),
    adapter("iface.dhcp_req_vendor_id_state", BOTH, &[net(N::Ipv4DhcpReqVendorIdEn)]),
    adapter("iface.dhcp_vendor_id_state", BOTH, &[net(N::Ipv4DhcpUseVendorIdEn)]),
    adapter("iface.dhcp_vendor_id", BOTH, &[net(N::Ipv4DhcpVendorId)]),
    adapter("iface.dhcp_slp_da", BOTH, &[net(N::Ipv4DhcpSlpDaEn)]),
    adapter("iface.fragmentation", BOTH, &[net(N::Ipv4FragmentDisable)]).help("ip fragmentation"),
    adapter("iface.gratuitous_arp", BOTH, &[net(N::Ipv4GratArpEn)]),
    adapter("iface.incoming_forwarding", BOTH, &[net(N::Ipv4InForwardEn)]),
    adapter("iface.tos_state", BOTH, &[net(N::Ipv4TosEn)]),
    adapter("iface.tos", BOTH, &[net(N::Ipv4Tos)]),
    adapter("iface.ttl", BOTH, &[net(N::Ipv4Ttl)]),
    adapter("iface.ipv6_autocfg", BOTH, &[net(N::Ipv6AddrAutocfg)]),
    adapter("iface.linklocal_autocfg", BOTH, &[net(N::Ipv6LinklocalAutocfg)]),
    key(
        "iface.router_autocfg",
        BOTH,
        ROUTER,
        "whether routers are found by advertisement; records that the stock programs made have the router's state here, which sets nothing",
    )
    .sent(&[net(N::Ipv6RouterAutocfg)]),
    adapter("iface.ipv6_linklocal", BOTH, &[net(N::Ipv6Linklocal)]),
    adapter("iface.ipv6_router", BOTH, &[net(N::Ipv6Router)]),
    adapter("iface.dup_addr_detect_cnt", BOTH, &[net(N::Ipv6DupAddrDetectCnt)]),
    adapter("iface.flow_label", BOTH, &[net(N::Ipv6FlowLabel)]),
    adapter("iface.gratuitous_neighbor_adv", BOTH, &[net(N::Ipv6GratNeighborAdvEn)]),
    adapter("iface.hop_limit", BOTH, &[net(N::Ipv6HopLimit)]),
    adapter("iface.mld", BOTH, &[net(N::Ipv6MldEn)]),
    adapter("iface.nd_reachable_tmo", BOTH, &[net(N::Ipv6NdReachableTmo)]),
    adapter("iface.nd_rexmit_time", BOTH, &[net(N::Ipv6NdRexmitTime)]),
    adapter("iface.nd_stale_tmo", BOTH, &[net(N::Ipv6NdStaleTmo)]),
    adapter("iface.router_adv_link_mtu", BOTH, &[net(N::Ipv6RtrAdvLinkMtu)]),
    adapter("iface.traffic_class", BOTH, &[net(N::Ipv6TrafficClass)]),
    adapter("iface.delayed_ack", BOTH, &[net(N::DelayedAckEn)]),
    adapter("iface.tcp_nagle", BOTH, &[net(N::TcpNagleDisable)]).help("nagle's algorithm"),
    adapter("iface.tcp_wsf_state", BOTH, &[net(N::TcpWsfDisable)]).help("tcp window scaling"),
    adapter("iface.tcp_wsf", BOTH, &[net(N::TcpWsf)]),
    adapter("iface.tcp_timer_scale", BOTH, &[net(N::TcpTimerScale)]),
    adapter("iface.tcp_timestamp", BOTH, &[net(N::TcpTimestampEn)]),
    adapter("iface.redirect", BOTH, &[net(N::RedirectEn)]),
    adapter("iface.def_task_mgmt_timeout", BOTH, &[param(I::DefTaskmgmtTmo)]),
    adapter("iface.header_digest", BOTH, &[param(I::HdrdgstEn)]),
    adapter("iface.data_digest", BOTH, &[param(I::DatadgstEn)]),
    adapter("iface.immediate_data", BOTH, &[param(I::ImmDataEn)]),
    adapter("iface.initial_r2t", BOTH, &[param(I::InitialR2tEn)]),
    adapter("iface.data_seq_inorder", BOTH, &[param(I::DataseqInorderEn)]),
    adapter("iface.data_pdu_inorder", BOTH, &[param(I::PduInorderEn)]),
    adapter("iface.erl", BOTH, &[param(I::Erl)]),
    adapter("iface.max_receive_data_len", BOTH, &[param(I::MaxRecvDlength)]),
    adapter("iface.first_burst_len", BOTH, &[param(I::FirstBurst)]),
    adapter("iface.max_outstanding_r2t", BOTH, &[param(I::MaxR2t)]),
    adapter("iface.max_burst_len", BOTH, &[param(I::MaxBurst)]),
    adapter("iface.chap_auth", BOTH, &[param(I::ChapAuthEn)]),
    adapter("iface.bidi_chap", BOTH, &[param(I::BidiChapEn)]),
    adapter("iface.strict_login_compliance", BOTH, &[param(I::StrictLoginCompEn)]),
    adapter("iface.discovery_auth", BOTH, &[param(I::DiscoveryAuthOptional)]),
    adapter("iface.discovery_logout", BOTH, &[param(I::DiscoveryLogoutEn)]),
    key(
        "iface.isid",
        &[Object::Firmware],
        ValueKind::Text { max: 16 },
        "the ISID that the firmware used",
    )
    .read_only(),
    key(
        "iface.primary_dns",
        &[Object::Firmware],
        ValueKind::Address,
        "the first name server that the firmware used",
    )
    .read_only(),
    key(
        "iface.secondary_dns",
        &[Object::Firmware],
        ValueKind::Address,
        "the second name server that the firmware used",
    )
    .read_only(),
    key(
        "iface.vlan",
        &[Object::Firmware],
        ValueKind::Text { max: 15 },
        "the vlan, as an old version printed it",
    )
    .read_only(),
];
