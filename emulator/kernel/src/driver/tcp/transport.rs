//! The callbacks of the transport class: which method answers which.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_transport`).

use std::io;
use std::time::Instant;

use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::params::{HostParam, IscsiParam};
use driver_sys::netlink::{Attr, SessionStats};
use emu_net::hardware::Hardware;
use nix::errno::Errno;

use super::{Tcp, visible};
use crate::libiscsi;
use crate::transport::{Class, FaultError, LowLevelDriver, Params, Progress};

/// The address that identifies the transport, as a 6.1 kernel shows one.
pub(super) const HANDLE: u64 = 0xffff_ffff_c061_2080;
/// `CAP_RECOVERY_L0 | CAP_MULTI_R2T | CAP_HDRDGST | CAP_DATADGST`.
const CAPS: u32 = 0x39;

impl LowLevelDriver for Tcp {
    fn handle(&self) -> u64 {
        HANDLE
    }

    fn transport_name(&self) -> &'static str {
        "tcp"
    }

    fn has_endpoints(&self) -> bool {
        false
    }

    fn caps(&self) -> u32 {
        CAPS
    }

    fn load(&mut self, class: &mut Class) -> io::Result<()> {
        Self::show_module(class)?;
        class.register_transport(self)
    }

    fn hardware(&mut self) -> Option<&mut dyn Hardware> {
        Some(&mut self.lib)
    }

    fn tear_session(&mut self, _: &mut Class, sid: u32) -> Result<(), FaultError> {
        if self.lib.tear(sid) {
            Ok(())
        } else {
            Err(FaultError::NoSession(sid))
        }
    }

    fn clock(&mut self, now: Instant) {
        self.lib.clock(now);
    }

    fn poll(&mut self, class: &mut Class) -> bool {
        libiscsi::poll(self, class)
    }

    fn deadline(&self) -> Option<Instant> {
        self.lib.deadline()
    }

    fn expire(&mut self) {
        self.lib.expire();
    }

    fn timer(&mut self, class: &mut Class) {
        libiscsi::timer(self, class);
    }

    fn create_session(
        &mut self,
        class: &mut Class,
        ep: Option<u64>,
        cmds_max: u16,
        queue_depth: u16,
        initial_cmdsn: u32,
    ) -> Option<u32> {
        if ep.is_some() {
            return None;
        }
        self.create(class, cmds_max, queue_depth, initial_cmdsn)
    }

    fn destroy_session(&mut self, class: &mut Class, sid: u32) -> Progress {
        self.destroy(class, sid);
        Progress::Done(Ok(()))
    }

    fn create_conn(&mut self, class: &mut Class, sid: u32, cid: u32) -> bool {
        libiscsi::conn_setup(self, class, sid, cid)
    }

    fn destroy_conn(&mut self, class: &mut Class, sid: u32, _: u32) {
        libiscsi::conn_teardown(self, class, sid);
        self.show_address(class, sid);
    }

    fn bind_conn(&mut self, class: &mut Class, sid: u32, _: u32, _: u64, leading: bool) -> Result<(), Errno> {
        self.bind(class, sid, leading)
    }

    fn start_conn(&mut self, class: &mut Class, sid: u32, _: u32) -> Result<(), Errno> {
        libiscsi::conn_start(self, class, sid)
    }

    fn stop_conn(&mut self, class: &mut Class, sid: u32, _: u32, flag: StopFlag) {
        self.stop(class, sid, flag);
    }

    fn session_recovery_timedout(&mut self, _: &mut Class, sid: u32) {
        libiscsi::recovery_timedout(self, sid);
    }

    fn set_param(
        &mut self,
        _: &mut Class,
        sid: u32,
        _: u32,
        param: IscsiParam,
        text: &[u8],
    ) -> Result<(), Errno> {
        match param {
            IscsiParam::MaxR2t => self.lib.set_max_r2t(sid, text),
            // `iscsi_sw_tcp_conn_set_param` looks for the socket.
            IscsiParam::DatadgstEn if !self.lib.is_bound(sid) => Err(Errno::ENOTCONN),
            _ => self.lib.set_param(sid, param, text),
        }
    }

    fn get_session_param(&mut self, _: &Class, sid: u32, param: IscsiParam) -> Result<String, Errno> {
        self.lib.session_param(sid, param)
    }

    fn get_conn_param(&mut self, _: &Class, sid: u32, _: u32, param: IscsiParam) -> Result<String, Errno> {
        self.lib.conn_param(sid, param)
    }

    fn param_is_visible(&self, param: IscsiParam) -> bool {
        visible::param(param)
    }

    fn send_pdu(&mut self, _: &mut Class, sid: u32, _: u32, header: &[u8], data: &[u8]) -> Result<(), Errno> {
        libiscsi::send_pdu(self, sid, header, data)
    }

    fn get_stats(&mut self, class: &mut Class, sid: u32, _: u32) -> Box<SessionStats> {
        class.refresh_session(self, sid);
        self.stats(sid)
    }

    fn get_host_param(&mut self, _: &Class, host: u32, param: HostParam) -> Result<String, Errno> {
        self.host_param(host, param)
    }

    fn set_host_param(
        &mut self,
        class: &mut Class,
        host: u32,
        params: Params<'_, Attr<HostParam>>,
    ) -> Result<(), Errno> {
        if class.handle_of(host) != Some(HANDLE) {
            return Err(Errno::ENODEV);
        }
        for attr in params.iter() {
            let attr = attr?;
            self.lib
                .set_host_param(host, attr.param, attr.value.to_c_bytes())?;
        }
        class.refresh_host(self, host);
        Ok(())
    }

    fn host_param_is_visible(&self, param: HostParam) -> bool {
        visible::host(param)
    }
}
