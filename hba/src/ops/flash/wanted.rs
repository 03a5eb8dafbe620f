//! The parameters an operation wants on an entry: merging, checking, comparing.

use std::net::IpAddr;

use iscsi::{IscsiName, Isid};

use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{HostNo, why_not};
use crate::model::{ChapDirection, FlashTarget};
use crate::ops::chap;
use crate::params::{Assignment, FlashnodeParam, ParamValue, Parameter, Params};

/// The parameters wanted, in the order they are sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted(pub(super) Vec<Assignment<FlashnodeParam>>);

impl Wanted {
    /// Wants a parameter to be `value`.
    pub(super) fn put(&mut self, param: FlashnodeParam, value: &str) -> Result<()> {
        self.push(Assignment::new(param, value)?)
    }

    /// Wants an assignment; the same parameter twice with two values is refused.
    pub(super) fn push(&mut self, new: Assignment<FlashnodeParam>) -> Result<()> {
        possible(&new)?;
        match self.0.iter().find(|a| a.param == new.param) {
            Some(old) if old.value == new.value => Ok(()),
            Some(old) => Err(
                Error::new(Kind::Invalid, format!("set {} to {}", new.name(), new.value))
                    .answered(format!("it is to be set to {} too", old.value)),
            ),
            None => {
                // Switching chap off makes the driver forget the chap entry: it goes first.
                if new.param == FlashnodeParam::ChapAuthEn {
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
                self.put(FlashnodeParam::ChapAuthEn, "on")?;
                self.put(FlashnodeParam::ChapOutIdx, &index.to_string())
            }
            None => self.put(FlashnodeParam::ChapAuthEn, "off"),
        }
    }

    /// What is wanted of a parameter.
    pub(super) fn value(&self, param: FlashnodeParam) -> Option<&ParamValue> {
        self.0.iter().find(|a| a.param == param).map(|a| &a.value)
    }

    /// The ISID that is wanted.
    pub(super) fn isid(&self) -> Option<Isid> {
        self.value(FlashnodeParam::Isid)?.as_text()?.parse().ok()
    }

    /// Refuses a CHAP entry that does not exist or goes the other way.
    pub(super) fn check_chap(&self, ctx: &mut Ctx<'_>, host: HostNo, tried: &str) -> Result<()> {
        let Some(index) = self
            .0
            .iter()
            .find(|a| a.param == FlashnodeParam::ChapOutIdx)
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
    pub(super) fn changes(&self, now: &Params<FlashnodeParam>) -> Vec<Assignment<FlashnodeParam>> {
        self.0
            .iter()
            .filter(|a| now.value(a.param) != Some(&a.value))
            .cloned()
            .collect()
    }

    /// What of the wanted is not so in `now`, as texts.
    pub(super) fn wrong(&self, now: &Params<FlashnodeParam>) -> Vec<String> {
        self.changes(now)
            .iter()
            .map(|a| format!("{} is {}, wanted {}", a.name(), shown(now, a.param), a.value))
            .collect()
    }
}

/// Refuses what no target can have.
fn possible(new: &Assignment<FlashnodeParam>) -> Result<()> {
    let refuse = |why: String| {
        let tried = format!("set {} to {}", new.name(), new.value.to_string().escape_debug());
        Err(Error::new(Kind::Invalid, tried).answered(why))
    };
    match new.param {
        FlashnodeParam::Ipaddr => {
            let address = new.value.as_text().and_then(|text| text.parse::<IpAddr>().ok());
            match address.and_then(why_not) {
                Some(why) => refuse(format!("a target cannot have this address: {why}")),
                None => Ok(()),
            }
        }
        FlashnodeParam::Port if new.value.as_number() == Some(0) => refuse("a port is 1 to 65535".to_owned()),
        FlashnodeParam::Name => match new.value.as_text().map(str::parse::<IscsiName>) {
            Some(Err(why)) => refuse(why.to_string()),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A parameter's value for people.
fn shown(params: &Params<FlashnodeParam>, param: FlashnodeParam) -> String {
    params
        .value(param)
        .map_or_else(|| "n/a".to_owned(), ToString::to_string)
}

/// The assignments that bring `changed` parameters back to what they are in `before`. One that had no value cannot be written.
pub(super) fn back(
    before: &Params<FlashnodeParam>,
    changed: &[Assignment<FlashnodeParam>],
) -> Result<Vec<Assignment<FlashnodeParam>>> {
    let mut all = Wanted::default();
    for a in changed {
        if let Some(value) = before.value(a.param) {
            all.push(Assignment {
                param: a.param,
                value: value.clone(),
            })?;
        }
    }
    Ok(all.0)
}

/// The parameters that differ between two states of an entry.
pub(super) fn difference(before: Option<&FlashTarget>, after: Option<&FlashTarget>) -> Vec<Difference> {
    let text = |target: Option<&FlashTarget>, param| {
        let value = target.and_then(|target| target.params.value(param));
        value.map(ParamValue::to_string)
    };
    FlashnodeParam::ALL
        .iter()
        .map(|param| (param.name(), text(before, *param), text(after, *param)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Difference::new(name, before, after))
        .collect()
}
