//! CHAP accounts of a target and the file they come from.
//!
//! The file has one account a line:
//!
//! ```text
//! # comment
//! name:secret                 an initiator may prove itself with this (any number of lines)
//! in:name:secret              the same, said explicitly
//! mutual:name:secret          the target proves itself with this (at most one line)
//! "iqn.2026-01.x:y":secret    a name with a colon stands in double quotes
//! ```
//!
//! The secret is the rest of the line after the colon, taken as it stands. A file without a `name:secret` line is refused: a target
//! that asks nobody to prove anything is one without a file. Secrets never show in `Debug`.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{AccountsError, why};

/// One name and secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// CHAP_N.
    pub name: String,
    secret: Zeroizing<Vec<u8>>,
}

impl Account {
    /// An account from its parts.
    #[must_use]
    pub fn new(name: impl Into<String>, secret: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.into(),
            secret: Zeroizing::new(secret.as_ref().to_vec()),
        }
    }

    /// The secret's bytes.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("secret", &"…")
            .finish()
    }
}

/// Who may log in, and how the target proves itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Initiators that may log in; empty means anybody, without proof.
    pub incoming: Vec<Account>,
    /// What the target answers when an initiator asks it to prove itself.
    pub mutual: Option<Account>,
}

const MAX_FILE: u64 = 1 << 20;
/// How long a pipe may take to give the accounts.
const PATIENCE: Duration = Duration::from_secs(3);
const MAX_SECRET: usize = 255;
const MAX_NAME: usize = 255;

impl Accounts {
    /// Reads a CHAP file, which must have an account for an initiator: without one the target would be open to anybody.
    ///
    /// # Errors
    /// [`AccountsError`] names the file or the line; it never carries a secret.
    pub fn from_file(path: &Path) -> Result<Self, AccountsError> {
        let failed = |source| AccountsError::Read {
            path: path.to_owned(),
            source,
        };
        let deadline = Instant::now() + PATIENCE;
        let bytes = match files::read_limited(path, MAX_FILE, Some(deadline)) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if matches!(error.why(), files::Why::TooLong(_)) => {
                return Err(AccountsError::TooLarge {
                    path: path.to_owned(),
                    limit: MAX_FILE,
                });
            }
            Err(error) => return Err(failed(why(error))),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
        let accounts = Self::parse(text)?;
        // Whoever names a file wants the target closed.
        if accounts.incoming.is_empty() {
            return Err(AccountsError::NobodyIncoming {
                path: path.to_owned(),
                mutual: accounts.mutual.is_some(),
            });
        }
        Ok(accounts)
    }

    /// Reads the text of a CHAP file.
    ///
    /// # Errors
    /// [`AccountsError::Line`] for the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, AccountsError> {
        let mut accounts = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |problem| AccountsError::Line {
                line: index + 1,
                problem,
            };
            if let Some(rest) = line.strip_prefix("mutual:") {
                let account = parse_account(rest).map_err(wrong)?;
                if accounts.mutual.replace(account).is_some() {
                    return Err(wrong("a second mutual account"));
                }
            } else {
                let account = parse_account(line.strip_prefix("in:").unwrap_or(line)).map_err(wrong)?;
                if accounts.incoming.iter().any(|a| a.name == account.name) {
                    return Err(wrong("this name has an account already"));
                }
                accounts.incoming.push(account);
            }
        }
        let mutual = accounts.mutual.as_ref();
        if mutual.is_some_and(|m| accounts.incoming.iter().any(|a| a.secret == m.secret)) {
            return Err(AccountsError::Line {
                line: text
                    .lines()
                    .position(|l| l.starts_with("mutual:"))
                    .map_or(0, |i| i + 1),
                problem: "the two directions must not share a secret",
            });
        }
        Ok(accounts)
    }

    /// The account of an initiator.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Account> {
        self.incoming.iter().find(|a| a.name == name)
    }
}

fn parse_account(text: &str) -> Result<Account, &'static str> {
    let (name, secret) = match text.strip_prefix('"') {
        Some(quoted) => quoted
            .split_once("\":")
            .ok_or("the quoted name does not end in \":")?,
        None => text.split_once(':').ok_or("expected name:secret")?,
    };
    if name.is_empty() || name.len() > MAX_NAME {
        return Err("the name must have 1 to 255 bytes");
    }
    if secret.is_empty() || secret.len() > MAX_SECRET {
        return Err("the secret must have 1 to 255 bytes");
    }
    Ok(Account::new(name, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_line() {
        let text = "# who\n\nalice:with:colon and blank\nin:bob:secretsecret\nmutual:self:tttttttttttt\n\"iqn.2026-01.a:b\":cccccccccccc\n";
        let accounts = Accounts::parse(text).unwrap();
        assert_eq!(accounts.find("alice").unwrap().secret(), b"with:colon and blank");
        assert_eq!(accounts.find("bob").unwrap().secret(), b"secretsecret");
        assert_eq!(
            accounts.find("iqn.2026-01.a:b").unwrap().secret(),
            b"cccccccccccc"
        );
        assert_eq!(accounts.mutual, Some(Account::new("self", "tttttttttttt")));
        assert_eq!(accounts.find("self"), None);
    }

    #[test]
    fn names_the_line_and_never_the_secret() {
        for (text, line) in [
            ("alice:aaaaaaaaaaaa\nnonsense-hush", 2),
            (":hush", 1),
            ("alice:", 1),
            ("a:hush1\na:hush2", 2),
            ("mutual:a:hush\n\nmutual:b:hush", 3),
            ("a:hush-shared\nmutual:b:hush-shared", 2),
            ("\"iqn.x:hush", 1),
        ] {
            let error = Accounts::parse(text).unwrap_err();
            assert!(
                matches!(&error, AccountsError::Line { line: l, .. } if *l == line),
                "{text}: {error:?}"
            );
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn a_file_without_an_account_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("accounts");
        for (text, only_mutual) in [
            ("", false),
            ("# nobody\n\n", false),
            ("mutual:array:array-hush-12\n", true),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Accounts::from_file(&path).unwrap_err();
            assert!(
                matches!(error, AccountsError::NobodyIncoming { mutual, .. } if mutual == only_mutual),
                "{text:?}: {error:?}"
            );
            assert!(!error.to_string().contains("hush") && error.to_string().contains("open to everybody"));
        }
        std::fs::write(&path, "alice:hush-hush-hush\n").unwrap();
        assert_eq!(Accounts::from_file(&path).unwrap().incoming.len(), 1);
        for wrong in ["/dev/zero", "/proc/self/mem", "/nowhere", "/"] {
            Accounts::from_file(Path::new(wrong)).unwrap_err();
        }
    }

    #[test]
    fn debug_hides_secrets() {
        let accounts = Accounts::parse("alice:hush-hush-hush\nmutual:t:hush-too").unwrap();
        assert!(!format!("{accounts:?}").contains("hush"));
    }
}
