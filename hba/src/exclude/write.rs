//! Writing the list: one rule comes or goes, everything else in the file stays byte for byte.

use std::io::Read;
use std::os::unix::fs::MetadataExt;

use files::Dir;

use super::place::{FILE, Place, Placed};
use super::read::{Exclusions, FILE_MAX, RULES_MAX, parse};
use super::rule::Rule;
use crate::error::{Error, Kind, Result};
use crate::home::Home;
use crate::step::Step;
use crate::writer::file_turn;

/// The writers' lock.
const LOCK: &str = "exclusions";
/// Permission bits of a new list.
const MODE: u32 = 0o644;

/// The list as it is written here.
struct List {
    dir: Dir,
    bytes: Vec<u8>,
    mode: u32,
}

impl List {
    fn open(home: &Home, tried: &str) -> Result<Self> {
        let failed = |e: files::Error| Error::file(tried, &e);
        let dir = if home.config.starts_with(&home.state) {
            Dir::private(&home.config)
        } else {
            Dir::readable(&home.config)
        };
        let dir = dir.map_err(failed)?;
        let (mut bytes, mut mode) = (Vec::new(), MODE);
        if let Some(file) = dir.open_trusted(FILE).map_err(failed)? {
            let read = file.metadata().and_then(|metadata| {
                mode = metadata.mode() & MODE | 0o600;
                file.take(FILE_MAX + 1).read_to_end(&mut bytes)
            });
            read.map_err(|e| Error::io(tried, &e))?;
        }
        let list = Self { dir, bytes, mode };
        list.fits(tried)?;
        Ok(list)
    }

    fn fits(&self, tried: &str) -> Result<()> {
        if self.bytes.len() as u64 > FILE_MAX {
            return Err(Error::new(Kind::Invalid, tried)
                .answered(format!(
                    "{} would have more than {FILE_MAX} bytes, and what is behind them would exclude nothing",
                    self.dir.path().join(FILE).display()
                ))
                .hint("shorten the file first; nothing was written"));
        }
        Ok(())
    }

    fn write(&self, tried: &str) -> Result<()> {
        self.dir
            .replace_as(FILE, &self.bytes, self.mode)
            .map_err(|e| Error::file(tried, &e))
    }
}

/// Lays down a rule, unless one that excludes the same is there: where it stands, and whether it is new.
///
/// # Errors
/// [`Kind::Invalid`] for a rule that says nothing, or when there is no room for one more; the list cannot be read or written: then it is as
/// it was.
pub fn add(home: &Home, rule: &Rule, tried: &str) -> Result<(Place, bool)> {
    rule.check(tried)?;
    let _turn = file_turn(home, LOCK, "target exclude add", tried)?;
    let mut list = List::open(home, tried)?;
    let now = Exclusions::read(home);
    if let Some(there) = there(&now, rule).first() {
        return Ok((there.place.clone(), false));
    }
    if now.rules.len() >= RULES_MAX {
        return Err(Error::new(Kind::Invalid, tried)
            .answered(format!(
                "there are {RULES_MAX} rules, and one more would exclude nothing"
            ))
            .hint(Step::TargetExcludeRemove.then(" makes room; nothing was written")));
    }
    if list.bytes.last().is_some_and(|b| *b != b'\n') {
        list.bytes.push(b'\n');
    }
    list.bytes.extend_from_slice(format!("{rule}\n").as_bytes());
    list.fits(tried)?;
    list.write(tried)?;
    // A rule is in force when it reads so.
    let after = Exclusions::read(home);
    match there(&after, rule).first() {
        Some(there) => Ok((there.place.clone(), true)),
        None => Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
            .answered("the rule was written, and is not among those that are in force")
            .hint(Step::TargetExcludeList.then(" shows these"))),
    }
}

/// Takes a rule away: where it stood.
///
/// # Errors
/// [`Kind::NotFound`] when it is not there; [`Kind::Permission`] when it stands in drop-ins alone, which are not written here; the list
/// cannot be read or written: then it is as it was.
pub fn remove(home: &Home, rule: &Rule, tried: &str) -> Result<Vec<Placed>> {
    rule.check(tried)?;
    let _turn = file_turn(home, LOCK, "target exclude remove", tried)?;
    let mut list = List::open(home, tried)?;
    let now = Exclusions::read(home);
    let found = there(&now, rule);
    let (drop_ins, ours): (Vec<Placed>, Vec<Placed>) = found
        .into_iter()
        .cloned()
        .partition(|placed| placed.place.drop_in);
    if ours.is_empty() {
        return Err(missing(&drop_ins, rule, tried));
    }
    let kept: Vec<&[u8]> = list
        .bytes
        .split_inclusive(|b| *b == b'\n')
        .filter(|line| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            !parse(line).is_ok_and(|read| read.is_some_and(|read| read.same(rule)))
        })
        .collect();
    list.bytes = kept.concat();
    list.write(tried)?;
    Ok(ours)
}

/// Why a rule cannot be taken away that stands in these drop-ins, or nowhere.
pub(crate) fn missing(drop_ins: &[Placed], rule: &Rule, tried: &str) -> Error {
    match drop_ins.first() {
        None => Error::new(Kind::NotFound, tried)
            .answered(format!("there is no rule {rule}"))
            .hint(Step::TargetExcludeList.then(" shows what is excluded")),
        Some(there) => Error::new(Kind::Permission, tried)
            .answered(format!("it stands at {}, a drop-in", there.place))
            .hint("drop-ins are whose they are: edit the file, or have its owner take it away"),
    }
}

/// The rules that exclude the same.
fn there<'e>(all: &'e Exclusions, rule: &Rule) -> Vec<&'e Placed> {
    all.rules.iter().filter(|placed| placed.rule.same(rule)).collect()
}
