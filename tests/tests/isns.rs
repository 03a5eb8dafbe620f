//! iSNS end to end: our client against the distribution's server and against ours.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hba::discovery::isns::{Hearing, Told, query, watch};
use hba::{Deadline, Error, Kind};
use iscsi::isns::{Change, Notice, ScnBitmap, Served};
use lab_tests::isns::{NEEDS, Server};
use lab_tests::need::{Need, find_tool, left_out};
use lab_tests::process::until;
use nix::sys::signal::Signal;

const HOST: &str = "iqn.2026-11.org.example:host";
const DISK: &str = "iqn.2026-11.org.example:disk";
const LONG: Duration = Duration::from_secs(60);

fn ask_within(server: &Server, limit: Duration) -> Result<Result<Told, Error>> {
    let at = server.at;
    let host = HOST.parse()?;
    server.run(move || query(at, &host, Deadline::after(limit)))
}

fn ask(server: &Server) -> Result<Told> {
    Ok(ask_within(server, LONG)??)
}

fn served(at: &str, tag: Option<u16>) -> Result<Served> {
    Ok(Served {
        tag,
        ..Served::at(at.parse()?)
    })
}

/// `name address:port,tag` of each, sorted.
fn lines(told: &Told) -> Vec<String> {
    let mut lines: Vec<String> = told
        .found
        .iter()
        .map(|found| format!("{} {}", found.target, found.at))
        .collect();
    lines.sort();
    lines
}

fn both(test: &str, go: impl Fn(&Server) -> Result<()>) -> Result<()> {
    go(&Server::ours(&[])?).context("hbaemu isns")?;
    if !left_out(test, NEEDS) {
        go(&Server::isnsd()?).context("isnsd")?;
    }
    Ok(())
}

#[test]
fn registered_targets_are_found_with_portals_groups_and_alias_until_they_leave() -> Result<()> {
    both(
        "registered_targets_are_found_with_portals_groups_and_alias_until_they_leave",
        |server| {
            ensure!(lines(&ask(server)?).is_empty());
            let mut disk = server.registrar(DISK)?;
            let portals = [
                served("10.0.0.1:3260", Some(1))?,
                served("[fd00::1]:3261", Some(2))?,
                served("10.0.0.2:860", Some(2))?,
            ];
            disk.target(Some("the first disk"), &portals)?;
            let mut tape = server.registrar("iqn.2026-11.org.example:tape")?;
            tape.target(None, &[served("10.0.0.9:3260", None)?])?;
            let told = ask(server)?;
            ensure!(
                lines(&told)
                    == [
                        format!("{DISK} 10.0.0.1:3260,1"),
                        format!("{DISK} 10.0.0.2:860,2"),
                        format!("{DISK} [fd00::1]:3261,2"),
                        "iqn.2026-11.org.example:tape 10.0.0.9:3260,1".to_owned(),
                    ],
                "{told:?}"
            );
            ensure!(
                told.left_out.is_empty() && told.is_whole() && told.remarks.is_empty(),
                "{told:?}"
            );
            let alias = |name: &str| {
                told.found
                    .iter()
                    .find(|f| f.target.as_str() == name)
                    .and_then(|f| f.alias.clone())
            };
            ensure!(alias(DISK).as_deref() == Some("the first disk"), "{told:?}");
            // What is registered is changed by the next registration.
            disk.target(Some("the disk"), &portals)?;
            ensure!(
                ask(server)?
                    .found
                    .iter()
                    .any(|f| f.alias.as_deref() == Some("the disk"))
            );
            disk.leave()?;
            tape.leave()?;
            ensure!(lines(&ask(server)?).is_empty());
            Ok(())
        },
    )
}

#[test]
fn a_target_that_isnsadm_registers_is_found() -> Result<()> {
    if left_out("a_target_that_isnsadm_registers_is_found", NEEDS) {
        return Ok(());
    }
    let server = Server::isnsd()?;
    server.isnsadm(&[
        "--register",
        &format!("target={DISK},alias=by-hand"),
        "portal=10.0.0.1:3260",
    ])?;
    let told = ask(&server)?;
    ensure!(lines(&told) == [format!("{DISK} 10.0.0.1:3260,1")], "{told:?}");
    ensure!(
        told.found.iter().all(|f| f.alias.as_deref() == Some("by-hand")),
        "{told:?}"
    );
    server.isnsadm(&["--deregister", &format!("iscsi-name={DISK}")])?;
    ensure!(lines(&ask(&server)?).is_empty());
    Ok(())
}

#[test]
fn more_targets_than_a_pdu_holds_are_found_all() -> Result<()> {
    // Names of the longest kind: with fewer targets than an array has an answer is longer than 64 KiB.
    const COUNT: usize = 160;
    let name = |n: usize| format!("{DISK}-{}-{n:04}", "x".repeat(180));
    // Ours writes one PDU with a wrong length, as isnsd does.
    let mut args = vec!["--fault".to_owned(), "wrapped".to_owned()];
    for n in 0..COUNT {
        args.extend(["--target".to_owned(), format!("{},10.0.0.1:3260,1", name(n))]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let check = |server: &Server| -> Result<()> {
        let told = ask(server)?;
        ensure!(told.found.len() == COUNT, "{} found", told.found.len());
        ensure!(told.is_whole() && told.left_out.is_empty());
        ensure!(
            told.remarks
                .iter()
                .any(|r| r.to_string().contains("target by target")),
            "{:?}",
            told.remarks
        );
        Ok(())
    };
    check(&Server::ours(&args)?).context("hbaemu isns")?;
    if left_out("more_targets_than_a_pdu_holds_are_found_all", NEEDS) {
        return Ok(());
    }
    let server = Server::isnsd()?;
    for n in 0..COUNT {
        server.registrar(&name(n))?.target(
            None,
            &[served(&format!("10.0.{}.{}:3260", n / 250, n % 250 + 1), None)?],
        )?;
    }
    check(&server).context("isnsd")
}

#[test]
fn a_whole_answer_of_many_pdus_is_read() -> Result<()> {
    let mut args = Vec::new();
    for n in 0..400 {
        args.extend([
            "--target".to_owned(),
            format!("{DISK}-with-a-long-name-so-that-there-are-many-pdus-{n},10.0.0.1:3260,1"),
        ]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let told = ask(&Server::ours(&args)?)?;
    ensure!(
        told.found.len() == 400 && told.remarks.is_empty(),
        "{} {:?}",
        told.found.len(),
        told.remarks
    );
    Ok(())
}

#[test]
fn a_server_that_answers_registered_nodes_only_is_asked_by_one() -> Result<()> {
    let target = format!("{DISK},10.0.0.1:3260,1");
    let server = Server::ours(&["--registered-only", "--target", &target])?;
    for _ in 0..2 {
        let told = ask(&server)?;
        ensure!(
            lines(&told) == [format!("{DISK} 10.0.0.1:3260,1")] && told.remarks.is_empty(),
            "{told:?}"
        );
    }
    Ok(())
}

#[test]
fn what_cannot_be_used_is_left_out() -> Result<()> {
    let at = |portal: &str| format!("{DISK},{portal}");
    let [a, b, c] = ["0.0.0.0:3260", "224.0.0.1:3260", "[fd00::1]:3260,7"].map(at);
    let told = ask(&Server::ours(&["--target", &a, "--target", &b, "--target", &c])?)?;
    ensure!(lines(&told) == [format!("{DISK} [fd00::1]:3260,7")], "{told:?}");
    ensure!(
        told.left_out.len() == 2 && told.left_out.iter().all(|l| l.portal.is_some()),
        "{told:?}"
    );
    Ok(())
}

#[test]
fn servers_that_go_wrong_are_errors_that_say_so_in_time() -> Result<()> {
    let second = Duration::from_secs(1);
    for (faults, limit, kind, status, says) in [
        (
            &["truncated"][..],
            LONG,
            Kind::Failed,
            "isns_query",
            "is said to have",
        ),
        (&["endless"], LONG, Kind::Failed, "isns_query", "longer than"),
        (
            &["wrong-xid"],
            second,
            Kind::Timeout,
            "isns_unavailable",
            "no answer in time",
        ),
        (
            &["silent"],
            second,
            Kind::Timeout,
            "isns_unavailable",
            "no answer in time",
        ),
        (
            &["slow 500"],
            second,
            Kind::Timeout,
            "isns_unavailable",
            "no answer in time",
        ),
        (
            &["wrapped", "circle"],
            LONG,
            Kind::Failed,
            "isns_query",
            "again and again",
        ),
        (
            &["refuse 8"],
            LONG,
            Kind::Permission,
            "isns_query",
            "Source Unauthorized (8)",
        ),
        (
            &["refuse 6", "no-update"],
            LONG,
            Kind::Failed,
            "isns_query",
            "Source Unknown (6)",
        ),
        (
            &["refuse 5"],
            LONG,
            Kind::Failed,
            "isns_query",
            "Invalid Query (5)",
        ),
        (&["refuse 12"], LONG, Kind::Busy, "isns_query", "Busy (12)"),
        (
            &["refuse 10"],
            LONG,
            Kind::Failed,
            "isns_version",
            "Version Not Supported (10)",
        ),
    ] {
        let many = if faults.contains(&"wrapped") { 400 } else { 2 };
        let mut args = Vec::new();
        for n in 0..many {
            args.extend([
                "--target".to_owned(),
                format!("{DISK}-with-a-long-name-so-that-a-pdu-does-not-hold-all-{n},10.0.0.1:3260,1"),
            ]);
        }
        for fault in faults {
            args.extend(["--fault".to_owned(), (*fault).to_owned()]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let server = Server::ours(&args)?;
        let error = match ask_within(&server, limit)? {
            Ok(told) => anyhow::bail!("{faults:?}: {} found", told.found.len()),
            Err(error) => error,
        };
        ensure!(
            error.kind() == kind && error.status().name() == status,
            "{faults:?}: {:?} {:?} {error}",
            error.kind(),
            error.status()
        );
        ensure!(error.to_string().contains(says), "{faults:?}: {error}");
        ensure!(
            error.to_string().contains(&server.at.to_string()) && error.next_step().is_some(),
            "{faults:?}: {error:?}"
        );
    }
    Ok(())
}

#[test]
fn nobody_and_somebody_else_at_the_port_are_told_apart() -> Result<()> {
    let nobody = lab_tests::port::own()?;
    let host = HOST.parse()?;
    let error = query(nobody, &host, Deadline::after(LONG)).unwrap_err();
    ensure!(
        error.status().name() == "isns_unavailable" && error.to_string().contains("refused"),
        "{error}"
    );
    // An iSCSI target reads our request as a login of its own kind and closes; a chatty server says something else.
    let chatty = std::net::TcpListener::bind("127.0.0.1:0")?;
    let at = chatty.local_addr()?;
    let talk = std::thread::spawn(move || -> Result<()> {
        use std::io::Write;
        let (mut stream, _) = chatty.accept()?;
        stream.write_all(b"220 mail.example ESMTP\r\n")?;
        std::io::copy(&mut stream, &mut std::io::sink())?;
        Ok(())
    });
    let error = query(at, &host, Deadline::after(LONG)).unwrap_err();
    ensure!(error.status().name() == "isns_version", "{error}");
    talk.join().map_err(|_| anyhow::anyhow!("the chatty server"))??;
    Ok(())
}

fn heard(notice: Option<Notice>) -> Result<Vec<Change>> {
    match notice {
        Some(Notice::Changes(changes)) => Ok(changes.changes),
        other => anyhow::bail!("{other:?}"),
    }
}

#[test]
fn a_target_that_comes_and_goes_is_heard_of() -> Result<()> {
    both("a_target_that_comes_and_goes_is_heard_of", |server| {
        let (at, host) = (server.at, HOST.parse()?);
        let hearing = Hearing {
            at: ([0, 0, 0, 0], 0).into(),
            alias: Some("host".to_owned()),
            inquiries: None,
        };
        let mut watching = server.run(move || watch(at, &host, &hearing, Deadline::after(LONG)))??;
        ensure!(watching.address()?.ip().is_loopback() && watching.registered().entity.is_some());
        let mut disk = server.registrar(DISK)?;
        disk.target(None, &[served("10.0.0.1:3260", None)?])?;
        let added = until(LONG, "a notice of the new target", || {
            let changes = heard(watching.next(Deadline::after(LONG))?)?;
            Ok(changes.into_iter().find(|c| c.node.as_str() == DISK))
        })?;
        ensure!(
            added.what.intersects(ScnBitmap::ADDED | ScnBitmap::MEMBER_ADDED),
            "{added:?}"
        );
        disk.leave()?;
        let removed = until(LONG, "a notice that the target is gone", || {
            let changes = heard(watching.next(Deadline::after(LONG))?)?;
            let gone = ScnBitmap::REMOVED | ScnBitmap::MEMBER_REMOVED;
            Ok(changes
                .into_iter()
                .find(|c| c.node.as_str() == DISK && c.what.intersects(gone)))
        })?;
        ensure!(!removed.what.contains(ScnBitmap::ADDED), "{removed:?}");
        watching.end(Deadline::after(LONG))?;
        Ok(())
    })
}

#[test]
fn callers_that_say_nothing_or_rubbish_keep_nobody_from_being_heard() -> Result<()> {
    let server = Server::ours(&[])?;
    let (at, host) = (server.at, HOST.parse()?);
    let hearing = Hearing {
        at: ([127, 0, 0, 1], 0).into(),
        alias: None,
        inquiries: None,
    };
    let mut watching = watch(at, &host, &hearing, Deadline::after(LONG))?;
    let mut callers = Vec::new();
    for n in 0..40 {
        let mut caller = std::net::TcpStream::connect(watching.address()?)?;
        if n % 2 == 0 {
            std::io::Write::write_all(&mut caller, b"GET / HTTP/1.0\r\n\r\n")?;
        }
        callers.push(caller);
    }
    let mut disk = server.registrar(DISK)?;
    disk.target(None, &[served("10.0.0.1:3260", None)?])?;
    let changes = heard(watching.next(Deadline::after(LONG))?)?;
    ensure!(changes.iter().any(|c| c.node.as_str() == DISK), "{changes:?}");
    // The server is gone: who watches hears of it.
    drop(server);
    let error = loop {
        match watching.next(Deadline::after(LONG)) {
            Ok(Some(_)) => {}
            Ok(None) => anyhow::bail!("nothing was told"),
            Err(error) => break error,
        }
    };
    ensure!(error.status().name() == "isns_unavailable", "{error}");
    Ok(())
}

#[test]
fn the_distributions_server_gets_its_inquiries_answered() -> Result<()> {
    if left_out("the_distributions_server_gets_its_inquiries_answered", NEEDS) {
        return Ok(());
    }
    let server = Server::isnsd()?;
    let (at, host) = (server.at, HOST.parse()?);
    let hearing = Hearing {
        at: ([127, 0, 0, 1], 0).into(),
        alias: None,
        inquiries: Some(1),
    };
    let mut watching = server.run(move || watch(at, &host, &hearing, Deadline::after(LONG)))??;
    ensure!(!watching.registered().no_inquiries);
    let here = watching.address()?;
    // It gives up after three that are not answered.
    for _ in 0..5 {
        match watching.next(Deadline::after(LONG))? {
            Some(Notice::Inquiry(inquiry)) => ensure!(inquiry.portal == Some(here), "{inquiry:?}"),
            other => anyhow::bail!("{other:?}"),
        }
    }
    let listed = server.isnsadm(&["--query", &format!("iscsi-name={HOST}")])?;
    ensure!(
        listed.contains(&format!("{}", here.port())),
        "still registered: {listed}"
    );
    watching.end(Deadline::after(LONG)).map_err(Into::into)
}

/// What tshark prints of a capture.
fn tshark(server: &Server, at: SocketAddr, args: &[&str]) -> Result<String> {
    let out = Command::new(find_tool("tshark").context("not installed")?)
        .arg("-r")
        .arg(server.dir.path().join("isns.pcap"))
        .args(["-d", &format!("tcp.port=={},isns", at.port())])
        .args(args)
        .output()?;
    ensure!(
        out.status.success(),
        "tshark: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8(out.stdout)?)
}

#[test]
fn wireshark_reads_every_message_of_ours() -> Result<()> {
    const TSHARK: &[Need] = &[Need::Tool("tshark", "tshark")];
    if left_out("wireshark_reads_every_message_of_ours", TSHARK) {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("isns.pcap");
    let file = file.to_str().context("path")?;
    let mut server = Server::ours(&["--pcap", file, "--registered-only"])?;
    let (at, host) = (server.at, HOST.parse()?);
    let hearing = Hearing {
        at: ([127, 0, 0, 1], 0).into(),
        alias: Some("host".to_owned()),
        inquiries: Some(60),
    };
    let mut watching = watch(at, &host, &hearing, Deadline::after(LONG))?;
    ensure!(watching.registered().no_inquiries, "ours does not inquire");
    let notices = watching.address()?;
    let mut disk = server.registrar(DISK)?;
    disk.target(
        Some("disk"),
        &[
            served("10.0.0.1:3260", Some(1))?,
            served("[fd00::1]:3260", Some(2))?,
        ],
    )?;
    disk.ask(iscsi::isns::Request::Walk)?;
    heard(watching.next(Deadline::after(LONG))?)?;
    ask(&server)?;
    watching.end(Deadline::after(LONG))?;
    disk.leave()?;
    server.process().signal(Signal::SIGTERM)?;
    server.process().ended(LONG)?;
    std::fs::copy(file, server.dir.path().join("isns.pcap"))?;
    for at in [at, notices] {
        // What of its TCP is made up is not the matter here: a port that is used again looks like a retransmission.
        for flaw in ["_ws.malformed", "_ws.expert.severity == error"] {
            let found = tshark(&server, at, &["-Y", flaw])?;
            ensure!(found.is_empty(), "{flaw}: {found}");
        }
    }
    let mut seen = String::new();
    for (code, what) in [
        ("0x0001", "DevAttrReg"),
        ("0x0002", "DevAttrQry"),
        ("0x0003", "DevGetNext"),
        ("0x0004", "DevDereg"),
        ("0x0005", "SCNReg"),
        ("0x0006", "SCNDereg"),
    ] {
        let filter = format!("isns.functionid == {code}");
        let found = tshark(
            &server,
            at,
            &["-Y", &filter, "-T", "fields", "-e", "frame.number"],
        )?;
        ensure!(!found.is_empty(), "no {what}");
        let _ = writeln!(seen, "{what}: {}", found.lines().count());
    }
    let told = tshark(
        &server,
        notices,
        &[
            "-Y",
            "isns.functionid == 0x8008",
            "-T",
            "fields",
            "-e",
            "frame.number",
        ],
    )?;
    ensure!(!told.is_empty(), "no answer to a notice; {seen}");
    Ok(())
}
