//! The stock iscsiadm and our readers see the same in one tree.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use driver_sys::Endpoint;
use driver_sys::sysfs::class::session::{Session, SessionFields};
use driver_sys::sysfs::class::{host, sessions};
use driver_sys::sysfs::{Address, Root};
use hba::HostNo;
use hba::backend::Backend as _;
use hba::backend::kernel::Kernel;
use hba::model::FlashTarget;
use hba::params::{IfaceCode, NetParam, ParamValue};
use lab_tests::need::left_out;
use lab_tests::peer::{NEEDS, Peer};
use sysfs_trees::{Dump, TreeSpec};
use tempfile::TempDir;

const KERNEL_6_12: &str = include_str!("../../driver-sys/tests/data/sysfs/6.12-driver-login.txt");

struct Both {
    _dir: TempDir,
    ours: Root,
    peer: Peer,
}

impl Both {
    /// Our control plane over the same tree.
    fn kernel(&self) -> Result<Kernel> {
        let dir = self._dir.path().to_owned();
        Ok(Kernel::open(&Endpoint::Dir(dir))?)
    }
}

fn over(lay_out: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<Both> {
    let dir = tempfile::tempdir()?;
    let sys = dir.path().join("sys");
    lay_out(&sys)?;
    Ok(Both {
        ours: Root::open(&sys)?,
        peer: Peer::over(&sys)?,
        _dir: dir,
    })
}

fn generated() -> Result<Both> {
    over(|sys| {
        TreeSpec {
            first_host: 3,
            hosts: 2,
            sessions: 25,
            flash_nodes: 3,
        }
        .lay_out(sys)
    })
}

fn dumped() -> Result<Both> {
    let dump = Dump::parse(KERNEL_6_12)?;
    over(|sys| dump.lay_out(sys))
}

fn ours(both: &Both, fields: SessionFields) -> Result<Vec<Session>> {
    let listing = sessions::sessions(&both.ours, fields)?.into_listing();
    assert!(listing.skipped.is_empty(), "{:?}", listing.skipped);
    Ok(listing.items)
}

/// Our session in the peer's words.
fn line(session: &Session) -> Result<String> {
    let portal = &session.portals.as_ref().context("a portal")?.persistent;
    let flash = if session.is_flash() { "flash" } else { "non-flash" };
    Ok(format!(
        "{}: [{}] {portal},{} {} ({flash})",
        session.host.transport, session.sid, session.tpgt, session.target
    ))
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn or_empty(value: Option<&str>) -> &str {
    value.unwrap_or("<empty>")
}

#[test]
fn the_same_sessions() -> Result<()> {
    if left_out("the_same_sessions", NEEDS) {
        return Ok(());
    }
    for (both, count) in [(generated()?, 25), (dumped()?, 2)] {
        let mine: Vec<String> = ours(&both, SessionFields::Brief)?
            .iter()
            .map(line)
            .collect::<Result<_>>()?;
        assert_eq!(mine.len(), count);
        assert_eq!(sorted(both.peer.lines(&["-m", "session"])?), sorted(mine));
    }
    Ok(())
}

#[test]
fn the_same_details_of_every_session() -> Result<()> {
    if left_out("the_same_details_of_every_session", NEEDS) {
        return Ok(());
    }
    for both in [generated()?, dumped()?] {
        let mut theirs = Vec::new();
        let mut target = String::new();
        for line in both.peer.lines(&["-m", "session", "-P", "1"])? {
            let line = line.trim();
            if let Some(name) = line.strip_prefix("Target: ") {
                // One heading for all sessions of a target.
                target = name.to_owned();
            } else if line.starts_with("Current Portal: ") {
                theirs.push(format!("{target}\n{line}\n"));
            } else if let Some(session) = theirs
                .last_mut()
                .filter(|_| KNOWN.iter().any(|key| line.starts_with(key)))
            {
                writeln!(session, "{line}")?;
            }
        }
        let mine: Vec<String> = ours(&both, SessionFields::Detail)?
            .iter()
            .map(detail)
            .collect::<Result<_>>()?;
        assert!(mine.len() >= 2);
        assert_eq!(sorted(theirs), sorted(mine));
    }
    Ok(())
}

const KNOWN: &[&str] = &[
    "Persistent Portal",
    "Iface Transport",
    "Iface Initiatorname",
    "Iface IPaddress",
    "Iface HWaddress",
    "SID",
    "iSCSI Session State",
];

fn detail(session: &Session) -> Result<String> {
    let portals = session.portals.as_ref().context("portals")?;
    let host = &session.host;
    let state = session.state.as_ref().context("a state")?;
    let initiator = session
        .detail
        .as_ref()
        .and_then(|d| d.initiatorname.as_deref())
        .or(host.initiatorname.as_deref());
    Ok(format!(
        "{} ({})\nCurrent Portal: {},{tpgt}\nPersistent Portal: {},{tpgt}\nIface Transport: {}\nIface Initiatorname: {}\n\
         Iface IPaddress: {}\nIface HWaddress: {}\nSID: {}\niSCSI Session State: {state}\n",
        session.target,
        if session.is_flash() { "flash" } else { "non-flash" },
        portals.current,
        portals.persistent,
        host.transport,
        or_empty(initiator),
        or_empty(host.ipaddress.as_ref().map(Address::as_str)),
        or_empty(host.hwaddress.as_deref()),
        session.sid,
        tpgt = session.tpgt,
    ))
}

#[test]
fn the_same_hosts() -> Result<()> {
    if left_out("the_same_hosts", NEEDS) {
        return Ok(());
    }
    for both in [generated()?, dumped()?] {
        let hosts = host::hosts(&both.ours)?;
        let mine = hosts.items.iter().map(|host| {
            format!(
                "{}: [{}] {},[{}],{} {}",
                host.scsi.proc_name,
                host.host_no,
                or_empty(host.iscsi.ipaddress.as_ref().map(Address::as_str)),
                or_empty(host.iscsi.hwaddress.as_deref()),
                or_empty(host.iscsi.netdev.as_deref()),
                or_empty(host.iscsi.initiatorname.as_deref()),
            )
        });
        let mine = sorted(mine.collect());
        assert!(!mine.is_empty());
        assert_eq!(sorted(both.peer.lines(&["-m", "host"])?), mine);
    }
    Ok(())
}

#[test]
fn the_same_ifaces() -> Result<()> {
    if left_out("the_same_ifaces", NEEDS) {
        return Ok(());
    }
    let both = dumped()?;
    let lines = both.peer.lines(&["-m", "host", "-P", "1"])?;
    let theirs: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.trim().strip_prefix("Kernel Name: "))
        .collect();
    let mine = both.kernel()?.ifaces(HostNo(6))?;
    assert_eq!(
        sorted(theirs.into_iter().map(str::to_owned).collect()),
        sorted(
            mine.iter()
                .filter(|i| i.present)
                .map(|i| i.name.clone())
                .collect()
        )
    );
    let gateway = lines
        .iter()
        .find_map(|line| line.trim().strip_prefix("Gateway: "))
        .context("a gateway")?;
    let ours = mine[0].params.value(IfaceCode::Net(NetParam::Ipv4Gw));
    assert_eq!(ours.and_then(ParamValue::as_text), Some(gateway));
    Ok(())
}

#[test]
fn the_same_flash_targets() -> Result<()> {
    if left_out("the_same_flash_targets", NEEDS) {
        return Ok(());
    }
    for both in [generated()?, dumped()?] {
        for host in host::hosts(&both.ours)?.items {
            let number = host.host_no.to_string();
            let nodes = both.kernel()?.flash_targets(HostNo(host.host_no))?;
            let mut mine = Vec::new();
            for node in &nodes {
                let address = or_empty(node.address.as_deref());
                let port = node.port.context("a port")?;
                let tpgt = node.tpgt.context("a tag")?;
                let target = or_empty(node.target_name.as_deref());
                mine.push(format!(
                    "qla4xxx: [{}] {address}:{port},{tpgt} {target}",
                    node.index
                ));
            }
            assert!(!mine.is_empty());
            assert_eq!(
                sorted(
                    both.peer
                        .lines(&["-m", "host", "-H", &number, "-C", "flashnode"])?
                ),
                sorted(mine)
            );
            for node in &nodes {
                same_record(&both, node)?;
            }
        }
    }
    Ok(())
}

/// Every line of the peer's record is what the parameter of that key says.
fn same_record(both: &Both, node: &FlashTarget) -> Result<()> {
    let (number, index) = (node.host.0.to_string(), node.index.to_string());
    let record = both.peer.lines(&[
        "-m",
        "host",
        "-H",
        &number,
        "-C",
        "flashnode",
        "-o",
        "show",
        "-x",
        &index,
    ])?;
    let value = |key: &str| {
        let found = record
            .iter()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        found.with_context(|| format!("{key} in {record:?}"))
    };
    let mut compared = 0;
    for (param, ours) in node.params.iter() {
        let info = param.info().context("a row")?;
        let ours = match ours {
            // What the peer prints of an attribute that is not there or empty is its own.
            None => continue,
            Some(_) if info.is_secret() => {
                assert_ne!(value(info.key.context("a key")?)?, "<empty>");
                continue;
            }
            Some(ParamValue::Flag(on)) => u8::from(*on).to_string(),
            Some(other) => other.to_string(),
        };
        let theirs = value(info.key.context("a key")?)?;
        let ours = or_empty(Some(&*ours).filter(|text| !text.is_empty()));
        // Addresses may be spelled differently.
        assert_eq!(Address::new(theirs), Address::new(ours), "{param:?}");
        compared += 1;
    }
    assert!(compared >= 15, "{compared}");
    Ok(())
}
