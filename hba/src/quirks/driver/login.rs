//! What a session daemon must know of a driver before it logs in through it.
//!
//! Owns the kinds and the rows' defaults; the rows themselves stand in `rows`. Must not know what a daemon does with them: see
//! [`crate::policy::transport`].
//!
//! Source: open-iscsi `usr/transport.c` (the templates), `usr/iscsi_net_util.c` (whose network device belongs to which driver); kernel
//! `struct iscsi_transport` of each driver.

use driver_sys::sysfs::class::transport::Caps;

/// Whether the driver is given an address before it connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostIp {
    /// It is not: the host's own address or the adapter's is taken.
    NotRequired,
    /// It is, and without one nothing connects.
    Required,
    /// It is when the record has one.
    Optional,
}

/// Who connects and who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// The daemon connects a socket and logs in over it; the kernel gets the socket.
    Socket,
    /// The driver connects an endpoint; the daemon logs in over it by PDUs that the kernel sends.
    Endpoint,
    /// The driver connects an endpoint, and the adapter logs in when the connection is started.
    Adapter,
}

/// What a login through a driver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// The kernel's module.
    pub module: &'static str,
    /// Whether it is given an address.
    pub host_ip: HostIp,
    /// Whether an endpoint is made through the host that the interface names, not by the routes of the machine.
    pub bind_endpoint: bool,
    /// Whether a boot session takes its addresses from the firmware's table, since nobody has set them yet.
    pub boot_info: bool,
    /// Whether the host stands alone: there is no network device beside it that must be up first.
    pub no_netdev: bool,
    /// Whether the interfaces of a port share their VLAN settings.
    pub sync_vlan: bool,
    /// Whether data goes by RDMA.
    pub rdma: bool,
    /// Who connects and who logs in.
    pub flow: Flow,
    /// What it can do beside what older kernels say.
    pub more_caps: Caps,
    /// Drivers of network devices whose cards it serves.
    pub netdevs: &'static [&'static str],
}

impl Template {
    /// What most drivers have in common.
    pub(super) const fn of(module: &'static str, flow: Flow) -> Self {
        Self {
            module,
            host_ip: HostIp::NotRequired,
            bind_endpoint: false,
            boot_info: false,
            no_netdev: false,
            sync_vlan: false,
            rdma: false,
            flow,
            more_caps: Caps::empty(),
            netdevs: &[],
        }
    }

    /// Of a driver whose endpoints go through a host.
    pub(super) const fn bound(module: &'static str, flow: Flow) -> Self {
        Self {
            bind_endpoint: true,
            ..Self::of(module, flow)
        }
    }
}
