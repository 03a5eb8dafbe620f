//! What interrupted changes left on record: looked after by the next writer, mentioned to readers.

use super::record::{self, Store};
use super::settle::{self, Settled};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::HostNo;

/// Finishes or undoes what a writer of this card left that did not come to the end, and says so. For whoever has just got the turn.
///
/// # Errors
/// None of its own: what cannot be finished now is said, and stays for the next.
pub(crate) fn resume(ctx: &mut Ctx<'_>, host: HostNo) -> Result<()> {
    let Some(room) = ctx.backend.writers(host)? else {
        return Ok(());
    };
    let store = Store::new(&ctx.state_dir, &room.card);
    let record = match store.read() {
        Ok(None) => return Ok(()),
        Ok(Some(record)) => record,
        Err(why) => {
            ctx.warn(format!(
                "the record {} of an interrupted change does not read ({why}); it was put aside: look at the adapter",
                store.path().display()
            ));
            if let Err(e) = store.put_aside() {
                ctx.warn(format!("and it could not be put aside: {e}"));
            }
            return Ok(());
        }
    };
    let who = record.who();
    match settle::settle(ctx, &record) {
        Ok(settled) => {
            ctx.warn(match settled {
                Settled::Nothing => format!("{who} was interrupted and had changed nothing"),
                Settled::Undone(what) => format!("{who} was interrupted; undone: {what}"),
                Settled::Done(what) => format!("{who} was interrupted and had done its work: {what}"),
                Settled::Unknown(what) => format!(
                    "{who} was interrupted, and it is not known what it did: {what}; look: {}",
                    record.intent.look()
                ),
            });
            ctx.forget(&store);
        }
        Err(e) => ctx.warn(format!(
            "{who} was interrupted; what it left could not be looked after ({e}), and is left to the next change"
        )),
    }
    Ok(())
}

/// What interrupted changes wait for the next writer, one text each; for commands that only read.
pub fn pending(ctx: &mut Ctx<'_>) -> Vec<String> {
    let locks = crate::backend::lock_dir(&ctx.backend.endpoint());
    record::all(&ctx.state_dir)
        .into_iter()
        .filter(|store| !store.writer_lives(&locks))
        .filter_map(|store| store.read().ok().flatten())
        .map(|record| {
            format!(
                "{} was interrupted; the next change of this adapter finishes or undoes it (it may show here: {})",
                record.who(),
                record.intent.look()
            )
        })
        .collect()
}
