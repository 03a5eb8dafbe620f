//! Listing sessions: linear, and no more system calls than the asked fields need.
//!
//! Owns: [`Sessions`], the iterator; single sessions. Must not know: what a session is shown for.
//! Per session it reads one link (for the host) and the attributes of the level, relative to the open class directories; facts of
//! a host are read once. A session's connection is its connection 0: no kernel driver makes another. Sessions come in numeric order;
//! one that vanishes, or lacks a mandatory attribute, comes as an error and the iteration goes on.
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_add_session`, `iscsi_alloc_conn`: device names and parents).

use std::fmt::Write as _;
use std::sync::Arc;

use crate::netlink::params::{HostParam, IscsiParam};
use crate::sysfs::{Address, Dir, Error, Fault, Place, Portal, Reader, Root, named};

use super::Listing;
use super::connection::{PortalAttrs, Portals};
use super::listing::{host_of, number_after};
use super::session::{HostFacts, Session, SessionDetail, SessionFields};

/// Iterates over the sessions of a tree.
pub struct Sessions<'r> {
    root: &'r Root,
    sessions: Option<Dir>,
    connections: Option<Dir>,
    fields: SessionFields,
    reader: Reader,
    hosts: Vec<Arc<HostFacts>>,
    sids: std::vec::IntoIter<u32>,
    name: String,
    connection: String,
}

/// Iterates over all sessions. A tree without the class (module not loaded) has none.
///
/// # Errors
/// A class directory is there and cannot be opened or read.
pub fn sessions(root: &Root, fields: SessionFields) -> Result<Sessions<'_>, Error> {
    let dir = root.dir_if_present("class/iscsi_session")?;
    let mut sids = Vec::new();
    if let Some(dir) = &dir {
        dir.for_each_name(|name| sids.extend(number_after(name, "session")))?;
        sids.sort_unstable();
        sids.dedup();
    }
    Sessions::new(root, dir, sids, fields)
}

/// Reads one session.
///
/// # Errors
/// It is not there, vanishes meanwhile, or lacks a mandatory attribute.
pub fn session(root: &Root, sid: u32, fields: SessionFields) -> Result<Session, Error> {
    let dir = root.dir("class/iscsi_session")?;
    Sessions::new(root, Some(dir), vec![sid], fields)?
        .next()
        .unwrap_or_else(|| {
            Err(root
                .at("class/iscsi_session")
                .error(&format!("session{sid}"), Fault::Missing))
        })
}

impl<'r> Sessions<'r> {
    fn new(
        root: &'r Root,
        sessions: Option<Dir>,
        sids: Vec<u32>,
        fields: SessionFields,
    ) -> Result<Self, Error> {
        Ok(Self {
            root,
            connections: root.dir_if_present("class/iscsi_connection")?,
            sessions,
            fields,
            reader: Reader::new(),
            hosts: Vec::new(),
            sids: sids.into_iter(),
            name: String::new(),
            connection: String::new(),
        })
    }

    /// Reads the rest into a listing.
    pub fn into_listing(mut self) -> Listing<Session> {
        let mut listing = Listing::default();
        for outcome in self.by_ref() {
            listing.add(outcome);
        }
        listing.problems = self.take_problems();
        listing
    }

    /// Optional attributes that made no sense so far.
    pub fn take_problems(&mut self) -> Vec<Error> {
        self.reader.take_problems()
    }

    fn read(&mut self, dir: &Dir, sid: u32) -> Result<Session, Error> {
        self.name.clear();
        self.connection.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.name, "session{sid}");
        let _ = write!(self.connection, "connection{sid}:0");
        let host_no = host_of(dir, &self.name).map_err(|error| match error.fault {
            Fault::Missing => Error::new(error.path, Fault::Vanished),
            _ => error,
        })?;
        let host = self.host(host_no)?;
        let (name, reader) = (std::mem::take(&mut self.name), &mut self.reader);
        let outcome = read_session(reader, dir.at(&name), sid, host, self.fields);
        self.name = name;
        let mut session = outcome?;
        if let Some(connections) = &self.connections {
            let at = connections.at(&self.connection);
            read_connection(&mut self.reader, at, &mut session)?;
        }
        if self.fields > SessionFields::Brief || session.portals.is_none() {
            self.reader.confirm(dir.at(&self.name))?;
        }
        Ok(session)
    }

    fn host(&mut self, host_no: u32) -> Result<Arc<HostFacts>, Error> {
        // Sessions of a host come in runs: the last one found is the first one asked.
        if let Some(host) = self.hosts.iter().rev().find(|host| host.host_no == host_no) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(host_facts(self.root, &mut self.reader, host_no)?);
        self.hosts.push(Arc::clone(&host));
        Ok(host)
    }
}

impl Iterator for Sessions<'_> {
    type Item = Result<Session, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let sid = self.sids.next()?;
        let dir = self.sessions.take()?;
        let outcome = self.read(&dir, sid);
        self.sessions = Some(dir);
        Some(outcome)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.sids.size_hint()
    }
}

/// Reads what sessions of a host have in common.
fn host_facts(root: &Root, reader: &mut Reader, host_no: u32) -> Result<HostFacts, Error> {
    const HWADDRESS: &str = named(HostParam::Hwaddress.attr());
    const IPADDRESS: &str = named(HostParam::Ipaddress.attr());
    const NETDEV: &str = named(HostParam::NetdevName.attr());
    const INITIATOR: &str = named(HostParam::InitiatorName.attr());
    let scsi = format!("class/scsi_host/host{host_no}");
    let iscsi = format!("class/iscsi_host/host{host_no}");
    Ok(HostFacts {
        host_no,
        transport: reader.must(root.at(&scsi), "proc_name")?,
        hwaddress: reader.may(root.at(&iscsi), HWADDRESS)?,
        ipaddress: reader.may::<Address>(root.at(&iscsi), IPADDRESS)?,
        netdev: reader.may(root.at(&iscsi), NETDEV)?,
        initiatorname: reader.may(root.at(&iscsi), INITIATOR)?,
    })
}

const STATE: &str = "state";

fn read_session(
    reader: &mut Reader,
    at: Place<'_>,
    sid: u32,
    host: Arc<HostFacts>,
    fields: SessionFields,
) -> Result<Session, Error> {
    const TARGET: &str = named(IscsiParam::TargetName.attr());
    const TPGT: &str = named(IscsiParam::Tpgt.attr());
    const INITIATOR: &str = named(IscsiParam::InitiatorName.attr());
    const IFACE: &str = named(IscsiParam::IfaceName.attr());
    Ok(Session {
        sid,
        host,
        target: reader.must(at, TARGET)?,
        tpgt: reader.must(at, TPGT)?,
        state: reader.may(at, STATE)?,
        creator: reader.may(at, "creator")?,
        portals: None,
        detail: match fields {
            SessionFields::Detail => Some(Box::new(SessionDetail {
                initiatorname: reader.may(at, INITIATOR)?,
                ifacename: reader.may(at, IFACE)?,
                connection_state: None,
            })),
            SessionFields::Brief => None,
        },
    })
}

fn read_connection(reader: &mut Reader, at: Place<'_>, session: &mut Session) -> Result<(), Error> {
    let Some(detail) = &mut session.detail else {
        session.portals = brief_portals(reader, at)?;
        return Ok(());
    };
    session.portals = PortalAttrs::read(reader, at)?.portals();
    detail.connection_state = reader.may(at, STATE)?;
    Ok(())
}

/// The persistent portal; the current one is read only for a half that is missing.
fn brief_portals(reader: &mut Reader, at: Place<'_>) -> Result<Option<Portals>, Error> {
    const ADDRESSES: [&str; 2] = [
        named(IscsiParam::PersistentAddress.attr()),
        named(IscsiParam::ConnAddress.attr()),
    ];
    const PORTS: [&str; 2] = [
        named(IscsiParam::PersistentPort.attr()),
        named(IscsiParam::ConnPort.attr()),
    ];
    let address = match reader.may::<Address>(at, ADDRESSES[0])? {
        Some(address) => Some(address),
        None => reader.may(at, ADDRESSES[1])?,
    };
    let port = match reader.may::<u16>(at, PORTS[0])? {
        Some(port) => Some(port),
        None => reader.may(at, PORTS[1])?,
    };
    Ok(address.zip(port).map(|(address, port)| {
        let persistent = Portal { address, port };
        Portals {
            current: persistent.clone(),
            persistent,
        }
    }))
}
