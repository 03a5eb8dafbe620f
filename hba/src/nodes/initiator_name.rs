//! `initiatorname.iscsi`: the host's own name.
//!
//! Owns how the file is read: `InitiatorName=` and `InitiatorAlias=`, no blank before `=`, comments and blanks around. Must not know who uses the name.
//!
//! Source: open-iscsi's `usr/config.c` (`cfg_get_string_param`), as its daemon reads: the first line that begins so counts.

use iscsi::names::IscsiName;

use super::Place;
use super::text::read;
use crate::error::{Error, Kind, Result};

/// The file's name.
const NAME: &str = "initiatorname.iscsi";
/// As much of it is read.
const FILE_MAX: usize = 64 << 10;

/// The host's name, and what it calls itself besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitiatorName {
    /// The name.
    pub name: IscsiName,
    /// The alias.
    pub alias: Option<String>,
    /// Numbers of further lines that name it and count for nothing.
    pub passed: Vec<usize>,
}

impl InitiatorName {
    /// Reads the file of a place; `None` where there is none, or where it names nobody.
    ///
    /// # Errors
    /// It cannot be read, or what stands there is no name: [`Kind::Invalid`] with file and line.
    pub fn read(place: &Place) -> Result<Option<Self>> {
        let path = place.config.join(NAME);
        match read(&path, FILE_MAX)? {
            Some(bytes) => Self::parse(&path.display().to_string(), &bytes),
            None => Ok(None),
        }
    }

    /// Reads its text. `place` names it in errors.
    ///
    /// # Errors
    /// [`Kind::Invalid`] with place and line: what stands there is no name.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Option<Self>> {
        let (mut name, mut alias, mut passed) = (None, None, Vec::new());
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            let refuse = |why: String| {
                Error::new(Kind::Invalid, format!("read the initiator's name in {place}"))
                    .answered(format!("line {}: {why}", index + 1))
            };
            if let Some(value) = line.strip_prefix(b"InitiatorName=") {
                if name.is_some() {
                    passed.push(index + 1);
                    continue;
                }
                let found = IscsiName::from_bytes(value.trim_ascii());
                name = Some(found.map_err(|why| refuse(why.to_string()))?);
            } else if let Some(value) = line.strip_prefix(b"InitiatorAlias=") {
                let text = std::str::from_utf8(value.trim_ascii());
                let text = text.map_err(|_| refuse("the alias is no text in UTF-8".to_owned()))?;
                alias = alias.or_else(|| Some(text.to_owned()).filter(|text| !text.is_empty()));
            }
        }
        Ok(name.map(|name| Self { name, alias, passed }))
    }
}
