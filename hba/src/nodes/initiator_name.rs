//! `initiatorname.iscsi`: the host's own name.
//!
//! Owns how the file is read: `InitiatorName=` and `InitiatorAlias=`, blanks anywhere around, comments; of several lines the first that says
//! something counts. Must not know who uses the name.
//!
//! Source: open-iscsi's `usr/config.c` (`cfg_get_string_param`), as its daemon reads. It finds the words anywhere in a line, too; such a line counts
//! for nothing here, and is told.

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
    /// Numbers of the lines that count for nothing, but comments and blank ones.
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
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let refuse = |why: String| {
                Error::new(Kind::Invalid, format!("read the initiator's name in {place}"))
                    .answered(format!("line {}: {why}", index + 1))
            };
            let equals = line.iter().position(|byte| *byte == b'=').unwrap_or(line.len());
            let (key, value) = line.split_at(equals);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            match key.trim_ascii() {
                b"InitiatorName" if name.is_none() && !value.is_empty() => {
                    name = Some(IscsiName::from_bytes(value).map_err(|why| refuse(why.to_string()))?);
                }
                b"InitiatorAlias" if alias.is_none() && !value.is_empty() => {
                    let text = std::str::from_utf8(value);
                    alias = Some(
                        text.map_err(|_| refuse("the alias is no text in UTF-8".to_owned()))?
                            .to_owned(),
                    );
                }
                _ => passed.push(index + 1),
            }
        }
        Ok(name.map(|name| Self { name, alias, passed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<InitiatorName>> {
        InitiatorName::parse("initiatorname.iscsi", text.as_bytes())
    }

    #[test]
    fn the_first_line_that_says_something_counts_as_it_does_for_the_stock_daemon() {
        for text in [
            "# InitiatorName=iqn.2026-11.test:no\nInitiatorName=iqn.2026-11.test:one  \nInitiatorName=iqn.2026-11.test:two\n",
            "\n InitiatorName = iqn.2026-11.test:one\r\n",
            "InitiatorName=\nInitiatorName=\tiqn.2026-11.test:one",
        ] {
            let found = read(text).expect(text).expect("a name");
            assert_eq!(found.name.as_str(), "iqn.2026-11.test:one", "{text}");
            assert_eq!(found.alias, None);
        }
        let text = "GenerateName=yes\nInitiatorAlias=\nInitiatorAlias=al ias\nInitiatorName=iqn.2026-11.test:one\nInitiatorAlias=b\n";
        let found = read(text).expect("valid").expect("a name");
        assert_eq!(
            (found.alias.as_deref(), found.passed),
            (Some("al ias"), vec![1, 2, 5])
        );
    }

    #[test]
    fn without_a_name_there_is_none_and_what_is_no_name_is_refused_with_its_line() {
        for none in [
            "",
            "\n# comment\n",
            "InitiatorName=\n",
            "InitiatorAlias=a\n",
            "InitiatorNameX=iqn.2026-11.test:x\n",
        ] {
            assert_eq!(read(none), Ok(None), "{none:?}");
        }
        for bad in [
            "\nInitiatorName=iqn.2026-11.test:a # comment\n",
            "\nInitiatorName=iqn.\0\n",
        ] {
            let e = read(bad).expect_err(bad);
            assert!(
                e.kind() == Kind::Invalid && e.to_string().contains("initiatorname.iscsi: line 2: "),
                "{e}"
            );
        }
        let e = InitiatorName::parse("f", b"InitiatorName=iqn.\xff\n").expect_err("no text");
        assert!(e.to_string().contains("line 1: "), "{e}");
    }

    #[test]
    fn a_place_without_the_file_has_no_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = |config: &std::path::Path| Place {
            config: config.to_owned(),
            records: config.to_owned(),
            lock: config.to_owned(),
            rival: None,
        };
        assert_eq!(InitiatorName::read(&place(dir.path())), Ok(None));
        std::fs::write(dir.path().join(NAME), "InitiatorName=iqn.2026-11.test:one\n").expect("a file");
        let found = InitiatorName::read(&place(dir.path()))
            .expect("valid")
            .expect("a name");
        assert_eq!(found.name.as_str(), "iqn.2026-11.test:one");
        std::fs::write(dir.path().join(NAME), "#".repeat(FILE_MAX + 1)).expect("a file");
        assert!(InitiatorName::read(&place(dir.path())).is_err());
    }
}
