//! Interfaces of a port: their objects, SET_IFACE_PARAMS, pings.
//!
//! Source: `ql4_os.c` (`qla4xxx_create_ifaces`, `qla4xxx_iface_set_param`, `qla4xxx_send_ping`), `scsi_transport_iscsi.c`
//! (`iscsi_ping_comp_event`).

use std::net::IpAddr;
use std::time::Duration;

use driver_sys::hw::acb::{Ipv4IpOptions, Ipv6Options};
use driver_sys::hw::flash::IFCB_COOKIE;
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::{Destination, IfaceAttr, IfaceCode};
use isp4xxx::flash::Area;
use isp4xxx::fw::{Command, PingSource, PingStatus};
use nix::errno::Errno;

use super::Qla4xxx;
use super::acb::{self, Effect, Param};
use super::task::{AcbChange, Task, Turn};
use crate::transport::{Class, IfaceKind, Params, Ping};

/// The interfaces of a port.
const IFACES: [IfaceKind; 3] = [IfaceKind::V4, IfaceKind::V6(0), IfaceKind::V6(1)];
/// `DISABLE_ACB_TOV`.
const DISABLE_ACB_TOV: Duration = Duration::from_secs(30);

/// A ping under way.
pub(super) struct RunningPing {
    host: usize,
    pid: u32,
}

impl Qla4xxx {
    fn iface_wanted(&self, host: usize, iface: IfaceKind) -> bool {
        let acb = &self.hosts[host].acb;
        match iface {
            IfaceKind::V4 => acb.ipv4_ip_flags().contains(Ipv4IpOptions::IPV4_PROTOCOL_ENABLE),
            IfaceKind::V6(_) => {
                self.card.chip().acb_v2 && acb.ipv6_flags().contains(Ipv6Options::IPV6_PROTOCOL_ENABLE)
            }
        }
    }

    /// Objects for the protocols that are on.
    pub(super) fn create_ifaces(&mut self, class: &mut Class, host: usize) {
        let no = self.hosts[host].no;
        for iface in IFACES {
            if self.iface_wanted(host, iface) {
                class.create_iface(self, no, iface);
            }
        }
    }

    /// What a parameter of an interface reads.
    pub(super) fn iface_param(&self, no: u32, iface: IfaceKind, param: IfaceCode) -> Result<String, Errno> {
        let h = &self.hosts[self.port_of(no)?];
        acb::get(&h.acb, iface, param).ok_or(Errno::ENOSYS)
    }

    /// Writes what may have changed of the interfaces.
    pub(super) fn refresh_ifaces(&mut self, class: &mut Class, host: usize) {
        let no = self.hosts[host].no;
        for iface in IFACES {
            class.refresh_iface(self, no, iface);
        }
    }

    pub(super) fn begin_iface_params(
        &mut self,
        class: &mut Class,
        no: u32,
        params: Params<'_, IfaceAttr>,
    ) -> Result<Task, Errno> {
        let host = self.port_of(no)?;
        let Ok(isp4xxx::fw::Reply::Acb(mut block)) = self.mbox(host, Command::GetInitFwCtrlBlock) else {
            return Err(Errno::EIO);
        };
        let mut effects = Vec::new();
        for attr in params.iter() {
            let attr = attr?;
            let (param_type, param) = attr.param.raw();
            let param = Param {
                iface_num: attr.iface_num,
                iface_type: attr.iface_type.raw(),
                param_type,
                param,
                value: attr.value.as_slice(),
            };
            effects.push(acb::apply(&mut block, param));
        }
        for effect in effects {
            if let Effect::Switched { v6, on } = effect {
                let ifaces = if v6 { &IFACES[1..] } else { &IFACES[..1] };
                for iface in ifaces {
                    if on {
                        class.create_iface(self, no, *iface);
                    } else {
                        class.destroy_iface(no, *iface);
                    }
                }
            }
        }
        block.cookie.set(IFCB_COOKIE);
        self.write_record(host, Area::Ifcb, 0, &*block)
            .map_err(|_| Errno::EIO)?;
        // With every address down already there is no event to wait for.
        let idle = self.hosts[host].acb.ipv4_addr_state & 0x0f == 0
            && self.hosts[host].acb.ipv6_lnk_lcl_addr_state & 0x0f == 0;
        self.mbox(host, Command::DisableAcb).map_err(|_| Errno::EIO)?;
        Ok(Task::DisableAcb(AcbChange {
            host,
            block,
            done: idle,
            until: self.now + DISABLE_ACB_TOV,
        }))
    }

    /// The addresses of a port are down.
    pub(super) fn acb_disabled(&mut self, host: usize) {
        if let Some(Task::DisableAcb(change)) = &mut self.task
            && change.host == host
        {
            change.done = true;
        }
    }

    pub(super) fn advance_acb(&mut self, class: &mut Class, change: AcbChange) -> Turn {
        if !change.done && self.now < change.until {
            return Turn::Still(Task::DisableAcb(change));
        }
        let AcbChange { host, block, .. } = change;
        if self.mbox(host, Command::SetAcb(block)).is_err() {
            return Turn::Over(Err(Errno::EIO));
        }
        self.update_local_acb(host);
        self.refresh_host(class, host);
        Turn::Over(Ok(()))
    }

    pub(super) fn ping(&mut self, no: u32, ping: &Ping) -> Result<(), Errno> {
        let host = self.port_of(no)?;
        let (num, kind, size, pid) = (ping.iface_num, ping.iface_type, ping.size, ping.pid);
        let Destination::Inet(to) = &ping.to else {
            return Err(Errno::ENOSYS);
        };
        let (sources, to): (&[PingSource], IpAddr) = match (kind, to.ip()) {
            (IfaceType::Ipv4, to @ IpAddr::V4(_)) => (&[PingSource::Ipv4], to),
            (IfaceType::Ipv6, to @ IpAddr::V6(_)) => {
                let own = match num {
                    0 => &[PingSource::Ipv6LinkLocal, PingSource::Ipv6Addr0],
                    1 => &[PingSource::Ipv6LinkLocal, PingSource::Ipv6Addr1],
                    _ => return Err(Errno::ENOSYS),
                };
                (own, to)
            }
            _ => return Err(Errno::ENOSYS),
        };
        for source in sources {
            let command = Command::Ping {
                source: *source,
                to,
                size,
                handle: pid,
            };
            if self.mbox(host, command).is_ok() {
                self.pings.push(RunningPing { host, pid });
                return Ok(());
            }
        }
        Err(Errno::EINVAL)
    }

    pub(super) fn ping_done(&mut self, class: &mut Class, host: usize, handle: u32, status: PingStatus) {
        let Some(at) = self.pings.iter().position(|p| p.host == host && p.pid == handle) else {
            return;
        };
        self.pings.swap_remove(at);
        let mailboxes = super::events::mailbox_bytes(status.mailboxes());
        let status = driver_sys::netlink::code::PingStatus::from_raw(status.code());
        class.ping_done(self.hosts[host].no, status, handle, &mailboxes);
    }
}
