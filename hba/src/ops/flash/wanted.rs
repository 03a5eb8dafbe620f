//! The parameters an operation wants on an entry: merging, checking, comparing.

use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;
use crate::model::{ChapDirection, FlashTarget};
use crate::ops::chap;
use crate::params::{Assignment, FLASH, ParamValue, Params};

/// The parameters wanted, in the order they are sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(pub(super) Vec<Assignment>);

impl Wanted {
    /// Wants `name` to be `value`.
    pub(super) fn put(&mut self, name: &str, value: &str) -> Result<()> {
        self.push(Assignment::new(FLASH, name, value)?)
    }

    /// Wants an assignment; the same name twice with two values is refused.
    pub(super) fn push(&mut self, new: Assignment) -> Result<()> {
        match self.0.iter().find(|a| a.spec.name == new.spec.name) {
            Some(old) if old.value == new.value => Ok(()),
            Some(old) => Err(
                Error::new(Kind::Invalid, format!("set {} to {}", new.spec.name, new.value))
                    .answered(format!("it is to be set to {} too", old.value)),
            ),
            None => {
                // Switching chap off makes the driver forget the chap entry: it goes first.
                if new.spec.name == "chap_auth" {
                    self.0.insert(0, new);
                } else {
                    self.0.push(new);
                }
                Ok(())
            }
        }
    }

    /// Wants the CHAP entry `index`, or no CHAP.
    pub(super) fn chap(&mut self, index: Option<u16>) -> Result<()> {
        match index {
            Some(index) => {
                self.put("chap_auth", "on")?;
                self.put("chap_out_idx", &index.to_string())
            }
            None => self.put("chap_auth", "off"),
        }
    }

    /// Refuses a CHAP entry that does not exist or goes the other way.
    pub(super) fn check_chap(&self, ctx: &mut Ctx<'_>, host: HostNo, tried: &str) -> Result<()> {
        let Some(index) = self
            .0
            .iter()
            .find(|a| a.spec.name == "chap_out_idx")
            .and_then(|a| a.value.as_number())
        else {
            return Ok(());
        };
        let refuse = |why: String| {
            Err(Error::new(Kind::NotFound, tried).answered(why).hint(
                crate::Step::ChapList
                    .then(" shows the entries; ")
                    .then(crate::Step::ChapAdd)
                    .then(" makes one"),
            ))
        };
        match chap::records(ctx, host)?
            .iter()
            .find(|r| u64::from(r.index) == index)
        {
            None => refuse(format!("{host} has no chap entry {index}")),
            Some(r) if r.direction == ChapDirection::In => refuse(format!(
                "chap entry {index} is for the target's side (direction in); one of direction out is needed"
            )),
            Some(_) => Ok(()),
        }
    }

    /// The assignments that differ from `now`.
    pub(super) fn changes(&self, now: &Params) -> Vec<Assignment> {
        self.0
            .iter()
            .filter(|a| now.get(a.spec.name).and_then(Option::as_ref) != Some(&a.value))
            .cloned()
            .collect()
    }

    /// What of the wanted is not so in `now`, as texts.
    pub(super) fn wrong(&self, now: &Params) -> Vec<String> {
        self.changes(now)
            .iter()
            .map(|a| {
                format!(
                    "{} is {}, wanted {}",
                    a.spec.name,
                    shown(now, a.spec.name),
                    a.value
                )
            })
            .collect()
    }
}

/// A parameter's value for people.
fn shown(params: &Params, name: &str) -> String {
    params
        .get(name)
        .and_then(Option::as_ref)
        .map_or_else(|| "n/a".to_owned(), ToString::to_string)
}

/// The assignments that bring `changed` parameters back to what they are in `before`. One that had no value cannot be written.
pub(super) fn back(before: &Params, changed: &[Assignment]) -> Result<Vec<Assignment>> {
    let mut all = Wanted::default();
    for a in changed {
        if let Some(Some(value)) = before.get(a.spec.name) {
            all.push(Assignment {
                spec: a.spec,
                value: value.clone(),
            })?;
        }
    }
    Ok(all.0)
}

/// The parameters that differ between two states of an entry.
pub(super) fn difference(before: Option<&FlashTarget>, after: Option<&FlashTarget>) -> Vec<Difference> {
    let empty = Params::new();
    let of = |t: Option<&FlashTarget>| t.map_or_else(|| empty.clone(), |t| t.params.clone());
    let (before, after) = (of(before), of(after));
    let text = |v: Option<&Option<ParamValue>>| v.and_then(Option::as_ref).map(ToString::to_string);
    FLASH
        .iter()
        .map(|s| (s.name, text(before.get(s.name)), text(after.get(s.name))))
        .filter(|(_, b, a)| a != b)
        .map(|(name, b, a)| Difference::new(name, b, a))
        .collect()
}
