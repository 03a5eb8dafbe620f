//! Failures as errors, and waits that end.

use std::net::TcpListener;
use std::time::Duration;

use iscsi::isns::{Failure, FrameError, Function, Status as IsnsStatus, Tag};

use super::failure::of_request;
use super::{Hearing, query, watch};
use crate::Stop;
use crate::deadline::Deadline;
use crate::error::{Kind, Status};

const HOST: &str = "iqn.2026-11.org.example:host";

#[test]
fn every_failure_has_a_status_and_something_to_do() {
    let function = Function::DEV_ATTR_QRY;
    let refused = |status| Failure::Refused { function, status };
    for (why, kind, status) in [
        (
            refused(IsnsStatus::SOURCE_UNAUTHORIZED),
            Kind::Permission,
            Status::IsnsQuery,
        ),
        (
            refused(IsnsStatus::SOURCE_UNKNOWN),
            Kind::Failed,
            Status::IsnsQuery,
        ),
        (refused(IsnsStatus::BUSY), Kind::Busy, Status::IsnsQuery),
        (refused(IsnsStatus::VERSION), Kind::Failed, Status::IsnsVersion),
        (refused(IsnsStatus(4711)), Kind::Failed, Status::IsnsQuery),
        (
            Failure::NoAnswer { function, strays: 2 },
            Kind::Timeout,
            Status::IsnsUnavailable,
        ),
        (
            Failure::Frame(FrameError::Version(72)),
            Kind::Failed,
            Status::IsnsVersion,
        ),
        (
            Failure::Frame(FrameError::AtOnce),
            Kind::Failed,
            Status::IsnsQuery,
        ),
        (
            Failure::Misses {
                function,
                tag: Tag::ISCSI_NAME,
            },
            Kind::Failed,
            Status::IsnsQuery,
        ),
        (Failure::Endless, Kind::Failed, Status::IsnsQuery),
        (Failure::Closed, Kind::Failed, Status::IsnsUnavailable),
    ] {
        let error = of_request("ask", Status::IsnsQuery, why);
        assert_eq!((error.kind(), error.status()), (kind, status), "{why:?}");
        assert!(error.next_step().is_some(), "{why:?}");
        assert!(error.to_string().contains(&why.to_string()), "{error}");
    }
    let error = of_request("register", Status::IsnsRegistration, refused(IsnsStatus(3)));
    assert_eq!(error.status(), Status::IsnsRegistration);
}

#[test]
fn a_wait_ends_when_the_end_is_asked_for() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = silent.local_addr().expect("its address");
    let stop: &'static Stop = Box::leak(Box::new(Stop::new().expect("stop")));
    let asked = std::thread::spawn(move || {
        let kept = silent.accept();
        stop.ask();
        kept
    });
    let host = HOST.parse().expect("a name");
    let deadline = Deadline::after(Duration::from_secs(600)).stopped_by(stop);
    let error = query(at, &host, deadline).expect_err("nobody answers");
    assert_eq!(error.kind(), Kind::Interrupted, "{error}");
    drop(asked.join());
}

#[test]
fn an_address_that_is_not_ours_cannot_be_listened_on() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hearing = Hearing {
        at: "192.0.2.1:0".parse().expect("an address"),
        alias: None,
        inquiries: None,
    };
    let host = HOST.parse().expect("a name");
    let at = server.local_addr().expect("its address");
    let error = watch(at, &host, &hearing, Deadline::after(Duration::from_secs(60)))
        .expect_err("no such address here");
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
}
