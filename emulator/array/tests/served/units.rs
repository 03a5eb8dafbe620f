//! Logical units that come and go while the target runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use emu_array::{Fault, LunSpec, Served, TargetConfig, control};
use iscsi::initiator::{Direction, Event, Outcome};
use tempfile::TempDir;

use super::host::{Host, cdb10, config, pattern, serve, target_config};

const CHANGED: Option<(u8, u8)> = Some((0x3f, 0x0e));
const POWER_ON: Option<(u8, u8)> = Some((0x29, 0x00));
const NOT_THERE: (u8, u8) = (0x25, 0x00);

struct Place {
    target: Served,
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self::with(target_config())
    }

    fn with(mut config: TargetConfig) -> Self {
        let dir = tempfile::tempdir().unwrap();
        config.control = Some(dir.path().join("control"));
        Self {
            target: serve(config),
            dir,
        }
    }

    fn control(&self) -> PathBuf {
        self.dir.path().join("control")
    }

    fn add(&self, number: Option<u16>, spec: &str) -> std::io::Result<u16> {
        control::add_unit(&self.control(), number, &spec.parse::<LunSpec>().unwrap())
    }

    fn remove(&self, number: u16) -> std::io::Result<()> {
        control::remove_unit(&self.control(), number)
    }

    fn numbers(&self) -> Vec<u16> {
        let units = control::units(&self.control()).unwrap();
        units.into_iter().map(|unit| unit.number).collect()
    }

    fn host(&self, port: u8) -> Host {
        let mut host = Host::login(self.target.portal(), config(port));
        host.ready(0);
        host
    }
}

/// What REPORT LUNS says.
fn reported(host: &mut Host) -> Vec<u16> {
    let (outcome, data) = host.run(
        0,
        &[0xa0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0],
        Direction::Read,
        vec![0; 1024],
    );
    assert!(
        matches!(outcome, Outcome::Completed { status: 0, .. }),
        "{outcome:?}"
    );
    let len = u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
    let luns = data[8..8 + len].chunks(8);
    luns.map(|lun| u16::from_be_bytes([lun[0] & 0x3f, lun[1]]))
        .collect()
}

/// The unit serial number.
fn serial(host: &mut Host, lun: u16) -> Vec<u8> {
    let (outcome, data) = host.run(lun, &[0x12, 1, 0x80, 0, 0xff, 0], Direction::Read, vec![0; 255]);
    assert!(
        matches!(outcome, Outcome::Completed { status: 0, .. }),
        "{outcome:?}"
    );
    data[4..4 + usize::from(data[3])].to_vec()
}

fn sense(outcome: &Outcome) -> (u8, u8) {
    match outcome {
        Outcome::Completed { status: 2, sense, .. } => (sense[12], sense[13]),
        other => panic!("{other:?}"),
    }
}

fn disk(dir: &Path, name: &str, bytes: usize) -> String {
    let path = dir.join(name);
    std::fs::write(&path, pattern(bytes, 3)).unwrap();
    path.display().to_string()
}

#[test]
fn a_new_unit_is_announced_to_every_session_and_can_be_read() {
    let place = Place::new();
    let (mut one, mut two) = (place.host(1), place.host(2));
    let file = disk(place.dir.path(), "new disk", 64 << 10);
    assert_eq!(place.add(None, &file).unwrap(), 2, "the lowest free number");
    for host in [&mut one, &mut two] {
        assert_eq!(host.attention(0), CHANGED);
        assert_eq!(host.attention(0), None);
        assert_eq!(reported(host), [0, 1, 2]);
        assert_eq!(host.attention(2), POWER_ON);
    }
    assert_eq!(one.read(2, 0, 4096), pattern(64 << 10, 3)[..4096]);
    let units = control::units(&place.control()).unwrap();
    let new = units.last().unwrap();
    assert_eq!((new.number, new.blocks, new.block_size), (2, 128, 512));
    assert_eq!((new.read_only, &new.spec), (false, &file));
    // Whoever asks for the list first has heard of the change.
    place.add(Some(300), "1M,ro").unwrap();
    assert_eq!(reported(&mut one), [0, 1, 2, 300]);
    assert_eq!(one.attention(0), None);
    assert_eq!(two.attention(0), CHANGED);
    assert!(
        control::units(&place.control())
            .unwrap()
            .last()
            .unwrap()
            .read_only
    );
}

#[test]
fn a_unit_that_goes_lets_go_of_its_file() {
    let place = Place::new();
    let mut host = place.host(1);
    let file = disk(place.dir.path(), "disk", 64 << 10);
    let number = place.add(None, &file).unwrap();
    let error = place.add(None, &file).unwrap_err().to_string();
    assert!(error.contains("another logical unit"), "{error}");
    place.remove(number).unwrap();
    assert_eq!(host.attention(0), CHANGED);
    assert_eq!(host.attention(number), Some(NOT_THERE));
    assert_eq!(reported(&mut host), [0, 1]);
    assert!(place.remove(number).is_err(), "it is gone");
    assert_eq!(place.add(Some(9), &file).unwrap(), 9);
}

#[test]
fn a_number_with_other_blocks_is_another_disk() {
    let place = Place::new();
    let mut host = place.host(1);
    let (a, b) = (
        disk(place.dir.path(), "a", 64 << 10),
        disk(place.dir.path(), "b", 64 << 10),
    );
    let mut seen = Vec::new();
    for source in ["1M", &a, &b, &b, "1M", "1M"] {
        place.add(Some(5), source).unwrap();
        host.ready(5);
        seen.push(serial(&mut host, 5));
        place.remove(5).unwrap();
    }
    assert_eq!(seen[2], seen[3], "the same file is the same disk");
    seen.remove(3);
    let mut different = seen.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), seen.len(), "{seen:?}");
}

#[test]
fn what_a_removed_unit_was_asked_is_ended() {
    let place = Place::new();
    let mut host = place.host(1);
    host.ready(1);
    // One command that waits for its answer, one whose answer was lost, and one whose data is still to come.
    place
        .target
        .fault(&Fault::DelayReplies(Duration::from_secs(3600)))
        .unwrap();
    let late = host.submit(1, &cdb10(0x28, 0, 512), Direction::Read, vec![1; 512]);
    let ping = host.engine.nop(std::time::Instant::now());
    host.until("ping", |h| {
        h.has(|e| matches!(e, Event::NopDone { tag, .. } if *tag == ping))
    });
    place.target.fault(&Fault::LoseReply).unwrap();
    let lost = host.submit(1, &[0; 6], Direction::None, Vec::new());
    let other = host.submit(0, &[0; 6], Direction::None, Vec::new());
    let ping = host.engine.nop(std::time::Instant::now());
    host.until("ping", |h| {
        h.has(|e| matches!(e, Event::NopDone { tag, .. } if *tag == ping))
    });
    place.remove(1).unwrap();
    let (outcome, data) = host.done(late);
    assert!(
        matches!(outcome, Outcome::Completed { status: 0, .. }),
        "{outcome:?}"
    );
    assert_eq!(data, [0; 512], "it was carried out while the unit was there");
    assert_eq!(sense(&host.done(lost).0), NOT_THERE);
    assert!(
        !host.has(|e| matches!(e, Event::TaskDone { tag, .. } if *tag == other)),
        "other units answer when they would"
    );
    place.target.fault(&Fault::Clear).unwrap();
    host.done(other);
    assert_eq!(
        place.numbers(),
        [0],
        "clearing faults brings nothing back that was removed"
    );
}

#[test]
fn a_write_to_a_unit_that_goes_meanwhile_ends_with_its_reason() {
    let place = Place::new();
    let mut settings = config(1);
    settings.offer.params.initial_r2t = true;
    settings.offer.params.immediate_data = false;
    let mut host = Host::login(place.target.portal(), settings);
    host.ready(1);
    // The R2T is answered after the unit went.
    let write = host.submit(1, &cdb10(0x2a, 0, 4096), Direction::Write, vec![7; 4096]);
    host.push();
    host.wait_for_bytes();
    place.remove(1).unwrap();
    assert_eq!(sense(&host.done(write).0), NOT_THERE);
    assert_eq!(host.attention(0), POWER_ON);
    assert_eq!(host.attention(0), CHANGED);
}

#[test]
fn units_that_cannot_be_are_refused_with_a_reason() {
    let place = Place::new();
    for (number, spec, why) in [
        (Some(0), "1M", "already"),
        (Some(16384), "1M", "16383"),
        (None, "missing", "missing"),
        (None, "/nowhere/at/all", "No such file"),
        (None, "/dev/null", "character device"),
    ] {
        let error = place.add(number, spec).unwrap_err().to_string();
        assert!(error.contains(why), "{spec}: {error}");
    }
    place.target.fault(&Fault::Lun(1, false)).unwrap();
    assert!(place.add(Some(1), "1M").is_err(), "hidden is not free");
    assert_eq!(place.add(None, "1M").unwrap(), 2);
    place.remove(1).unwrap();
    assert!(place.target.fault(&Fault::Lun(1, true)).is_err());
    assert_eq!(place.numbers(), [0, 2]);
}

#[test]
fn a_long_list_takes_several_answers() {
    let place = Place::new();
    let name = "n".repeat(200);
    for number in 2..40 {
        let file = disk(place.dir.path(), &format!("{name}{number}"), 512);
        place.add(Some(number), &file).unwrap();
    }
    assert_eq!(place.numbers(), (0..40).collect::<Vec<u16>>());
    for number in 40..256 {
        place.add(Some(number), "512").unwrap();
    }
    let error = place.add(None, "1M").unwrap_err().to_string();
    assert!(error.contains("at most 256"), "{error}");
}
