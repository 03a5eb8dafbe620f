//! Connections and endpoints: their objects, and how they are tied together.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_alloc_conn`, `iscsi_create_endpoint`, `iscsi_destroy_endpoint`,
//! `iscsi_if_transport_conn`).

use std::net::SocketAddr;

use super::attrs::{self, Shown};
use super::session::{Conn, ConnState, Endpoint};
use super::{Class, LowLevelDriver};
use crate::tree::Object;

impl Class {
    /// The connection of a session.
    pub(crate) fn conn(&self, sid: u32) -> Option<&Conn> {
        self.sessions.get(&sid).and_then(|s| s.conn.as_ref())
    }

    pub(super) fn conn_mut(&mut self, sid: u32) -> Option<&mut Conn> {
        self.sessions.get_mut(&sid).and_then(|s| s.conn.as_mut())
    }

    pub(super) fn set_conn_state(&mut self, sid: u32, state: ConnState) {
        if let Some(c) = self.conn_mut(sid) {
            c.state = state;
        }
    }

    /// The endpoint that a session's connection goes over.
    pub(crate) fn endpoint_of(&self, sid: u32) -> Option<u64> {
        self.conn(sid).and_then(|c| c.ep)
    }

    /// An endpoint.
    pub(crate) fn endpoint(&self, ep: u64) -> Option<&Endpoint> {
        self.endpoints.get(&ep)
    }

    /// The connection of a session appears.
    pub(crate) fn add_conn(&mut self, driver: &mut dyn LowLevelDriver, sid: u32, cid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.conn = Some(Conn {
            cid,
            state: ConnState::Down,
            ep: None,
            cleanup: false,
        });
        let path = format!("{}/connection{sid}:{cid}", s.path);
        let Some((name, values)) = self.conn_attrs(driver, sid) else {
            return;
        };
        self.env.show("connection", Object::bare(path.clone()));
        let object = Object::class(
            format!("{path}/iscsi_connection/{name}"),
            "iscsi_connection",
            Some(&path),
        );
        let object = values
            .into_iter()
            .fold(object, |o, (name, value)| o.shown(name, value));
        self.env.show("connection", object);
    }

    /// The connection of a session goes.
    pub(crate) fn remove_conn(&mut self, sid: u32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        if let Some(c) = s.conn.take() {
            let path = format!("{}/connection{sid}:{}", s.path, c.cid);
            self.env.hide("connection", &path);
        }
    }

    /// Name and attributes of the connection object of a session.
    pub(super) fn conn_attrs(
        &mut self,
        driver: &mut dyn LowLevelDriver,
        sid: u32,
    ) -> Option<(String, Shown)> {
        let c = self.conn(sid)?;
        let (cid, ep, state) = (c.cid, c.ep, c.state);
        let mut values = attrs::conn(self, driver, sid, cid, ep);
        values.push(("state", Some(state.name().into())));
        Some((format!("connection{sid}:{cid}"), values))
    }

    /// A new endpoint object; its number.
    pub(crate) fn create_endpoint(&mut self, host: u32, to: Option<SocketAddr>) -> u64 {
        let ep = (1..).find(|n| !self.endpoints.contains_key(n)).unwrap_or(1);
        self.endpoints.insert(ep, Endpoint { host, to, sid: None });
        let path = format!("devices/virtual/iscsi_endpoint/ep-{ep}");
        let object = Object::class(path, "iscsi_endpoint", None).ro("handle", ep.to_string());
        self.env.show("endpoint", object);
        ep
    }

    /// An endpoint object goes.
    pub(crate) fn destroy_endpoint(&mut self, ep: u64) {
        if let Some(gone) = self.endpoints.remove(&ep) {
            if let Some(c) = gone.sid.and_then(|sid| self.conn_mut(sid)) {
                c.ep = None;
            }
            let path = format!("devices/virtual/iscsi_endpoint/ep-{ep}");
            self.env.hide("endpoint", &path);
        }
    }

    /// The endpoints of a session go.
    pub(super) fn destroy_endpoints_of(&mut self, sid: u32) {
        let bound = self.endpoints.iter().filter(|(_, e)| e.sid == Some(sid));
        let eps: Vec<u64> = bound.map(|(n, _)| *n).collect();
        for ep in eps {
            self.destroy_endpoint(ep);
        }
    }

    /// Ties a connection to an endpoint.
    pub(crate) fn bind(&mut self, driver: &mut dyn LowLevelDriver, sid: u32, ep: u64) {
        let Some(e) = self.endpoints.get_mut(&ep) else {
            return;
        };
        e.sid = Some(sid);
        if let Some(c) = self.conn_mut(sid) {
            c.ep = Some(ep);
        }
        self.refresh_session(driver, sid);
    }
}
