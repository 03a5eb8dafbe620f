//! A SCSI target: where it stands, its units, the commands that wait for it.
//!
//! Source: `scsi_lib.c` (`scsi_block_targets`, `scsi_target_unblock`), `scsi_scan.c` (`scsi_remove_target`).

use std::collections::{BTreeMap, VecDeque};

use super::device::{Device, DeviceState};
use super::scans::Scans;
use super::{HostTemplate, MidLayer, Reach, Waiting};
use crate::env::{Env, Out};

/// A target.
pub(super) struct Target {
    /// Its host.
    pub(super) host: u32,
    /// Path of the object that it lies in.
    pub(super) parent: String,
    /// Its number; none before it has one, and when it is gone.
    pub(super) id: Option<u32>,
    /// Whether commands flow.
    pub(super) reach: Reach,
    /// Logical units by number.
    pub(super) devices: BTreeMap<u64, Device>,
    /// Its scans.
    pub(super) scans: Scans,
    /// Commands that wait while it is blocked.
    pub(super) waiting: VecDeque<Waiting>,
}

impl Target {
    pub(super) fn online(&self) -> bool {
        self.reach == Reach::Up
    }
}

impl MidLayer {
    /// Room for the target of a session; no command flows before [`MidLayer::unblock`].
    pub(crate) fn add_target(&mut self, sid: u32, host: u32, parent: String, id: Option<u32>) {
        let target = Target {
            host,
            parent,
            id,
            reach: Reach::Gone,
            devices: BTreeMap::new(),
            scans: Scans::default(),
            waiting: VecDeque::new(),
        };
        self.targets.insert(sid, target);
    }

    /// A session is gone, and its target with it.
    pub(crate) fn remove_target(&mut self, sid: u32) {
        self.targets.remove(&sid);
    }

    /// The target's number.
    pub(crate) fn target_id(&self, sid: u32) -> Option<u32> {
        self.targets.get(&sid).and_then(|t| t.id)
    }

    /// Gives the target its number.
    pub(crate) fn set_target_id(&mut self, sid: u32, id: u32) {
        if let Some(t) = self.targets.get_mut(&sid) {
            t.id = Some(id);
        }
    }

    /// Commands wait from now on.
    pub(crate) fn block(&mut self, env: &mut Env, sid: u32) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        t.reach = Reach::Blocked;
        t.scans.pause();
        self.set_devices(env, sid, &[DeviceState::Running], DeviceState::Blocked);
    }

    /// Commands flow again; those that wait go on with [`MidLayer::release`].
    pub(crate) fn unblock(&mut self, env: &mut Env, sid: u32) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        t.reach = Reach::Up;
        let away = [DeviceState::Blocked, DeviceState::TransportOffline];
        self.set_devices(env, sid, &away, DeviceState::Running);
    }

    /// The target has been given up; what waits fails with [`MidLayer::release`].
    pub(crate) fn give_up(&mut self, env: &mut Env, sid: u32) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        t.reach = Reach::Gone;
        t.scans.clear();
        let away = [DeviceState::Blocked];
        self.set_devices(env, sid, &away, DeviceState::TransportOffline);
    }

    fn set_devices(&mut self, env: &mut Env, sid: u32, from: &[DeviceState], to: DeviceState) {
        let devices = self.targets.get_mut(&sid).into_iter();
        let devices = devices.flat_map(|t| t.devices.values_mut());
        for d in devices.filter(|d| from.contains(&d.state)) {
            d.state = to;
            env.write("device", &format!("{}/state", d.path), to.name());
        }
    }

    /// The target is back, or given up: what waited goes on, or fails.
    pub(crate) fn release(&mut self, env: &mut Env, driver: &mut dyn HostTemplate, sid: u32) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        let queue = std::mem::take(&mut t.waiting);
        let held = self.holds_commands(sid);
        for waiting in queue {
            let running = self
                .targets
                .get(&sid)
                .and_then(|t| t.devices.get(&waiting.lun))
                .is_some_and(|d| d.state == DeviceState::Running);
            if running && held {
                self.hold_sg(env, sid, waiting);
            } else if running {
                self.send_sg(env, driver, sid, waiting);
            } else {
                self.sg_fails(env, waiting.client, super::did::NO_CONNECT);
            }
        }
    }

    /// The target and its units go, in the middle of a scan too: the units that it has found so far go with their numbers and
    /// sockets.
    pub(crate) fn unbind(&mut self, env: &mut Env, sid: u32) {
        let Some(t) = self.targets.get_mut(&sid) else {
            return;
        };
        t.scans.clear();
        let id = t.id.take();
        let luns: Vec<u64> = t.devices.keys().copied().collect();
        let (host, parent) = (t.host, t.parent.clone());
        for lun in luns {
            self.remove_device(env, sid, lun);
        }
        if let Some(id) = id {
            let path = format!("{parent}/target{host}:0:{id}");
            if env.tree.contains(&path) {
                env.hide("target", &path);
            }
        }
    }

    /// One unit goes.
    pub(super) fn remove_device(&mut self, env: &mut Env, sid: u32, lun: u64) {
        let Some(d) = self.targets.get_mut(&sid).and_then(|t| t.devices.remove(&lun)) else {
            return;
        };
        self.sgs.remove(&d.sg);
        if let Some(disk) = &d.disk {
            self.disks.remove(&disk.index);
        }
        env.hide("device", &d.path);
        env.push(Out::SgClose(d.name));
    }
}
