//! Parameters of a host (port): SET_HOST_PARAM carries them as text, sysfs shows them.
//!
//! Source: `iscsi_if.h`, `enum iscsi_host_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_host_attr`.

use super::info::{Value, params};

params! {
    /// A host parameter.
    pub enum HostParam;
    /// Every host parameter, in code order.
    pub static HOST_PARAMS: 6 rows {
        /// Hardware address.
        Hwaddress = 0, "ISCSI_HOST_PARAM_HWADDRESS", Host, Some("hwaddress"), None, Ascii(Value::Text), everyone;
        /// Initiator name.
        InitiatorName = 1, "ISCSI_HOST_PARAM_INITIATOR_NAME", Host, Some("initiatorname"), None, Ascii(Value::Text), everyone;
        /// Network device name.
        NetdevName = 2, "ISCSI_HOST_PARAM_NETDEV_NAME", Host, Some("netdev"), None, Ascii(Value::Text), everyone;
        /// IP address.
        Ipaddress = 3, "ISCSI_HOST_PARAM_IPADDRESS", Host, Some("ipaddress"), None, Ascii(Value::Text), everyone;
        /// Port state.
        PortState = 4, "ISCSI_HOST_PARAM_PORT_STATE", Host, Some("port_state"), None, Ascii(Value::Text), everyone;
        /// Port speed.
        PortSpeed = 5, "ISCSI_HOST_PARAM_PORT_SPEED", Host, Some("port_speed"), None, Ascii(Value::Text), everyone;
    }
}
