//! `/sys/class/iscsi_connection/connectionS:C`: a session's connections.
//!
//! Owns: [`Connection`], the address fallbacks. Must not know: sessions.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_conn_attrs`, `show_conn_ep_param_*`).

use crate::sysfs::value::words;
use crate::sysfs::{Address, Error, Fault, Place, Portal, Reader, Root, attrs};

use super::Listing;
use super::listing::number_after;

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
    /// A connection's attributes other than its portals.
    pub struct ConnectionAttrs, table CONNECTION_ATTRS {
        /// State; kernels before 5.7 have none.
        may state: ConnectionState = "state";
        /// Longest data segment that this side takes, in bytes.
        may max_recv_dlength: u32 = "max_recv_dlength";
        /// Longest data segment that the target takes, in bytes.
        may max_xmit_dlength: u32 = "max_xmit_dlength";
        /// Header digest in use.
        may header_digest: bool = "header_digest";
        /// Data digest in use.
        may data_digest: bool = "data_digest";
        /// Markers received (obsolete).
        may ifmarker: bool = "ifmarker";
        /// Markers sent (obsolete).
        may ofmarker: bool = "ofmarker";
        /// Next expected StatSN.
        may exp_statsn: u32 = "exp_statsn";
        /// StatSN.
        may statsn: u32 = "statsn";
        /// NOP-Out timeout in seconds.
        may ping_tmo: u32 = "ping_tmo";
        /// NOP-Out interval in seconds.
        may recv_tmo: u32 = "recv_tmo";
        /// Local TCP port.
        may local_port: u16 = "local_port";
        /// Local address.
        may local_ipaddr: Address = "local_ipaddr";
        /// Keep-alive timeout.
        may keepalive_tmo: u32 = "keepalive_tmo";
        /// TCP segment size in bytes.
        may max_segment_size: u32 = "max_segment_size";
        /// TCP timestamps in use.
        may tcp_timestamp_stat: u32 = "tcp_timestamp_stat";
        /// TCP window scaling off.
        may tcp_wsf_disable: u32 = "tcp_wsf_disable";
        /// Nagle's algorithm off.
        may tcp_nagle_disable: u32 = "tcp_nagle_disable";
        /// TCP timer scale.
        may tcp_timer_scale: u32 = "tcp_timer_scale";
        /// TCP timestamps wanted.
        may tcp_timestamp_enable: u32 = "tcp_timestamp_enable";
        /// IP fragmentation off.
        may fragment_disable: u32 = "fragment_disable";
        /// Type of service.
        may ipv4_tos: u32 = "ipv4_tos";
        /// Traffic class.
        may ipv6_traffic_class: u32 = "ipv6_traffic_class";
        /// Flow label.
        may ipv6_flow_label: u32 = "ipv6_flow_label";
        /// Whether the firmware assigned the IPv6 address.
        may is_fw_assigned_ipv6: u32 = "is_fw_assigned_ipv6";
        /// Window scale sent.
        may tcp_xmit_wsf: u32 = "tcp_xmit_wsf";
        /// Window scale received.
        may tcp_recv_wsf: u32 = "tcp_recv_wsf";
    }
}

attrs! {
    /// The four attributes that a connection's portals come from.
    pub struct PortalAttrs, table PORTAL_ATTRS {
        /// The address that was asked for.
        may persistent_address: Address = "persistent_address";
        /// The port that was asked for.
        may persistent_port: u16 = "persistent_port";
        /// The address in use, different after a redirect.
        may address: Address = "address";
        /// The port in use.
        may port: u16 = "port";
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

/// A connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// Session number.
    pub sid: u32,
    /// Connection number in the session.
    pub cid: u32,
    /// Portals; `None` when the kernel knows no address.
    pub portals: Option<Portals>,
    /// Everything else.
    pub attrs: ConnectionAttrs,
}

/// Lists all connections.
pub fn connections(root: &Root) -> Result<Listing<Connection>, Error> {
    Listing::of(
        root,
        "class/iscsi_connection",
        "connection",
        |reader, dir, name| read(reader, dir.at(name), name),
    )
}

/// Reads one connection of a session.
pub fn connection(root: &Root, sid: u32, cid: u32) -> Result<Connection, Error> {
    let name = format!("connection{sid}:{cid}");
    let path = format!("class/iscsi_connection/{name}");
    let mut reader = Reader::new();
    reader.confirm(root.at(&path))?;
    read(&mut reader, root.at(&path), &name)
}

fn read(reader: &mut Reader, at: Place<'_>, name: &str) -> Result<Connection, Error> {
    let (sid, cid) = numbers(name).ok_or_else(|| {
        at.error(
            "",
            Fault::Malformed {
                expected: "connectionSID:CID",
                found: name.chars().take(64).collect::<String>().into(),
            },
        )
    })?;
    let portals = PortalAttrs::read(reader, at)?.portals();
    Ok(Connection {
        sid,
        cid,
        portals,
        attrs: ConnectionAttrs::read(reader, at)?,
    })
}

/// The session and connection number in a name.
pub(crate) fn numbers(name: &str) -> Option<(u32, u32)> {
    let (session, connection) = name.split_once(':')?;
    Some((
        number_after(session, "connection")?,
        number_after(connection, "")?,
    ))
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

    #[test]
    fn connection_names_hold_two_numbers() {
        assert_eq!(numbers("connection12:0"), Some((12, 0)));
        for name in [
            "connection12",
            "connection12:",
            "connection:0",
            "connection1:0:0",
            "conn1:0",
        ] {
            assert_eq!(numbers(name), None, "{name}");
        }
    }
}
