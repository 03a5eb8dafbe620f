//! Both boot modes of the driver: it exports the boot target for user space, or logs in to it by itself.

use anyhow::{Context, Result, ensure};
use lab_tests::process::until;

use super::checks::Checks;
use super::road::{Lab, MINUTE, PLAIN, good, listed};

/// Walks through them.
pub(super) fn walk(lab: &mut Lab<'_>, checks: &mut Checks) -> Result<()> {
    checks.check("a boot target is chosen in the guest", || {
        let nodes = listed(&mut lab.guest, "flash list -a host0")?;
        let node = nodes.iter().find(|node| node["target_name"] == PLAIN);
        let index = node
            .and_then(|node| node["index"].as_u64())
            .with_context(|| format!("no flash target {PLAIN} in {nodes:?}"))?;
        good(
            &mut lab.guest,
            &format!("boot set -a host0 --primary {index} --mode manual"),
        )?;
        Ok(())
    })?;
    checks.check("ql4xdisablesysfsboot=0: exported, not logged in", || {
        lab.reboot("ql4xdisablesysfsboot=0")?;
        sessions(lab, 2)?;
        let name = lab
            .guest
            .must("cat /sys/firmware/iscsi_boot*/target0/target-name", MINUTE)?;
        ensure!(name.trim() == PLAIN, "the firmware exports {name:?}");
        let up = listed(&mut lab.guest, "session list")?;
        ensure!(
            up.iter().all(|session| session["target_name"] != PLAIN),
            "the driver logged in to the boot target"
        );
        Ok(())
    })?;
    checks.check("ql4xdisablesysfsboot=1: logged in, not exported", || {
        lab.reboot("ql4xdisablesysfsboot=1")?;
        sessions(lab, 3)?;
        let exported = lab
            .guest
            .must("ls /sys/firmware | grep -c iscsi_boot || true", MINUTE)?;
        ensure!(exported.trim() == "0", "{exported}");
        Ok(())
    })
}

/// Waits until so many sessions are logged in.
fn sessions(lab: &mut Lab<'_>, count: usize) -> Result<()> {
    until(MINUTE, "the sessions", || {
        let sessions = listed(&mut lab.guest, "session list")?;
        let up = sessions.iter().filter(|session| session["state"] == "LOGGED_IN");
        Ok((up.count() == count).then_some(()))
    })
}
