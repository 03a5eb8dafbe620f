//! What each driver is and can do: one row a transport, one reason for each thing that cannot be had.
//!
//! Must not know who asks. Source: kernel `struct iscsi_transport`, `struct scsi_host_template` and `attr_is_visible` of `qla4xxx`,
//! `bnx2i`, `qedi`, `be2iscsi`, `cxgbi`, `iscsi_tcp`; open-iscsi `usr/transport.c` (`set_host_ip`, who logs in, whom iscsiuio serves).

mod login;
mod nobody;
mod rows;
mod why;

pub use login::{Flow, HostIp, Template};
pub use nobody::{IPSEC, ISNS, ONE_CONNECTION, RADIUS, SLP};

use super::ability::{Ability, Can};
use super::qla4xxx::Chip;
use crate::ids::Family;
use crate::model::{Features, Limits, LoginBy, Missing};

/// A driver.
#[derive(Debug, Clone, Copy)]
pub struct Driver {
    /// Its transport.
    pub transport: &'static str,
    /// Who makes the hardware, where the driver has one maker.
    pub vendor: Option<&'static str>,
    /// Longest CDB it takes, in bytes.
    pub max_cdb: Option<u32>,
    /// Whether it is over the operating system's TCP/IP.
    pub integrated_tcpip: Option<bool>,
    /// Whether its cards have other functions (NIC).
    pub multifunction: Option<bool>,
    /// Who logs in.
    pub logs_in: Option<LoginBy>,
    /// Whether iscsiuio finds the next hop, keeps addresses and pings for it.
    pub helper: bool,
    /// What a login through it takes; `None` for a driver that nobody knows.
    pub login: Option<Template>,
    /// Why a session that a user program made cannot be closed through the driver even by that program.
    pub user_sessions_stay: Option<&'static str>,
    /// Why it cannot be told whether one of its own sessions was redirected.
    pub redirect_untold: Option<&'static str>,
    /// Table sizes of a model.
    limits: fn(Option<&str>) -> Limits,
    /// What it can do; what has no row here nobody can.
    abilities: &'static [(Ability, Can)],
}

impl Driver {
    /// The driver of a transport; a row that knows nothing for one that is not known.
    #[must_use]
    pub fn of(transport: &str) -> &'static Self {
        rows::ALL
            .iter()
            .find(|row| row.transport == transport)
            .unwrap_or(&rows::UNKNOWN)
    }

    /// The driver of the iSCSI function beside a network device, by the name of that device's driver.
    #[must_use]
    pub fn beside(netdev_driver: &str) -> Option<&'static Self> {
        let serves = |row: &&Self| {
            row.login
                .is_some_and(|login| login.netdevs.contains(&netdev_driver))
        };
        rows::ALL.iter().find(serves)
    }

    /// All that are known.
    #[must_use]
    pub fn all() -> &'static [Self] {
        rows::ALL
    }

    /// How it stands to an ability, on any of its adapters.
    #[must_use]
    pub fn can(&self, ability: Ability) -> Can {
        let own = self.abilities.iter().find(|row| row.0 == ability);
        own.map_or_else(|| Can::Not(nobody::why(ability)), |row| row.1)
    }

    /// The same on an adapter of this model.
    fn can_on(&self, ability: Ability, model: Option<&str>) -> Can {
        let can = self.can(ability);
        match Chip::of(model).why_no_boot() {
            Some(reason) if ability == Ability::Boot && can == Can::Driver => Can::Not(why::chip(reason)),
            _ => can,
        }
    }

    /// Table sizes of a model.
    #[must_use]
    pub fn limits(&self, model: Option<&str>) -> Limits {
        (self.limits)(model)
    }

    /// Interfaces of a port, by family and number, whose objects the driver makes and takes away as their protocol is switched:
    /// without an object the protocol is off. Source: `ql4_os.c` (`qla4xxx_create_ifaces`, `qla4xxx_destroy_ipv6_iface`).
    pub fn switched_ifaces(&self, model: Option<&str>) -> impl Iterator<Item = (Family, u32)> + use<> {
        let limits = self.limits(model);
        let all = |family, count: Option<u32>| (0..count.unwrap_or(0)).map(move |num| (family, num));
        all(Family::Ipv4, limits.ipv4_ifaces).chain(all(Family::Ipv6, limits.ipv6_ifaces))
    }

    /// What can be managed on an adapter of this model.
    #[must_use]
    pub fn features(&self, model: Option<&str>) -> Features {
        let has = |ability| self.can_on(ability, model).why_not().is_none();
        Features {
            flash: has(Ability::Flash),
            chap_table: has(Ability::ChapTable),
            iface: has(Ability::Iface),
            ping: has(Ability::Ping),
            host_stats: has(Ability::HostStats),
            boot: has(Ability::Boot),
            initiator_name: has(Ability::InitiatorName),
            memory: has(Ability::Memory),
            reset: has(Ability::Reset),
            ipsec: has(Ability::Ipsec),
            isns: has(Ability::Isns),
            slp: has(Ability::Slp),
            radius: has(Ability::Radius),
            multi_connection: has(Ability::MultiConnection),
        }
    }

    /// What cannot be managed on an adapter of this model, and why.
    #[must_use]
    pub fn missing(&self, model: Option<&str>) -> Vec<Missing> {
        let row = |ability: &Ability| {
            let why = self.can_on(*ability, model).why_not()?;
            Some(Missing {
                feature: ability.name().to_owned(),
                reason: why.reason.to_owned(),
            })
        };
        Ability::ALL.iter().filter_map(row).collect()
    }
}

#[cfg(test)]
mod tests;
