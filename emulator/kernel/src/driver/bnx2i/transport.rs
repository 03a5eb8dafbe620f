//! The callbacks of the transport class.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_iscsi_transport`, `bnx2i_host_template`).

use std::io;
use std::time::Instant;

use driver_sys::netlink::code::{IscsiErr, StopFlag};
use driver_sys::netlink::params::{HostParam, IscsiParam};
use driver_sys::netlink::{Destination, Path, Return, SessionStats};
use emu_net::hardware::Hardware;
use nix::errno::Errno;

use super::port::Port;
use super::{Bnx2i, visible};
use crate::libiscsi;
use crate::transport::{Class, FaultError, LowLevelDriver, Progress};

/// The address that identifies the transport, as a 6.1 kernel shows one.
const HANDLE: u64 = 0xffff_ffff_c0a3_6080;
/// `CAP_RECOVERY_L0 | CAP_HDRDGST | CAP_MULTI_R2T | CAP_DATADGST | CAP_DATA_PATH_OFFLOAD | CAP_TEXT_NEGO`.
const CAPS: u32 = 0x8b9;

impl LowLevelDriver for Bnx2i {
    fn handle(&self) -> u64 {
        HANDLE
    }

    fn caps(&self) -> u32 {
        CAPS
    }

    fn hardware(&mut self) -> Option<&mut dyn Hardware> {
        Some(&mut self.engine)
    }

    fn set_link(&mut self, class: &mut Class, host: u32, up: bool) -> Result<(), FaultError> {
        let port = self.port_of(host).map_err(|_| FaultError::NoCard)?;
        self.set_carrier(class, port, up);
        Ok(())
    }

    fn set_netdev(&mut self, class: &mut Class, host: u32, up: bool) -> Result<(), FaultError> {
        let port = self.port_of(host).map_err(|_| FaultError::NoCard)?;
        self.set_device(class, port, up);
        Ok(())
    }

    fn ring_open(&mut self, _class: &mut Class, host: u32) -> bool {
        let port = self.port_of(host).ok().map(|port| &mut self.ports[port]);
        port.is_some_and(Port::open_ring)
    }

    fn ring_closed(&mut self, _class: &mut Class, host: u32) {
        if let Ok(port) = self.port_of(host) {
            self.ports[port].ring = false;
        }
    }

    fn ring_runs(&self, host: u32) -> bool {
        self.port_of(host).is_ok_and(|port| self.ports[port].ready())
    }

    fn load(&mut self, class: &mut Class) -> io::Result<()> {
        self.show_module(class)?;
        class.register_transport(self)?;
        (0..self.ports.len()).try_for_each(|port| self.show_host(class, port))
    }

    fn clock(&mut self, now: Instant) {
        self.now = now;
        self.engine.lib.clock(now);
    }

    fn poll(&mut self, class: &mut Class) -> bool {
        for port in 0..self.ports.len() {
            self.advance_stop(class, port);
        }
        let heard = self.hear_chip(class);
        libiscsi::poll(self, class) || heard
    }

    fn deadline(&self) -> Option<Instant> {
        let waits = self.wait.map(super::wait::Wait::deadline);
        let stops = self.ports.iter().filter_map(|p| p.stop.map(|stop| stop.at));
        waits
            .into_iter()
            .chain(stops)
            .chain(self.engine.chip.deadline())
            .chain(self.engine.lib.deadline())
            .min()
    }

    fn expire(&mut self) {
        self.engine.expire(self.now);
    }

    fn timer(&mut self, class: &mut Class) {
        libiscsi::timer(self, class);
    }

    fn resume(&mut self, class: &mut Class) -> Option<Result<Return, Errno>> {
        self.advance_wait(class)
    }

    fn tear_session(&mut self, class: &mut Class, sid: u32) -> Result<(), FaultError> {
        if !self.engine.lib.tear(sid) {
            return Err(FaultError::NoSession(sid));
        }
        if let Some(e) = self.endpoints.values_mut().find(|e| e.sid == Some(sid)) {
            e.state = super::endpoint::EpState::TcpRstRcvd;
        }
        libiscsi::conn_failure(self, class, sid, IscsiErr::ConnFailed);
        Ok(())
    }

    fn create_session(
        &mut self,
        class: &mut Class,
        ep: Option<u64>,
        cmds_max: u16,
        _queue_depth: u16,
        initial_cmdsn: u32,
    ) -> Option<u32> {
        self.create(class, ep, cmds_max, initial_cmdsn)
    }

    fn destroy_session(&mut self, class: &mut Class, sid: u32) -> Progress {
        self.destroy(class, sid);
        Progress::Done(Ok(()))
    }

    fn create_conn(&mut self, class: &mut Class, sid: u32, cid: u32) -> bool {
        libiscsi::conn_setup(self, class, sid, cid)
    }

    fn destroy_conn(&mut self, class: &mut Class, sid: u32, _cid: u32) {
        libiscsi::conn_teardown(self, class, sid);
    }

    fn bind_conn(
        &mut self,
        _class: &mut Class,
        sid: u32,
        _cid: u32,
        ep: u64,
        leading: bool,
    ) -> Result<(), Errno> {
        self.bind(sid, ep, leading)
    }

    fn start_conn(&mut self, class: &mut Class, sid: u32, _cid: u32) -> Result<(), Errno> {
        self.start(class, sid)
    }

    fn stop_conn(&mut self, class: &mut Class, sid: u32, _cid: u32, flag: StopFlag) {
        libiscsi::conn_stop(self, class, sid, flag);
    }

    fn end_endpoint(&mut self, class: &mut Class, ep: u64) {
        self.free_endpoint(class, ep);
    }

    fn session_recovery_timedout(&mut self, _class: &mut Class, sid: u32) {
        libiscsi::recovery_timedout(self, sid);
    }

    fn set_param(
        &mut self,
        _class: &mut Class,
        sid: u32,
        _cid: u32,
        param: IscsiParam,
        text: &[u8],
    ) -> Result<(), Errno> {
        self.engine.lib.set_param(sid, param, text)
    }

    fn get_session_param(&mut self, _class: &Class, sid: u32, param: IscsiParam) -> Result<String, Errno> {
        self.engine.lib.session_param(sid, param)
    }

    fn get_conn_param(
        &mut self,
        _class: &Class,
        sid: u32,
        _cid: u32,
        param: IscsiParam,
    ) -> Result<String, Errno> {
        self.engine.lib.conn_param(sid, param)
    }

    fn send_pdu(
        &mut self,
        _class: &mut Class,
        sid: u32,
        _cid: u32,
        header: &[u8],
        data: &[u8],
    ) -> Result<(), Errno> {
        libiscsi::send_pdu(self, sid, header, data)
    }

    fn get_stats(&mut self, class: &mut Class, sid: u32, _cid: u32) -> Box<SessionStats> {
        class.refresh_session(self, sid);
        self.stats(sid)
    }

    fn param_is_visible(&self, param: IscsiParam) -> bool {
        visible::of_session(param)
    }

    fn ep_connect(
        &mut self,
        class: &mut Class,
        host: Option<u32>,
        to: &Destination,
        _non_blocking: bool,
    ) -> Progress<u64> {
        self.connect(class, host, to)
    }

    fn ep_poll(&mut self, _class: &mut Class, ep: u64, timeout_ms: u32) -> Progress<i32> {
        self.poll_endpoint(ep, timeout_ms)
    }

    fn ep_disconnect(&mut self, class: &mut Class, ep: u64) -> Progress {
        self.disconnect(class, ep)
    }

    fn get_ep_param(&mut self, _class: &Class, ep: u64, param: IscsiParam) -> Result<String, Errno> {
        self.endpoint_param(ep, param)
    }

    fn get_host_param(&mut self, _class: &Class, host: u32, param: HostParam) -> Result<String, Errno> {
        self.host_param(host, param)
    }

    fn host_param_is_visible(&self, param: HostParam) -> bool {
        visible::of_host(param)
    }

    fn store_host(
        &mut self,
        class: &mut Class,
        host: u32,
        name: &str,
        text: &str,
    ) -> Option<Result<(), Errno>> {
        let port = self.port_of(host).ok()?;
        if !matches!(name, "sq_size" | "num_ccell") {
            return None;
        }
        self.set_size(class, port, name, text);
        Some(Ok(()))
    }

    fn set_path(&mut self, class: &mut Class, host: u32, path: &Path) -> Result<(), Errno> {
        self.take_path(class, host, path)
    }
}
