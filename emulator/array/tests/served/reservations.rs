//! Persistent reservations of a served target: two sessions, and the same two after a restart.

use emu_array::LunSpec;
use iscsi::initiator::{Direction, Outcome};

use super::host::{Host, config, serve, status, target_config};

const CONFLICT: u8 = 0x18;

fn prout(host: &mut Host, action: u8, kind: u8, key: u64, action_key: u64, aptpl: u8) -> u8 {
    let mut list = key.to_be_bytes().to_vec();
    list.extend_from_slice(&action_key.to_be_bytes());
    list.extend_from_slice(&[0, 0, 0, 0, aptpl, 0, 0, 0]);
    let cdb = [0x5f, action, kind, 0, 0, 0, 0, 0, 24, 0];
    status(&host.run(0, &cdb, Direction::Write, list).0)
}

fn prin(host: &mut Host, action: u8) -> Vec<u8> {
    let (outcome, data) = host.run(
        0,
        &[0x5e, action, 0, 0, 0, 0, 0, 1, 0, 0],
        Direction::Read,
        vec![0; 256],
    );
    assert!(matches!(outcome, Outcome::Completed { .. }), "{outcome:?}");
    data
}

#[test]
fn a_reservation_is_there_after_a_restart_if_it_was_to_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk");
    let spec: LunSpec = format!("{},create=8M", disk.display()).parse().unwrap();
    let mut served = target_config();
    served.luns = vec![spec];
    for (aptpl, kept) in [(0, false), (1, true)] {
        let target = serve(served.clone());
        let mut first = Host::login(target.portal(), config(1));
        let mut second = Host::login(target.portal(), config(2));
        first.attention(0);
        second.attention(0);
        assert_eq!(prout(&mut first, 6, 0, 0, 0xab, aptpl), 0);
        assert_eq!(prout(&mut first, 1, 3, 0xab, 0, 0), 0);
        assert_eq!(second.write(0, 0, &[1; 512]), CONFLICT);
        assert_eq!(first.write(0, 0, &[1; 512]), 0);
        // As in a loss of power.
        target.stop();
        assert_eq!(dir.path().join("disk.reservations").exists(), kept);

        let target = serve(served.clone());
        let mut second = Host::login(target.portal(), config(2));
        second.attention(0);
        assert_eq!(second.write(0, 0, &[2; 512]), if kept { CONFLICT } else { 0 });
        let keys = prin(&mut second, 0);
        assert_eq!(keys[15], if kept { 0xab } else { 0 }, "{keys:02x?}");
        let mut first = Host::login(target.portal(), config(1));
        first.attention(0);
        assert_eq!(first.write(0, 0, &[3; 512]), 0, "the port that holds it");
        if kept {
            // Another session takes it all away, for good.
            assert_eq!(prout(&mut second, 6, 0, 0, 0xcd, 1), 0);
            assert_eq!(prout(&mut second, 4, 1, 0xcd, 0xab, 0), 0);
            assert_eq!(first.attention(0), Some((0x2a, 0x05)), "REGISTRATIONS PREEMPTED");
            assert_eq!(first.write(0, 0, &[4; 512]), CONFLICT);
            assert_eq!(prout(&mut second, 3, 0, 0xcd, 0, 0), 0);
            assert!(
                !dir.path().join("disk.reservations").exists(),
                "nothing is left to keep"
            );
        }
    }
}

#[test]
fn saved_reservations_that_cannot_be_read_stop_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    std::fs::write(&state, "nonsense\n").unwrap();
    let mut served = target_config();
    served.luns = vec![format!("1M,reservations={}", state.display()).parse().unwrap()];
    let error = emu_array::Served::start(served).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("logical unit 0") && text.contains("line 1"),
        "{text}"
    );
}
