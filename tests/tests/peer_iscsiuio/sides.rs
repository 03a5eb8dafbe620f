//! The three: the stock helper on a card, ours on the same card, and ours on the emulated kernel's ring.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driver_sys::uip::{IfaceRecord, Reply, Status};
use lab_tests::network::access::Access;
use lab_tests::network::asker::{self, Asker};
use lab_tests::network::segment::{ip, start_in};
use lab_tests::network::{FAR, Plan, Segment};
use lab_tests::peer::helper::{Port, Slot};
use lab_tests::process::{Running, own_binary};

/// A helper, and how it reaches the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The stock one, by UIO.
    Stock,
    /// Ours, by UIO.
    OursOnCard,
    /// Ours, by the emulated kernel's ring.
    OursOnRing,
}

/// How long a client waits before it asks again whether an interface is up, as iscsiadm does. The stock helper is not to be asked sooner:
/// it cancels the thread that enables the port, which may hold the port's mutex then, and never answers again.
const PACE: Duration = Duration::from_secs(1);

/// The far machine's MAC address, the same on every stage.
const FAR_MAC: &str = "02:10:18:00:ff:01";

/// A stage of its own for each of the three, at the same time: what the stock one did there, and what ours did.
pub(crate) fn on_three_stages<T: Send>(
    vlan: Option<u16>,
    job: impl Fn(&mut Stage, Side) -> Result<T> + Sync,
) -> Result<(T, [(Side, T); 2])> {
    let play = |side: Side| -> Result<T> {
        let mut stage = Stage::set(vlan)?;
        job(&mut stage, side).with_context(|| format!("{side:?}\n{}", stage.slot.said()))
    };
    let [stock, card, ring] = std::thread::scope(|scope| {
        let sides = [Side::Stock, Side::OursOnCard, Side::OursOnRing];
        let all = sides.map(|side| scope.spawn(move || (side, play(side))));
        all.map(|thread| thread.join())
    })
    .map(|ended| ended.map_err(|_| anyhow::anyhow!("a stage panicked")));
    let (stock, card, ring) = (stock?, card?, ring?);
    Ok((stock.1?, [(card.0, card.1?), (ring.0, ring.1?)]))
}

/// The cable, who asks, and the card.
pub(crate) struct Stage {
    // Before the asker, whose ring it is on.
    pub(crate) slot: Slot,
    _switch: Option<Access>,
    pub(crate) asker: Asker,
    pub(crate) segment: Segment,
}

impl Stage {
    /// Sets it up; the far machine may be on a VLAN.
    fn set(vlan: Option<u16>) -> Result<Self> {
        let segment = Segment::start(Plan::default())?;
        ip(&segment.far, &format!("link set {FAR} address {FAR_MAC}"))?;
        let switch = vlan.map(|vlan| Access::start(&segment, vlan)).transpose()?;
        let asker = Asker::start(&segment)?;
        let port = Port {
            host: asker::HOST,
            netdev: asker::NETDEV,
            mac: asker::MAC,
        };
        let slot = Slot::plug(&segment, asker.endpoint(), port)?;
        Ok(Self {
            slot,
            _switch: switch,
            asker,
            segment,
        })
    }

    /// Starts one of the three.
    pub(crate) fn start(&self, side: Side) -> Result<Running> {
        match side {
            Side::Stock => self.slot.stock(),
            Side::OursOnCard => self.slot.ours(&own_binary("iscsiuio")?),
            Side::OursOnRing => {
                let program = own_binary("iscsiuio")?;
                let program = program.to_str().context("the path is not UTF-8")?;
                let endpoint = self.asker.endpoint().as_os_str();
                let args = ["-f".as_ref(), "--endpoint".as_ref(), endpoint];
                let log = self.segment.file("iscsiuio-on-ring.log");
                start_in(&self.segment.near, program, &args, &[], "ready", &log)
            }
        }
    }

    /// Has an interface configured; what was said last.
    pub(crate) fn configure(&mut self, record: &IfaceRecord) -> Result<Reply> {
        let said = self.asker.configure(&self.segment, record, PACE)?;
        said.last().copied().context("nothing was said")
    }

    /// Has an interface configured, and expects that it is up.
    pub(crate) fn up(&mut self, record: &IfaceRecord) -> Result<()> {
        let last = self.configure(record)?;
        ensure!(last.status == Status::DeviceUp, "{}: {last:?}", record.name);
        Ok(())
    }
}

/// An interface record of the port.
pub(crate) fn record(name: &str, address: &str) -> IfaceRecord {
    IfaceRecord {
        name: name.into(),
        netdev: asker::NETDEV.into(),
        transport_name: "bnx2i".into(),
        ipaddress: address.into(),
        ..Default::default()
    }
}

/// The one that most tests use: an address on the segment, and the far machine as gateway.
pub(crate) fn plain() -> IfaceRecord {
    IfaceRecord {
        subnet_mask: "255.255.255.0".into(),
        gateway: "10.71.0.1".into(),
        ..record("bnx2i.v4", "10.71.0.50")
    }
}
