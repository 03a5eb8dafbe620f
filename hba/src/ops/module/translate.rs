//! What the parameters of the vendor's drivers are called now.

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Kind, Result};
use crate::quirks::module::{Became, LEGACY, number, param};

/// An old parameter and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Translation {
    /// The old name.
    pub old: String,
    /// Its value.
    pub old_value: String,
    /// The name now; `None` when there is nothing like it, or nothing is to be set.
    pub new: Option<String>,
    /// The value now.
    pub value: Option<String>,
    /// What to know about it.
    pub note: Option<String>,
}

/// Translates `NAME=VALUE` of a vendor's driver.
///
/// # Errors
/// [`Kind::Invalid`]: no `=`, a name of no generation, a value that is no number or that no driver honours.
pub fn translate(given: &str) -> Result<Translation> {
    let tried = || format!("translate {}", given.escape_debug());
    let refuse = |why: String| Error::new(Kind::Invalid, tried()).answered(why);
    let (name, text) = given
        .split_once('=')
        .ok_or_else(|| refuse("expected NAME=VALUE".to_owned()))?;
    let old = LEGACY.iter().find(|old| old.name == name);
    let value = number(text).ok_or_else(|| refuse(format!("{} is no number", text.escape_debug())))?;
    let mut translation = Translation {
        old: name.to_owned(),
        old_value: text.to_owned(),
        new: None,
        value: None,
        note: None,
    };
    let (new, value) = match old.map(|old| old.became) {
        Some(Became::Dropped(why)) => {
            translation.note = Some(why.to_owned());
            return Ok(translation);
        }
        Some(Became::Is(new)) => {
            let changed = old.and_then(|old| old.values.iter().find(|(was, _)| *was == value));
            let renamed = new != name;
            translation.note = old
                .filter(|old| !old.note.is_empty() && (renamed || changed.is_some()))
                .map(|old| old.note.to_owned());
            match changed {
                Some((_, None)) => return Ok(translation),
                Some((_, Some(now))) => (new, *now),
                None => (new, value),
            }
        }
        None => (name, value),
    };
    let known =
        param(new).ok_or_else(|| refuse("no driver of these adapters has such a parameter".to_owned()))?;
    if known.read(&value.to_string()).is_none() {
        return Err(refuse(format!("{new} takes {}", known.takes)));
    }
    translation.new = Some(new.to_owned());
    translation.value = Some(known.write(value));
    Ok(translation)
}
