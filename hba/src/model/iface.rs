//! Interfaces of a port: applied parameters and staged ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Family, HostNo, IfaceId};
use crate::model::HelperInterface;
use crate::params::{IfaceCode, NetParam, ParamMap, ParamValue, Params, address_of};

/// One interface of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Iface {
    /// Sysfs name, as `ipv4-iface-0-0`.
    pub name: String,
    /// The port.
    pub host: HostNo,
    /// IPv4 or IPv6.
    pub family: Family,
    /// Number within the family; on adapters whose addresses the network helper keeps, the VLAN ID, 0 for untagged frames.
    pub num: u32,
    /// Whether the kernel shows it. Drivers as qla4xxx take the objects of a protocol that is off away; such an interface is set by
    /// its family and number, and only `enabled` is known of it.
    #[serde(default = "yes")]
    pub present: bool,
    /// Whether the protocol is on.
    pub enabled: Option<bool>,
    /// IP address.
    pub address: Option<String>,
    /// State of the address, as `Valid`.
    pub address_state: Option<String>,
    /// MTU in bytes.
    pub mtu: Option<u32>,
    /// All parameters as applied, by name.
    pub params: Params<IfaceCode>,
    /// Parameters staged and not yet applied.
    #[serde(default)]
    pub staged: ParamMap<IfaceCode, StagedValue>,
    /// What the network helper has of it, on adapters whose addresses it keeps: of the interface's family alone.
    pub helper: Option<HelperInterface>,
}

impl Iface {
    /// An interface from its parameters, nothing staged.
    #[must_use]
    pub fn from_params(id: IfaceId, params: Params<IfaceCode>) -> Self {
        let net = |param| params.value(IfaceCode::Net(param));
        let text = |value: Option<&ParamValue>| {
            value
                .and_then(ParamValue::as_text)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        Self {
            name: id.to_string(),
            host: id.host,
            family: id.family,
            num: id.num,
            present: true,
            enabled: net(NetParam::IfaceEnable).and_then(ParamValue::as_flag),
            address: text(params.value(address_of(id.family))),
            address_state: text(net(NetParam::IpaddrState)),
            mtu: net(NetParam::Mtu)
                .and_then(ParamValue::as_number)
                .and_then(|n| u32::try_from(n).ok()),
            params,
            staged: ParamMap::new(),
            helper: None,
        }
    }

    /// An interface of a protocol that is off, which the kernel does not show.
    #[must_use]
    pub fn off(id: IfaceId) -> Self {
        let off = (
            IfaceCode::Net(NetParam::IfaceEnable),
            Some(ParamValue::Flag(false)),
        );
        Self {
            present: false,
            ..Self::from_params(id, [off].into_iter().collect())
        }
    }

    /// The identity.
    #[must_use]
    pub fn id(&self) -> IfaceId {
        IfaceId {
            host: self.host,
            family: self.family,
            num: self.num,
        }
    }
}

fn yes() -> bool {
    true
}

/// A parameter waiting to be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StagedValue {
    /// The value applied now.
    pub applied: Option<ParamValue>,
    /// The value staged.
    pub staged: ParamValue,
}
