//! A host for each session, from its creation to its destruction.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_session_create`, `iscsi_sw_tcp_session_destroy`, `iscsi_sw_tcp_host_get_param`).

use driver_sys::netlink::params::HostParam;
use nix::errno::Errno;

use super::Tcp;
use crate::libiscsi::{self, CMDS_MAX, Driver as _, max_scsi_cmds};
use crate::midlayer::{HostTemplate as _, host_objects};
use crate::transport::Class;

/// `ISCSI_DEF_CMD_PER_LUN`.
const CMD_PER_LUN: u32 = 32;
/// The target of a host's only session.
const TARGET: u32 = 0;
/// Most sessions at once: each has a socket, and a host that everybody looks at.
const MAX_SESSIONS: usize = 1024;

impl Tcp {
    /// A host with a session.
    pub(super) fn create(
        &mut self,
        class: &mut Class,
        cmds_max: u16,
        queue_depth: u16,
        initial_cmdsn: u32,
    ) -> Option<u32> {
        if class.scsi.hosts_of(self.name()).len() >= MAX_SESSIONS {
            return None;
        }
        let commands = max_scsi_cmds(CMDS_MAX, cmds_max).ok()?;
        let depth = match u32::from(queue_depth) {
            0 => CMD_PER_LUN,
            depth => depth,
        };
        let no = class.free_host(self.first_host)?;
        // A host without a device of its own lies on the platform bus (`scsi_add_host_with_dma`).
        let path = format!("devices/platform/host{no}");
        let (device, shost) = host_objects(self.name(), no, &path);
        let shost = shost
            .ro("can_queue", commands.to_string())
            .ro("cmd_per_lun", depth.to_string())
            .ro("sg_tablesize", "4096");
        if let Err(error) = class.add_host(self, no, [device, shost], None) {
            tracing::error!(%error, no, "cannot show a host");
            class.remove_host(no);
            return None;
        }
        let sid = libiscsi::session_setup(self, class, (no, TARGET), (commands, depth), initial_cmdsn);
        Some(sid)
    }

    /// A session and its host go.
    pub(super) fn destroy(&mut self, class: &mut Class, sid: u32) {
        let host = self.lib.host_of(sid);
        libiscsi::session_teardown(self, class, sid);
        if let Some(no) = host {
            class.remove_host(no);
            self.lib.forget_host(no);
        }
    }

    /// What a parameter of a host reads.
    pub(super) fn host_param(&self, host: u32, param: HostParam) -> Result<String, Errno> {
        if param != HostParam::Ipaddress {
            return self.lib.host_param(host, param);
        }
        let sid = self.lib().session_on(host).ok_or(Errno::ENOTCONN)?;
        let (local, _) = self.lib.addresses(sid).ok_or(Errno::ENOTCONN)?;
        Ok(libiscsi::address(local))
    }
}
