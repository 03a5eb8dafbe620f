//! Seam B: what the control plane asks of an adapter's interface, as operations. Policy (validation, idempotence, verification,
//! rollback) is in `ops`; bytes are in driver-sys.
//!
//! Every call that waits takes a [`Deadline`] and, when it passes, fails with [`crate::Kind::Timeout`] and what was waited for.

pub mod kernel;
pub mod scripted;
mod types;

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::Result;
use crate::ids::{Hctl, HostNo, IfaceId};
use crate::model::{
    Adapter, AdapterKey, EventRecord, FlashTarget, HostStats, Iface, Lun, PingStatus, PortalType, Session,
    SessionBrief, SessionDetail, SessionStats,
};
use crate::params::{Assignment, FlashnodeParam, IfaceCode};
use crate::writer::Room;

pub use types::{ChapRecord, FirmwareBoot, LoginProbe, LunScope, ProbeOutcome, ScsiData, ScsiOutcome};

/// The interface of an adapter: the kernel, the emulated kernel, or a script of expected calls.
pub trait Backend {
    /// The endpoint's name for messages: `host` or the directory.
    fn endpoint(&self) -> String;

    /// Where the writers of the adapter behind `host` exclude each other; `None` where nobody else can be, as in a script.
    ///
    /// # Errors
    /// The adapter cannot be told from others.
    fn writers(&mut self, host: HostNo) -> Result<Option<Room>>;

    /// Names of all adapter ports, by host number.
    fn adapter_keys(&mut self) -> Result<Vec<AdapterKey>>;
    /// Everything about one port; `None` when it is gone.
    fn adapter(&mut self, host: HostNo) -> Result<Option<Adapter>>;
    /// Resets the adapter (drops its sessions); returns when the driver has taken the order.
    fn reset_adapter(&mut self, host: HostNo, deadline: Deadline) -> Result<()>;

    /// Interfaces of a port, staged values empty.
    fn ifaces(&mut self, host: HostNo) -> Result<Vec<Iface>>;
    /// Sets parameters of a port's interfaces in one message (the port restarts once).
    fn set_iface_params(
        &mut self,
        host: HostNo,
        batch: &[(IfaceId, Vec<Assignment<IfaceCode>>)],
        deadline: Deadline,
    ) -> Result<()>;
    /// Pings once from the adapter.
    fn ping(&mut self, iface: IfaceId, address: IpAddr, size: u32, deadline: Deadline) -> Result<PingStatus>;

    /// Flash targets of a port, by index, without their sessions.
    fn flash_targets(&mut self, host: HostNo) -> Result<Vec<FlashTarget>>;
    /// Index and target name of a port's flash targets, by index (no name: a SendTargets entry), reading nothing else.
    fn flash_names(&mut self, host: HostNo) -> Result<Vec<(u32, Option<String>)>>;
    /// One flash target, without its session; `None` when there is none.
    fn flash_target(&mut self, host: HostNo, index: u32) -> Result<Option<FlashTarget>>;
    /// Makes a new, volatile entry and returns its index.
    fn new_flash_target(&mut self, host: HostNo, family: PortalType, deadline: Deadline) -> Result<u32>;
    /// Sets parameters of an entry in one message and commits it to flash.
    fn set_flash_target(
        &mut self,
        host: HostNo,
        index: u32,
        params: &[Assignment<FlashnodeParam>],
        deadline: Deadline,
    ) -> Result<()>;
    /// Removes an entry.
    fn delete_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()>;
    /// Logs in to an entry (for a SendTargets entry: discovers and logs in to what is found).
    fn login_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()>;
    /// Logs out of an entry.
    fn logout_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()>;

    /// CHAP records from table index `start` on, at most `max`; fewer than `max` means the end of the table.
    fn chap_page(
        &mut self,
        host: HostNo,
        start: u16,
        max: usize,
        deadline: Deadline,
    ) -> Result<Vec<ChapRecord>>;
    /// Writes a CHAP record at its index.
    fn set_chap(&mut self, host: HostNo, record: &ChapRecord, deadline: Deadline) -> Result<()>;
    /// Removes a CHAP record.
    fn delete_chap(&mut self, host: HostNo, index: u16, deadline: Deadline) -> Result<()>;

    /// What the boot firmware tells the kernel about a port.
    fn firmware_boot(&mut self, host: HostNo) -> Result<FirmwareBoot>;
    /// Reads the adapter's NVRAM.
    fn read_nvram(&mut self, host: HostNo, offset: u32, length: usize, deadline: Deadline)
    -> Result<Vec<u8>>;
    /// Writes the adapter's NVRAM.
    fn update_nvram(&mut self, host: HostNo, offset: u32, data: &[u8], deadline: Deadline) -> Result<()>;

    /// Calls `each` for every session in order of session id, reading only what a listing needs. Sessions that vanish
    /// while being read are left out.
    fn for_each_session(&mut self, each: &mut dyn FnMut(SessionBrief) -> ControlFlow<()>) -> Result<()>;
    /// The same with what the detailed listing needs.
    fn for_each_session_detail(
        &mut self,
        each: &mut dyn FnMut(SessionDetail) -> ControlFlow<()>,
    ) -> Result<()>;
    /// A session in full; `None` when it is gone.
    fn session(&mut self, sid: u32) -> Result<Option<Session>>;
    /// Logs out a session made from flash.
    fn logout_session(&mut self, host: HostNo, sid: u32, deadline: Deadline) -> Result<()>;
    /// Scans a session's target for logical units.
    fn scan_session(&mut self, host: HostNo, sid: u32, deadline: Deadline) -> Result<()>;

    /// Logical units.
    fn luns(&mut self, scope: LunScope) -> Result<Vec<Lun>>;
    /// Runs one SCSI command.
    fn scsi(&mut self, lun: Hctl, cdb: &[u8], data: ScsiData<'_>, deadline: Deadline) -> Result<ScsiOutcome>;

    /// Statistics of a port.
    fn host_stats(&mut self, host: HostNo, deadline: Deadline) -> Result<HostStats>;
    /// Statistics of a connection.
    fn connection_stats(&mut self, sid: u32, cid: u32, deadline: Deadline) -> Result<SessionStats>;

    /// Logs in to a target from the host's own TCP and out again, to learn why the adapter's login is refused.
    fn probe_login(&mut self, probe: &LoginProbe, deadline: Deadline) -> ProbeOutcome;

    /// Waits a little before the state is looked at again. A script returns at once.
    fn pause(&mut self, at_most: Duration);

    /// Starts listening to events; those before it are lost. Does nothing when already listening.
    fn listen(&mut self) -> Result<()>;
    /// The next event; `None` when the deadline passes without one.
    fn next_event(&mut self, deadline: Deadline) -> Result<Option<EventRecord>>;
}

/// Where the writers of an endpoint's adapters exclude each other: `/run/hbactl` for the host, so that nothing of it outlives the
/// machine's run, `DIR/hbactl/lock` for a directory.
#[must_use]
pub fn lock_dir(endpoint: &str) -> PathBuf {
    if endpoint == "host" {
        PathBuf::from("/run/hbactl")
    } else {
        state_dir(endpoint).join("lock")
    }
}

/// Where staged settings and backups of an endpoint live: `/var/lib/hbactl` for the host, `DIR/hbactl` for a directory.
#[must_use]
pub fn state_dir(endpoint: &str) -> PathBuf {
    if endpoint == "host" {
        PathBuf::from("/var/lib/hbactl")
    } else {
        PathBuf::from(endpoint).join("hbactl")
    }
}
