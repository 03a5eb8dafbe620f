//! Where a write begins: its turn among the writers, which a dry run does not need.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::HostNo;
use crate::writer::{Scope, Writer};

impl Ctx<'_> {
    /// Becomes the adapter's only writer, as `verb` ("boot set"). Waits for others until the deadline. One that this context has
    /// already is shared, so that an operation can call another. A dry run takes nothing.
    ///
    /// # Errors
    /// [`crate::Kind::Busy`] with the holder's name; whatever keeps the lock from being made, as a failure to `tried`: nothing has been
    /// written then.
    pub fn writer(&mut self, host: HostNo, verb: &str, tried: &str) -> Result<Writer> {
        self.turn(Scope::Adapter, host, verb, tried)
    }

    /// As [`Ctx::writer`], for any scope.
    ///
    /// # Errors
    /// As [`Ctx::writer`].
    pub fn turn(&mut self, scope: Scope, host: HostNo, verb: &str, tried: &str) -> Result<Writer> {
        if self.dry_run.is_on() {
            return Ok(Writer::of_nothing());
        }
        self.take_turn(scope, host, verb, tried)
    }
}
