//! Why an iSNS server could not be asked, as errors of the control plane.
//!
//! Owns which failure is which status and what to do about each. Must not know what was asked for.

use std::io;
use std::net::SocketAddr;

use iscsi::isns::{Failure, FrameError, Status as IsnsStatus};

use crate::error::{Error, Kind, Status};
use crate::message::Message;
use crate::step::Step;

/// A failure of the request that `tried` says; a refusal has `refused` as its status.
pub(super) fn of_request(tried: &str, refused: Status, why: Failure) -> Error {
    let error = Error::new(Kind::Failed, tried).answered(why.to_string());
    match why {
        Failure::Refused { status, .. } => refusal(error.with_status(refused), refused, status),
        Failure::NoAnswer { .. } => error
            .with_kind(Kind::Timeout)
            .with_status(Status::IsnsUnavailable)
            .hint(
                Message::from("something takes connections there and does not answer: look at the server, or give it more time (")
                    .then(Step::WithMoreTime)
                    .then(")"),
            ),
        Failure::Frame(FrameError::Version(_)) => error.with_status(Status::IsnsVersion).hint(
            "something that speaks no iSNS, or another version of it, listens there: look at the address and the port (3205 unless the server has another)",
        ),
        Failure::Closed => error.with_status(Status::IsnsUnavailable).hint(
            "the server took the connection and ended it: look into its log; it may admit certain addresses only",
        ),
        _ => error
            .with_status(Status::IsnsQuery)
            .hint("the server does not keep to RFC 4171: look for a newer version of it"),
    }
}

fn refusal(error: Error, refused: Status, status: IsnsStatus) -> Error {
    match status {
        IsnsStatus::SOURCE_UNAUTHORIZED => error
            .with_kind(Kind::Permission)
            .with_status(refused)
            .hint("let the server's administrator admit this initiator's name: register it there, and make it a member of a discovery domain that has the targets"),
        IsnsStatus::SOURCE_UNKNOWN | IsnsStatus::SOURCE_ABSENT => error.hint(
            "the server answers registered nodes only and did not keep the registration: let its administrator register this initiator's name",
        ),
        IsnsStatus::BUSY => error
            .with_kind(Kind::Busy)
            .with_status(refused)
            .hint("try again later"),
        IsnsStatus::VERSION => error
            .with_status(Status::IsnsVersion)
            .hint("the server speaks another version of iSNS than version 1 of RFC 4171: look for a newer version of it"),
        _ => error.hint("look into the server's log for why it refused"),
    }
}

/// Nobody was reached.
pub(super) fn of_connecting(tried: &str, server: SocketAddr, why: &io::Error) -> Error {
    let error = Error::io(tried, why).answered(format!("{server}: {why}"));
    let error = match error.kind() {
        // Not a file that is missing.
        Kind::NotFound => error.with_kind(Kind::Failed),
        _ => error,
    };
    error
        .with_status(Status::IsnsUnavailable)
        .hint("look whether an iSNS server runs there, and whether a firewall keeps its port (3205 unless it has another) away")
}

/// The time was up, or somebody asked for the end.
pub(super) fn of_waiting(tried: &str, waited_for: &str, stopped: bool) -> Error {
    if stopped {
        return Error::new(Kind::Interrupted, tried).answered("the end was asked for");
    }
    Error::timeout(tried, waited_for)
        .with_status(Status::IsnsUnavailable)
        .hint(
            Message::from("look whether the server can be reached, or give it more time (")
                .then(Step::WithMoreTime)
                .then(")"),
        )
}
