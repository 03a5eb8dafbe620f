//! Commands after a login of user space: data both ways, digests, CHAP, many sessions.

use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Event, Request};
use emu_array::{Account, DigestPolicy};
use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::digest::Digest;
use iscsi::initiator::Auth;
use iscsi::negotiate::Offer;
use lab_tests::offload::software::Session;

use crate::lab::{BLOCK, Lab, PATIENCE, config, good, pattern, read, write};

/// Bytes of one command.
const PIECE: usize = 256 << 10;

/// 8 MiB to a disk and back.
fn eight_mebibytes(sg: &mut driver_sys::sg::Device, seed: u32) {
    let data = pattern(8 << 20, seed);
    for (at, piece) in data.chunks(PIECE).enumerate() {
        let lba = u32::try_from(at * PIECE / BLOCK).expect("an address");
        good(sg, &write(lba, piece.to_vec()));
    }
    for (at, piece) in data.chunks(PIECE).enumerate() {
        let lba = u32::try_from(at * PIECE / BLOCK).expect("an address");
        assert!(good(sg, &read(lba, PIECE / BLOCK)) == piece, "piece {at}");
    }
}

#[test]
fn what_is_written_comes_back_with_and_without_digests() {
    for (policy, digest) in [
        (DigestPolicy::Forbid, Digest::None),
        (DigestPolicy::Require, Digest::Crc32c),
    ] {
        let lab = Lab::with(|target| target.digests = policy);
        let mut client = lab.client();
        let session = lab.login(&mut client);
        let agreed = &session.agreed.params;
        assert_eq!((agreed.header_digest, agreed.data_digest), (digest, digest));
        let on = if digest == Digest::None { "0" } else { "1" };
        let conn = format!("class/iscsi_connection/connection{}:0", session.sid);
        assert_eq!(lab.read(&format!("{conn}/header_digest")), on);
        let mut sg = lab.scan(session.host_no);
        eight_mebibytes(&mut sg, 7);
    }
}

#[test]
fn the_parameters_of_bursts_are_kept() {
    // Solicited data only, and small pieces of it; then everything unsolicited.
    for (initial_r2t, immediate, first_burst) in [(true, false, 65536), (false, true, 262_144)] {
        let lab = Lab::start();
        let mut client = lab.client();
        let mut wanted = config(1);
        wanted.offer.params.initial_r2t = initial_r2t;
        wanted.offer.params.immediate_data = immediate;
        wanted.offer.params.first_burst = first_burst;
        wanted.offer.params.max_burst = 262_144;
        wanted.offer.params.max_recv_data_segment = 4096;
        wanted.offer.params.max_outstanding_r2t = 4;
        let session = Session::login(&mut client, lab.target.portal(), wanted).expect("login");
        let mut sg = lab.scan(session.host_no);
        eight_mebibytes(&mut sg, 9);
        let path = format!("class/iscsi_session/session{}", session.sid);
        assert_eq!(
            lab.read(&format!("{path}/initial_r2t")),
            u8::from(initial_r2t).to_string()
        );
        let stats = stats(&mut client, session.sid);
        let r2ts = stats
            .counters()
            .find(|(name, _)| *name == "r2t_pdus")
            .map(|c| c.1);
        assert_eq!(r2ts.is_some_and(|n| n > 0), initial_r2t);
    }
}

fn stats(client: &mut lab_tests::netlink::Client, sid: u32) -> driver_sys::netlink::SessionStats {
    client.tell(&Request::GetStats { sid, cid: 0 }).expect("sent");
    let event = client.event("statistics", PATIENCE, |event| {
        matches!(event, Event::Stats { .. })
    });
    match event {
        Ok(Event::Stats { stats, .. }) => *stats,
        other => panic!("{other:?}"),
    }
}

#[test]
fn statistics_count_what_went_over_the_connection() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    let mut sg = lab.scan(session.host_no);
    let before = stats(&mut client, session.sid);
    good(&mut sg, &write(0, vec![1; 4096]));
    good(&mut sg, &read(0, 8));
    let after = stats(&mut client, session.sid);
    let value = |stats: &driver_sys::netlink::SessionStats, wanted: &str| {
        stats
            .counters()
            .find(|(name, _)| *name == wanted)
            .expect("a counter")
            .1
    };
    for name in ["scsicmd_pdus", "scsirsp_pdus"] {
        assert_eq!(value(&after, name) - value(&before, name), 2, "{name}");
    }
    assert!(value(&after, "datain_pdus") > value(&before, "datain_pdus"));
    assert!(value(&after, "txdata_octets") >= value(&before, "txdata_octets") + 4096 + 2 * 48);
    assert!(value(&after, "rxdata_octets") >= value(&before, "rxdata_octets") + 4096 + 48);
    // `iscsi_sw_tcp_conn_get_stats`.
    let own: Vec<&str> = after.custom.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        own,
        ["tx_sendpage_failures", "rx_discontiguous_hdr", "eh_abort_cnt"]
    );
}

fn account(name: &str, secret: &str) -> ChapAccount {
    ChapAccount {
        name: name.into(),
        secret: ChapSecret::new(secret.as_bytes().to_vec()).expect("a secret"),
    }
}

#[test]
fn both_sides_prove_themselves_and_the_secrets_are_their_owners_alone() {
    let lab = Lab::with(|target| {
        target.accounts.incoming = vec![Account::new("host", "a secret of the host")];
        target.accounts.mutual = Some(Account::new("disk", "a secret of the disk"));
    });
    let mut client = lab.client();
    let mut wanted = config(1);
    wanted.auth = Auth::Chap {
        outgoing: account("host", "a secret of the host"),
        incoming: Some(account("disk", "a secret of the disk")),
        algorithms: Vec::new(),
        optional: false,
    };
    let session = Session::login(&mut client, lab.target.portal(), wanted.clone()).expect("login");
    assert!(session.agreed.authenticated);
    let mut sg = lab.scan(session.host_no);
    good(&mut sg, &read(0, 1));
    let attr = Attr::new(IscsiParam::Password, Bytes::c_text("a secret of the host"));
    let set = Request::SetParam {
        sid: session.sid,
        cid: 0,
        attr,
    };
    client.ask(&set).expect("set");
    let path = format!("class/iscsi_session/session{}/password", session.sid);
    assert_eq!(lab.read(&path), "a secret of the host");
    let file = lab.path().join("sys").join(&path);
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o400);
    // A wrong secret fails in user space, and nothing of the kernel's is in the way of the next try.
    wanted.auth = Auth::Chap {
        outgoing: account("host", "another secret"),
        incoming: None,
        algorithms: Vec::new(),
        optional: false,
    };
    let refused = Session::login(&mut client, lab.target.portal(), wanted);
    assert!(refused.is_err());
    session.end(&mut client).expect("end");
}

#[test]
fn sixteen_sessions_have_sixteen_hosts_and_go_one_by_one() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut sessions: Vec<Session> = (1..=16)
        .map(|n| Session::login(&mut client, lab.target.portal(), config(n)).expect("login"))
        .collect();
    let hosts: Vec<u32> = sessions.iter().map(|s| s.host_no).collect();
    assert_eq!(
        hosts,
        (crate::lab::HOST..crate::lab::HOST + 16).collect::<Vec<u32>>()
    );
    let mut disks: Vec<_> = hosts.iter().map(|host| lab.scan(*host)).collect();
    std::thread::scope(|scope| {
        for (n, sg) in disks.iter_mut().enumerate() {
            scope.spawn(move || {
                let lba = u32::try_from(n).expect("few") * 1024;
                let data = pattern(PIECE, lba + 1);
                for _ in 0..8 {
                    good(sg, &write(lba, data.clone()));
                    assert!(good(sg, &read(lba, PIECE / BLOCK)) == data);
                }
            });
        }
    });
    // The lowest number that is free is given again (`scsi_host_alloc`).
    let middle = sessions.remove(7);
    let host = middle.host_no;
    middle.end(&mut client).expect("end");
    assert!(!lab.exists(&format!("class/iscsi_host/host{host}")));
    let again = Session::login(&mut client, lab.target.portal(), config(8)).expect("login");
    assert_eq!(again.host_no, host);
    for session in sessions {
        session.end(&mut client).expect("end");
    }
    assert!(lab.exists(&format!("class/iscsi_host/host{host}")));
}

#[test]
fn an_offer_of_digests_is_a_choice_of_the_target() {
    let lab = Lab::start();
    let mut client = lab.client();
    let mut wanted = config(1);
    wanted.offer = Offer {
        header_digests: vec![Digest::Crc32c, Digest::None],
        data_digests: vec![Digest::None],
        ..Offer::default()
    };
    let session = Session::login(&mut client, lab.target.portal(), wanted).expect("login");
    let mut sg = lab.scan(session.host_no);
    eight_mebibytes(&mut sg, 3);
    let conn = format!("class/iscsi_connection/connection{}:0", session.sid);
    assert_eq!(
        (
            lab.read(&format!("{conn}/header_digest")),
            lab.read(&format!("{conn}/data_digest"))
        ),
        ("1".into(), "0".into())
    );
}
