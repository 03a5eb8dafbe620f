//! What the room that opens files refuses, as failures of the control plane.

use files::Why;

use super::{Error, Kind};

impl Error {
    /// A file that could not be used: what was tried with it, why, and what may be done.
    pub fn file(tried: impl Into<String>, error: &files::Error) -> Self {
        let kind = match error.why() {
            Why::Os(os) => return Self::io(tried, os),
            Why::Owner(_) | Why::Writable(_) => Kind::Permission,
            Why::Held(_) | Why::InUse => Kind::Busy,
            Why::Silent => Kind::Timeout,
            Why::Exists
            | Why::Link
            | Why::Outside
            | Why::Kind(..)
            | Why::Names
            | Why::Name
            | Why::TooLong(_) => Kind::Invalid,
            _ => Kind::Failed,
        };
        let failure = Self::new(kind, tried).answered(format!("{}: {}", error.path().display(), error.why()));
        match error.why() {
            Why::Owner(_) => {
                failure.hint("use a directory of your own: its owner could exchange what is in it")
            }
            Why::Writable(mode) => failure.hint(format!(
                "see what others have put there, then close it to them: chmod {:04o} {}",
                mode & !0o077,
                error.path().display()
            )),
            Why::Link => failure.hint("name the file itself"),
            _ => failure,
        }
    }
}
