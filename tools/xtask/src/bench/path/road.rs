//! The kernel that asks, and how long it waits.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netlink::Request;
use driver_sys::uip::{IfaceRecord, Status};
use iscsiuio::nic::{FRAME_ROOM, Nic};
use lab_tests::network::Segment;
use lab_tests::network::asker::{Asker, NETDEV, readable};
use lab_tests::network::segment::{ip, start_in};
use lab_tests::process::Running;

pub(super) use lab_tests::network::asker::MAC;

/// The port's address.
pub(super) const SOURCE: Ipv4Addr = Ipv4Addr::new(10, 71, 0, 50);
const LIMIT: Duration = Duration::from_secs(30);

/// How often it is looked whether a request is lost.
const GLANCE: Duration = Duration::from_millis(100);

/// What became of requests.
pub(super) struct Measured {
    /// How long each took that was answered with a path.
    pub(super) times: Vec<Duration>,
    /// From the first question to the last answer.
    pub(super) took: Duration,
}

/// The endpoint, and whoever is on it.
pub(super) struct Road {
    asker: Asker,
    asked: u32,
}

impl Road {
    /// Lays the endpoint out; the far machine answers for all of 10.128.0.0/9.
    pub(super) fn start(segment: &Segment) -> Result<Self> {
        ip(&segment.far, "route add local 10.128.0.0/9 dev lo")?;
        Ok(Self {
            asker: Asker::start(segment)?,
            asked: 0,
        })
    }

    /// The endpoint's directory.
    pub(super) fn endpoint(&self) -> &Path {
        self.asker.endpoint()
    }

    /// Somebody comes to both sockets.
    pub(super) fn accept(&mut self) -> Result<()> {
        self.asker.accept()
    }

    /// Nobody is on it any more.
    pub(super) fn hang_up(&mut self) {
        self.asker.hang_up();
    }

    /// Starts the helper on the road, with the port's address configured; both sockets are its own then.
    pub(super) fn helper(&mut self, segment: &Segment, program: &Path) -> Result<Running> {
        let state = self.endpoint().join("iscsiuio");
        if state.exists() {
            std::fs::remove_dir_all(&state)?;
        }
        let args = ["-f".as_ref(), "--endpoint".as_ref(), self.endpoint().as_os_str()];
        let program = program.to_str().context("the path is not UTF-8")?;
        let log = segment.file("bench-iscsiuio.log");
        let running = start_in(&segment.near, program, &args, &[], "ready", &log)?;
        self.configure(segment, Duration::from_millis(20))?;
        Ok(running)
    }

    /// Gives whoever listens the port's address, again each `pace`.
    pub(super) fn configure(&mut self, segment: &Segment, pace: Duration) -> Result<()> {
        let record = IfaceRecord {
            name: "bnx2i.bench".into(),
            netdev: NETDEV.into(),
            ipaddress: SOURCE.to_string(),
            subnet_mask: "255.0.0.0".into(),
            transport_name: "bnx2i".into(),
            ..Default::default()
        };
        let said = self.asker.configure(segment, &record, pace)?;
        let up = said.last().is_some_and(|last| last.status == Status::DeviceUp);
        ensure!(up, "the helper did not configure its interface: {said:?}");
        Ok(())
    }

    /// So many requests, so many of them in flight. One that is not answered within `patience` is lost, as is one whose answer is that
    /// there is no path.
    pub(super) fn measure(
        &mut self,
        requests: usize,
        at_once: usize,
        patience: Duration,
    ) -> Result<Measured> {
        let mut begun: HashMap<u64, Instant> = HashMap::new();
        let mut times = Vec::with_capacity(requests);
        let (mut sent, start) = (0, Instant::now());
        let mut last = start;
        while sent < requests || !begun.is_empty() {
            while begun.len() < at_once && sent < requests {
                let dst = self.next();
                let handle = u64::from(self.asked);
                begun.insert(handle, Instant::now());
                self.asker.ask(handle, dst.into(), 0)?;
                sent += 1;
            }
            let came = self.asker.carry(GLANCE, &mut |packet| {
                let (_, request) = Request::decode(packet)?;
                let Request::PathUpdate { path, .. } = request else {
                    bail!("the helper sent {request:?}");
                };
                if let (Some(since), true) = (begun.remove(&path.handle), path.mac != [0; 6]) {
                    times.push(since.elapsed());
                    last = Instant::now();
                }
                Ok(())
            })?;
            if !came {
                begun.retain(|_, since| since.elapsed() < patience);
            }
        }
        Ok(Measured {
            times,
            took: last - start,
        })
    }

    /// Carries what comes for so long.
    pub(super) fn carry(&mut self, long: Duration) -> Result<()> {
        let end = Instant::now() + long;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.asker.carry(left, &mut |_| Ok(()))?;
        }
        Ok(())
    }

    /// As many round trips of ARP between the packet socket and the kernel that answers.
    pub(super) fn arp(&mut self, count: usize) -> Result<Vec<Duration>> {
        let mut room = vec![0; FRAME_ROOM];
        let mut times = Vec::with_capacity(count);
        while times.len() < count {
            let to = self.next();
            let wire = self.asker.wire();
            let begun = Instant::now();
            wire.send(&super::bare::request(to))?;
            loop {
                readable(&[wire.fd()], LIMIT)?;
                let Some(length) = wire.receive(&mut room)? else {
                    continue;
                };
                if super::bare::answered(&room[..length]).is_some_and(|(from, _)| from == to) {
                    break;
                }
            }
            times.push(begun.elapsed());
        }
        Ok(times)
    }

    fn next(&mut self) -> Ipv4Addr {
        self.asked += 1;
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 128, 0, 0).to_bits() | (self.asked & 0x007f_ffff))
    }
}
