//! The failure of whatever needs the network helper and does not get it. Owns what to do about it; must not know what was wanted.

use super::{Error, Kind, Status};
use crate::model::HelperPresence;
use crate::step::Step;

impl Error {
    /// Why nothing can be had from a helper that does not answer.
    pub fn helper_absent(presence: HelperPresence, tried: impl Into<String>) -> Self {
        let error = Self::new(Kind::Failed, tried);
        match presence {
            HelperPresence::NotPermitted => error
                .with_kind(Kind::Permission)
                .answered("the network helper (iscsiuio) answers root only")
                .hint("run as root, or as the user whom it runs as"),
            HelperPresence::Foreign => error
                .with_status(Status::HelperUnreachable)
                .answered(
                    "the network helper that serves this machine's session daemons does not speak to this program",
                )
                .hint(
                    Step::OpenIscsiPing
                        .then(" pings by it; where ours is installed, ")
                        .then(Step::StartHelper),
                ),
            HelperPresence::NotRunning | HelperPresence::Running => error
                .with_status(Status::HelperUnreachable)
                .answered("the network helper (iscsiuio) does not run: without it the port resolves no address")
                .hint(crate::Message::from("start it: ").then(Step::StartHelper)),
        }
    }
}
