//! Parameters of a host (port): SET_HOST_PARAM carries them as text, sysfs shows them.
//!
//! Source: `iscsi_if.h`, `enum iscsi_host_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_host_attr`.

use super::info::params;

params! {
    /// A host parameter.
    pub enum HostParam;
    Hwaddress = 0 "ISCSI_HOST_PARAM_HWADDRESS", Host "hwaddress" _,
        Ascii, TEXT, "hardware address";
    InitiatorName = 1 "ISCSI_HOST_PARAM_INITIATOR_NAME", Host "initiatorname" _,
        Ascii, TEXT, "initiator name";
    NetdevName = 2 "ISCSI_HOST_PARAM_NETDEV_NAME", Host "netdev" _,
        Ascii, TEXT, "network device name";
    Ipaddress = 3 "ISCSI_HOST_PARAM_IPADDRESS", Host "ipaddress" _,
        Ascii, TEXT, "IP address";
    PortState = 4 "ISCSI_HOST_PARAM_PORT_STATE", Host "port_state" _,
        Ascii, TEXT, "port state";
    PortSpeed = 5 "ISCSI_HOST_PARAM_PORT_SPEED", Host "port_speed" _,
        Ascii, TEXT, "port speed";
}
