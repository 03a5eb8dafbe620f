//! The emulated kernel itself, as the sockets see it: packets, writes and the time go in, what is to be sent comes out.
//!
//! A state machine without sockets. Owns the class (with the mid layer below it) and the drivers; what a message or an attribute
//! means is theirs.

mod drivers;
mod faults;
mod rings;
mod store;
mod stores;
#[cfg(test)]
mod tests;
mod turns;

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use emu_net::hardware::Hardware;
use isp4xxx::fw::Card;

use crate::config::Config;
use crate::driver::qla4xxx::Qla4xxx;
use crate::env::Env;
pub(crate) use crate::env::{ClientId, Out};
use crate::midlayer::MidLayer;
pub(crate) use crate::midlayer::Waiting;
pub(crate) use crate::transport::bsg::{BsgAnswer, BsgRequest};
use crate::transport::{Class, Queue, bsg};
pub(crate) use crate::transport::{FaultError, LowLevelDriver};
use crate::tree::Tree;
use drivers::Drivers;
use stores::Stores;

/// The emulated kernel.
pub(crate) struct Kernel {
    class: Class,
    queue: Queue,
    drivers: Drivers,
    stores: Stores,
}

impl Kernel {
    /// Loads the class and the drivers: that of the card if there is one, then the `others`. Hosts appear, ports are initialized, logins begin.
    ///
    /// # Errors
    /// The tree cannot be written.
    pub(crate) fn load(
        config: Config,
        tree: Tree,
        card: Option<Card>,
        others: Vec<Box<dyn LowLevelDriver>>,
        now: Instant,
    ) -> io::Result<Self> {
        let scsi = MidLayer::new(config.dir.join("sg"), config.group());
        let mut kernel = Self {
            class: Class::new(Env::new(tree, now), scsi),
            queue: Queue::default(),
            drivers: Drivers {
                card: card.map(|card| Qla4xxx::new(config, card, now)),
                others,
            },
            stores: Stores::default(),
        };
        let names: Vec<&str> = kernel.drivers.all().map(|d| d.name()).collect();
        kernel.class.make_fixed_tree(&names)?;
        for driver in kernel.drivers.all() {
            driver.clock(now);
            driver.load(&mut kernel.class)?;
        }
        kernel.settle(now);
        Ok(kernel)
    }

    /// Whether every host has finished its probe.
    pub(crate) fn ready(&self) -> bool {
        self.drivers.iter().all(LowLevelDriver::ready)
    }

    /// How many drivers are loaded.
    pub(crate) fn drivers(&self) -> usize {
        self.drivers.iter().count()
    }

    /// What the shell serves for a driver, by its place among them.
    pub(crate) fn hardware(&mut self, driver: usize) -> Option<&mut dyn Hardware> {
        self.drivers.all().nth(driver)?.hardware()
    }

    /// The hosts that have a bsg device.
    pub(crate) fn bsg_hosts(&self) -> Vec<u32> {
        self.class.bsg_hosts()
    }

    /// Leaves something to be sent behind what is there already.
    pub(crate) fn push(&mut self, out: Out) {
        self.class.env.push(out);
    }

    /// The next thing to be sent.
    pub(crate) fn poll_out(&mut self) -> Option<Out> {
        self.class.env.poll_out()
    }

    /// Netlink groups that somebody listens to, as a bit mask.
    pub(crate) fn set_listeners(&mut self, groups: u32) {
        self.class.env.listeners = groups;
    }

    /// A client is gone: nothing is sent to it any more. Netlink requests that it has sent are carried out all the same: in a real
    /// kernel the sender waits inside of `iscsi_if_rx` for its turn, and a signal that kills it does not take it out of there.
    pub(crate) fn client_gone(&mut self, client: ClientId) {
        self.class.scsi.client_gone(client);
        self.stores.forget(client);
    }

    /// A packet on the netlink socket, and a descriptor that came beside it.
    pub(crate) fn netlink(
        &mut self,
        now: Instant,
        client: ClientId,
        portid: u32,
        packet: &[u8],
        descriptor: Option<OwnedFd>,
    ) {
        self.queue.push(client, portid, packet, descriptor);
        self.settle(now);
    }

    /// A command of an sg client for the unit `H:C:T:L`; the unit's number in `waiting` is filled in on the way.
    pub(crate) fn sg(&mut self, now: Instant, name: &str, waiting: Waiting) {
        self.at(now);
        let host = self.class.scsi.host_of_unit(name);
        let handle = host.and_then(|host| self.class.handle_of(host));
        let Class { env, scsi, .. } = &mut self.class;
        match handle.and_then(|handle| self.drivers.by_handle(handle)) {
            Some(driver) => scsi.sg(env, driver, name, waiting),
            None => scsi.no_unit(env, waiting.client),
        }
        self.settle(now);
    }

    /// A packet on `bsg/iscsi_hostN`.
    pub(crate) fn bsg(&mut self, no: u32, request: &BsgRequest<'_>) -> BsgAnswer {
        let handle = self.class.handle_of(no);
        match handle.and_then(|handle| self.drivers.by_handle(handle)) {
            Some(driver) => bsg::request(&mut self.class, driver, no, request),
            None => BsgAnswer::no_device(),
        }
    }
}
