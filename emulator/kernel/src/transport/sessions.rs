//! Sessions: how they come and what shows them.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_alloc_session`, `iscsi_add_session`).

use driver_sys::netlink::Event;

use super::attrs::{self, Shown, private};
use super::session::{Session, SessionState, TargetState};
use super::{Class, LowLevelDriver};
use crate::tree::Object;

/// What commands of a session wait for at first, in seconds.
const RECOVERY_TMO: i32 = 120;

impl Class {
    /// The number of a session that is about to be added.
    pub(crate) fn next_sid(&mut self) -> u32 {
        self.last_sid += 1;
        self.last_sid
    }

    /// Path of `sessionN` on a host.
    fn session_path(&self, host: u32, sid: u32) -> String {
        let path = self.hosts.get(&host).map_or("", |h| &h.path);
        format!("{path}/session{sid}")
    }

    /// A session appears. The driver knows it already, and can tell what its parameters read.
    pub(crate) fn add_session(
        &mut self,
        driver: &mut dyn LowLevelDriver,
        host: u32,
        sid: u32,
        target_id: u32,
    ) {
        let path = self.session_path(host, sid);
        let s = Session {
            sid,
            host,
            handle: driver.handle(),
            path: path.clone(),
            creator: -1,
            state: SessionState::Free,
            target_state: TargetState::Allocated,
            recovery_tmo: RECOVERY_TMO,
            recovery_override: false,
            recover_until: None,
            conn: None,
        };
        self.scsi.add_target(sid, host, path.clone(), Some(target_id));
        self.sessions.insert(sid, s);
        let values = self.session_attrs(driver, sid);
        self.env.show("session", Object::bare(path.clone()));
        let object = Object::class(
            format!("{path}/iscsi_session/session{sid}"),
            "iscsi_session",
            Some(&path),
        );
        let object = values.into_iter().fold(object, |o, (name, value)| match name {
            "recovery_tmo" => o.rw(name, value.unwrap_or_default()),
            name if attrs::is_secret(name) => o.secret(name, value.unwrap_or_default()),
            _ => o.shown(name, value),
        });
        self.env.show("session", object);
        self.session_event(sid, &Event::SessionCreated { host_no: host, sid });
    }

    /// Who made a session.
    pub(super) fn set_creator(&mut self, sid: u32, creator: i32) {
        let Some(s) = self.sessions.get_mut(&sid) else {
            return;
        };
        s.creator = creator;
        let at = format!("{}/iscsi_session/session{sid}/creator", s.path);
        self.env.write("session", &at, &creator.to_string());
    }

    fn session_attrs(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) -> Shown {
        let mut values = attrs::session(self, driver, sid);
        if let Some(s) = self.sessions.get(&sid) {
            let own = private(s, self.scsi.target_id(sid));
            values.extend(own.into_iter().map(|(name, value)| (name, Some(value))));
        }
        values
    }

    /// Writes what may have changed of a session's objects. The connection comes first and the session's TSIH behind its other parameters:
    /// a driver copies a DDB in this order (`qla4xxx_copy_to_sess_conn_params`), so who sees the TSIH of a login sees its numbers, too.
    pub(crate) fn refresh_session(&mut self, driver: &mut dyn LowLevelDriver, sid: u32) {
        let Some(path) = self.sessions.get(&sid).map(|s| s.path.clone()) else {
            return;
        };
        if let Some((name, values)) = self.conn_attrs(driver, sid) {
            let at = format!("{path}/{name}/iscsi_connection/{name}");
            self.env.write_shown("connection", &at, values);
        }
        let values = self.session_attrs(driver, sid);
        let at = format!("{path}/iscsi_session/session{sid}");
        self.env.write_shown("session", &at, values);
    }

    pub(super) fn show_recovery_tmo(&mut self, sid: u32) {
        let Some(s) = self.sessions.get(&sid) else { return };
        let at = format!("{}/iscsi_session/session{sid}/recovery_tmo", s.path);
        self.env.write("session", &at, &attrs::seconds(s.recovery_tmo));
    }

    /// Takes over where a scan has led.
    pub(crate) fn scans_ended(&mut self, driver: &mut dyn LowLevelDriver) {
        for sid in self.scsi.take_scanned() {
            if let Some(s) = self.sessions.get_mut(&sid) {
                s.target_state = TargetState::Scanned;
            }
            self.refresh_session(driver, sid);
        }
    }
}
