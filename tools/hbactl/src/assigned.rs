//! `KEY=VALUE` of records, with secrets from where secrets come from.
//!
//! Owns how a value is named that must not stand on a command line. It must not know which keys there are.

use std::path::PathBuf;

use hba::nodes::key;
use hba::ops::node::Assigned;
use hba::{Deadline, Error, Kind, Result};

use crate::args::chap::SecretSource;
use crate::secret;

/// Reads assignments. A secret is `KEY=@FILE`, `KEY=@-` (stdin) or `KEY=@credential:NAME`.
pub(crate) fn read(given: &[String], deadline: Deadline) -> Result<Vec<Assigned>> {
    given.iter().map(|text| one(text, deadline)).collect()
}

/// Whether one of the assignments is of `key`.
pub(crate) fn names(given: &[String], key: &str) -> bool {
    given
        .iter()
        .any(|text| text.split_once('=').is_some_and(|(named, _)| named == key))
}

fn one(text: &str, deadline: Deadline) -> Result<Assigned> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(
            Error::new(Kind::Invalid, format!("read {}", text.escape_debug())).answered("expected KEY=VALUE")
        );
    };
    let secret = key::find(key).is_some_and(|key| key.kind.is_secret());
    match (secret, value.strip_prefix('@')) {
        (true, Some(from)) => match secret::given(&source(from), deadline)? {
            Some(secret) => Assigned::secret(key, &secret),
            None => Ok(Assigned::plain(key, "")),
        },
        (true, None) if !value.is_empty() => Err(Error::new(Kind::Invalid, format!("set {key}"))
            .answered("a secret on a command line can be read by everybody on this machine")
            .hint(format!(
                "write it to a file: {key}=@FILE; or {key}=@- for stdin, {key}=@credential:NAME"
            ))),
        _ => Ok(Assigned::plain(key, value)),
    }
}

fn source(from: &str) -> SecretSource {
    let credential = from.strip_prefix("credential:");
    SecretSource {
        secret_file: (credential.is_none() && from != "-").then(|| PathBuf::from(from)),
        secret_stdin: from == "-",
        secret_credential: credential.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "node.session.auth.password";

    #[test]
    fn a_secret_is_read_from_a_file_and_never_from_the_command_line() {
        let dir = tempfile::tempdir().expect("dir");
        let file = dir.path().join("secret");
        std::fs::write(&file, "correct horse battery\n").expect("write");
        let soon = Deadline::after(std::time::Duration::from_secs(5));
        let read = |text: String| read(&[text], soon);
        let got = read(format!("{PASSWORD}=@{}", file.display())).expect("read");
        assert_eq!(got, [Assigned::plain(PASSWORD, "correct horse battery")]);
        assert!(!format!("{got:?}").contains("horse"));
        let error = read(format!("{PASSWORD}=correcthorse")).expect_err("on the command line");
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(!error.to_string().contains("correcthorse"), "{error}");
        let cleared = read(format!("{PASSWORD}=")).expect("cleared");
        assert_eq!(cleared, [Assigned::plain(PASSWORD, "")]);
        let plain = read("node.startup=@x".to_owned()).expect("no secret");
        assert_eq!(plain, [Assigned::plain("node.startup", "@x")]);
    }
}
