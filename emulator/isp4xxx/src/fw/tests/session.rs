//! Sessions with a real target engine: from CONN_OPEN over SCSI commands to the end, in both firmware modes.

use driver_sys::hw::ddb::IscsiOptions;
use driver_sys::hw::raw::ql_iscsi_stats;
use driver_sys::hw::until_nul;

use super::world::{Manners, SENSE, World};
use super::*;

fn stats(world: &mut World, ddb: u16) -> ql_iscsi_stats {
    match world.bench.ok(Command::GetManagementData { ddb }) {
        Reply::Statistics(stats) => *stats,
        other => panic!("{other:?}"),
    }
}

fn close(ddb: u16, more: LogoutOptions) -> Command {
    Command::ConnCloseSessLogout {
        ddb,
        connection: 0,
        options: LogoutOptions::CLOSE_SESSION | more,
    }
}

#[test]
fn a_ddb_becomes_a_session_and_data_written_comes_back() {
    let mut world = World::plain();
    let mut wanted = entry(TARGET);
    wanted.set_iscsi_flags(
        IscsiOptions::HEADER_DIGEST | IscsiOptions::DATA_DIGEST | IscsiOptions::IMMEDIATE_DATA,
    );
    wanted.iscsi_max_burst_len.set(64);
    wanted.iscsi_first_burst_len.set(16);
    world.login(3, &wanted);
    assert_eq!(world.aens(), [changed(3, DdbState::SessionActive, 0)]);

    let reply = world.bench.ddb(3);
    assert_eq!((reply.state, reply.source_port), (DdbState::SessionActive, 40000));
    let live = &reply.entry;
    let flags = live.iscsi_flags();
    assert!(flags.contains(IscsiOptions::HEADER_DIGEST | IscsiOptions::DATA_DIGEST));
    assert_eq!(
        (live.iscsi_max_burst_len.get(), live.iscsi_first_burst_len.get()),
        (64, 16)
    );
    assert_eq!(live.tsid.get(), 1);
    assert_eq!(until_nul(&live.iscsi_alias), b"disk");

    let data: Vec<u8> = (0..100 * 512_u32).map(|i| ((i * 31) >> 3) as u8).collect();
    let tag = world.submit(3, true, 7, data.clone());
    let done = world.dones().remove(0);
    assert_eq!(
        (done.tag, done.completion, done.scsi_status),
        (tag, Completion::Complete, 0)
    );
    assert_eq!(world.disk[7 * 512..107 * 512], data);
    world.submit(3, false, 7, vec![0; data.len()]);
    let done = world.dones().remove(0);
    assert_eq!(
        (done.completion, done.transferred),
        (Completion::Complete, data.len())
    );
    assert_eq!(done.buffer.into_vec(), data);
}

#[test]
fn sense_and_residual_reach_the_front_end() {
    let mut world = World::logged_in(3);
    world.submit(3, false, u32::MAX, vec![0; 512]);
    let done = world.dones().remove(0);
    assert_eq!((done.scsi_status, &done.sense[..]), (2, &SENSE[..]));
    assert_eq!(
        (done.completion, done.residual),
        (Completion::DataUnderrun, Residual::Underflow(512))
    );
}

#[test]
fn counters_are_those_of_the_bytes_that_moved() {
    let mut world = World::logged_in(3);
    let (target_in, target_out) = world.peers.values().next().unwrap().connection.octets();
    let before = stats(&mut world, 3);
    assert_eq!(
        (before.tx_data_octets.get(), before.rx_data_octets.get()),
        (target_in, target_out)
    );
    world.submit(3, true, 0, vec![5; 64 * 512]);
    world.submit(3, false, 0, vec![0; 32 * 512]);
    assert_eq!(world.dones().len(), 2);
    let (target_in, target_out) = world.peers.values().next().unwrap().connection.octets();
    let after = stats(&mut world, 3);
    assert_eq!(
        (after.tx_data_octets.get(), after.rx_data_octets.get()),
        (target_in, target_out)
    );
    assert_eq!(
        (after.tcp_tx_bytes.get(), after.tcp_rx_byte.get()),
        (target_in, target_out)
    );
    assert_eq!(
        after.iscsi_io_completed.get() - before.iscsi_io_completed.get(),
        2
    );
    assert_eq!(after.tx_scsi_cmd_pdus.get(), 2);
    assert_eq!(
        (after.iscsi_data_bytes_tx.get(), after.iscsi_data_bytes_rx.get()),
        (64 * 512, 32 * 512)
    );
    assert!(after.ip_tx_bytes.get() > target_in && after.mac_tx_bytes.get() > after.ip_tx_bytes.get());
    assert_eq!(after.ipv6_tx_bytes.get(), 0);
    // The port keeps what a session moved when the session is gone; the connection's part ends with it.
    world.bench.ok(close(3, LogoutOptions::empty()));
    world.run();
    let over = stats(&mut world, 3);
    assert!(over.tcp_tx_bytes.get() > target_in && over.iscsi_pdu_tx.get() > after.iscsi_pdu_tx.get());
    assert_eq!(over.tx_data_octets.get(), 0);
}

#[test]
fn a_logout_leaves_the_entry_without_connection_or_frees_it() {
    for (more, state) in [
        (LogoutOptions::empty(), DdbState::NoConnectionActive),
        (LogoutOptions::FREE_DDB, DdbState::Unassigned),
    ] {
        let mut world = World::logged_in(3);
        world.bench.ok(close(3, more));
        assert_eq!(world.aens(), [changed(3, DdbState::NoConnectionActive, 0)]);
        assert_eq!(world.bench.ddb(3).state, state);
        assert!(world.peers.is_empty());
        let error = world.bench.command(close(3, more)).unwrap_err();
        assert_eq!(error.detail, 9, "DDB_NOT_LOGGED_IN");
    }
}

#[test]
fn a_logout_with_relogin_comes_back_after_time2wait() {
    let mut world = World::logged_in(3);
    world.bench.ok(close(3, LogoutOptions::RELOGIN));
    assert_eq!(world.aens(), [changed(3, DdbState::NoConnectionActive, 0)]);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.aens(), [changed(3, DdbState::SessionActive, 0)]);
}

#[test]
fn a_nameless_entry_discovers_and_the_driver_finds_targets_above_the_flash_entries() {
    let mut world = World::plain();
    world.change(PORTAL, |manners| {
        manners.names = vec![
            (
                TARGET.into(),
                vec!["10.0.0.9:3260,1".into(), "10.0.0.10:3261,2".into()],
            ),
            (
                "iqn.2026-01.example:tape".into(),
                vec!["[fd00::9]:3260,1".into(), "no.such.name:1,1".into()],
            ),
        ];
    });
    let mut parent = entry("");
    parent.iscsi_def_time2wait.set(1);
    world.login(7, &parent);
    assert_eq!(world.aens(), [changed(7, DdbState::NoConnectionActive, 0)]);
    // The tape's addresses are of a family the port does not have, or names.
    let found: Vec<_> = [64, 65, 66]
        .map(|index| world.bench.ddb(index))
        .into_iter()
        .collect();
    assert_eq!(found[2].state, DdbState::Unassigned);
    for (reply, (ip, port, tag)) in found
        .iter()
        .zip([([10, 0, 0, 9], 3260, 1), ([10, 0, 0, 10], 3261, 2)])
    {
        assert_eq!(reply.state, DdbState::NoConnectionActive);
        assert_eq!(until_nul(&reply.entry.iscsi_name), TARGET.as_bytes());
        assert_eq!(
            (reply.entry.ip_addr[..4].to_vec(), reply.entry.port.get()),
            (ip.to_vec(), port)
        );
        assert_eq!(
            (reply.entry.ddb_link.get(), reply.entry.tgt_portal_grp.get()),
            (7, tag)
        );
    }
    // A second discovery finds the same entries.
    world.bench.ok(Command::ConnOpen { ddb: 7 });
    world.run();
    assert_eq!(world.bench.ddb(66).state, DdbState::Unassigned);
}

#[test]
fn auto_connect_logs_in_to_flash_and_discovered_targets_by_itself_and_again_after_a_power_cycle() {
    let mut world = World::new(Bench::new(&ISP4032, 2));
    let tape = "iqn.2026-01.example:tape";
    let names = vec![
        (TARGET.into(), vec![]),
        (tape.into(), vec!["10.0.0.10:3260,1".into()]),
    ];
    world.portal(
        PORTAL,
        Manners {
            names: names.clone(),
            ..Manners::default()
        },
    );
    world.portal(
        "10.0.0.10:3260",
        Manners {
            names,
            ..Manners::default()
        },
    );
    world.bench.write_ddb(2, &entry(TARGET));
    world.bench.write_ddb(3, &entry(""));
    world.bench.initialize(true);
    world.run();
    world.pass(Duration::ZERO);
    let aens = world.aens();
    let active = |index| changed(index, DdbState::SessionActive, 0);
    assert!(
        aens.contains(&active(2)) && aens.contains(&active(64)),
        "{aens:?}"
    );
    // The disk that discovery found is the flash target that runs already.
    assert_eq!(world.peers.len(), 2);
    assert_eq!(until_nul(&world.bench.ddb(64).entry.iscsi_name), tape.as_bytes());
    let at = |aen: &Aen| aens.iter().position(|said| said == aen).unwrap();
    assert!(
        at(&changed(64, DdbState::NoConnectionActive, 0)) < at(&active(64)),
        "found before it is logged in"
    );

    world.bench.card.power_cycle(world.bench.now).unwrap();
    world.run();
    assert!(world.peers.is_empty());
    world.said();
    world.bench.initialize(true);
    world.run();
    assert_eq!(world.bench.firmware_state(), FwState::WaitAutoconnect);
    world.pass(Duration::ZERO);
    assert_eq!(world.bench.firmware_state(), FwState::Ready);
    let aens = world.aens();
    assert!(
        aens.contains(&active(2)) && aens.contains(&active(64)),
        "{aens:?}"
    );
}

#[test]
fn aborts_and_resets_end_commands_and_are_answered() {
    let lun = [0; 8];
    for (command, completion) in [
        (None, Completion::Aborted),
        (Some(Command::LunReset { ddb: 3, lun }), Completion::ResetOccurred),
        (Some(Command::TargetReset { ddb: 3 }), Completion::ResetOccurred),
    ] {
        let mut world = World::logged_in(3);
        world.change(PORTAL, |manners| manners.silent = true);
        let tag = world.submit(3, false, 0, vec![0; 512]);
        world.run();
        let aborted = command.is_none();
        world
            .bench
            .ok(command.unwrap_or(Command::AbortTask { ddb: 3, tag }));
        let said = world.said();
        let [
            Event::IoDone(done),
            Event::TaskMgmtDone {
                ddb: 3,
                tag: about,
                outcome,
            },
        ] = &said[..]
        else {
            panic!("{said:?}");
        };
        assert_eq!((done.tag, done.completion), (tag, completion));
        assert_eq!(*about, aborted.then_some(tag));
        assert_eq!(*outcome, TaskMgmtOutcome::Response(0));
        let again = Command::AbortTask { ddb: 3, tag };
        assert!(world.bench.command(again).is_err(), "it does not run any more");
        assert!(world.bench.command(Command::TargetReset { ddb: 9 }).is_err());
    }
}

#[test]
fn a_command_for_a_ddb_without_a_session_is_completed_at_once() {
    let mut world = World::plain();
    let tag = world.submit(3, true, 0, vec![1; 512]);
    let done = world.dones().remove(0);
    assert_eq!((done.tag, done.completion), (tag, Completion::DeviceUnavailable));
    assert_eq!(done.buffer.into_vec(), vec![1; 512]);
}

#[test]
fn set_ddb_on_a_live_session_is_refused_and_the_session_lives() {
    let mut world = World::logged_in(3);
    let set = Command::SetDatabaseEntry {
        ddb: 3,
        entry: Box::new(entry(TARGET)),
    };
    assert!(world.bench.command(set).is_err());
    assert!(
        world
            .bench
            .command(Command::ClearDatabaseEntry { ddb: 3 })
            .is_err()
    );
    assert!(
        world
            .bench
            .command(Command::RequestDatabaseEntry { ddb: 3 })
            .is_err()
    );
    world.submit(3, true, 0, vec![1; 512]);
    assert_eq!(world.dones()[0].completion, Completion::Complete);
}

#[test]
fn sixty_four_sessions_live_side_by_side_and_a_reset_cuts_them_all() {
    let mut world = World::plain();
    for ddb in 0..64 {
        let mut wanted = entry(TARGET);
        wanted.isid[5] = ddb as u8;
        world.login(ddb, &wanted);
    }
    assert_eq!(world.peers.len(), 64);
    for ddb in 0..64 {
        world.submit(ddb, true, u32::from(ddb), vec![ddb as u8; 512]);
    }
    assert!(
        world
            .dones()
            .iter()
            .all(|done| done.completion == Completion::Complete)
    );
    assert!((0..64).all(|ddb| world.disk[ddb * 512] == ddb as u8));
    world.bench.card.reset(world.bench.now, 0);
    world.run();
    assert!(world.peers.is_empty());
    assert!(
        world.bench.command(Command::ConnOpen { ddb: 0 }).is_err(),
        "it waits for its control block"
    );
}

#[test]
fn a_nop_out_is_passed_through_and_other_pdus_are_refused() {
    let mut world = World::logged_in(3);
    let mut header = [0; 48];
    let pdu = |header| Passthrough {
        ddb: 3,
        handle: 77,
        header,
        data: b"hello".to_vec(),
    };
    world
        .bench
        .card
        .submit_passthrough(world.bench.now, 0, pdu(header))
        .unwrap();
    let said = world.said();
    let [Event::PassthroughDone(done)] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!((done.handle, done.answer.as_ref().unwrap().0[0]), (77, 0x20));
    header[0] = 0x04;
    assert!(
        world
            .bench
            .card
            .submit_passthrough(world.bench.now, 0, pdu(header))
            .is_err()
    );
}
