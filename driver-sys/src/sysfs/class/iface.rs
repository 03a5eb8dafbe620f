//! `/sys/class/iscsi_iface/{ipv4,ipv6}-iface-H-N`: the IP configuration of an adapter's port.
//!
//! Owns: [`Iface`], its three attribute groups. Must not know: staged values, netlink numbers.
//! Beware: `fragment_disable`, `tcp_nagle_disable` and `tcp_wsf_disable` say whether the *feature* is on (qla4xxx prints the negated
//! bit), so `tcp_nagle_disable` = `enable` means that Nagle's algorithm is on.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_iface_attrs`), `ql4_os.c` (`qla4xxx_get_iface_param`).

use std::fmt;

use crate::sysfs::value::words;
use crate::sysfs::{Address, Error, Fault, Reader, Root, Switch, attrs};

use super::Listing;
use super::listing::number_after;

words! {
    /// State of an address or router, as the firmware reports it.
    pub enum AddressState, "an address state" {
        /// Not configured.
        Unconfigured = "Unconfigured",
        /// Being acquired.
        Acquiring = "Acquiring",
        /// Duplicate address detection runs.
        Tentative = "Tentative",
        /// In use.
        Valid = "Valid",
        /// Being given up.
        Disabling = "Disabling",
        /// Configured and unusable.
        Invalid = "Invalid",
        /// Past its preferred lifetime.
        Deprecated = "Deprecated",
        /// Unknown to the firmware.
        Unknown = "Unknown",
        /// Router learnt by advertisement.
        Advertised = "Advertised",
        /// Router set by hand.
        Manual = "Manual",
        /// Router no longer valid.
        Stale = "Stale",
    }
}

/// Address family of an iface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4
    Ipv4,
    /// IPv6
    Ipv6,
}

/// An iface's name: family, host and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IfaceId {
    /// Host number.
    pub host_no: u32,
    /// Address family.
    pub family: Family,
    /// Number within the family.
    pub number: u32,
}

impl IfaceId {
    /// From `ipv4-iface-H-N` or `ipv6-iface-H-N`.
    pub fn parse(name: &str) -> Option<Self> {
        let (family, rest) = match name.strip_prefix("ipv4-iface-") {
            Some(rest) => (Family::Ipv4, rest),
            None => (Family::Ipv6, name.strip_prefix("ipv6-iface-")?),
        };
        let (host, number) = rest.split_once('-')?;
        Some(Self {
            host_no: number_after(host, "")?,
            family,
            number: number_after(number, "")?,
        })
    }
}

impl fmt::Display for IfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        };
        write!(f, "{family}-iface-{}-{}", self.host_no, self.number)
    }
}

attrs! {
    /// What ifaces of both families show.
    pub struct IfaceAttrs, table IFACE_ATTRS {
        /// Whether the iface is on.
        may enabled: Switch = "enabled";
        /// VLAN number, 0 to 4095.
        may vlan_id: u16 = "vlan_id";
        /// VLAN priority, 0 to 7.
        may vlan_priority: u8 = "vlan_priority";
        /// VLAN tagging.
        may vlan_enabled: Switch = "vlan_enabled";
        /// MTU in bytes.
        may mtu: u32 = "mtu";
        /// TCP port.
        may port: u16 = "port";
        /// State of the address.
        may ipaddress_state: AddressState = "ipaddress_state";
        /// Delayed acknowledgements.
        may delayed_ack_en: Switch = "delayed_ack_en";
        /// Nagle's algorithm (see above: `enable` = on).
        may tcp_nagle_disable: Switch = "tcp_nagle_disable";
        /// Window scaling (`enable` = on).
        may tcp_wsf_disable: Switch = "tcp_wsf_disable";
        /// Window scale factor.
        may tcp_wsf: u32 = "tcp_wsf";
        /// TCP timer scale.
        may tcp_timer_scale: u32 = "tcp_timer_scale";
        /// TCP timestamps.
        may tcp_timestamp_en: Switch = "tcp_timestamp_en";
        /// ARP cache entry.
        may cache_id: u32 = "cache_id";
        /// ICMP redirects.
        may redirect_en: Switch = "redirect_en";
        /// Task management timeout of new sessions, in seconds.
        may def_taskmgmt_tmo: u32 = "def_taskmgmt_tmo";
        /// Header digests offered.
        may header_digest: Switch = "header_digest";
        /// Data digests offered.
        may data_digest: Switch = "data_digest";
        /// Immediate data.
        may immediate_data: Switch = "immediate_data";
        /// Initial R2T.
        may initial_r2t: Switch = "initial_r2t";
        /// Sequences in order.
        may data_seq_in_order: Switch = "data_seq_in_order";
        /// PDUs in order.
        may data_pdu_in_order: Switch = "data_pdu_in_order";
        /// Error recovery level.
        may erl: u8 = "erl";
        /// Longest data segment received, in bytes.
        may max_recv_dlength: u32 = "max_recv_dlength";
        /// First burst, in bytes.
        may first_burst_len: u32 = "first_burst_len";
        /// Outstanding R2Ts.
        may max_outstanding_r2t: u32 = "max_outstanding_r2t";
        /// Burst, in bytes.
        may max_burst_len: u32 = "max_burst_len";
        /// CHAP.
        may chap_auth: Switch = "chap_auth";
        /// Mutual CHAP.
        may bidi_chap: Switch = "bidi_chap";
        /// Discovery without authentication allowed.
        may discovery_auth_optional: Switch = "discovery_auth_optional";
        /// Discovery sessions log out.
        may discovery_logout: Switch = "discovery_logout";
        /// Strict login compliance.
        may strict_login_comp_en: Switch = "strict_login_comp_en";
        /// Initiator name.
        may initiator_name: String = "initiator_name";
    }
}

attrs! {
    /// What IPv4 ifaces add.
    pub struct Ipv4Attrs, table IPV4_IFACE_ATTRS {
        /// Address.
        must ipaddress: Address = "ipaddress";
        /// Gateway.
        may gateway: Address = "gateway";
        /// Netmask.
        may subnet: Address = "subnet";
        /// `static` or `dhcp`.
        may bootproto: String = "bootproto";
        /// Name servers from DHCP.
        may dhcp_dns_address_en: Switch = "dhcp_dns_address_en";
        /// SLP agents from DHCP.
        may dhcp_slp_da_info_en: Switch = "dhcp_slp_da_info_en";
        /// Type of service in use.
        may tos_en: Switch = "tos_en";
        /// Type of service.
        may tos: u8 = "tos";
        /// Gratuitous ARP.
        may grat_arp_en: Switch = "grat_arp_en";
        /// Alternate DHCP client id in use.
        may dhcp_alt_client_id_en: Switch = "dhcp_alt_client_id_en";
        /// Alternate DHCP client id.
        may dhcp_alt_client_id: String = "dhcp_alt_client_id";
        /// DHCP vendor id required.
        may dhcp_req_vendor_id_en: Switch = "dhcp_req_vendor_id_en";
        /// DHCP vendor id used.
        may dhcp_use_vendor_id_en: Switch = "dhcp_use_vendor_id_en";
        /// DHCP vendor id.
        may dhcp_vendor_id: String = "dhcp_vendor_id";
        /// Initiator name from DHCP.
        may dhcp_learn_iqn_en: Switch = "dhcp_learn_iqn_en";
        /// IP fragmentation (`enable` = on).
        may fragment_disable: Switch = "fragment_disable";
        /// Forwarding.
        may incoming_forwarding_en: Switch = "incoming_forwarding_en";
        /// Time to live.
        may ttl: u8 = "ttl";
    }
}

attrs! {
    /// What IPv6 ifaces add.
    pub struct Ipv6Attrs, table IPV6_IFACE_ATTRS {
        /// Address.
        must ipaddress: Address = "ipaddress";
        /// Link-local address.
        may link_local_addr: Address = "link_local_addr";
        /// Default router.
        may router_addr: Address = "router_addr";
        /// How the address is had: `nd`, `dhcpv6`, `static` or `disable`.
        may ipaddr_autocfg: String = "ipaddr_autocfg";
        /// How the link-local address is had: `auto` or `static`.
        may link_local_autocfg: String = "link_local_autocfg";
        /// State of the link-local address.
        may link_local_state: AddressState = "link_local_state";
        /// State of the router.
        may router_state: AddressState = "router_state";
        /// Unsolicited neighbour advertisements.
        may grat_neighbor_adv_en: Switch = "grat_neighbor_adv_en";
        /// Multicast listener discovery.
        may mld_en: Switch = "mld_en";
        /// Flow label.
        may flow_label: u32 = "flow_label";
        /// Traffic class.
        may traffic_class: u8 = "traffic_class";
        /// Hop limit.
        may hop_limit: u8 = "hop_limit";
        /// Neighbour reachable time.
        may nd_reachable_tmo: u32 = "nd_reachable_tmo";
        /// Neighbour solicitation interval.
        may nd_rexmit_time: u32 = "nd_rexmit_time";
        /// Neighbour stale time.
        may nd_stale_tmo: u32 = "nd_stale_tmo";
        /// Duplicate address detection probes.
        may dup_addr_detect_cnt: u32 = "dup_addr_detect_cnt";
        /// MTU advertised by the router.
        may router_adv_link_mtu: u32 = "router_adv_link_mtu";
    }
}

/// The attributes of an iface's family.
#[derive(Debug, Clone, PartialEq)]
pub enum FamilyAttrs {
    /// IPv4
    Ipv4(Ipv4Attrs),
    /// IPv6
    Ipv6(Ipv6Attrs),
}

impl FamilyAttrs {
    /// The iface's address.
    pub fn ipaddress(&self) -> &Address {
        match self {
            Self::Ipv4(attrs) => &attrs.ipaddress,
            Self::Ipv6(attrs) => &attrs.ipaddress,
        }
    }
}

/// An iface as it is in effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Iface {
    /// Which.
    pub id: IfaceId,
    /// What both families show.
    pub common: IfaceAttrs,
    /// What its family adds.
    pub family: FamilyAttrs,
}

/// Lists the ifaces, of one host or of all, ordered by host, family and number.
pub fn ifaces(root: &Root, host: Option<u32>) -> Result<Listing<Iface>, Error> {
    let mut listing = Listing::of(root, "class/iscsi_iface", "", |reader, dir, name| {
        let at = dir.at(name);
        let id = IfaceId::parse(name).ok_or_else(|| {
            let found = name.chars().take(64).collect::<String>().into();
            at.error(
                "",
                Fault::Malformed {
                    expected: "ipv4-iface-H-N or ipv6-iface-H-N",
                    found,
                },
            )
        })?;
        if host.is_some_and(|only| only != id.host_no) {
            return Ok(None);
        }
        read(reader, at, id).map(Some)
    })?;
    listing
        .items
        .sort_by_key(|iface| iface.as_ref().map(|iface| iface.id));
    Ok(Listing {
        items: listing.items.into_iter().flatten().collect(),
        skipped: listing.skipped,
        problems: listing.problems,
    })
}

/// Reads one iface.
pub fn iface(root: &Root, id: IfaceId) -> Result<Iface, Error> {
    read(
        &mut Reader::new(),
        root.at(&format!("class/iscsi_iface/{id}")),
        id,
    )
}

fn read(reader: &mut Reader, at: crate::sysfs::Place<'_>, id: IfaceId) -> Result<Iface, Error> {
    let family = match id.family {
        Family::Ipv4 => FamilyAttrs::Ipv4(Ipv4Attrs::read(reader, at)?),
        Family::Ipv6 => FamilyAttrs::Ipv6(Ipv6Attrs::read(reader, at)?),
    };
    Ok(Iface {
        id,
        family,
        common: IfaceAttrs::read(reader, at)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iface_names_round_trip_and_foreign_names_do_not() {
        for name in ["ipv4-iface-0-0", "ipv6-iface-12-1"] {
            assert_eq!(
                IfaceId::parse(name).map(|id| id.to_string()).as_deref(),
                Some(name)
            );
        }
        for name in [
            "ipv4-iface-0",
            "ipv5-iface-0-0",
            "ipv4-iface-0-0-0",
            "ipv4-iface--1-0",
            "eth0",
        ] {
            assert_eq!(IfaceId::parse(name), None, "{name}");
        }
    }
}
