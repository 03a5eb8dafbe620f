//! Why a request came to nothing. Owns the reasons; what to do about them is the caller's.

use crate::isns::{function::Function, message::TooManyPdus, receive::FrameError, status::Status, tag::Tag};

/// Why a request came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server refused.
    #[error("{function} was refused: {status}")]
    Refused {
        /// What was asked.
        function: Function,
        /// What it answered.
        status: Status,
    },
    /// Nothing came in time.
    #[error("no answer to {function}{}", others(*.strays))]
    NoAnswer {
        /// What was asked.
        function: Function,
        /// Responses that came meanwhile and belong to no request.
        strays: u32,
    },
    /// The response to something else.
    #[error("{function} was answered by {got}")]
    WrongAnswer {
        /// What was asked.
        function: Function,
        /// What came with its transaction id.
        got: Function,
    },
    /// The response misses something.
    #[error("the answer to {function} has no {tag}")]
    Misses {
        /// What was asked.
        function: Function,
        /// What it misses.
        tag: Tag,
    },
    /// A walk came to a node for the second time.
    #[error("the server tells the same nodes again and again")]
    Endless,
    /// What came is no iSNS.
    #[error("the server's bytes cannot be read: {0}")]
    Frame(#[from] FrameError),
    /// The request is too long.
    #[error(transparent)]
    TooLong(#[from] TooManyPdus),
    /// The connection ended.
    #[error("the server closed the connection")]
    Closed,
    /// Too many requests wait.
    #[error("too many requests wait")]
    Full,
}

fn others(count: u32) -> String {
    match count {
        0 => String::new(),
        n => format!(", but {n} with another transaction id"),
    }
}
