//! A target that has moved: the adapter goes after it, and after a loss asks where a temporary move left it, while a permanent one is
//! kept. The stock driver shows the address that it was told to connect to, so the disks' sizes tell the places apart.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use iscsi::Isid;
use iscsi::initiator::{Config, Event};
use lab_tests::initiator::Host;
use lab_tests::lab::Lab;
use lab_tests::process::until;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:moving";
/// Of the old place, in bytes.
const OLD: u64 = 8 << 20;
/// Of the new place.
const NEW: u64 = 16 << 20;

/// An adapter, and two targets of one name at two places.
struct Place {
    lab: Lab,
    old: Target,
    new: Target,
    index: String,
}

impl Place {
    fn begin(address: &str) -> Result<Self> {
        let lab = Lab::start(&["--ports", "1"])?;
        let address = format!("ipaddress={address}");
        lab.json(&["iface", "set", "ipv4", &address, "subnet=255.0.0.0"])?;
        lab.json(&["iface", "apply"])?;
        // The control sockets are named after the targets: each needs a directory of its own.
        let serve = |name: &str, size: u64| {
            let dir = lab.path().join(name);
            std::fs::create_dir(&dir)?;
            Target::start(&dir, IQN, &["--lun", &size.to_string()])
        };
        let (old, new) = (serve("old", OLD)?, serve("new", NEW)?);
        let portal = old.portal().to_string();
        let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
        let index = change["after"]["index"].to_string();
        Ok(Self { lab, old, new, index })
    }

    /// Waits for a disk of that size behind the one session.
    fn disk(&self, size: u64) -> Result<()> {
        let size = size.to_string();
        until(
            Duration::from_secs(40),
            &format!("a disk of {size} bytes"),
            || {
                let disks = self.lab.json(&["lun", "list"])?;
                let Some(lun) = disks[0]["address"].as_str() else {
                    return Ok(None);
                };
                let capacity = self.lab.json(&["lun", "capacity", lun]).ok();
                Ok(capacity.filter(|capacity| capacity.to_string().contains(&size)))
            },
        )?;
        let sessions = self.lab.json(&["session", "list"])?;
        ensure!(
            sessions[0]["port"] == self.old.portal().port(),
            "the address that was asked for stays: {sessions}"
        );
        Ok(())
    }
}

fn moved(address: &str, permanent: bool) -> Result<()> {
    let place = Place::begin(address)?;
    let to = place.new.portal().to_string();
    let mut fault = vec!["redirect", &to];
    fault.extend(permanent.then_some("permanent"));
    place.old.fault(&fault)?;
    place.lab.json(&["flash", "login", &place.index])?;
    place.disk(NEW)?;
    // The old place takes logins again. Whoever moved for good does not go back.
    place.old.fault(&["clear"])?;
    place.new.fault(&["drop-sessions"])?;
    until(Duration::from_secs(20), "the loss", || {
        let sessions = place.lab.json(&["session", "list"])?;
        Ok((sessions[0]["state"] != "LOGGED_IN").then_some(()))
    })?;
    place.disk(if permanent { NEW } else { OLD })
}

#[test]
fn a_temporary_move_is_asked_for_again_after_a_loss() -> Result<()> {
    moved("127.0.0.61", false)
}

#[test]
fn a_permanent_move_is_kept() -> Result<()> {
    moved("127.0.0.62", true)
}

/// Where the target sends a login, and whether for good.
fn redirection(target: &Target) -> Result<(String, bool)> {
    let config = Config::new(
        "iqn.2026-11.org.example:host".parse()?,
        Some(IQN.parse()?),
        Isid([0, 2, 0x3d, 0, 0, 1]),
        [1; 32],
    );
    let mut host = Host::connect(target.portal(), config)?;
    match host.take("the end of the login", |_| true)? {
        Event::Redirected { permanent, address } => {
            Ok((format!("{}:{}", address.host, address.port), permanent))
        }
        other => bail!("{other:?}"),
    }
}

#[test]
fn a_target_that_has_moved_before_it_starts_sends_on_at_once() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let serve = |name: &str, args: &[&str]| {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir)?;
        Target::start(&dir, IQN, args)
    };
    let new = serve("new", &["--lun", "16M"])?;
    for kind in ["temporary", "permanent"] {
        let to = format!("{kind}:{}", new.portal());
        let old = serve(kind, &["--lun", "8M", "--redirect", &to])?;
        let moved = redirection(&old)?;
        ensure!(
            moved == (new.portal().to_string(), kind == "permanent"),
            "{kind}: {moved:?}"
        );
        old.fault(&["clear"])?;
        ensure!(redirection(&old).is_err(), "cleared, it takes logins itself");
    }
    Ok(())
}

#[test]
fn targets_that_send_round_in_a_circle_are_given_up() -> Result<()> {
    let place = Place::begin("127.0.0.63")?;
    place.old.fault(&["redirect", &place.new.portal().to_string()])?;
    place.new.fault(&["redirect", &place.old.portal().to_string()])?;
    let out = place
        .lab
        .hbactl(&["--timeout", "10", "flash", "login", &place.index])?;
    // The adapter gives up this time and tries again: what becomes of it is not known.
    ensure!(out.status.code() == Some(8), "{}", out.status);
    // The circle opens.
    place.new.fault(&["clear"])?;
    place.lab.json(&["flash", "login", &place.index])?;
    place.disk(NEW)
}
