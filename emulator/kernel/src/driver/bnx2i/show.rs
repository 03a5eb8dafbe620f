//! The driver's modules and the objects of its hosts.
//!
//! Source: `bnx2i_init.c` (`module_param`), `cnic.c` (`cnic_init`), `bnx2i_sysfs.c`, `bnx2i_iscsi.c` (`bnx2i_host_template`,
//! `bnx2i_host_get_param`).

use std::io;

use driver_sys::netlink::params::HostParam;
use nix::errno::Errno;

use super::port::MAX_CONNS;
use super::sizes::SQ_MAX;
use super::{Bnx2i, netdev};
use crate::midlayer::host_objects;
use crate::text::mac;
use crate::transport::Class;
use crate::tree::Object;

/// `cmd_per_lun` of `bnx2i_host_template`.
pub(super) const CMD_PER_LUN: u32 = 128;
/// `ISCSI_MAX_CMDS_PER_HBA_5709`.
pub(super) const CAN_QUEUE: u32 = MAX_CONNS as u32 * (SQ_MAX - 1);

impl Bnx2i {
    /// The modules appear, with the driver's parameters.
    pub(super) fn show_module(&self, class: &mut Class) -> io::Result<()> {
        class.env.tree.dir("class/net")?;
        class.env.tree.add(
            Object::plain("module/bnx2i")
                .ro("version", "2.7.10.1")
                .ro("initstate", "live")
                .rw("parameters/event_coal_min", "24")
                .rw("parameters/event_coal_div", "2")
                .rw("parameters/en_tcp_dack", "1")
                .rw("parameters/error_mask1", "0")
                .rw("parameters/error_mask2", "0")
                .rw("parameters/sq_size", "0")
                .rw("parameters/rq_size", "16"),
        )?;
        class.env.tree.add(
            Object::plain("module/cnic")
                .ro("version", "2.5.22")
                .ro("initstate", "live"),
        )
    }

    /// The network device and the host of a port appear.
    pub(super) fn show_host(&mut self, class: &mut Class, at: usize) -> io::Result<()> {
        let port = &self.ports[at];
        let (no, sizes) = (port.no, port.sizes);
        class.env.tree.add(netdev::object(at, port))?;
        let (device, shost) = host_objects("bnx2i", no, &format!("{}/host{no}", netdev::function(at)));
        let shost = shost
            .ro("can_queue", CAN_QUEUE.to_string())
            .ro("cmd_per_lun", CMD_PER_LUN.to_string())
            .ro("sg_tablesize", "32");
        let shost = sizes.shown().into_iter().fold(shost, |o, (n, v)| o.rw(n, v));
        class.add_host(self, no, [device, shost], None)
    }

    /// What a parameter of a host reads. Its address is that of its oldest endpoint.
    pub(super) fn host_param(&self, no: u32, param: HostParam) -> Result<String, Errno> {
        let port = &self.ports[self.port_of(no)?];
        match param {
            HostParam::Hwaddress => Ok(mac(&port.iscsi_mac)),
            HostParam::NetdevName => Ok(port.netdev.clone()),
            HostParam::Ipaddress => {
                let oldest = port.active.first().and_then(|ep| self.endpoints.get(ep));
                let source = oldest.and_then(|e| e.sock.as_ref()).map(|sock| sock.source);
                Ok(source.map_or_else(String::new, |ip| match ip {
                    std::net::IpAddr::V4(ip) => ip.to_string(),
                    std::net::IpAddr::V6(ip) => crate::text::ip6(&ip.octets()),
                }))
            }
            _ => Err(Errno::ENOSYS),
        }
    }
}
