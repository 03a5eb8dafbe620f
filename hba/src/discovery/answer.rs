//! What a discovery came to, whatever the way: every path that was named, what is known of it, and where it is kept.
//!
//! Owns the answer as programs read it. Must not know how it is had. A portal that refuses, does not answer, or names only what cannot be used
//! gives no answer but an error.

use iscsi::IscsiName;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::Difference;
use crate::ids::Portal;
use crate::model::{FlashTarget, Session};

/// Who was asked, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// A portal, by the adapter (SendTargets).
    Adapter,
    /// A portal, by this host (SendTargets).
    Sendtargets,
    /// An iSNS server, by this host.
    Isns,
    /// The tables of the boot firmware.
    Firmware,
}

/// What a discovery came to, where it came to something. Who refuses, does not answer or names only what cannot be used is an
/// error that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nobody was asked (dry run of what the adapter would do).
    NotAsked,
    /// There are targets.
    Found,
    /// There was an answer, and it has no targets for this initiator.
    Nothing,
}

/// Where a path is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// In an adapter's flash.
    Flash,
    /// In the database of records.
    Db,
}

/// What is known of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathState {
    /// It was not known before.
    New,
    /// It was known before, and is as it was.
    Found,
    /// It was known before, and is not as it was.
    Changed,
    /// It was known from an earlier discovery, and is not named any more.
    Gone,
    /// It is named and cannot be used.
    LeftOut,
}

/// A target at a portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Path {
    /// Target name, byte for byte.
    pub target: String,
    /// Its portal, as it is named: `ADDRESS:PORT`, with `,TAG` where a tag is known.
    pub portal: String,
    /// What is known of it.
    pub state: PathState,
    /// Why it cannot be used; `null` when it can.
    pub unusable: Option<String>,
    /// What is odd about its name.
    pub remark: Option<String>,
    /// The target's alias, where one was told.
    pub alias: Option<String>,
    /// The interface record that it is reached by.
    pub iface: Option<String>,
    /// Where it is kept; nowhere when empty. In two places it is a target that both may log in to.
    pub stored: Vec<Store>,
    /// What of its record differs from before.
    pub changes: Vec<Difference>,
}

impl Path {
    /// A path of which only its name is known.
    #[must_use]
    pub fn new(target: impl Into<String>, portal: impl Into<String>, state: PathState) -> Self {
        let target = target.into();
        Self {
            remark: odd(&target),
            target,
            portal: portal.into(),
            state,
            unusable: None,
            alias: None,
            iface: None,
            stored: Vec::new(),
            changes: Vec::new(),
        }
    }

    /// A path that cannot be used.
    #[must_use]
    pub fn left_out(target: impl Into<String>, portal: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            unusable: Some(why.into()),
            ..Self::new(target, portal, PathState::LeftOut)
        }
    }
}

/// What is odd about a target's name, which it may have nevertheless.
pub(crate) fn odd(name: &str) -> Option<String> {
    let remark = name.parse::<IscsiName>().ok()?.remark()?;
    Some(format!(
        "the name {} is used as it is, but RFC 7143 does not know it: {remark}",
        name.escape_debug()
    ))
}

/// So many of what was left out are named in the remark.
const NAMED: usize = 3;

/// What was left out, counted, and some of it named; nothing where nothing was. Each is target, portal, reason.
pub(crate) fn left_out<'a>(
    all: impl ExactSizeIterator<Item = (&'a str, &'a str, &'a str)>,
) -> Option<String> {
    let count = all.len();
    if count == 0 {
        return None;
    }
    let named: Vec<String> = all
        .take(NAMED)
        .map(|(target, portal, why)| format!("{target} at {portal} ({why})"))
        .collect();
    let more = match count.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let paths = if count == 1 { "path was" } else { "paths were" };
    Some(format!(
        "{count} listed {paths} left out: {}{more}",
        named.join(", ")
    ))
}

/// One step of being sent on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hop {
    /// Who sent us on.
    pub from: String,
    /// Where to.
    pub to: String,
    /// For good; else for this time.
    pub permanent: bool,
}

/// What a discovery found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Discovery {
    /// Who was asked, and how.
    pub means: Means,
    /// Who was asked: the portal or server as `ADDRESS:PORT`, or the firmware's table.
    pub portal: String,
    /// What it came to.
    pub answer: Answer,
    /// How many targets are named, to this host; `null` when this host did not learn it.
    pub listed: Option<usize>,
    /// Being sent on from portal to portal, in order.
    pub redirected: Vec<Hop>,
    /// Every path: named now, or known from before and not named any more.
    pub paths: Vec<Path>,
    /// What the adapter made of it, when it was the adapter that asked.
    #[serde(flatten)]
    pub adapter: Option<ByAdapter>,
}

impl Discovery {
    /// An answer without paths yet.
    #[must_use]
    pub fn new(means: Means, portal: impl Into<String>, answer: Answer) -> Self {
        Self {
            means,
            portal: portal.into(),
            answer,
            listed: None,
            redirected: Vec::new(),
            paths: Vec::new(),
            adapter: None,
        }
    }

    /// How many paths are in that state.
    #[must_use]
    pub fn count(&self, state: PathState) -> usize {
        self.paths.iter().filter(|path| path.state == state).count()
    }
}

/// What an adapter made of a discovery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ByAdapter {
    /// Index of the SendTargets entry, when it was kept.
    pub entry: Option<u32>,
    /// Sessions that the adapter made of the answer.
    pub sessions: Vec<Session>,
    /// What the portal lists and the adapter had a session to before.
    pub present: Vec<Present>,
    /// What the portal lists and the adapter has no session to, and why.
    pub left_out: Vec<LeftOut>,
    /// Flash targets that appeared during the discovery.
    pub targets: Vec<FlashTarget>,
}

/// A path that the portal lists and that had a session before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Present {
    /// Target name.
    pub target: String,
    /// Its portal.
    pub portal: String,
    /// The session.
    pub sid: u32,
    /// Its state, as `LOGGED_IN`.
    pub state: Option<String>,
}

/// A path that the adapter made no session of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// Target name, as listed.
    pub target: String,
    /// Its portal, as listed.
    pub portal: String,
    /// Why.
    pub why: String,
    /// Where it is, when all it lacks is an ISID of its own.
    #[serde(skip)]
    pub(crate) twin: Option<Portal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapters_part_stands_beside_the_paths() {
        let mut answer = Discovery::new(Means::Adapter, "10.0.0.1:3260", Answer::Found);
        answer.adapter = Some(ByAdapter::default());
        let text = serde_json::to_value(&answer).expect("json");
        assert_eq!(text["means"], "adapter");
        assert!(
            text["sessions"].is_array() && text["left_out"].is_array(),
            "{text}"
        );
        answer.adapter = None;
        let text = serde_json::to_value(&answer).expect("json");
        assert!(
            text.get("sessions").is_none() && text["paths"].is_array(),
            "{text}"
        );
    }

    #[test]
    fn an_odd_name_is_used_and_remarked() {
        let path = Path::new("disk", "10.0.0.1:3260", PathState::New);
        assert!(path.remark.is_some() && path.unusable.is_none());
        let path = Path::left_out("iqn.2026-11.org.example:disk", "[fe80::1%x]:3260", "link-local");
        assert!(path.remark.is_none() && path.state == PathState::LeftOut);
    }
}
