//! The callbacks of the transport class.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_iscsi_transport`, `bnx2i_host_template`).

use std::io;
use std::time::Instant;

use driver_sys::netlink::params::{HostParam, IscsiParam};
use driver_sys::netlink::{Destination, Path, Return};
use emu_net::hardware::Hardware;
use nix::errno::Errno;

use super::port::Port;
use super::{Bnx2i, visible};
use crate::midlayer::HostTemplate;
use crate::transport::{Class, FaultError, LowLevelDriver, Progress};

/// The address that identifies the transport, as a 6.1 kernel shows one.
const HANDLE: u64 = 0xffff_ffff_c0a3_6080;
/// `CAP_RECOVERY_L0 | CAP_HDRDGST | CAP_MULTI_R2T | CAP_DATADGST | CAP_DATA_PATH_OFFLOAD | CAP_TEXT_NEGO`.
const CAPS: u32 = 0x8b9;

impl HostTemplate for Bnx2i {
    fn name(&self) -> &'static str {
        "bnx2i"
    }
}

impl LowLevelDriver for Bnx2i {
    fn handle(&self) -> u64 {
        HANDLE
    }

    fn caps(&self) -> u32 {
        CAPS
    }

    fn hardware(&mut self) -> Option<&mut dyn Hardware> {
        Some(&mut self.chip)
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
    }

    fn poll(&mut self, class: &mut Class) -> bool {
        for port in 0..self.ports.len() {
            self.advance_stop(class, port);
        }
        self.hear_chip(class)
    }

    fn deadline(&self) -> Option<Instant> {
        let waits = self.wait.map(super::wait::Wait::deadline);
        let stops = self.ports.iter().filter_map(|p| p.stop.map(|stop| stop.at));
        waits.into_iter().chain(stops).chain(self.chip.deadline()).min()
    }

    fn expire(&mut self) {
        self.chip.expire(self.now);
    }

    fn resume(&mut self, class: &mut Class) -> Option<Result<Return, Errno>> {
        self.advance_wait(class)
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

    fn set_path(&mut self, class: &mut Class, host: u32, path: &Path) -> Result<(), Errno> {
        self.take_path(class, host, path)
    }
}
