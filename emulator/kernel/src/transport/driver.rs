//! What the class asks of a driver: the kernel's `struct iscsi_transport`.
//!
//! A driver fills in the callbacks that it has; each default answers as the class does for a transport that lacks the callback.
//! Arguments are the class's numbers (host number, session, connection, endpoint) and what a message says, never bytes. Every callback
//! gets the [`Class`], whose services are how the driver tells what happens; a service that may ask the driver back takes the
//! driver as its first argument. A callback of a host or flash node looks them up itself, so that a missing callback is refused
//! before a missing host, as a kernel does. Source: `include/scsi/scsi_transport_iscsi.h` (`struct iscsi_transport`),
//! `scsi_transport_iscsi.c` (`iscsi_if_recv_msg` and what it calls).

use std::io;
use std::time::Instant;

use driver_sys::netlink::code::{Discovery, StopFlag};
use driver_sys::netlink::params::{ChapParam, FlashnodeParam, HostParam, IscsiParam};
use driver_sys::netlink::{
    Attr, ChapRecord, Destination, HostStats, IfaceAttr, IfaceCode, Path, Return, SessionStats,
};
use emu_net::hardware::Hardware;
use nix::errno::Errno;

use super::args::{Params, Ping};
use super::bsg::{BsgAnswer, BsgRequest};
use super::class::Class;
use super::fault::FaultError;
use super::ifaces::IfaceKind;
use crate::midlayer::HostTemplate;

/// What a callback that may have to wait for its hardware comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress<T = ()> {
    /// It has ended.
    Done(Result<T, Errno>),
    /// It goes on; [`LowLevelDriver::resume`] tells of its end. Until then no other message is looked at.
    Waits,
}

impl<T> From<Result<T, Errno>> for Progress<T> {
    fn from(result: Result<T, Errno>) -> Self {
        Self::Done(result)
    }
}

impl<T> From<Errno> for Progress<T> {
    fn from(errno: Errno) -> Self {
        Self::Done(Err(errno))
    }
}

/// A driver as the transport class sees it.
#[expect(unused_variables, reason = "a callback that is missing looks at nothing")]
pub(crate) trait LowLevelDriver: HostTemplate {
    /// The address that identifies the transport in messages.
    fn handle(&self) -> u64;

    /// The name of the transport, where it is not the module's.
    fn transport_name(&self) -> &'static str {
        self.name()
    }

    /// Whether connections go over endpoints (`ep_connect`). Without them the number in BIND_CONN is the driver's to understand.
    fn has_endpoints(&self) -> bool {
        true
    }

    /// `CAP_*`.
    fn caps(&self) -> u32;

    /// Loads the driver: its module, its transport and its hosts appear.
    ///
    /// # Errors
    /// The tree cannot show them.
    fn load(&mut self, class: &mut Class) -> io::Result<()>;

    /// Whether every host has finished its probe.
    fn ready(&self) -> bool {
        true
    }

    /// The links that the shell serves for it; none for a driver without hardware of this endpoint's.
    fn hardware(&mut self) -> Option<&mut dyn Hardware> {
        None
    }

    /// Fault injection: tears the connection of a session.
    fn tear_session(&mut self, class: &mut Class, sid: u32) -> Result<(), FaultError> {
        Err(FaultError::NoSession(sid))
    }

    /// Fault injection: pulls or plugs the cable of a host.
    fn set_link(&mut self, class: &mut Class, host: u32, up: bool) -> Result<(), FaultError> {
        Err(FaultError::NoSuch(host, "cable"))
    }

    /// Fault injection: what the administrator of a host's network device does.
    fn set_netdev(&mut self, class: &mut Class, host: u32, up: bool) -> Result<(), FaultError> {
        Err(FaultError::NoSuch(host, "network device"))
    }

    /// Somebody opens the L2 ring of a host; whether he may.
    fn ring_open(&mut self, class: &mut Class, host: u32) -> bool {
        false
    }

    /// Whoever had the L2 ring of a host open is gone.
    fn ring_closed(&mut self, class: &mut Class, host: u32) {}

    /// Whether frames move over the L2 ring of a host.
    fn ring_runs(&self, host: u32) -> bool {
        false
    }

    /// The time, before anything else is called.
    fn clock(&mut self, now: Instant) {}

    /// Takes what the hardware has to tell and every step that waits for it as far as it goes; `true` when something happened.
    fn poll(&mut self, class: &mut Class) -> bool {
        false
    }

    /// When [`LowLevelDriver::expire`] and [`LowLevelDriver::timer`] are wanted at the latest.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Timers of the hardware.
    fn expire(&mut self) {}

    /// Timers of the driver.
    fn timer(&mut self, class: &mut Class) {}

    /// What became of the callback that waits, as its answer says it; `None` while it does.
    fn resume(&mut self, class: &mut Class) -> Option<Result<Return, Errno>> {
        Some(Ok(Return::None))
    }

    // Sessions and connections.

    /// A session for user space, with an endpoint or without; its number.
    fn create_session(
        &mut self,
        class: &mut Class,
        ep: Option<u64>,
        cmds_max: u16,
        queue_depth: u16,
        initial_cmdsn: u32,
    ) -> Option<u32> {
        None
    }

    /// A session without connections goes.
    fn destroy_session(&mut self, class: &mut Class, sid: u32) -> Progress {
        Progress::Done(Ok(()))
    }

    /// A connection for a session; whether there is one now.
    fn create_conn(&mut self, class: &mut Class, sid: u32, cid: u32) -> bool {
        false
    }

    /// A connection goes.
    fn destroy_conn(&mut self, class: &mut Class, sid: u32, cid: u32) {}

    /// A connection shall go over an endpoint.
    fn bind_conn(
        &mut self,
        class: &mut Class,
        sid: u32,
        cid: u32,
        ep: u64,
        leading: bool,
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// A bound connection starts.
    fn start_conn(&mut self, class: &mut Class, sid: u32, cid: u32) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// A connection was stopped; its endpoint is gone.
    fn stop_conn(&mut self, class: &mut Class, sid: u32, cid: u32, flag: StopFlag) {}

    /// The kernel itself disconnects the endpoint of a connection (`iscsi_ep_disconnect`).
    fn end_endpoint(&mut self, class: &mut Class, ep: u64) {
        class.destroy_endpoint(ep);
    }

    /// Commands of a session are given up: its recovery took too long.
    fn session_recovery_timedout(&mut self, class: &mut Class, sid: u32) {}

    /// A parameter of a bound connection or its session, as text without its NUL.
    fn set_param(
        &mut self,
        class: &mut Class,
        sid: u32,
        cid: u32,
        param: IscsiParam,
        text: &[u8],
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// What a parameter of a session reads.
    fn get_session_param(&mut self, class: &Class, sid: u32, param: IscsiParam) -> Result<String, Errno> {
        Err(Errno::ENOSYS)
    }

    /// What a parameter of a connection reads.
    fn get_conn_param(
        &mut self,
        class: &Class,
        sid: u32,
        cid: u32,
        param: IscsiParam,
    ) -> Result<String, Errno> {
        Err(Errno::ENOSYS)
    }

    /// Whether a parameter of sessions and connections has an attribute.
    fn param_is_visible(&self, param: IscsiParam) -> bool {
        false
    }

    /// A PDU of user space: header and data.
    fn send_pdu(
        &mut self,
        class: &mut Class,
        sid: u32,
        cid: u32,
        header: &[u8],
        data: &[u8],
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Counters of a connection.
    fn get_stats(&mut self, class: &mut Class, sid: u32, cid: u32) -> Box<SessionStats> {
        Box::default()
    }

    // Endpoints.

    /// Connects, through a host if one is named; the endpoint's number.
    fn ep_connect(
        &mut self,
        class: &mut Class,
        host: Option<u32>,
        to: &Destination,
        non_blocking: bool,
    ) -> Progress<u64> {
        Errno::EINVAL.into()
    }

    /// How an endpoint is doing: 1 connected, 0 not yet, negative an error.
    fn ep_poll(&mut self, class: &mut Class, ep: u64, timeout_ms: u32) -> Progress<i32> {
        Errno::EINVAL.into()
    }

    /// An endpoint goes.
    fn ep_disconnect(&mut self, class: &mut Class, ep: u64) -> Progress {
        Errno::EINVAL.into()
    }

    /// What a parameter of an endpoint reads.
    fn get_ep_param(&mut self, class: &Class, ep: u64, param: IscsiParam) -> Result<String, Errno> {
        Err(Errno::ENOSYS)
    }

    // Hosts.

    /// What a parameter of a host reads.
    fn get_host_param(&mut self, class: &Class, host: u32, param: HostParam) -> Result<String, Errno> {
        Err(Errno::ENOSYS)
    }

    /// A parameter of a host, as text.
    fn set_host_param(
        &mut self,
        class: &mut Class,
        host: u32,
        params: Params<'_, Attr<HostParam>>,
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Whether a parameter of hosts has an attribute.
    fn host_param_is_visible(&self, param: HostParam) -> bool {
        false
    }

    /// A write to an attribute of the driver's own on a host (`shost_groups`); none for one that it has not.
    fn store_host(
        &mut self,
        class: &mut Class,
        host: u32,
        name: &str,
        text: &str,
    ) -> Option<Result<(), Errno>> {
        None
    }

    /// Resets a host (`eh_host_reset_handler`); whether it was done.
    fn eh_host_reset(&mut self, class: &mut Class, host: u32) -> bool {
        false
    }

    /// A write to `host_reset` of a host.
    fn host_reset(&mut self, class: &mut Class, host: u32, kind: &str) -> Result<(), Errno> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Whether a host is on its way back from a reset; a write to `host_reset` lasts as long.
    fn resetting(&self, host: u32) -> bool {
        false
    }

    /// Counters of a host.
    fn get_host_stats(&mut self, class: &mut Class, host: u32) -> Result<Box<HostStats>, Errno> {
        Err(Errno::ENOSYS)
    }

    /// Target discovery in the driver.
    fn tgt_dscvr(
        &mut self,
        class: &mut Class,
        host: u32,
        method: Discovery,
        enable: bool,
        to: &Destination,
    ) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    /// The answer of iscsiuio to a path request.
    fn set_path(&mut self, class: &mut Class, host: u32, path: &Path) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Parameters of interfaces.
    fn set_iface_param(&mut self, class: &mut Class, host: u32, params: Params<'_, IfaceAttr>) -> Progress {
        Errno::ENOSYS.into()
    }

    /// What a parameter of an interface reads; none without an attribute there.
    fn get_iface_param(
        &mut self,
        class: &Class,
        host: u32,
        iface: IfaceKind,
        param: IfaceCode,
    ) -> Result<String, Errno> {
        Err(Errno::ENOSYS)
    }

    /// A ping; its answer is [`Class::ping_done`].
    fn send_ping(&mut self, class: &mut Class, host: u32, ping: &Ping) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// `SCSI_NL_VID_TYPE_*` and the vendor's number, which vendor commands have to name.
    fn vendor_id(&self) -> u64 {
        0
    }

    /// A vendor command of a host's bsg device: the words behind the vendor's number.
    fn bsg_request(
        &mut self,
        class: &mut Class,
        host: u32,
        words: &[u8],
        request: &BsgRequest<'_>,
    ) -> Result<BsgAnswer, Errno> {
        Err(Errno::ENOSYS)
    }

    // The CHAP table.

    /// At most `room` entries from an index on.
    fn get_chap(
        &mut self,
        class: &mut Class,
        host: u32,
        from: u16,
        room: u32,
    ) -> Result<Vec<ChapRecord>, Errno> {
        Err(Errno::EINVAL)
    }

    /// An entry.
    fn set_chap(
        &mut self,
        class: &mut Class,
        host: u32,
        params: Params<'_, Attr<ChapParam>>,
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// An entry goes.
    fn delete_chap(&mut self, class: &mut Class, host: u32, index: u16) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    // Flash nodes.

    /// A new flash node; `kind` is its portal type as text. Its index.
    fn new_flashnode(&mut self, class: &mut Class, host: u32, kind: &[u8]) -> Result<u32, Errno> {
        Err(Errno::ENOSYS)
    }

    /// Parameters of a flash node.
    fn set_flashnode_param(
        &mut self,
        class: &mut Class,
        host: u32,
        index: u32,
        params: Params<'_, Attr<FlashnodeParam>>,
    ) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// A flash node goes.
    fn del_flashnode(&mut self, class: &mut Class, host: u32, index: u32) -> Result<(), Errno> {
        Err(Errno::ENOSYS)
    }

    /// Logs in to a flash node.
    fn login_flashnode(&mut self, class: &mut Class, host: u32, index: u32) -> Progress {
        Errno::ENOSYS.into()
    }

    /// Logs out of a flash node.
    fn logout_flashnode(&mut self, class: &mut Class, host: u32, index: u32) -> Progress {
        Errno::ENOSYS.into()
    }

    /// Logs a session of the driver's out.
    fn logout_flashnode_sid(&mut self, class: &mut Class, host: u32, sid: u32) -> Progress {
        Errno::ENOSYS.into()
    }
}
