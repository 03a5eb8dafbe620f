//! The harness itself: `tgtd` comes up, takes a target, and goes.

use lab_tests::need::left_out;
use lab_tests::tgt::{Account, NEEDS, Tgtd};

#[test]
fn tgtd_serves_a_target_with_accounts() -> anyhow::Result<()> {
    if left_out("tgtd_serves_a_target_with_accounts", NEEDS) {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let lun = dir.path().join("lun");
    std::fs::File::create(&lun)?.set_len(1 << 20)?;
    let tgt = Tgtd::start()?;
    let accounts = [
        Account {
            user: "alice",
            secret: "alice-secret-12",
            outgoing: false,
        },
        Account {
            user: "array",
            secret: "array-secret-12",
            outgoing: true,
        },
    ];
    tgt.add_target(1, "iqn.2026-11.org.example:disk", &[&lun], &accounts)?;
    assert!(
        tgt.add_target(1, "iqn.2026-11.org.example:again", &[], &[])
            .is_err(),
        "a target ID is used once"
    );
    Ok(())
}
