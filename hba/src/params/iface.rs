//! Parameters of interfaces.
//!
//! Source: `scsi_transport_iscsi.c` (iface attributes), `qla4xxx/ql4_os.c` (`qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`,
//! `qla4xxx_set_iscsi_param`: which are taken).

use super::Access::{ReadOnly, Settable};
use super::ParamKind::{Bytes, Choice, Flag, Ipv4, Ipv6, Number, Text};
use super::{Access, ParamKind, ParamSpec};
use crate::ids::Family;

const fn p(
    name: &'static str,
    kind: ParamKind,
    unit: &'static str,
    access: Access,
    help: &'static str,
) -> ParamSpec {
    ParamSpec {
        name,
        kind,
        unit,
        access,
        help,
    }
}

const U8: ParamKind = Number { min: 0, max: 0xFF };
const U16: ParamKind = Number { min: 0, max: 0xFFFF };
const U32: ParamKind = Number {
    min: 0,
    max: u32::MAX,
};
const LEN: ParamKind = Bytes {
    min: 512,
    max: 65535 * 512,
    step: 512,
};
const TOLD: Access = ReadOnly("it is told by the adapter");
const NOT_TAKEN: Access = ReadOnly("the driver does not take it");

/// All parameters of an interface. `ipaddress` takes an address of the interface's own family.
pub const IFACE: &[ParamSpec] = &[
    p("ipaddress", ParamKind::Ip, "", Settable, "address"),
    p("subnet", Ipv4, "", Settable, "ipv4 subnet mask"),
    p("gateway", Ipv4, "", Settable, "ipv4 gateway"),
    p(
        "bootproto",
        Choice(&["static", "dhcp"]),
        "",
        Settable,
        "where the ipv4 address comes from",
    ),
    p("link_local_addr", Ipv6, "", Settable, "ipv6 link-local address"),
    p("router_addr", Ipv6, "", Settable, "ipv6 router"),
    p(
        "ipaddr_autocfg",
        Choice(&["static", "nd", "dhcpv6"]),
        "",
        Settable,
        "where the ipv6 address comes from",
    ),
    p(
        "link_local_autocfg",
        Choice(&["static", "auto"]),
        "",
        Settable,
        "where the link-local address comes from",
    ),
    p(
        "router_autocfg",
        Flag,
        "",
        Settable,
        "router found by advertisement",
    ),
    p("enabled", Flag, "", Settable, "protocol is on"),
    p("vlan_id", Number { min: 0, max: 4095 }, "", Settable, "vlan id"),
    p(
        "vlan_priority",
        Number { min: 0, max: 7 },
        "",
        Settable,
        "vlan priority",
    ),
    p("vlan_enabled", Flag, "", Settable, "vlan tagging"),
    p("mtu", Number { min: 576, max: 9000 }, "bytes", Settable, "mtu"),
    p(
        "port",
        Number { min: 1, max: 0xFFFF },
        "",
        Settable,
        "iscsi tcp port",
    ),
    p("ipaddress_state", Text(32), "", TOLD, "state of the address"),
    p(
        "link_local_state",
        Text(32),
        "",
        TOLD,
        "state of the link-local address",
    ),
    p("router_state", Text(32), "", TOLD, "state of the router"),
    p(
        "delayed_ack_en",
        Flag,
        "",
        Settable,
        "tcp delayed acknowledgement",
    ),
    p(
        "tcp_nagle_disable",
        Flag,
        "",
        Settable,
        "nagle's algorithm is off",
    ),
    p("tcp_wsf_disable", Flag, "", Settable, "tcp window scaling is off"),
    p("tcp_wsf", U8, "", Settable, "tcp window scale factor"),
    p(
        "tcp_timer_scale",
        Number { min: 0, max: 7 },
        "",
        Settable,
        "tcp timer scale",
    ),
    p("tcp_timestamp_en", Flag, "", Settable, "tcp timestamps"),
    p("cache_id", U32, "", NOT_TAKEN, "arp or neighbour cache id"),
    p("dhcp_dns_address_en", Flag, "", Settable, "dhcp: dns servers"),
    p("dhcp_slp_da_info_en", Flag, "", Settable, "dhcp: slp agents"),
    p("tos_en", Flag, "", Settable, "ipv4 type of service in use"),
    p("tos", U8, "", Settable, "ipv4 type of service"),
    p("grat_arp_en", Flag, "", Settable, "gratuitous arp"),
    p(
        "dhcp_alt_client_id_en",
        Flag,
        "",
        Settable,
        "dhcp: other client id",
    ),
    p(
        "dhcp_alt_client_id",
        Text(11),
        "",
        Settable,
        "dhcp: the other client id",
    ),
    p(
        "dhcp_req_vendor_id_en",
        Flag,
        "",
        Settable,
        "dhcp: ask for the vendor id",
    ),
    p(
        "dhcp_use_vendor_id_en",
        Flag,
        "",
        Settable,
        "dhcp: send the vendor id",
    ),
    p("dhcp_vendor_id", Text(11), "", Settable, "dhcp: the vendor id"),
    p(
        "dhcp_learn_iqn_en",
        Flag,
        "",
        Settable,
        "dhcp: learn the initiator name",
    ),
    p("fragment_disable", Flag, "", Settable, "ip fragmentation is off"),
    p(
        "incoming_forwarding_en",
        Flag,
        "",
        Settable,
        "forward incoming packets",
    ),
    p("ttl", U8, "", Settable, "ipv4 time to live"),
    p(
        "grat_neighbor_adv_en",
        Flag,
        "",
        Settable,
        "gratuitous neighbour advertisement",
    ),
    p("mld_en", Flag, "", Settable, "multicast listener discovery"),
    p(
        "flow_label",
        U16,
        "",
        Settable,
        "ipv6 flow label (the driver takes 16 bits)",
    ),
    p("traffic_class", U8, "", Settable, "ipv6 traffic class"),
    p("hop_limit", U8, "", Settable, "ipv6 hop limit"),
    p(
        "nd_reachable_tmo",
        U32,
        "ms",
        Settable,
        "neighbour reachable time",
    ),
    p(
        "nd_rexmit_time",
        U32,
        "ms",
        Settable,
        "neighbour retransmission time",
    ),
    p("nd_stale_tmo", U32, "ms", Settable, "neighbour stale time"),
    p(
        "dup_addr_detect_cnt",
        U8,
        "",
        Settable,
        "duplicate address probes",
    ),
    p(
        "router_adv_link_mtu",
        U32,
        "bytes",
        Settable,
        "mtu advertised by the router",
    ),
    p("redirect_en", Flag, "", Settable, "icmp or arp redirects"),
    p("def_taskmgmt_tmo", U16, "s", Settable, "task management timeout"),
    p("header_digest", Flag, "", Settable, "header digest crc32c"),
    p("data_digest", Flag, "", Settable, "data digest crc32c"),
    p("immediate_data", Flag, "", Settable, "immediate data"),
    p("initial_r2t", Flag, "", Settable, "initial r2t"),
    p("data_seq_in_order", Flag, "", Settable, "data sequences in order"),
    p("data_pdu_in_order", Flag, "", Settable, "data pdus in order"),
    p(
        "erl",
        Number { min: 0, max: 2 },
        "",
        Settable,
        "error recovery level",
    ),
    p(
        "max_recv_dlength",
        LEN,
        "bytes",
        Settable,
        "longest data segment we take",
    ),
    p(
        "first_burst_len",
        LEN,
        "bytes",
        Settable,
        "most unsolicited data of a command",
    ),
    p(
        "max_outstanding_r2t",
        Number { min: 1, max: 0xFFFF },
        "",
        Settable,
        "r2ts at once",
    ),
    p("max_burst_len", LEN, "bytes", Settable, "most data of a sequence"),
    p("chap_auth", Flag, "", Settable, "prove ourselves by chap"),
    p(
        "bidi_chap",
        Flag,
        "",
        Settable,
        "the target must prove itself too",
    ),
    p(
        "discovery_auth_optional",
        Flag,
        "",
        Settable,
        "discovery without chap allowed",
    ),
    p("discovery_logout", Flag, "", Settable, "log out after discovery"),
    p(
        "strict_login_comp_en",
        Flag,
        "",
        Settable,
        "strict login compliance",
    ),
    p("initiator_name", Text(223), "", NOT_TAKEN, "initiator name"),
];

/// Parameters that only IPv4 interfaces have.
const IPV4_ONLY: &[&str] = &[
    "subnet",
    "gateway",
    "bootproto",
    "dhcp_dns_address_en",
    "dhcp_slp_da_info_en",
    "tos_en",
    "tos",
    "grat_arp_en",
    "dhcp_alt_client_id_en",
    "dhcp_alt_client_id",
    "dhcp_req_vendor_id_en",
    "dhcp_use_vendor_id_en",
    "dhcp_vendor_id",
    "dhcp_learn_iqn_en",
    "fragment_disable",
    "incoming_forwarding_en",
    "ttl",
];

/// Parameters that only IPv6 interfaces have.
const IPV6_ONLY: &[&str] = &[
    "link_local_addr",
    "router_addr",
    "ipaddr_autocfg",
    "link_local_autocfg",
    "router_autocfg",
    "link_local_state",
    "router_state",
    "grat_neighbor_adv_en",
    "mld_en",
    "flow_label",
    "traffic_class",
    "hop_limit",
    "nd_reachable_tmo",
    "nd_rexmit_time",
    "nd_stale_tmo",
    "dup_addr_detect_cnt",
    "router_adv_link_mtu",
];

/// Whether interfaces of a family have the parameter.
#[must_use]
pub fn fits_family(name: &str, family: Family) -> bool {
    match family {
        Family::Ipv4 => !IPV6_ONLY.contains(&name),
        Family::Ipv6 => !IPV4_ONLY.contains(&name),
    }
}
