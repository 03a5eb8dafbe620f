//! The stock iscsiuio where ours stands: on a card of memory, before the emulated kernel and before this one.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netlink::Request;
use driver_sys::uip::{IfaceRecord, Status};
use lab_tests::need::left_out;
use lab_tests::network::asker::{self, Asker};
use lab_tests::network::rig::{self, Rig};
use lab_tests::network::segment::{ip, start_in};
use lab_tests::network::{self, FAR, Plan, Segment};
use lab_tests::peer::helper::{self, Port, Slot};
use lab_tests::peer::stock::{self, Stock};
use lab_tests::peer::walk::walk;
use lab_tests::process::{Running, own_binary};

#[test]
fn stock_iscsid_discovers_and_logs_in_with_the_stock_helper() -> Result<()> {
    let name = "stock_iscsid_discovers_and_logs_in_with_the_stock_helper";
    if left_out(name, &[rig::needs(), stock::needs(), helper::needs()].concat()) {
        return Ok(());
    }
    let rig = Rig::helperless(16 << 20, false)?;
    let (netdev, mac) = (rig.shown("netdev")?, rig.shown("hwaddress")?);
    let port = Port {
        host: 1,
        netdev: &netdev,
        mac: hba::ids::parse_mac(&mac).context("a MAC address")?,
    };
    let slot = Slot::plug(&rig.segment, rig.offload.endpoint(), port)?;
    let _helper = slot.stock()?;
    let stock = Stock::start(rig.offload.endpoint(), Some(&rig.segment.near))?;
    let walked = walk(&rig, &stock);
    walked.with_context(|| format!("{}\niscsid: {}", slot.said(), stock.log().unwrap_or_default()))?;
    // It was the stock helper that found the target, by the ring.
    let far = rig.segment.mac_of_far()?;
    for message in slot.sent()? {
        match Request::decode(&message)?.1 {
            Request::PathUpdate { path, .. } => ensure!(path.mac == far, "{path:?}"),
            other => bail!("it sent {other:?}"),
        }
    }
    Ok(())
}

/// A helper, and how it reaches the port.
#[derive(Debug, Clone, Copy)]
enum Side {
    Stock,
    OnCard,
    OnRing,
}

/// What is asked, in this order.
const ASKED: &[(&str, &str, u16)] = &[
    ("a neighbour", "10.71.0.1", 0),
    ("a neighbour that is known", "10.71.0.1", 0),
    ("behind the gateway", "192.0.2.9", 0),
    ("nobody", "10.71.0.250", 0),
];

fn record(name: &str) -> IfaceRecord {
    IfaceRecord {
        name: name.into(),
        netdev: asker::NETDEV.into(),
        transport_name: "bnx2i".into(),
        ..Default::default()
    }
}

fn start(side: Side, segment: &Segment, asker: &Asker, slot: &Slot) -> Result<Running> {
    match side {
        Side::Stock => slot.stock(),
        Side::OnCard => slot.ours(),
        Side::OnRing => {
            let program = own_binary("iscsiuio")?;
            let program = program.to_str().context("the path is not UTF-8")?;
            let args = ["-f".as_ref(), "--endpoint".as_ref(), asker.endpoint().as_os_str()];
            start_in(
                &segment.near,
                program,
                &args,
                &[],
                "ready",
                &segment.file("ring.log"),
            )
        }
    }
}

/// Waits for the answer to a request.
fn answer(asker: &mut Asker, what: &str) -> Result<Vec<u8>> {
    let (mut got, end) = (None, Instant::now() + Duration::from_secs(30));
    while got.is_none() {
        ensure!(Instant::now() < end, "no answer to {what}");
        asker.carry(Duration::from_millis(20), &mut |packet| {
            ensure!(got.replace(packet.to_vec()).is_none(), "two answers to {what}");
            Ok(())
        })?;
    }
    got.context("an answer")
}

fn answers(side: Side, segment: &Segment, asker: &mut Asker, slot: &Slot) -> Result<Vec<Vec<u8>>> {
    let _helper = start(side, segment, asker, slot)?;
    let v4 = IfaceRecord {
        ipaddress: "10.71.0.50".into(),
        subnet_mask: "255.255.255.0".into(),
        gateway: "10.71.0.1".into(),
        ..record("bnx2i.v4")
    };
    let said = asker.configure(segment, &v4)?;
    eprintln!("{side:?} {said:?}");
    ensure!(
        said.last().is_some_and(|last| last.status == Status::DeviceUp),
        "{side:?}: {said:?}"
    );
    let mut all = Vec::new();
    for (handle, (what, dst, vlan)) in ASKED.iter().enumerate() {
        let dst: IpAddr = dst.parse()?;
        asker.ask(handle as u64 + 7, dst, *vlan)?;
        let got = answer(asker, what).with_context(|| format!("{side:?}"))?;
        eprintln!("{side:?} {what}: {got:02x?}");
        all.push(got);
    }
    asker.hang_up();
    Ok(all)
}

#[test]
fn both_helpers_answer_path_requests_with_the_same_bytes() -> Result<()> {
    let name = "both_helpers_answer_path_requests_with_the_same_bytes";
    if left_out(name, &[network::NEEDS, &helper::needs()].concat()) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let mut asker = Asker::start(&segment)?;
    let port = Port {
        host: asker::HOST,
        netdev: asker::NETDEV,
        mac: asker::MAC,
    };
    let slot = Slot::plug(&segment, asker.endpoint(), port)?;
    let _ = (FAR, ip(&segment.far, "link show")?);
    for side in [Side::OnRing, Side::Stock, Side::OnCard] {
        answers(side, &segment, &mut asker, &slot).with_context(|| format!("{side:?} {}", slot.said()))?;
    }
    Ok(())
}
