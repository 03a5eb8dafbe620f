//! One session's entry: its facts, and the files that they are in.

use std::io::Read;

use files::Dir;

use super::life::{Life, Living};
use super::owner::OwnerName;
use super::since;
use crate::model::Session;

/// The longest file of a fact: more than an iSCSI name has.
const FACT_MAX: u64 = 512;

/// Files of an entry. Each holds one line.
const OWNER: &str = "owner";
const SINCE: &str = "since";
const INODE: &str = "inode";
const BORN: &str = "born";
const TARGET: &str = "target";
const ISID: &str = "isid";

/// Somebody's word that a session is his.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The session's number.
    pub sid: u32,
    /// Whose it is.
    pub owner: OwnerName,
    /// Since when, RFC 3339; `None` where that does not read.
    pub since: Option<String>,
    /// The session that is meant, of all that have had its number.
    pub life: Life,
    /// Its target; `None` where that does not read.
    pub target: Option<String>,
    /// Initiator's part of its id, where it has one.
    pub isid: Option<String>,
}

impl Claim {
    /// `owner`'s, from now on.
    #[must_use]
    pub fn of(session: &Session, owner: OwnerName, life: Life) -> Self {
        Self {
            sid: session.sid,
            owner,
            since: Some(since::now()),
            life,
            target: Some(session.target_name.clone()),
            isid: session.isid.clone(),
        }
    }

    /// Whether it is about the session that has its number now. Where the tree knows no birth, the target has a word too.
    #[must_use]
    pub fn is_of(&self, living: &Living) -> bool {
        let moved = self
            .target
            .as_ref()
            .is_some_and(|target| *target != living.target);
        self.life.same(living.life) && !moved
    }

    /// Its files.
    pub(super) fn facts(&self) -> Vec<(&'static str, Vec<u8>)> {
        let line = |name, value: Option<&str>| value.map(|value| (name, format!("{value}\n").into_bytes()));
        let born = self.life.born.map(|born| born.to_string());
        [
            line(OWNER, Some(self.owner.as_str())),
            line(SINCE, self.since.as_deref()),
            line(INODE, Some(&self.life.inode.to_string())),
            line(BORN, born.as_deref()),
            line(TARGET, self.target.as_deref()),
            line(ISID, self.isid.as_deref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Reads an entry. Owner and life must be there; what else does not read is not known.
    ///
    /// # Errors
    /// Which fact is missing or does not read.
    pub(super) fn read(sid: u32, dir: &Dir) -> Result<Self, String> {
        let must = |name| fact(dir, name)?.ok_or_else(|| format!("it has no {name}"));
        let owner = must(OWNER)?
            .parse::<OwnerName>()
            .map_err(|e| format!("{OWNER}: {}", e.answer().unwrap_or("no owner")))?;
        let inode = must(INODE)?
            .parse()
            .map_err(|_| format!("{INODE}: it is no number"))?;
        let may = |name| fact(dir, name).ok().flatten();
        let born = match may(BORN).map(|text| text.parse()) {
            None => None,
            Some(Ok(born)) => Some(born),
            Some(Err(_)) => return Err(format!("{BORN}: it is no number")),
        };
        Ok(Self {
            sid,
            owner,
            since: may(SINCE).filter(|text| since::is(text)),
            life: Life { inode, born },
            target: may(TARGET),
            isid: may(ISID),
        })
    }
}

/// A fact's line; `None` when there is no such file.
fn fact(dir: &Dir, name: &str) -> Result<Option<String>, String> {
    let failed = |why: String| format!("{name}: {why}");
    let Some(file) = dir.open_trusted(name).map_err(|e| failed(e.why().to_string()))? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(FACT_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| failed(e.to_string()))?;
    if bytes.len() as u64 > FACT_MAX {
        return Err(failed(format!("it has more than {FACT_MAX} bytes")));
    }
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let text = std::str::from_utf8(line).map_err(|_| failed("it is no text".to_owned()))?;
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(failed("it is not one line of text".to_owned()));
    }
    Ok(Some(text.to_owned()))
}
