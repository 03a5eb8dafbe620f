//! The control socket of both helpers: the same twelve bytes to iscsid.

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::code::PingStatus;
use driver_sys::uip::{IfaceRecord, PingRequest, Reply, Request};
use lab_tests::need::left_out;
use lab_tests::network::{self, helper::ask_bytes};
use lab_tests::peer::helper;

use super::sides::{Side, Stage, on_three_stages, plain, record};

const ANSWERED: &str = "a ping that is answered";

type Bytes = [u8; Reply::SIZE];

/// Where the two differ, and why.
const DIFFER: &[(&str, &str)] = &[(
    "an unknown command",
    "the peer says that it is done, ours that it is not",
)];

/// What is asked, in this order, on an interface that is up. No ping is longer than a frame: the stock helper refuses those in a thread that
/// may end before it is joined, and then dies of that (SIGSEGV in `pthread_join`), or says that they were answered.
fn asked() -> Result<Vec<(&'static str, Vec<u8>)>> {
    let ping = |to: &str, size| -> Result<Vec<u8>> {
        let (iface, to) = (plain(), to.parse()?);
        Ok(Request::Ping(PingRequest { iface, to, size }).encode()?)
    };
    let iface = |record: IfaceRecord| -> Result<Vec<u8>> { Ok(Request::Iface(record).encode()?) };
    Ok(vec![
        ("the same interface again", iface(plain())?),
        ("no address", iface(record("bnx2i.x", "nonsense"))?),
        (
            "a VLAN that cannot be",
            iface(IfaceRecord {
                vlan_id: 4095,
                vlan_state: "enable".into(),
                ..plain()
            })?,
        ),
        (
            "another network device",
            iface(IfaceRecord {
                netdev: "eth9".into(),
                ..plain()
            })?,
        ),
        (ANSWERED, ping("10.71.0.1", 56)?),
        ("a ping to nobody", ping("10.71.0.250", 56)?),
        ("an unknown command", [7_u32, 0].map(u32::to_ne_bytes).concat()),
    ])
}

fn replies(stage: &mut Stage, side: Side) -> Result<Vec<Bytes>> {
    let mut all = once(stage, side)?;
    // The peer sends one echo, and two of its threads take from the ring without a lock: its answer may be lost in it, and with it the ring.
    for _ in 0..2 {
        let lost = asked()?.iter().zip(&all).any(|((what, _), reply)| {
            *what == ANSWERED && Reply::decode(reply).is_ok_and(|reply| reply.ping == PingStatus::Timeout)
        });
        if side != Side::Stock || !lost {
            break;
        }
        stage.asker.hang_up();
        all = once(stage, side)?;
    }
    Ok(all)
}

fn once(stage: &mut Stage, side: Side) -> Result<Vec<Bytes>> {
    let _helper = stage.start(side)?;
    stage.up(&plain())?;
    let near = stage.segment.near.clone();
    asked()?
        .into_iter()
        .map(|(what, bytes)| {
            let near = near.clone();
            let got = stage.asker.meanwhile(move || ask_bytes(&near, bytes));
            got.with_context(|| what.to_owned())
        })
        .collect()
}

#[test]
fn both_helpers_answer_the_control_socket_with_the_same_bytes() -> Result<()> {
    let name = "both_helpers_answer_the_control_socket_with_the_same_bytes";
    if left_out(name, &[network::NEEDS, &helper::needs()].concat()) {
        return Ok(());
    }
    let (stock, both) = on_three_stages(None, replies)?;
    for (side, ours) in both {
        for (((what, _), stock), ours) in asked()?.iter().zip(&stock).zip(&ours) {
            let known = DIFFER.iter().any(|(name, _)| name == what);
            // What is the same now has no place in the table any more.
            ensure!(
                (stock == ours) != known,
                "{side:?}, {what}: {ours:?}, stock {stock:?}"
            );
        }
    }
    Ok(())
}
