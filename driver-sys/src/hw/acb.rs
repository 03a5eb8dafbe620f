//! What the option words of an address control block mean.
//!
//! Source: `ql4_fw.h`, defines inside `struct addr_ctrl_blk`. `iscsi_opts` is [`super::ddb::IscsiOptions`].

use bitflags::bitflags;

use super::ddb::IscsiOptions;
use super::raw::addr_ctrl_blk;

/// `acb_version` of firmware that knows version 2 control blocks.
pub const ACB_SUPPORTED: u8 = 0x02;
/// Highest `version`.
pub const IFCB_VER_MAX: u8 = 0x02;

bitflags! {
    /// `fw_options`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct FwOptions: u16 {
        /// Completion by response queue buffer.
        const ENABLE_CRBDB = 0x8000;
        /// Heartbeat events.
        const HEARTBEAT_ENABLE = 0x1000;
        /// Session mode.
        const SESSION_MODE = 0x0040;
        /// Initiator mode.
        const INITIATOR_MODE = 0x0020;
        /// Target mode.
        const TARGET_MODE = 0x0010;
    }

    /// `add_fw_options`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AddFwOptions: u16 {
        /// One task management function at a time.
        const SERIALIZE_TASK_MGMT = 0x0400;
        /// The firmware does not log in by itself.
        const AUTOCONN_DISABLE = 0x0002;
    }

    /// `ipv4_tcp_opts`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Ipv4TcpOptions: u16 {
        /// Delayed ACK off.
        const DELAYED_ACK_DISABLE = 0x8000;
        /// Address by DHCP.
        const DHCP_ENABLE = 0x0200;
        /// Name servers by DHCP.
        const DNS_SERVER_IP_EN = 0x0100;
        /// SLP directory agent by DHCP.
        const SLP_DA_INFO_EN = 0x0080;
        /// Nagle off.
        const NAGLE_ALGO_DISABLE = 0x0020;
        /// Window scaling off.
        const WINDOW_SCALE_DISABLE = 0x0010;
        /// Timer scale, three bits.
        const TIMER_SCALE = 0x000E;
        /// Timestamps.
        const TIMESTAMP_ENABLE = 0x0001;
    }

    /// `ipv4_ip_opts`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Ipv4IpOptions: u16 {
        /// IPv4 is on.
        const IPV4_PROTOCOL_ENABLE = 0x8000;
        /// Type of service is set.
        const IPV4_TOS_EN = 0x4000;
        /// VLAN tagging.
        const VLAN_TAGGING_ENABLE = 0x2000;
        /// Gratuitous ARP.
        const GRAT_ARP_EN = 0x1000;
        /// Alternative DHCP client ID.
        const ALT_CID_EN = 0x0800;
        /// Require the DHCP vendor ID.
        const REQ_VID_EN = 0x0400;
        /// Send the DHCP vendor ID.
        const USE_VID_EN = 0x0200;
        /// Learn the initiator name by DHCP.
        const LEARN_IQN_EN = 0x0100;
        /// Fragmentation off.
        const FRAGMENTATION_DISABLE = 0x0010;
        /// Forward incoming packets.
        const IN_FORWARD_EN = 0x0008;
        /// Follow ARP redirects.
        const ARP_REDIRECT_EN = 0x0004;
    }

    /// `ipv6_opts`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Ipv6Options: u16 {
        /// IPv6 is on.
        const IPV6_PROTOCOL_ENABLE = 0x8000;
        /// VLAN tagging.
        const VLAN_TAGGING_ENABLE = 0x2000;
        /// Gratuitous neighbour advertisement.
        const GRAT_NEIGHBOR_ADV_EN = 0x1000;
        /// Follow redirects.
        const REDIRECT_EN = 0x0004;
    }

    /// `ipv6_addtl_opts`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Ipv6AddOptions: u16 {
        /// Do not answer echo requests.
        const IGNORE_ICMP_ECHO_REQ = 0x0040;
        /// Multicast listener discovery.
        const MLD_EN = 0x0004;
        /// Addresses by neighbour discovery (primary block only).
        const NEIGHBOR_DISCOVERY_ADDR_ENABLE = 0x0002;
        /// Link-local address made by the firmware.
        const AUTOCONFIG_LINK_LOCAL_ADDR = 0x0001;
    }

    /// `ipv6_tcp_opts`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Ipv6TcpOptions: u16 {
        /// Delayed ACK off.
        const DELAYED_ACK_DISABLE = 0x8000;
        /// Nagle off.
        const NAGLE_ALGO_DISABLE = 0x0020;
        /// Window scaling off.
        const WINDOW_SCALE_DISABLE = 0x0010;
        /// Timer scale, three bits.
        const TIMER_SCALE = 0x000E;
        /// Timestamps.
        const TIMESTAMP_EN = 0x0001;
    }
}

/// Generates a getter that keeps unknown bits and a setter.
macro_rules! flag_words {
    ($($get:ident, $set:ident: $field:ident => $flags:ty;)*) => {
        impl addr_ctrl_blk {$(
            #[doc = concat!("`", stringify!($field), "` as [`", stringify!($flags), "`]; unknown bits are kept.")]
            #[must_use]
            pub fn $get(&self) -> $flags {
                <$flags>::from_bits_retain(self.$field.get())
            }

            #[doc = concat!("Stores `", stringify!($field), "`.")]
            pub fn $set(&mut self, flags: $flags) {
                self.$field.set(flags.bits());
            }
        )*}
    };
}

flag_words! {
    fw_flags, set_fw_flags: fw_options => FwOptions;
    add_fw_flags, set_add_fw_flags: add_fw_options => AddFwOptions;
    iscsi_flags, set_iscsi_flags: iscsi_opts => IscsiOptions;
    ipv4_tcp_flags, set_ipv4_tcp_flags: ipv4_tcp_opts => Ipv4TcpOptions;
    ipv4_ip_flags, set_ipv4_ip_flags: ipv4_ip_opts => Ipv4IpOptions;
    ipv6_flags, set_ipv6_flags: ipv6_opts => Ipv6Options;
    ipv6_add_flags, set_ipv6_add_flags: ipv6_addtl_opts => Ipv6AddOptions;
    ipv6_tcp_flags, set_ipv6_tcp_flags: ipv6_tcp_opts => Ipv6TcpOptions;
}
