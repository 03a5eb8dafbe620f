//! What interrupted changes left on record: looked after by the next writer, mentioned to readers.

use super::record::{self, Store};
use super::settle::{self, Settled};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::HostNo;
use crate::message::Message;

/// Finishes or undoes what a writer of this card left that did not come to the end, and says so. For whoever has just got the turn.
///
/// # Errors
/// None of its own: what cannot be finished now is said, and stays for the next.
pub(crate) fn resume(ctx: &mut Ctx<'_>, host: HostNo) -> Result<()> {
    let Some(card) = ctx.backend.card(host)? else {
        return Ok(());
    };
    let store = Store::new(&ctx.home.state, &card);
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
    let who = record.who(ctx.home.program);
    match settle::settle(ctx, &record) {
        Ok(settled) => {
            ctx.warn(match settled {
                Settled::Nothing => format!("{who} was interrupted and had changed nothing").into(),
                Settled::Undone(what) => format!("{who} was interrupted; undone: {what}").into(),
                Settled::Done(what) => format!("{who} was interrupted and had done its work: {what}").into(),
                Settled::Unknown(what) => Message::from(format!(
                    "{who} was interrupted, and it is not known what it did: "
                ))
                .then(what)
                .then("; look: ")
                .then(record.intent.look()),
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
#[must_use]
pub fn pending(ctx: &Ctx<'_>) -> Vec<Message> {
    let home = &ctx.home;
    record::all(&home.state)
        .into_iter()
        .filter(|store| !store.writer_lives(&home.locks))
        .filter_map(|store| store.read().ok().flatten())
        .map(|record| {
            Message::from(format!(
                "{} was interrupted; the next change of this adapter finishes or undoes it (it may show here: ",
                record.who(home.program)
            ))
            .then(record.intent.look())
            .then(")")
        })
        .collect()
}
