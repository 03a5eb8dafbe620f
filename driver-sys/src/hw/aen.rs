//! Asynchronous event codes (AEN) and the states they carry.
//!
//! Source: `ql4_fw.h`, `MBOX_ASTS_*`, `IP_ADDRSTATE_*`, `IPV6_RTRSTATE_*`.

use crate::abi::open_enum;

open_enum! {
    /// An asynchronous event code (mailbox 0, from the firmware).
    pub enum Aen: u16 {
        /// Fatal firmware error.
        SystemError = 0x8002 => "MBOX_ASTS_SYSTEM_ERROR",
        /// DMA of a request failed.
        RequestTransferError = 0x8003 => "MBOX_ASTS_REQUEST_TRANSFER_ERROR",
        /// DMA of a response failed.
        ResponseTransferError = 0x8004 => "MBOX_ASTS_RESPONSE_TRANSFER_ERROR",
        /// A counter crossed its alarm level.
        ProtocolStatisticAlarm = 0x8005 => "MBOX_ASTS_PROTOCOL_STATISTIC_ALARM",
        /// A target rejected a command PDU.
        ScsiCommandPduRejected = 0x8006 => "MBOX_ASTS_SCSI_COMMAND_PDU_REJECTED",
        /// Link up.
        LinkUp = 0x8010 => "MBOX_ASTS_LINK_UP",
        /// Link down.
        LinkDown = 0x8011 => "MBOX_ASTS_LINK_DOWN",
        /// A DDB changed: mailbox 1 scope, 2 index, 3 state.
        DatabaseChanged = 0x8014 => "MBOX_ASTS_DATABASE_CHANGED",
        /// A PDU nobody asked for.
        UnsolicitedPduReceived = 0x8015 => "MBOX_ASTS_UNSOLICITED_PDU_RECEIVED",
        /// Self test failed.
        SelfTestFailed = 0x8016 => "MBOX_ASTS_SELF_TEST_FAILED",
        /// A login failed.
        LoginFailed = 0x8017 => "MBOX_ASTS_LOGIN_FAILED",
        /// Name service event.
        Dns = 0x8018 => "MBOX_ASTS_DNS",
        /// Firmware heartbeat.
        Heartbeat = 0x8019 => "MBOX_ASTS_HEARTBEAT",
        /// NVRAM checksum or signature wrong.
        NvramInvalid = 0x801a => "MBOX_ASTS_NVRAM_INVALID",
        /// MAC address changed.
        MacAddressChanged = 0x801b => "MBOX_ASTS_MAC_ADDRESS_CHANGED",
        /// IP address changed.
        IpAddressChanged = 0x801c => "MBOX_ASTS_IP_ADDRESS_CHANGED",
        /// DHCP lease expired.
        DhcpLeaseExpired = 0x801d => "MBOX_ASTS_DHCP_LEASE_EXPIRED",
        /// DHCP lease acquired.
        DhcpLeaseAcquired = 0x801f => "MBOX_ASTS_DHCP_LEASE_ACQUIRED",
        /// An iSNS PDU nobody asked for.
        IsnsUnsolicitedPduReceived = 0x8021 => "MBOX_ASTS_ISNS_UNSOLICITED_PDU_RECEIVED",
        /// Fatal IPsec error.
        IpsecSystemFatalError = 0x8022 => "MBOX_ASTS_IPSEC_SYSTEM_FATAL_ERROR",
        /// Another station has our address.
        DuplicateIp = 0x8025 => "MBOX_ASTS_DUPLICATE_IP",
        /// ARP finished.
        ArpComplete = 0x8026 => "MBOX_ASTS_ARP_COMPLETE",
        /// Subnet state changed.
        SubnetStateChange = 0x8027 => "MBOX_ASTS_SUBNET_STATE_CHANGE",
        /// Response queue full.
        ResponseQueueFull = 0x8028 => "MBOX_ASTS_RESPONSE_QUEUE_FULL",
        /// State of an IP address changed: mailbox 2 old, 3 new.
        IpAddrStateChanged = 0x8029 => "MBOX_ASTS_IP_ADDR_STATE_CHANGED",
        /// IPv6 default router changed.
        Ipv6DefaultRouterChanged = 0x802a => "MBOX_ASTS_IPV6_DEFAULT_ROUTER_CHANGED",
        /// IPv6 link MTU changed.
        Ipv6LinkMtuChange = 0x802b => "MBOX_ASTS_IPV6_LINK_MTU_CHANGE",
        /// An advertised prefix was ignored.
        Ipv6AutoPrefixIgnored = 0x802c => "MBOX_ASTS_IPV6_AUTO_PREFIX_IGNORED",
        /// An on-link prefix was ignored.
        Ipv6NdLocalPrefixIgnored = 0x802d => "MBOX_ASTS_IPV6_ND_LOCAL_PREFIX_IGNORED",
        /// ICMPv6 error received.
        Icmpv6ErrorMsgRcvd = 0x802e => "MBOX_ASTS_ICMPV6_ERROR_MSG_RCVD",
        /// Firmware initialization failed.
        InitializationFailed = 0x8031 => "MBOX_ASTS_INITIALIZATION_FAILED",
        /// Firmware warning.
        SystemWarningEvent = 0x8036 => "MBOX_ASTS_SYSTEM_WARNING_EVENT",
        /// Inter-driver message done.
        IdcComplete = 0x8100 => "MBOX_ASTS_IDC_COMPLETE",
        /// Inter-driver message asked for.
        IdcRequestNotification = 0x8101 => "MBOX_ASTS_IDC_REQUEST_NOTIFICATION",
        /// Inter-driver time extension.
        IdcTimeExtendNotification = 0x8102 => "MBOX_ASTS_IDC_TIME_EXTEND_NOTIFICATION",
        /// DCBX configuration changed.
        DcbxConfChange = 0x8110 => "MBOX_ASTS_DCBX_CONF_CHANGE",
        /// Transceiver inserted.
        TxscvrInserted = 0x8130 => "MBOX_ASTS_TXSCVR_INSERTED",
        /// Transceiver removed.
        TxscvrRemoved = 0x8131 => "MBOX_ASTS_TXSCVR_REMOVED",
    }

    /// Firmware state of an IP address (ACB fields and [`Aen::IpAddrStateChanged`]).
    pub enum IpAddrState: u8 {
        /// Not configured.
        Unconfigured = 0 => "IP_ADDRSTATE_UNCONFIGURED",
        /// Not usable (a duplicate was found).
        Invalid = 1 => "IP_ADDRSTATE_INVALID",
        /// Being acquired by DHCP.
        Acquiring = 2 => "IP_ADDRSTATE_ACQUIRING",
        /// Duplicate detection runs.
        Tentative = 3 => "IP_ADDRSTATE_TENTATIVE",
        /// Not for new connections.
        Deprecated = 4 => "IP_ADDRSTATE_DEPRICATED",
        /// In use.
        Preferred = 5 => "IP_ADDRSTATE_PREFERRED",
        /// Being taken down.
        Disabling = 6 => "IP_ADDRSTATE_DISABLING",
    }

    /// Firmware state of the IPv6 default router (ACB field).
    pub enum Ipv6RouterState: u8 {
        /// None known.
        NoRouter = 0 => "IPV6_RTRSTATE_UNKNOWN",
        /// Set by hand.
        Manual = 1 => "IPV6_RTRSTATE_MANUAL",
        /// Learnt from an advertisement.
        Advertised = 3 => "IPV6_RTRSTATE_ADVERTISED",
        /// Lifetime over.
        Stale = 4 => "IPV6_RTRSTATE_STALE",
    }
}
