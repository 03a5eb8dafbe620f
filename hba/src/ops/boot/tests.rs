//! Boot operations on a script.

use driver_sys::hw::nvram::{fix_checksum, word_sum};

use super::super::testing::{H0, adapter, flash, home, key};
use super::*;
use crate::Change;
use crate::backend::FirmwareBoot;
use crate::backend::scripted::{Call, Scripted};
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::error::{Error, Kind};
use crate::model::{BootMode, Slot};

const SIZE: usize = 2048;
const MODE: usize = 0x3b1;
const PRIMARY: usize = 0x3b2;
const SECONDARY: usize = 0x3bb;

/// An image with contents all over, boot off.
fn image(bytes: &[(usize, u8)]) -> Vec<u8> {
    let mut image: Vec<u8> = (0..SIZE)
        .map(|i| u8::try_from(i * 7 % 251).expect("small"))
        .collect();
    for (at, byte) in [(MODE, 0), (PRIMARY, 0), (SECONDARY, 0)].iter().chain(bytes) {
        image[*at] = *byte;
    }
    fix_checksum(&mut image);
    image
}

fn ready(s: &mut Scripted, nvram: Vec<u8>) -> &mut Scripted {
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(nvram))
        .expect(
            Call::FlashTargets(H0),
            Ok(vec![flash(3, &[]), flash(4, &[("discovery_session", "1")])]),
        )
}

/// The last look before the write.
fn still(s: &mut Scripted, nvram: Vec<u8>) -> &mut Scripted {
    s.expect(Call::ReadNvram(H0, 0, SIZE), Ok(nvram))
}

fn firmware(s: &mut Scripted) -> &mut Scripted {
    s.expect(
        Call::FirmwareBoot(H0),
        Ok(FirmwareBoot {
            driver_logs_in: Some(true),
            ..FirmwareBoot::default()
        }),
    )
    .expect(Call::Adapter(H0), Ok(Some(adapter())))
}

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("temporary directory"))
    }
    fn ctx<'a>(&self, s: &'a mut Scripted) -> Ctx<'a> {
        let mut ctx = Ctx::new(s, Deadline::after(Deadline::MAX), home(self.0.path()));
        ctx.consent.nvram = true;
        ctx
    }
    fn backups(&self) -> Vec<Vec<u8>> {
        let Ok(dir) = std::fs::read_dir(self.0.path().join("backup")) else {
            return Vec::new();
        };
        dir.map(|f| std::fs::read(f.expect("entry").path()).expect("backup"))
            .collect()
    }
}

fn primary(index: u32) -> BootSettings {
    BootSettings {
        primary: Some(index),
        ..BootSettings::default()
    }
}

#[test]
fn show_reads_mode_and_slots_of_the_port() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    firmware(ready(
        &mut s,
        image(&[(MODE, 0x41), (PRIMARY, 0x83), (SECONDARY, 0x05)]),
    ));
    let config = &show(&mut dir.ctx(&mut s), Some(&crate::AdapterId::Host(H0))).expect("shown")[0];
    assert_eq!(config.mode, Some(BootMode::Manual));
    assert_eq!(config.login_by.as_deref(), Some("driver"));
    let slots: Vec<_> = config.slots.iter().map(|s| (s.slot, s.valid, s.index)).collect();
    assert_eq!(slots, [(Slot::Primary, true, 3), (Slot::Secondary, false, 5)]);
    assert!(config.slots[0].target_name.is_some());
    s.finish();
}

#[test]
fn setting_keeps_the_other_bits_and_the_checksum_and_makes_a_backup() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    let before = image(&[(MODE, 0x40)]);
    let after = image(&[(MODE, 0x41), (PRIMARY, 0x83)]);
    assert_eq!(word_sum(&after), 0);
    still(firmware(ready(&mut s, before.clone())), before.clone())
        .expect(Call::UpdateNvram(H0, 0, after.clone()), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(after));
    let change = set(&mut dir.ctx(&mut s), None, &primary(3)).expect("set");
    assert_eq!(
        change.diff().iter().map(|d| d.field.as_str()).collect::<Vec<_>>(),
        ["mode", "primary"]
    );
    assert_eq!(dir.backups(), [before]);
    s.finish();
}

#[test]
fn setting_what_is_so_already_writes_nothing() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    firmware(ready(&mut s, image(&[(MODE, 1), (PRIMARY, 0x83)])));
    assert!(matches!(
        set(&mut dir.ctx(&mut s), None, &primary(3)),
        Ok(Change::Unchanged { .. })
    ));
    assert!(dir.backups().is_empty());
    s.finish();
}

#[test]
fn what_reads_back_wrong_is_restored() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    let before = image(&[]);
    let wanted = image(&[(MODE, 1), (PRIMARY, 0x83)]);
    still(firmware(ready(&mut s, before.clone())), before.clone())
        .expect(Call::UpdateNvram(H0, 0, wanted), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(image(&[(MODE, 1)])))
        .expect(Call::UpdateNvram(H0, 0, before.clone()), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(before));
    let e = set(&mut dir.ctx(&mut s), None, &primary(3)).expect_err("wrong");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true });
    s.finish();
}

#[test]
fn clear_takes_one_slot_or_all() {
    let dir = Dir::new();
    let both = || image(&[(MODE, 1), (PRIMARY, 0x83), (SECONDARY, 0x84)]);
    for (slot, after) in [
        (Some(Slot::Primary), image(&[(MODE, 1), (SECONDARY, 0x84)])),
        (Some(Slot::Secondary), image(&[(MODE, 1), (PRIMARY, 0x83)])),
        (None, image(&[])),
    ] {
        let mut s = Scripted::new();
        still(firmware(ready(&mut s, both())), both())
            .expect(Call::UpdateNvram(H0, 0, after.clone()), Ok(()))
            .expect(Call::ReadNvram(H0, 0, SIZE), Ok(after));
        assert!(
            clear(&mut dir.ctx(&mut s), None, slot)
                .expect("cleared")
                .is_changed()
        );
        s.finish();
    }
}

#[test]
fn targets_that_cannot_boot_are_refused() {
    let dir = Dir::new();
    for (index, kind) in [(9, Kind::NotFound), (4, Kind::Invalid)] {
        let mut s = Scripted::new();
        ready(&mut s, image(&[]));
        assert_eq!(
            set(&mut dir.ctx(&mut s), None, &primary(index))
                .expect_err("refused")
                .kind(),
            kind
        );
        s.finish();
    }
}

#[test]
fn a_wrong_checksum_is_never_overwritten() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    let mut broken = image(&[]);
    broken[0] ^= 1;
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(broken));
    let e = set(&mut dir.ctx(&mut s), None, &primary(3)).expect_err("broken");
    assert!(e.to_string().contains("checksum"), "{e}");
    s.finish();
}

#[test]
fn memory_that_cannot_be_read_leaves_the_slots_unknown() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    s.expect(Call::AdapterKeys, Ok(vec![key()]))
        .expect::<Vec<u8>>(
            Call::ReadNvram(H0, 0, SIZE),
            Err(Error::new(Kind::Unsupported, "read")),
        )
        .expect(Call::FlashTargets(H0), Ok(vec![flash(3, &[])]));
    firmware(&mut s);
    let mut c = dir.ctx(&mut s);
    let configs = show(&mut c, None).expect("shown");
    assert_eq!(
        (configs[0].mode, configs[0].slots.len(), c.warnings.len()),
        (None, 0, 1)
    );
    s.finish();
}

#[test]
fn the_second_port_has_bytes_of_its_own() {
    const MODE: usize = 0x7b1;
    const PRIMARY: usize = 0x7b2;
    let dir = Dir::new();
    let mut port = key();
    port.port_name = Some("05:00.3".into());
    let before = image(&[]);
    let mut after = before.clone();
    after[MODE] = after[MODE] & !7 | 1;
    after[PRIMARY] = 0x83;
    fix_checksum(&mut after);
    let mut s = Scripted::new();
    s.expect(Call::AdapterKeys, Ok(vec![port]))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(before.clone()))
        .expect(Call::FlashTargets(H0), Ok(vec![flash(3, &[])]));
    let mut settings = primary(3);
    settings.mode = Some(BootMode::Manual);
    still(firmware(&mut s), before)
        .expect(Call::UpdateNvram(H0, 0, after.clone()), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(after));
    set(&mut dir.ctx(&mut s), None, &settings).expect("set");
    s.finish();
}

#[test]
fn a_mode_that_is_set_already_stays_when_a_slot_is_named_and_a_mode_alone_names_none() {
    let dir = Dir::new();
    // DHCP stays DHCP.
    let mut s = Scripted::new();
    let after = image(&[(MODE, 0x42), (PRIMARY, 0x83)]);
    let before = image(&[(MODE, 0x42)]);
    still(firmware(ready(&mut s, before.clone())), before)
        .expect(Call::UpdateNvram(H0, 0, after.clone()), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(after));
    set(&mut dir.ctx(&mut s), None, &primary(3)).expect("set");
    s.finish();
    // From a mode with other bits to another: no bit of the old one is left.
    for (from, mode, to) in [
        (0x43, BootMode::Manual, 0x41),
        (0x41, BootMode::Other(6), 0x46),
        (0x47, BootMode::Disabled, 0x40),
    ] {
        let mut s = Scripted::new();
        let after = image(&[(MODE, to), (PRIMARY, 0x83)]);
        let before = image(&[(MODE, from), (PRIMARY, 0x83)]);
        still(firmware(ready(&mut s, before.clone())), before)
            .expect(Call::UpdateNvram(H0, 0, after.clone()), Ok(()))
            .expect(Call::ReadNvram(H0, 0, SIZE), Ok(after));
        let settings = BootSettings {
            mode: Some(mode),
            ..BootSettings::default()
        };
        set(&mut dir.ctx(&mut s), None, &settings).expect("set");
        s.finish();
    }
    // Nothing asked for, nothing switched on.
    let mut s = Scripted::new();
    firmware(ready(&mut s, image(&[(PRIMARY, 0x83)])));
    let nothing = set(&mut dir.ctx(&mut s), None, &BootSettings::default());
    assert!(
        !matches!(nothing, Ok(Change::Changed { .. })),
        "boot was switched on by nobody"
    );
}

#[test]
fn an_invalid_slot_names_nobody_though_its_index_is_a_targets() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    firmware(ready(
        &mut s,
        image(&[(MODE, 1), (PRIMARY, 0x03), (SECONDARY, 0x85)]),
    ));
    let config = &show(&mut dir.ctx(&mut s), Some(&crate::AdapterId::Host(H0))).expect("shown")[0];
    let names: Vec<_> = config.slots.iter().map(|s| s.target_name.is_some()).collect();
    assert_eq!(names, [false, false], "3 is not valid, 5 does not exist");
    s.finish();
}

#[test]
fn a_slot_names_its_target_while_boot_is_on() {
    for (bytes, index, named) in [
        (&[(MODE, 1), (PRIMARY, 0x83)][..], 3, true),
        (&[(MODE, 1), (SECONDARY, 0x83)], 3, true),
        (&[(MODE, 1), (PRIMARY, 0x83)], 4, false),
        (&[(MODE, 1), (PRIMARY, 0x03)], 3, false),
        (&[(MODE, 0), (PRIMARY, 0x83)], 3, false),
    ] {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![key()]))
            .expect(Call::ReadNvram(H0, 0, SIZE), Ok(image(bytes)));
        let found = super::show::names(&mut crate::ops::testing::ctx(&mut s), H0, index);
        assert_eq!(found, named, "{bytes:x?} {index}");
        s.finish();
    }
}

#[test]
fn what_another_program_changed_after_the_first_look_is_not_overwritten() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    // Far from our bytes: the other port's, perhaps.
    let theirs = image(&[(0x7b1, 1)]);
    still(firmware(ready(&mut s, image(&[]))), theirs);
    let e = set(&mut dir.ctx(&mut s), None, &primary(3)).expect_err("changed");
    assert_eq!(e.kind(), Kind::Busy);
    assert!(e.to_string().contains("nothing was written"), "{e}");
    s.finish();
}

#[test]
fn what_another_program_changed_elsewhere_after_the_write_stays() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    let (before, wanted) = (image(&[]), image(&[(MODE, 1), (PRIMARY, 0x83)]));
    let both = image(&[(MODE, 1), (PRIMARY, 0x83), (0x7b1, 1)]);
    still(firmware(ready(&mut s, before.clone())), before)
        .expect(Call::UpdateNvram(H0, 0, wanted), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(both));
    let mut c = dir.ctx(&mut s);
    assert!(
        set(&mut c, None, &primary(3))
            .expect("ours is there")
            .is_changed()
    );
    assert!(
        c.warnings
            .iter()
            .any(|w| w.to_string().contains("another program")),
        "{:?}",
        c.warnings
    );
    s.finish();
}

#[test]
fn a_roll_back_takes_back_our_bytes_and_no_others() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    let (before, wanted) = (image(&[]), image(&[(MODE, 1), (PRIMARY, 0x83)]));
    // Half of ours arrived, and somebody changed another byte.
    let found = image(&[(MODE, 1), (0x7b1, 1)]);
    let restored = image(&[(0x7b1, 1)]);
    still(firmware(ready(&mut s, before.clone())), before)
        .expect(Call::UpdateNvram(H0, 0, wanted), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(found))
        .expect(Call::UpdateNvram(H0, 0, restored.clone()), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(restored));
    let e = set(&mut dir.ctx(&mut s), None, &primary(3)).expect_err("half");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: true }, "{e}");
    s.finish();
}

#[test]
fn a_slot_that_another_program_set_after_us_is_not_rolled_back() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    let (before, wanted) = (image(&[]), image(&[(MODE, 1), (PRIMARY, 0x83)]));
    let theirs = image(&[(MODE, 1), (PRIMARY, 0x85)]);
    still(firmware(ready(&mut s, before.clone())), before)
        .expect(Call::UpdateNvram(H0, 0, wanted), Ok(()))
        .expect(Call::ReadNvram(H0, 0, SIZE), Ok(theirs));
    let e = set(&mut dir.ctx(&mut s), None, &primary(3)).expect_err("theirs");
    assert_eq!(e.kind(), Kind::VerifyFailed { rolled_back: false });
    assert!(e.to_string().contains("nothing was restored"), "{e}");
    s.finish();
}

#[test]
fn without_the_word_for_it_nothing_is_written_and_the_plan_is_told() {
    let mut s = Scripted::new();
    let dir = Dir::new();
    firmware(ready(&mut s, image(&[])));
    let mut ctx = dir.ctx(&mut s);
    ctx.consent.nvram = false;
    let e = set(&mut ctx, None, &primary(3)).expect_err("no word");
    assert_eq!(e.kind(), Kind::Invalid);
    assert!(e.to_string().contains("primary: none → flash target 3"), "{e}");
    assert!(
        e.next_step()
            .is_some_and(|h| h.steps().any(|step| step == crate::Step::WithYesWriteNvram))
    );
}
