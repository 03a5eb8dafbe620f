//! The small codes inside of messages; their numbers stand in the rows of [`super::Request`] and [`super::Event`].
//!
//! Source: `iscsi_if.h`, the enums named below.

use crate::abi::open_enum;

pub use super::event::Kevent;
pub use super::request::Uevent;

/// Length of `nlmsghdr` plus `iscsi_uevent`, in bytes: the shortest message.
pub const MIN_MESSAGE: usize = 72;

/// `iscsi_uevent.type` of the answer to a request that failed (`ISCSI_KEVENT_IF_ERROR`); nothing multicast carries it.
pub const IF_ERROR: u32 = 103;

/// Multicast group of iscsid (bit of `sockaddr_nl.nl_groups`).
pub const GROUP_ISCSID: u32 = 1;
/// Multicast group of the network helper (bit of `sockaddr_nl.nl_groups`).
pub const GROUP_UIP: u32 = 2;

open_enum! {
    /// What happened to a host (`enum iscsi_host_event_code`).
    pub enum HostEventCode: u32 {
        /// Link up.
        LinkUp = 1 => "ISCSI_EVENT_LINKUP",
        /// Link down.
        LinkDown = 2 => "ISCSI_EVENT_LINKDOWN",
    }

    /// Result of a ping (`enum iscsi_ping_status_code`).
    pub enum PingStatus: u32 {
        /// An answer came.
        Success = 0 => "ISCSI_PING_SUCCESS",
        /// The firmware does not ping.
        FwDisabled = 1 => "ISCSI_PING_FW_DISABLED",
        /// The interface has no valid address.
        IpaddrInvalid = 2 => "ISCSI_PING_IPADDR_INVALID",
        /// The link-local address is not valid.
        LinklocalIpv6AddrInvalid = 3 => "ISCSI_PING_LINKLOCAL_IPV6_ADDR_INVALID",
        /// No answer in time.
        Timeout = 4 => "ISCSI_PING_TIMEOUT",
        /// The destination is not valid.
        InvalidDestAddr = 5 => "ISCSI_PING_INVALID_DEST_ADDR",
        /// The packet is too large.
        OversizePacket = 6 => "ISCSI_PING_OVERSIZE_PACKET",
        /// An ICMP error came.
        IcmpError = 7 => "ISCSI_PING_ICMP_ERROR",
        /// Too many pings at once.
        MaxReqExceeded = 8 => "ISCSI_PING_MAX_REQ_EXCEEDED",
        /// Nobody answered ARP.
        NoArpReceived = 9 => "ISCSI_PING_NO_ARP_RECEIVED",
    }

    /// State of a connection that the adapter logs in (`enum iscsi_conn_state`).
    pub enum ConnState: u32 {
        /// Free.
        Free = 0 => "ISCSI_CONN_STATE_FREE",
        /// Waits for the transport.
        XptWait = 1 => "ISCSI_CONN_STATE_XPT_WAIT",
        /// Login runs.
        InLogin = 2 => "ISCSI_CONN_STATE_IN_LOGIN",
        /// Logged in.
        LoggedIn = 3 => "ISCSI_CONN_STATE_LOGGED_IN",
        /// Logout runs.
        InLogout = 4 => "ISCSI_CONN_STATE_IN_LOGOUT",
        /// The target asked for a logout.
        LogoutRequested = 5 => "ISCSI_CONN_STATE_LOGOUT_REQUESTED",
        /// Waits for cleanup.
        CleanupWait = 6 => "ISCSI_CONN_STATE_CLEANUP_WAIT",
    }

    /// Why a connection failed (`enum iscsi_err`).
    pub enum IscsiErr: u32 {
        /// No error.
        Ok = 0 => "ISCSI_OK",
        /// Wrong DataSN.
        DataSn = 1001 => "ISCSI_ERR_DATASN",
        /// Wrong data offset.
        DataOffset = 1002 => "ISCSI_ERR_DATA_OFFSET",
        /// Wrong MaxCmdSN.
        MaxCmdSn = 1003 => "ISCSI_ERR_MAX_CMDSN",
        /// Wrong ExpCmdSN.
        ExpCmdSn = 1004 => "ISCSI_ERR_EXP_CMDSN",
        /// Unknown opcode.
        BadOpcode = 1005 => "ISCSI_ERR_BAD_OPCODE",
        /// Wrong data length.
        DataLen = 1006 => "ISCSI_ERR_DATALEN",
        /// Wrong additional header length.
        AhsLen = 1007 => "ISCSI_ERR_AHSLEN",
        /// Protocol error.
        Proto = 1008 => "ISCSI_ERR_PROTO",
        /// Wrong LUN.
        Lun = 1009 => "ISCSI_ERR_LUN",
        /// Unknown task tag.
        BadItt = 1010 => "ISCSI_ERR_BAD_ITT",
        /// Connection failed.
        ConnFailed = 1011 => "ISCSI_ERR_CONN_FAILED",
        /// Wrong R2TSN.
        R2tSn = 1012 => "ISCSI_ERR_R2TSN",
        /// Session failed.
        SessionFailed = 1013 => "ISCSI_ERR_SESSION_FAILED",
        /// Header digest error.
        HdrDgst = 1014 => "ISCSI_ERR_HDR_DGST",
        /// Data digest error.
        DataDgst = 1015 => "ISCSI_ERR_DATA_DGST",
        /// Parameter not found.
        ParamNotFound = 1016 => "ISCSI_ERR_PARAM_NOT_FOUND",
        /// No SCSI command for this tag.
        NoScsiCmd = 1017 => "ISCSI_ERR_NO_SCSI_CMD",
        /// Host is gone.
        InvalidHost = 1018 => "ISCSI_ERR_INVALID_HOST",
        /// Sending failed.
        XmitFailed = 1019 => "ISCSI_ERR_XMIT_FAILED",
        /// The peer closed the connection.
        TcpConnClose = 1020 => "ISCSI_ERR_TCP_CONN_CLOSE",
        /// Error handling reset the session.
        ScsiEhSessionRst = 1021 => "ISCSI_ERR_SCSI_EH_SESSION_RST",
        /// A NOP was not answered.
        NopTimedout = 1022 => "ISCSI_ERR_NOP_TIMEDOUT",
    }

    /// How STOP_CONN ends a connection.
    pub enum StopFlag: u32 {
        /// For good.
        Term = 1 => "STOP_CONN_TERM",
        /// For now.
        Suspend = 2 => "STOP_CONN_SUSPEND",
        /// For recovery.
        Recover = 3 => "STOP_CONN_RECOVER",
    }

    /// Discovery method (`enum iscsi_tgt_dscvr`).
    pub enum Discovery: u32 {
        /// SendTargets.
        SendTargets = 1 => "ISCSI_TGT_DSCVR_SEND_TARGETS",
        /// iSNS.
        Isns = 2 => "ISCSI_TGT_DSCVR_ISNS",
        /// SLP.
        Slp = 3 => "ISCSI_TGT_DSCVR_SLP",
    }

    /// Address family of an interface.
    pub enum IfaceType: u8 {
        /// IPv4.
        Ipv4 = 1 => "ISCSI_IFACE_TYPE_IPV4",
        /// IPv6.
        Ipv6 = 2 => "ISCSI_IFACE_TYPE_IPV6",
    }

    /// Which table a parameter code belongs to (`enum iscsi_param_type`).
    pub enum ParamType: u8 {
        /// Session or connection.
        Iscsi = 0 => "ISCSI_PARAM",
        /// Host.
        Host = 1 => "ISCSI_HOST_PARAM",
        /// Network.
        Net = 2 => "ISCSI_NET_PARAM",
        /// Flash node.
        Flashnode = 3 => "ISCSI_FLASHNODE_PARAM",
        /// CHAP.
        Chap = 4 => "ISCSI_CHAP_PARAM",
        /// iSCSI settings of an interface.
        Iface = 5 => "ISCSI_IFACE_PARAM",
    }

    /// Link state of a port (`enum iscsi_port_state`).
    pub enum PortState: u32 {
        /// Down.
        Down = 1 => "ISCSI_PORT_STATE_DOWN",
        /// Up.
        Up = 2 => "ISCSI_PORT_STATE_UP",
    }

    /// Link speed of a port (`enum iscsi_port_speed`).
    pub enum PortSpeed: u32 {
        /// Not known.
        NotKnown = 0x01 => "ISCSI_PORT_SPEED_UNKNOWN",
        /// 10 Mbit/s.
        Mbps10 = 0x02 => "ISCSI_PORT_SPEED_10MBPS",
        /// 100 Mbit/s.
        Mbps100 = 0x04 => "ISCSI_PORT_SPEED_100MBPS",
        /// 1 Gbit/s.
        Gbps1 = 0x08 => "ISCSI_PORT_SPEED_1GBPS",
        /// 10 Gbit/s.
        Gbps10 = 0x10 => "ISCSI_PORT_SPEED_10GBPS",
        /// 25 Gbit/s.
        Gbps25 = 0x20 => "ISCSI_PORT_SPEED_25GBPS",
        /// 40 Gbit/s.
        Gbps40 = 0x40 => "ISCSI_PORT_SPEED_40GBPS",
    }
}

/// Off and on in single-byte interface parameters (`ISCSI_NET_PARAM_DISABLE`, `…_ENABLE`).
pub const OFF: u8 = 1;
/// See [`OFF`].
pub const ON: u8 = 2;
/// `ISCSI_BOOTPROTO_STATIC`.
pub const BOOTPROTO_STATIC: u8 = 1;
/// `ISCSI_BOOTPROTO_DHCP`.
pub const BOOTPROTO_DHCP: u8 = 2;
/// `ISCSI_IPV6_AUTOCFG_DISABLE`.
pub const IPV6_AUTOCFG_DISABLE: u8 = 1;
/// `ISCSI_IPV6_AUTOCFG_ND_ENABLE`.
pub const IPV6_AUTOCFG_ND: u8 = 2;
/// `ISCSI_IPV6_AUTOCFG_DHCPV6_ENABLE`.
pub const IPV6_AUTOCFG_DHCPV6: u8 = 3;
/// `ISCSI_IPV6_LINKLOCAL_AUTOCFG_ENABLE` and `ISCSI_IPV6_ROUTER_AUTOCFG_ENABLE`: on is 1 here.
pub const IPV6_AUTO_ON: u8 = 1;
/// `ISCSI_IPV6_LINKLOCAL_AUTOCFG_DISABLE` and `ISCSI_IPV6_ROUTER_AUTOCFG_DISABLE`: off is 2 here.
pub const IPV6_AUTO_OFF: u8 = 2;
