//! Path requests to both helpers: what each writes to the kernel, byte for byte.

use std::net::IpAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use driver_sys::uip::IfaceRecord;
use lab_tests::need::left_out;
use lab_tests::network;
use lab_tests::peer::helper;
use lab_tests::process::until;

use super::sides::{Side, Stage, on_three_stages, plain, record};

/// What is asked of an interface: words, destination, VLAN.
type Asked = (&'static str, &'static str, u16);

/// The message: `struct nlmsghdr`, `struct iscsi_uevent`, `struct iscsi_path`.
const FIELDS: &[(&str, Range<usize>)] = &[
    ("nlmsg_len", 0..4),
    ("nlmsg_type", 4..6),
    ("nlmsg_flags", 6..8),
    ("nlmsg_seq", 8..12),
    ("type", 16..20),
    ("iferror", 20..24),
    ("transport_handle", 24..32),
    ("u.set_path.host_no", 32..36),
    ("the rest of u", 36..56),
    ("r", 56..72),
    ("handle", 72..80),
    ("mac_addr", 80..86),
    ("mac_addr_old", 86..92),
    ("ip_addr_len", 92..96),
    ("src", 96..112),
    ("dst", 112..128),
    ("vlan_id", 128..130),
    ("pmtu", 130..132),
    ("padding", 132..136),
];
/// `nlmsg_pid` is the process's number.
const OWN: Range<usize> = 12..16;

/// In which answers something differs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    All,
    /// Those that there is no path.
    NoPath,
    /// Those of an interface with a VLAN priority.
    Priority,
}

/// Where the two differ, and why. Source for who reads it: `cnic.c`, `cnic_iscsi_nl_msg_recv`.
const DIFFER: &[(&str, In, &str)] = &[
    (
        "dst",
        In::All,
        "the peer leaves it empty, ours repeats the question's; cnic does not read it",
    ),
    (
        "src",
        In::NoPath,
        "the peer gives its own address where there is no path, too; without a MAC address cnic has no use for it",
    ),
    (
        "vlan_id",
        In::Priority,
        "the peer shifts the priority by 12, ours by 13 as IEEE 802.1Q has it; cnic takes it for the tag as it is",
    ),
];

/// Asks once, or as often as the stock helper takes to hear it; the answer.
fn ask(stage: &mut Stage, side: Side, handle: u64, asked: &Asked) -> Result<Vec<u8>> {
    let (what, dst, vlan) = asked;
    let dst: IpAddr = dst.parse()?;
    // Nobody signals the thread of the peer that answers unless it waits already: a request that comes before that lies until the next one.
    let attempts = if side == Side::Stock { 3 } else { 1 };
    for _ in 0..attempts {
        stage.asker.ask(handle, dst, *vlan)?;
        let (mut got, end) = (Vec::new(), Instant::now() + Duration::from_secs(30));
        while got.is_empty() && Instant::now() < end {
            stage.asker.carry(Duration::from_millis(20), &mut |packet| {
                if packet.get(72..80) == Some(&handle.to_ne_bytes()[..]) {
                    got.push(packet.to_vec());
                    return Ok(());
                }
                ensure!(side == Side::Stock, "an answer to another request: {packet:x?}");
                Ok(())
            })?;
        }
        if let Some(first) = got.pop() {
            ensure!(got.is_empty(), "two answers to {what}");
            return Ok(first);
        }
    }
    bail!("no answer to {what}")
}

/// All answers of one of the three.
fn answers(
    stage: &mut Stage,
    side: Side,
    interfaces: &[(IfaceRecord, &'static [Asked])],
) -> Result<Vec<Vec<u8>>> {
    let _helper = stage.start(side)?;
    let mut all = Vec::new();
    for (record, asked) in interfaces {
        stage.up(record)?;
        for asked in *asked {
            let handle = 7 + all.len() as u64;
            all.push(ask(stage, side, handle, asked)?);
            if side == Side::Stock {
                // Its thread waits for the next one only after it has said this.
                let done = "'path_req' operation finished";
                until(Duration::from_secs(30), "the peer to be done", || {
                    Ok((stage.slot.said().matches(done).count() >= all.len()).then_some(()))
                })?;
            }
        }
    }
    Ok(all)
}

/// Asks the three the same, and compares.
fn compare(vlan: Option<u16>, interfaces: &[(IfaceRecord, &'static [Asked])]) -> Result<()> {
    let (stock, both) = on_three_stages(vlan, |stage, side| answers(stage, side, interfaces))?;
    let asked = interfaces
        .iter()
        .flat_map(|(record, asked)| asked.iter().map(|asked| (record.vlan_priority > 0, asked)));
    let asked: Vec<(bool, &Asked)> = asked.collect();
    for (side, ours) in both {
        for (((priority, asked), stock), ours) in asked.iter().zip(&stock).zip(&ours) {
            same(stock, ours, *priority)
                .with_context(|| format!("{side:?}, {}: {ours:x?}, stock {stock:x?}", asked.0))?;
        }
    }
    Ok(())
}

/// Whether two answers are the same, but for the table.
fn same(stock: &[u8], ours: &[u8], priority: bool) -> Result<()> {
    ensure!(
        stock.len() == ours.len(),
        "{} bytes and {}",
        stock.len(),
        ours.len()
    );
    let covered: usize = FIELDS.iter().map(|(_, range)| range.len()).sum();
    ensure!(covered + OWN.len() == ours.len(), "the table has not all bytes");
    let nowhere = ours.get(80..86) == Some(&[0; 6][..]);
    for (field, range) in FIELDS {
        let equal = stock.get(range.clone()) == ours.get(range.clone());
        let known = DIFFER.iter().any(|(name, which, _)| {
            let holds = match which {
                In::All => true,
                In::NoPath => nowhere,
                In::Priority => priority,
            };
            name == field && holds
        });
        // What is the same now has no place in the table any more.
        ensure!(
            equal != known,
            "{field} is {}",
            if equal { "the same" } else { "another" }
        );
    }
    Ok(())
}

#[test]
fn both_helpers_answer_path_requests_with_the_same_bytes() -> Result<()> {
    let name = "both_helpers_answer_path_requests_with_the_same_bytes";
    if left_out(name, &[network::NEEDS, &helper::needs()].concat()) {
        return Ok(());
    }
    compare(
        None,
        &[
            (
                plain(),
                &[
                    ("a neighbour", "10.71.0.1", 0),
                    ("a neighbour that is known", "10.71.0.1", 0),
                    ("behind the gateway", "192.0.2.9", 0),
                    ("nobody", "10.71.0.250", 0),
                ],
            ),
            (
                record("bnx2i.v6", "fd71::50"),
                &[
                    ("a neighbour by IPv6", "fd71::1", 0),
                    ("nobody by IPv6", "fd71::250", 0),
                ],
            ),
        ],
    )
}

#[test]
fn both_helpers_answer_path_requests_of_a_vlan_with_the_same_bytes() -> Result<()> {
    let name = "both_helpers_answer_path_requests_of_a_vlan_with_the_same_bytes";
    if left_out(name, &[network::NEEDS, &helper::needs()].concat()) {
        return Ok(());
    }
    for vlan_priority in [0, 3] {
        let tagged = IfaceRecord {
            vlan_id: 7,
            vlan_priority,
            vlan_state: "enable".into(),
            iface_num: 1,
            ..plain()
        };
        let asked: &[Asked] = &[
            ("a neighbour on a VLAN", "10.71.0.1", 7),
            ("the same when the kernel names no VLAN", "10.71.0.1", 0),
        ];
        compare(Some(7), &[(tagged, asked)])?;
    }
    Ok(())
}
