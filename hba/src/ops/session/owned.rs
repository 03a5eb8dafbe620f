//! Logging out of all sessions of one owner. `boot`'s are never ended along with others.

use super::leaving::rule_of;
use super::{list, not_ours, show};
use crate::Change;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, Portal};
use crate::message::Message;
use crate::model::Owner;
use crate::ops::target::{Ended, end_all};
use crate::ops::write::as_it_is;
use crate::registry::{BOOT, OwnerName};
use crate::step::Step;

/// Logs out of every session that `owner` has, of one port or of all. Nothing is ended when one of them cannot be.
///
/// # Errors
/// [`Kind::Permission`] for `boot`; as the logout of each session.
pub fn logout_owned(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    owner: &OwnerName,
    exclude: bool,
) -> Result<Change<Vec<Ended>>> {
    let tried = format!("log out of the sessions that {owner} owns");
    if owner.is_boot() {
        return Err(Error::new(Kind::Permission, tried)
            .answered(format!("the sessions of {BOOT} are not ended together"))
            .hint(
                Message::from("one that is none is named by its number (")
                    .then(Step::SessionList)
                    .then(")"),
            ));
    }
    let (mut sessions, mut rules) = (Vec::new(), Vec::new());
    for brief in list(ctx, id)? {
        if brief.held_by != owner.as_str() {
            continue;
        }
        let session = match show(ctx, brief.sid) {
            Ok(session) if session.held_by == owner.as_str() => session,
            Err(e) if e.kind() != Kind::NotFound => return Err(e.during(tried)),
            // It went away, or changed hands.
            _ => continue,
        };
        if session.owner == Owner::User {
            return Err(not_ours(&session, tried));
        }
        rules.extend(exclude.then(|| rule_of(&session)));
        let at = brief.address.parse().ok();
        sessions.push(Ended {
            host: brief.host,
            sid: brief.sid,
            portal: at.map(|at| Portal::new(at, brief.port).to_string()),
            flash_index: session.flash_index,
        });
    }
    if sessions.is_empty() {
        return Ok(as_it_is(None));
    }
    end_all(ctx, sessions, rules, &tried)
}
