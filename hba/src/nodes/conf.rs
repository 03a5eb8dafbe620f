//! `iscsid.conf`: what new records begin with, and what the stock daemon does.
//!
//! Owns which of its lines count: of one key the last that can be used, under its own name or an older one. Must not know records that are there.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_recinfo_config`), `etc/iscsid.conf`; what its programs take of such a file. Where they read a number as far as it
//! goes and take 0 for a word, such a line is left out here, and told.

use std::borrow::Cow;
use std::path::PathBuf;

use super::key::{self, Key, Object};
use super::record::{Odd, Record};
use super::text::read;
use super::{Place, Version};
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::secret::Secret;

/// The file's name.
const NAME: &str = "iscsid.conf";
/// As much of it is read: that which is shipped has 15 kB.
const CONF_MAX: usize = 256 << 10;

/// What `iscsid.conf` says. `Debug` shows keys only.
#[derive(Debug, Clone)]
pub struct Conf {
    lines: Record,
    version: Version,
}

impl Conf {
    /// A configuration that says nothing: the defaults of that version's code.
    #[must_use]
    pub fn of_version(version: Version) -> Self {
        Self {
            lines: Record::scanned("", b""),
            version,
        }
    }

    /// Reads the file of a place; where there is none, nothing is said. What is odd about it goes to `warn`, and stops nothing.
    ///
    /// # Errors
    /// The file cannot be read, or is longer than any.
    pub fn read(place: &Place, warn: &mut dyn FnMut(Message)) -> Result<Self> {
        let path = Self::path(place);
        match read(&path, CONF_MAX)? {
            Some(bytes) => Self::parse(&path.display().to_string(), &bytes, warn),
            None => Ok(Self::of_version(Version::BASE)),
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(place: &Place) -> PathBuf {
        place.config.join(NAME)
    }

    /// Reads its text. `place` names it in warnings.
    ///
    /// # Errors
    /// It is longer than any.
    pub fn parse(place: &str, bytes: &[u8], warn: &mut dyn FnMut(Message)) -> Result<Self> {
        if bytes.len() > CONF_MAX {
            let why = format!("it has {} bytes, at most {CONF_MAX} are read", bytes.len());
            return Err(Error::new(Kind::Invalid, format!("read {place}")).answered(why));
        }
        let lines = Record::scanned(place, bytes);
        for remark in lines.remarks(Object::Conf) {
            let left = match remark.odd {
                Odd::Value(_) => "; the line is left out",
                _ => "",
            };
            warn(Message::from(format!("{place}, {remark}{left}")));
        }
        Ok(Self {
            lines,
            version: Version::BASE,
        })
    }

    /// Records are written for this version of open-iscsi: with its keys and defaults.
    #[must_use]
    pub fn for_version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// The version that records are written for: [`Version::BASE`] unless another was said.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The value of a key, or its default; `None` where there is neither, or for an unknown key. A secret comes as it is.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        let key = key::find(key)?;
        match self.lines.usable(key) {
            Some(bytes) => key.kind.read(std::str::from_utf8(bytes).ok()?),
            None => key.default_of(self.version).map(Cow::Borrowed),
        }
    }

    /// Whether the file says something of a key that can be used.
    #[must_use]
    pub fn says(&self, key: &str) -> bool {
        key::find(key).is_some_and(|key| self.lines.usable(key).is_some())
    }

    /// The number of a key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key)?.parse().ok()
    }

    /// Whether a key says `Yes`.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        Some(self.get(key)? == "Yes")
    }

    /// The secret of a key.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<Secret> {
        let key = key::find(key).filter(|key| key.kind.is_secret())?;
        self.lines.usable(key).map(Secret::stored)
    }

    /// What a new record takes for a key.
    pub(super) fn bytes_of(&self, key: &Key) -> Option<Cow<'_, [u8]>> {
        let bytes = self.lines.usable(key)?;
        if key.kind.is_secret() {
            return Some(Cow::Borrowed(bytes));
        }
        Some(match key.kind.read(std::str::from_utf8(bytes).ok()?)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Conf, Vec<String>) {
        let mut warnings = Vec::new();
        let conf = Conf::parse("iscsid.conf", text.as_bytes(), &mut |warning| {
            warnings.push(warning.to_string());
        });
        (conf.expect("a configuration"), warnings)
    }

    #[test]
    fn of_a_key_the_last_line_that_can_be_used_counts() {
        let (conf, warnings) = read(
            "# comment\nnode.startup = automatic\nnode.startup = onboot\nnode.startup=manual\nnode.startup = sometimes\n\
             node.session.cmds_max =64\nnode.session.queue_depth = many\n",
        );
        assert_eq!(conf.get("node.startup").as_deref(), Some("onboot"));
        assert_eq!(
            (
                conf.number("node.session.cmds_max"),
                conf.number("node.session.queue_depth")
            ),
            (Some(64), Some(32))
        );
        assert!(conf.says("node.startup") && !conf.says("node.session.queue_depth"));
        for (line, what) in [
            (4, "`=`"),
            (5, "one of manual"),
            (7, "from 1 to 1024"),
            (2, "later line"),
        ] {
            let told = |warning: &&String| warning.starts_with(&format!("iscsid.conf, line {line}: "));
            let warning = warnings
                .iter()
                .find(told)
                .unwrap_or_else(|| panic!("{line}: {warnings:?}"));
            assert!(warning.contains(what), "{warning}");
        }
        assert_eq!((conf.get("nobody"), conf.says("nobody")), (None, false));
    }

    #[test]
    fn keys_of_other_versions_are_told_and_stop_nothing() {
        let (conf, warnings) = read(
            "node.conn[1].timeo.login_timeout = 99\nbogus = 4\nisns.address = 10.0.0.1\nnode.session.conn_reopen_log_freq = 5\n\
             node.name = iqn.2026-11.test:a\niscsid.safe_logout = Yes\nnode.session.login_redirect_max = 3\n",
        );
        assert_eq!(warnings.len(), 4, "{warnings:?}");
        for name in [
            "node.session.sess_reopen_log_freq",
            "node.session.conn_reopen_log_freq",
        ] {
            assert_eq!(conf.number(name), Some(5), "{name}");
        }
        assert_eq!(
            (conf.flag("iscsid.safe_logout"), conf.flag("iscsid.ipc_auth_uid")),
            (Some(true), Some(true))
        );
        assert_eq!(conf.number("node.session.login_redirect_max"), Some(3));
        assert_eq!(conf.number("node.conn[0].timeo.login_timeout"), Some(30));
    }

    #[test]
    fn a_default_is_that_of_the_version_that_records_are_written_for() {
        let key = "node.session.xmit_thread_priority";
        assert_eq!(Conf::of_version(Version(2, 1, 8)).number(key), Some(-20));
        assert_eq!(
            Conf::of_version(Version(2, 1, 8))
                .for_version(Version(2, 1, 13))
                .number(key),
            Some(0)
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        let (conf, warnings) = read(
            "node.session.auth.password = s3cret\nnode.session.auth.password_in=s3cret\ndiscovery.sendtargets.auth.password = s3cret\n",
        );
        let key = "node.session.auth.password";
        assert_eq!(conf.get(key).as_deref(), Some("s3cret"), "whoever uses it has it");
        assert_eq!(conf.secret(key).expect("a secret").expose(), b"s3cret");
        assert!(!format!("{conf:?} {warnings:?}").contains("s3cret"));
    }

    #[test]
    fn a_place_without_the_file_says_nothing_and_a_file_longer_than_any_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place {
            config: dir.path().to_owned(),
            records: dir.path().to_owned(),
            lock: dir.path().to_owned(),
            rival: None,
        };
        let mut none = |warning| panic!("{warning}");
        assert!(
            !Conf::read(&place, &mut none)
                .expect("defaults")
                .says("node.startup")
        );
        // Where configurations are made by a program, the file is a link.
        std::fs::write(dir.path().join("made"), "node.startup = automatic\n").expect("a file");
        std::os::unix::fs::symlink("made", Conf::path(&place)).expect("a link");
        assert!(
            Conf::read(&place, &mut none)
                .expect("a configuration")
                .says("node.startup")
        );
        std::fs::write(dir.path().join("made"), "#\n".repeat(CONF_MAX)).expect("a file");
        assert!(Conf::read(&place, &mut none).is_err_and(|e| e.to_string().contains(NAME)));
        let long = "#".repeat(CONF_MAX + 1);
        assert!(Conf::parse("conf", long.as_bytes(), &mut none).is_err());
    }
}
