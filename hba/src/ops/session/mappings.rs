//! Which logical unit of which target is where in the operating system.

use super::super::adapter::resolve;
use super::list_detail;
use crate::backend::LunScope;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::{AdapterId, Hctl};
use crate::model::{Lun, Mapping};

/// The mappings of one port, or of all, by session and unit; a session without units has one line of its own.
///
/// # Errors
/// [`crate::Kind::NotFound`] for an unknown adapter.
pub fn mappings(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<Mapping>> {
    let scope = match id {
        Some(id) => LunScope::Host(resolve(ctx, Some(id))?),
        None => LunScope::All,
    };
    let sessions = list_detail(ctx, id)?;
    let luns = ctx.backend.luns(scope)?;
    let mut all = Vec::new();
    for session in sessions {
        let brief = session.brief;
        let line = |unit: Option<(&Lun, Hctl)>| Mapping {
            sid: brief.sid,
            target_name: brief.target_name.clone(),
            host: brief.host,
            bus: unit.map(|(_, at)| at.channel),
            target_id: unit.map(|(_, at)| at.target),
            lun: unit.map(|(_, at)| at.lun),
            block_device: unit.and_then(|(lun, _)| lun.block_device.clone()),
            sg_device: unit.and_then(|(lun, _)| lun.sg_device.clone()),
        };
        let before = all.len();
        let mine = luns.iter().filter(|lun| lun.sid == Some(brief.sid));
        all.extend(mine.filter_map(|lun| Some(line(Some((lun, lun.address.parse().ok()?))))));
        if all.len() == before {
            all.push(line(None));
        }
    }
    Ok(all)
}
