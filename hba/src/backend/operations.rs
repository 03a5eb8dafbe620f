//! The operations of an adapter's interface.
//!
//! Owns the trait, and what each operation promises. Must not know who carries them out, or why they are asked for.

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use driver_sys::bsg::DiagTest;
use driver_sys::hw::mailbox::FactoryAreas;

use crate::deadline::Deadline;
use crate::error::Result;
use crate::ids::{Hctl, HostNo, IfaceId};
use crate::model::{
    Adapter, AdapterKey, BootTable, EventRecord, FlashTarget, Helper, HostStats, Iface, Lun, PingStatus,
    PortalType, Session, SessionBrief, SessionDetail, SessionStats,
};
use crate::params::{Assignment, FlashnodeParam, IfaceCode};
use crate::registry::Living;

use super::{
    BootMark, ChapRecord, FirmwareBoot, ListOutcome, ListProbe, LoginProbe, LunScope, Memory, ProbeOutcome,
    ScsiData, ScsiOutcome, SelfTest, Stack, UnitAttr,
};

/// The interface of an adapter: the kernel, the emulated kernel, or a script of expected calls. It can be handed to another thread.
pub trait Backend: Send {
    /// The card behind `host`, the same for all of its ports: what its writers exclude each other from. `None` where nobody else can
    /// be, as in a script.
    ///
    /// # Errors
    /// The adapter cannot be told from others.
    fn card(&mut self, host: HostNo) -> Result<Option<String>>;

    /// Names of all adapter ports, by host number.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn adapter_keys(&mut self) -> Result<Vec<AdapterKey>>;
    /// Everything about one port; `None` when it is gone.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn adapter(&mut self, host: HostNo) -> Result<Option<Adapter>>;
    /// Resets the adapter (drops its sessions); returns when the driver has taken the order.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn reset_adapter(&mut self, host: HostNo, deadline: Deadline) -> Result<()>;

    /// Interfaces of a port, staged values empty.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn ifaces(&mut self, host: HostNo) -> Result<Vec<Iface>>;
    /// Sets parameters of a port's interfaces in one message (the port restarts once).
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn set_iface_params(
        &mut self,
        host: HostNo,
        batch: &[(IfaceId, Vec<Assignment<IfaceCode>>)],
        deadline: Deadline,
    ) -> Result<()>;
    /// Pings once from the adapter.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Timeout`] without an answer.
    fn ping(&mut self, iface: IfaceId, address: IpAddr, size: u32, deadline: Deadline) -> Result<PingStatus>;

    /// What the network helper of adapters that log in from user space tells. That it does not run is an answer.
    ///
    /// # Errors
    /// [`crate::Kind::Timeout`]; it answers what cannot be read.
    fn helper(&mut self, deadline: Deadline) -> Result<Helper>;
    /// Pings once by the network helper, from the interface on a VLAN (0: untagged) of a port.
    ///
    /// # Errors
    /// The helper does not run, or has no such interface; [`crate::Kind::Timeout`] without an answer.
    fn helper_ping(
        &mut self,
        host: HostNo,
        vlan: u16,
        address: IpAddr,
        size: u32,
        deadline: Deadline,
    ) -> Result<PingStatus>;

    /// Flash targets of a port, by index, without their sessions.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn flash_targets(&mut self, host: HostNo) -> Result<Vec<FlashTarget>>;
    /// Index and target name of a port's flash targets, by index (no name: a SendTargets entry), reading nothing else.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn flash_names(&mut self, host: HostNo) -> Result<Vec<(u32, Option<String>)>>;
    /// One flash target, without its session; `None` when there is none.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn flash_target(&mut self, host: HostNo, index: u32) -> Result<Option<FlashTarget>>;
    /// Makes a new, volatile entry and returns its index.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn new_flash_target(&mut self, host: HostNo, family: PortalType, deadline: Deadline) -> Result<u32>;
    /// Sets parameters of an entry in one message and commits it to flash.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn set_flash_target(
        &mut self,
        host: HostNo,
        index: u32,
        params: &[Assignment<FlashnodeParam>],
        deadline: Deadline,
    ) -> Result<()>;
    /// Removes an entry.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn delete_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()>;
    /// Logs in to an entry (for a SendTargets entry: discovers and logs in to what is found).
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn login_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()>;
    /// Logs out of an entry.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn logout_flash_target(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()>;

    /// CHAP records from table index `start` on, at most `max`; fewer than `max` means the end of the table.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Timeout`] without an answer.
    fn chap_page(
        &mut self,
        host: HostNo,
        start: u16,
        max: usize,
        deadline: Deadline,
    ) -> Result<Vec<ChapRecord>>;
    /// Writes a CHAP record at its index.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn set_chap(&mut self, host: HostNo, record: &ChapRecord, deadline: Deadline) -> Result<()>;
    /// Removes a CHAP record.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn delete_chap(&mut self, host: HostNo, index: u16, deadline: Deadline) -> Result<()>;

    /// Parameters that the qla4xxx driver was loaded with, by name; `None` when it is not loaded.
    ///
    /// # Errors
    /// The kernel's tree cannot be read.
    fn module_parameters(&mut self) -> Result<Option<Vec<(String, String)>>>;

    /// What the boot firmware tells the kernel about a port.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn firmware_boot(&mut self, host: HostNo) -> Result<FirmwareBoot>;
    /// Every table of the boot firmware, the machine's own first.
    ///
    /// # Errors
    /// The tables are there and cannot be read.
    fn boot_tables(&mut self) -> Result<Vec<BootTable>>;
    /// Reads the adapter's NVRAM.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Timeout`] without an answer.
    fn read_nvram(&mut self, host: HostNo, offset: u32, length: usize, deadline: Deadline)
    -> Result<Vec<u8>>;
    /// Reads a part of a memory.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Timeout`] without an answer.
    fn read_memory(&mut self, host: HostNo, what: Memory, deadline: Deadline) -> Result<Vec<u8>>;
    /// Writes flash.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn update_flash(&mut self, host: HostNo, offset: u32, data: &[u8], deadline: Deadline) -> Result<()>;
    /// Puts areas of flash and NVRAM back to what the factory wrote.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn restore_defaults(&mut self, host: HostNo, areas: FactoryAreas, deadline: Deadline) -> Result<()>;
    /// Runs a self test of the firmware; one that fails is an answer.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn self_test(&mut self, host: HostNo, test: DiagTest, deadline: Deadline) -> Result<SelfTest>;
    /// Writes the adapter's NVRAM.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn update_nvram(&mut self, host: HostNo, offset: u32, data: &[u8], deadline: Deadline) -> Result<()>;

    /// Calls `each` for every session in order of session id, reading only what a listing needs. Sessions that vanish
    /// while being read are left out.
    ///
    /// # Errors
    /// The sessions cannot be listed.
    fn for_each_session(&mut self, each: &mut dyn FnMut(SessionBrief) -> ControlFlow<()>) -> Result<()>;
    /// The same with what the detailed listing needs.
    ///
    /// # Errors
    /// The sessions cannot be listed.
    fn for_each_session_detail(
        &mut self,
        each: &mut dyn FnMut(SessionDetail) -> ControlFlow<()>,
    ) -> Result<()>;
    /// A session in full; `None` when it is gone.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn session(&mut self, sid: u32) -> Result<Option<Session>>;
    /// Which life of its number a session is; `None` when there is none.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn session_life(&mut self, sid: u32) -> Result<Option<Living>>;
    /// What the firmware, or an adapter's flash, names as what the machine starts from, on all adapters.
    ///
    /// # Errors
    /// The adapters cannot be read.
    fn boot_marks(&mut self) -> Result<Vec<BootMark>>;
    /// Logs out a session made from flash.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn logout_session(&mut self, host: HostNo, sid: u32, deadline: Deadline) -> Result<()>;
    /// Scans a session's target for logical units.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn scan_session(&mut self, host: HostNo, sid: u32, deadline: Deadline) -> Result<()>;

    /// Logical units.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn luns(&mut self, scope: LunScope) -> Result<Vec<Lun>>;
    /// What stands on the disks of a scope: partitions, holders, mounts, swap.
    ///
    /// # Errors
    /// The kernel's lists cannot be read.
    fn stacked(&mut self, scope: LunScope, deadline: Deadline) -> Result<Stack>;
    /// Writes an attribute of a logical unit.
    ///
    /// # Errors
    /// The kernel refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn store_unit(&mut self, lun: Hctl, attr: UnitAttr, value: &str, deadline: Deadline) -> Result<()>;
    /// Reads an attribute of a logical unit; `None` when it has none, or is gone.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn unit_attr(&mut self, lun: Hctl, attr: UnitAttr) -> Result<Option<String>>;
    /// The block layer's counters of a unit's disk, as the kernel writes them; `None` when it has none.
    ///
    /// # Errors
    /// The adapter cannot be read.
    fn disk_stat(&mut self, lun: Hctl, disk: &str) -> Result<Option<String>>;
    /// Writes the recovery time of a session, in seconds or `off`.
    ///
    /// # Errors
    /// The kernel refuses, or [`crate::Kind::Unknown`] when the order was sent and not answered.
    fn store_recovery(&mut self, sid: u32, value: &str, deadline: Deadline) -> Result<()>;
    /// Runs one SCSI command.
    ///
    /// # Errors
    /// The command could not be sent, or [`crate::Kind::Timeout`]; what the unit answers is no error.
    fn scsi(&mut self, lun: Hctl, cdb: &[u8], data: ScsiData<'_>, deadline: Deadline) -> Result<ScsiOutcome>;

    /// Statistics of a port.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Timeout`] without an answer.
    fn host_stats(&mut self, host: HostNo, deadline: Deadline) -> Result<HostStats>;
    /// Statistics of a connection.
    ///
    /// # Errors
    /// The driver refuses, or [`crate::Kind::Timeout`] without an answer.
    fn connection_stats(&mut self, sid: u32, cid: u32, deadline: Deadline) -> Result<SessionStats>;

    /// Logs in to a target from the host's own TCP and out again, to learn why the adapter's login is refused.
    fn probe_login(&mut self, probe: &LoginProbe, deadline: Deadline) -> ProbeOutcome;

    /// Asks a portal for its targets from the host's own TCP, to learn what the adapter's discovery does not tell.
    fn probe_targets(&mut self, probe: &ListProbe, deadline: Deadline) -> ListOutcome;

    /// Waits a little before the state is looked at again. A script returns at once.
    fn pause(&mut self, at_most: Duration);

    /// Starts listening to events; those before it are lost. Does nothing when already listening.
    ///
    /// # Errors
    /// Nothing can be listened to.
    fn listen(&mut self) -> Result<()>;
    /// The same, and to what the kernel asks of the network helper. To the kernel whoever listens to that is a helper: where there is
    /// none it waits for an answer that nobody gives.
    ///
    /// # Errors
    /// Nothing can be listened to.
    fn listen_to_paths(&mut self) -> Result<()>;
    /// The next event; `None` when the deadline passes without one.
    ///
    /// # Errors
    /// The socket failed; a gap is an event, not an error.
    fn next_event(&mut self, deadline: Deadline) -> Result<Option<EventRecord>>;
}
