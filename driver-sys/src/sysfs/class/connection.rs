//! `/sys/class/iscsi_connection/connectionS:C`: where a session's connection goes, and its state.
//!
//! Owns: [`PortalAttrs`] and the address fallbacks, [`ConnectionState`]. Must not know: sessions.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_conn_attrs`, `show_conn_ep_param_*`).

use crate::netlink::params::IscsiParam;
use crate::sysfs::value::words;
use crate::sysfs::{Address, Portal, attrs};

words! {
    /// A connection's state. The offload drivers that log in by themselves leave it at `down`.
    pub enum ConnectionState, "a connection state" {
        /// Full feature phase.
        Up = "up",
        /// Not started.
        Down = "down",
        /// Lost.
        Failed = "failed",
        /// Bound to a socket or endpoint.
        Bound = "bound",
    }
}

attrs! {
    /// The four attributes that a connection's portals come from.
    pub struct PortalAttrs, table PORTAL_ATTRS {
        /// The address that was asked for.
        may persistent_address: Address = (IscsiParam::PersistentAddress);
        /// The port that was asked for.
        may persistent_port: u16 = (IscsiParam::PersistentPort);
        /// The address in use, different after a redirect.
        may address: Address = (IscsiParam::ConnAddress);
        /// The port in use.
        may port: u16 = (IscsiParam::ConnPort);
    }
}

/// Where a connection was meant to go and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portals {
    /// What was asked for.
    pub persistent: Portal,
    /// What is in use; different after a redirect.
    pub current: Portal,
}

impl PortalAttrs {
    /// Fills each missing half from the other: older qla4xxx show no persistent address, iSER no current one. `None` when neither
    /// address or neither port is known.
    pub fn portals(self) -> Option<Portals> {
        let address = self.persistent_address.clone().or_else(|| self.address.clone())?;
        let port = self.persistent_port.or(self.port)?;
        Some(Portals {
            current: Portal {
                address: self.address.unwrap_or_else(|| address.clone()),
                port: self.port.unwrap_or(port),
            },
            persistent: Portal { address, port },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attrs(pa: Option<&str>, pp: Option<u16>, a: Option<&str>, p: Option<u16>) -> PortalAttrs {
        PortalAttrs {
            persistent_address: pa.map(Address::new),
            persistent_port: pp,
            address: a.map(Address::new),
            port: p,
        }
    }

    #[test]
    fn each_half_of_a_portal_falls_back_on_its_own() {
        let case = |from: PortalAttrs| {
            from.portals()
                .map(|p| (p.persistent.to_string(), p.current.to_string()))
        };
        let both = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(
            case(attrs(Some("10.0.0.1"), Some(1), Some("10.0.0.2"), Some(2))),
            both("10.0.0.1:1", "10.0.0.2:2")
        );
        assert_eq!(
            case(attrs(None, Some(1), Some("10.0.0.2"), Some(2))),
            both("10.0.0.2:1", "10.0.0.2:2")
        );
        assert_eq!(
            case(attrs(Some("10.0.0.1"), Some(1), None, Some(2))),
            both("10.0.0.1:1", "10.0.0.1:2")
        );
        assert_eq!(case(attrs(None, Some(1), None, Some(2))), None);
        assert_eq!(
            case(attrs(Some("10.0.0.1"), None, Some("10.0.0.2"), Some(2))),
            both("10.0.0.1:2", "10.0.0.2:2")
        );
        assert_eq!(
            case(attrs(Some("10.0.0.1"), Some(1), Some("10.0.0.2"), None)),
            both("10.0.0.1:1", "10.0.0.2:1")
        );
        assert_eq!(case(attrs(Some("10.0.0.1"), None, Some("10.0.0.2"), None)), None);
        assert_eq!(
            case(attrs(Some("10.0.0.1"), Some(1), None, None)),
            both("10.0.0.1:1", "10.0.0.1:1")
        );
    }
}
