//! The socket of a connection: user space has connected it, the driver takes it over.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_conn_bind`, `iscsi_sw_tcp_conn_stop`).

use std::net::TcpStream;
use std::os::fd::OwnedFd;

use driver_sys::netlink::code::StopFlag;
use emu_net::hardware::Effect;
use nix::errno::Errno;
use rustix::net::{ipproto, sockopt};

use super::Tcp;
use crate::libiscsi;
use crate::transport::Class;

/// A descriptor as the TCP connection that it is (`sk_is_tcp`).
fn connection(descriptor: OwnedFd) -> Result<TcpStream, Errno> {
    match sockopt::socket_protocol(&descriptor) {
        // Whatever is no socket is found by no number.
        Err(_) => Err(Errno::EEXIST),
        Ok(Some(ipproto::TCP)) => Ok(TcpStream::from(descriptor)),
        Ok(_) => Err(Errno::EINVAL),
    }
}

impl Tcp {
    /// A connection goes over a socket from now on.
    ///
    /// # Errors
    /// `EEXIST` without a socket, `EINVAL` for one that is not TCP's.
    pub(super) fn bind(&mut self, class: &mut Class, sid: u32, leading: bool) -> Result<(), Errno> {
        let descriptor = class.descriptor().ok_or(Errno::EEXIST)?;
        let stream = connection(descriptor)?;
        let ends = (stream.local_addr().ok(), stream.peer_addr().ok());
        let link = self.lib.new_link();
        self.lib.conn_bind(sid, link, ends, leading);
        self.lib.order(Effect::Adopt { link, stream });
        self.show_address(class, sid);
        Ok(())
    }

    /// A connection stops. One that was never bound has nothing to stop.
    pub(super) fn stop(&mut self, class: &mut Class, sid: u32, flag: StopFlag) {
        if self.lib.is_bound(sid) {
            libiscsi::conn_stop(self, class, sid, flag);
            self.show_address(class, sid);
        }
    }

    /// The address of a host is that of its session's socket.
    pub(super) fn show_address(&mut self, class: &mut Class, sid: u32) {
        if let Some(host) = self.lib.host_of(sid) {
            class.refresh_host(self, host);
        }
    }
}
