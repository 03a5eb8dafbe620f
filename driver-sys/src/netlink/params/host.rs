//! Parameters of a host (port): SET_HOST_PARAM carries them as text, sysfs shows them.
//!
//! Source: `iscsi_if.h`, `enum iscsi_host_param`; attribute names from `scsi_transport_iscsi.c`, `iscsi_host_attr`.

use super::info::{Object, ParamInfo, Value, WireKind, param_impl};
use crate::abi::open_enum;

type P = HostParam;

const fn host(param: P, attr: &'static str) -> ParamInfo<P> {
    ParamInfo {
        param,
        object: Object::Host,
        attr: Some(attr),
        key: None,
        kind: WireKind::Ascii(Value::Text),
        settable: false,
        root_only: false,
    }
}

open_enum! {
    /// A host parameter.
    pub enum HostParam: u16 {
        /// Hardware address.
        Hwaddress = 0 => "ISCSI_HOST_PARAM_HWADDRESS",
        /// Initiator name.
        InitiatorName = 1 => "ISCSI_HOST_PARAM_INITIATOR_NAME",
        /// Network device name.
        NetdevName = 2 => "ISCSI_HOST_PARAM_NETDEV_NAME",
        /// IP address.
        Ipaddress = 3 => "ISCSI_HOST_PARAM_IPADDRESS",
        /// Port state.
        PortState = 4 => "ISCSI_HOST_PARAM_PORT_STATE",
        /// Port speed.
        PortSpeed = 5 => "ISCSI_HOST_PARAM_PORT_SPEED",
    }
}

param_impl!(HostParam, HOST_PARAMS);

/// Every host parameter, in code order.
pub static HOST_PARAMS: [ParamInfo<HostParam>; 6] = [
    host(P::Hwaddress, "hwaddress"),
    host(P::InitiatorName, "initiatorname"),
    host(P::NetdevName, "netdev"),
    host(P::Ipaddress, "ipaddress"),
    host(P::PortState, "port_state"),
    host(P::PortSpeed, "port_speed"),
];
