//! The methods.

use std::net::IpAddr;

use driver_sys::uip::Status;
use tokio::sync::{mpsc, oneshot};
use zlink::{ReplyError, introspect, service};

use super::types::{Address, Counters, Interface, Lease, Neighbour, Pong, Port, Ports, Totals};
use crate::ask::Ask;

/// Why a method failed.
#[derive(Debug, Clone, PartialEq, Eq, ReplyError, introspect::ReplyError)]
#[zlink(interface = "io.hbactl.iscsiuio")]
pub(super) enum Failure {
    /// There is no interface on this VLAN of this host's port.
    NoSuchInterface { host: u32, vlan: u16 },
    /// The interface has no address yet.
    NotReady { host: u32, vlan: u16 },
    /// No IP address.
    NoAddress { address: String },
    /// The daemon is ending.
    Ending,
}

/// A client's view of the daemon.
#[derive(Debug)]
pub(super) struct Service {
    asks: mpsc::Sender<Ask>,
}

impl Service {
    pub(super) fn new(asks: mpsc::Sender<Ask>) -> Self {
        Self { asks }
    }

    async fn ask<T>(&self, ask: Ask, answer: oneshot::Receiver<T>) -> Result<T, Failure> {
        self.asks.send(ask).await.map_err(|_| Failure::Ending)?;
        answer.await.map_err(|_| Failure::Ending)
    }
}

#[service(
    interface = "io.hbactl.iscsiuio",
    types = [Address, Counters, Interface, Lease, Neighbour, Port, Totals],
    vendor = "hba",
    product = "iscsiuio",
    version = env!("CARGO_PKG_VERSION")
)]
impl Service {
    /// Everything that there is to see.
    async fn get_ports(&mut self) -> Result<Ports, Failure> {
        let (answer, wait) = oneshot::channel();
        let report = self.ask(Ask::Report { answer }, wait).await?;
        Ok(Ports::from(report))
    }

    /// Pings from an interface; VLAN 0 is untagged.
    async fn ping(&mut self, host: u32, vlan: u16, address: String, size: u32) -> Result<Pong, Failure> {
        let Ok(to) = address.parse::<IpAddr>() else {
            return Err(Failure::NoAddress { address });
        };
        let (answer, wait) = oneshot::channel();
        let ask = Ask::PingFrom {
            host,
            vlan_id: vlan,
            to,
            size,
            answer,
        };
        let answer = self.ask(ask, wait).await?;
        match answer.status {
            Status::NotFound => Err(Failure::NoSuchInterface { host, vlan }),
            Status::DeviceInitializing => Err(Failure::NotReady { host, vlan }),
            _ => Ok(Pong::from(answer)),
        }
    }
}
