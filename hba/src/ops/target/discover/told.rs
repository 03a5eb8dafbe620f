//! What a discovery is told as: every path with its state and where it is kept.

use super::records::Became;
use crate::discovery::heard::{Found, Heard};
use crate::discovery::merge::Step as Fate;
use crate::discovery::{Path, PathState, Store};
use crate::error::{Error, Kind};
use crate::message::Message;
use crate::nodes::{NodeId, Portal};

/// The paths of an answer, in the list's order; then what cannot be used, then what is gone.
pub(super) fn paths(heard: &Heard, became: &Became) -> Vec<Path> {
    let mut told: Vec<Path> = Vec::new();
    let mut gone: Vec<Path> = Vec::new();
    for planned in &became.planned {
        let id = planned.step.id();
        let found = planned.path.and_then(|n| heard.found.get(n));
        let named = found.map_or_else(|| shown(&id.portal), |found| found.named.clone());
        let there = |state: PathState, kept: bool| Path {
            iface: Some(id.iface.clone()),
            alias: found.and_then(|found: &Found| found.alias.clone()),
            stored: if kept { vec![Store::Db] } else { Vec::new() },
            changes: changes(became, id),
            ..Path::new(id.target.as_str(), named.clone(), state)
        };
        match &planned.step {
            Fate::Create(_) => told.push(there(PathState::New, became.written)),
            Fate::Keep(_) => told.push(there(PathState::Found, true)),
            Fate::Move { .. } | Fate::Reset { .. } => told.push(there(PathState::Changed, true)),
            Fate::Gone { remove, .. } => gone.push(there(PathState::Gone, !(*remove && became.written))),
        }
    }
    told.extend(heard.left_out.iter().map(Path::from));
    told.extend(gone);
    told
}

fn changes(became: &Became, id: &NodeId) -> Vec<crate::change::Difference> {
    became.changes.get(id).cloned().unwrap_or_default()
}

/// A portal as it is shown.
pub(super) fn shown(portal: &Portal) -> String {
    let at = crate::address::portal(&portal.address, portal.port);
    portal.tag.map_or_else(|| at.clone(), |tag| format!("{at},{tag}"))
}

/// What is to be said of a list that was not taken whole.
pub(super) fn remarks(heard: &Heard) -> Vec<Message> {
    let mut remarks = Vec::new();
    let each = heard
        .left_out
        .iter()
        .map(|l| (l.target.as_str(), l.portal.as_str(), l.why.as_str()));
    remarks.extend(crate::discovery::left_out(each).map(Message::from));
    if heard.beyond > 0 {
        remarks.push(
            format!(
                "{} of {} targets are beyond the limit of {} and were not looked at: what is missing is not taken for gone",
                heard.beyond,
                heard.listed,
                crate::discovery::heard::TARGETS_MAX
            )
            .into(),
        );
    }
    remarks
}

/// The failure of a list of which nothing can be used.
pub(super) fn unusable(heard: &Heard, tried: &str) -> Error {
    let why = remarks(heard)
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    Error::new(Kind::Failed, tried)
        .answered(format!(
            "unusable: {} targets are named, and this host can use none: {why}",
            heard.listed
        ))
        .hint("give the target a portal at an address that this host reaches")
}
