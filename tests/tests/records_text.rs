//! The text of records beside the stock `iscsiadm`: new ones, and each key with values of its kind.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use hba::nodes::key::{Key, Object, TABLE, ValueKind};
use hba::nodes::{Conf, DEFAULT_IFACE, NodeId, Portal, Record, Version, iface};
use lab_tests::need::left_out;
use lab_tests::peer::NEEDS;
use lab_tests::peer::records::Records;

const TARGET: &str = "iqn.2026-11.test:a";
const PORTAL: &str = "192.0.2.1:3260,1";

/// What `iscsiadm` names a record by, and its file.
struct Subject {
    object: Object,
    words: &'static [&'static str],
    file: &'static str,
}

const SUBJECTS: [Subject; 4] = [
    Subject {
        object: Object::Node,
        words: &["-m", "node", "-T", TARGET, "-p", PORTAL, "-I", "default"],
        file: "nodes/iqn.2026-11.test:a/192.0.2.1,3260,1/default",
    },
    Subject {
        object: Object::Iface,
        words: &["-m", "iface", "-I", "eth.x"],
        file: "ifaces/eth.x",
    },
    Subject {
        object: Object::SendTargets,
        words: &["-m", "discoverydb", "-t", "st", "-p", "192.0.2.9:3260"],
        file: "send_targets/192.0.2.9,3260/st_config",
    },
    Subject {
        object: Object::Isns,
        words: &["-m", "discoverydb", "-t", "isns", "-p", "192.0.2.9:3205"],
        file: "isns/192.0.2.9,3205/isns_config",
    },
];

impl Subject {
    fn stock(&self, peer: &Records, more: &[&str]) -> Result<()> {
        let words: Vec<_> = self.words.iter().chain(more).copied().collect();
        peer.lines(&words).map(drop)
    }

    fn path(&self, peer: &Records) -> PathBuf {
        peer.outside().join(self.file)
    }

    fn read(&self, peer: &Records) -> Result<Record> {
        let path = self.path(peer);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(Record::parse(self.file, &bytes)?)
    }

    /// What we write for it.
    fn ours(&self, version: Version) -> Record {
        let conf = Conf::of_version(version);
        let id = NodeId {
            target: TARGET.parse().expect("a name"),
            portal: Portal {
                address: "192.0.2.1".to_owned(),
                port: 3260,
                tag: Some(1),
            },
            iface: DEFAULT_IFACE.to_owned(),
        };
        match self.object {
            Object::Node => Record::node(&id, &iface::built_in(DEFAULT_IFACE).expect("built in"), &conf),
            Object::Iface => Record::interface("eth.x", "tcp", version),
            Object::SendTargets => Record::send_targets("192.0.2.9", 3260, &conf),
            _ => Record::isns("192.0.2.9", 3205, &conf),
        }
    }
}

/// Values of a kind: the ends of its range, each of its words.
fn values(key: &Key) -> Vec<String> {
    let words = |words: &mut dyn Iterator<Item = &str>| words.map(str::to_owned).collect();
    match key.kind {
        // One that the stock tool finds in the kernel, or it does not find the interface again.
        _ if key.name == "iface.transport_name" => words(&mut ["tcp"].into_iter()),
        ValueKind::Number { min, max, .. } | ValueKind::PowerOfTwo { min, max } => {
            vec![min.to_string(), max.to_string()]
        }
        ValueKind::ZeroOr { min, max, .. } => vec![min.to_string(), max.to_string(), "0".to_owned()],
        ValueKind::Choice(all) => words(&mut all.iter().copied()),
        ValueKind::Words(all) => words(&mut all.iter().map(|word| word.0)),
        ValueKind::YesNo => words(&mut ["Yes", "No"].into_iter()),
        ValueKind::Text { max } => vec![
            "x".to_owned(),
            "a = b # c".chars().take(max).collect(),
            "x".repeat(max),
        ],
        ValueKind::Secret { max } => vec!["a = \"b\" # c".to_owned(), "x".repeat(max)],
        // Another family's address would bring other keys with it.
        ValueKind::Address | ValueKind::Host => vec!["192.0.2.77".to_owned()],
        ValueKind::Mac => vec!["00:0e:1e:04:93:92".to_owned()],
        ValueKind::Name => vec!["iqn.2026-11.test:other".to_owned()],
        ValueKind::Algorithms => vec!["SHA1,MD5".to_owned(), "MD5".to_owned()],
    }
}

/// Whether an operator of that version may set it in such a record.
fn settable(key: &Key, object: Object, version: Version, record: &Record) -> bool {
    let own = object != Object::Node || !key.name.starts_with("iface.");
    let other = key
        .family()
        .is_some_and(|family| family != iface::family("eth.x", record.get("iface.ipaddress")));
    // An interface that is bound by its network interface is not bound by a MAC address: a test of its own.
    let own = own && key.name != "iface.hwaddress";
    key.objects.has(object) && key.written && !key.fixed && key.since <= version && own && !other
}

#[test]
fn new_records_are_what_the_stock_tool_of_this_machine_writes() -> Result<()> {
    if left_out(
        "new_records_are_what_the_stock_tool_of_this_machine_writes",
        NEEDS,
    ) {
        return Ok(());
    }
    let peer = Records::new()?;
    for subject in SUBJECTS {
        subject.stock(&peer, &["-o", "new"])?;
        let stock = subject.read(&peer)?;
        let version = stock.version().context("the stock tool names its version")?;
        ensure!(
            subject.ours(version).text() == stock.text(),
            "{}: {}",
            subject.file,
            stock.masked()
        );
        assert_eq!(stock.remarks(subject.object), [], "{}", subject.file);
    }
    Ok(())
}

#[test]
fn a_key_that_is_set_here_is_what_the_stock_tool_sets() -> Result<()> {
    if left_out("a_key_that_is_set_here_is_what_the_stock_tool_sets", NEEDS) {
        return Ok(());
    }
    let peer = Records::new()?;
    let mut count = 0;
    for subject in SUBJECTS {
        subject.stock(&peer, &["-o", "new"])?;
        let mut ours = subject.read(&peer)?;
        let version = ours.version().context("the stock tool names its version")?;
        for key in TABLE
            .iter()
            .filter(|key| settable(key, subject.object, version, &ours))
            .collect::<Vec<_>>()
        {
            for value in values(key) {
                ours.set(subject.object, key.name, &value)?;
                subject.stock(&peer, &["-o", "update", "-n", key.name, "-v", &value])?;
                let stock = subject.read(&peer)?;
                ensure!(
                    stock == ours,
                    "{} = {value}:\n{}\n{}",
                    key.name,
                    stock.text(),
                    ours.text()
                );
                count += 1;
            }
        }
        // What we write, the stock tool reads and writes again as it is.
        fs::write(subject.path(&peer), ours.bytes())?;
        let (again, value) = match subject.object {
            Object::Iface => ("iface.mtu", "1500"),
            Object::Node => ("node.session.queue_depth", "7"),
            Object::SendTargets => ("discovery.sendtargets.reopen_max", "7"),
            _ => ("discovery.isns.discoveryd_poll_inval", "7"),
        };
        ours.set(subject.object, again, value)?;
        subject.stock(&peer, &["-o", "update", "-n", again, "-v", value])?;
        ensure!(subject.read(&peer)? == ours, "{}", subject.file);
    }
    assert!(count > 200, "{count} values");
    Ok(())
}

#[test]
fn neither_tool_binds_an_interface_in_another_way() -> Result<()> {
    if left_out("neither_tool_binds_an_interface_in_another_way", NEEDS) {
        return Ok(());
    }
    let peer = Records::new()?;
    let subject = &SUBJECTS[1];
    for (first, second) in [
        (
            ("iface.net_ifacename", "eth0"),
            ("iface.hwaddress", "00:0e:1e:04:93:92"),
        ),
        (
            ("iface.hwaddress", "00:0e:1e:04:93:92"),
            ("iface.net_ifacename", "eth0"),
        ),
    ] {
        subject.stock(&peer, &["-o", "new"])?;
        let mut ours = subject.read(&peer)?;
        ours.set(Object::Iface, first.0, first.1)?;
        subject.stock(&peer, &["-o", "update", "-n", first.0, "-v", first.1])?;
        ensure!(subject.read(&peer)? == ours, "{first:?}");
        assert!(ours.set(Object::Iface, second.0, second.1).is_err());
        let _ = subject.stock(&peer, &["-o", "update", "-n", second.0, "-v", second.1]);
        ensure!(subject.read(&peer)? == ours, "{second:?}");
        subject.stock(&peer, &["-o", "delete"])?;
    }
    Ok(())
}
