//! A record as people may see it.
//!
//! Owns that no secret is in it, nor what may be one. Must not know who looks.

use super::{Record, What};
use crate::nodes::key;
use crate::secret::REDACTED;

impl Record {
    /// The text for people: secrets are masked, and what is no text is replaced.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut shown = String::with_capacity(self.text.len());
        let part =
            |span: std::ops::Range<usize>| String::from_utf8_lossy(self.text.get(span).unwrap_or_default());
        for line in &self.lines {
            match &line.what {
                What::Pair { key, value } if self.is_secret(key) => {
                    shown.push_str(&part(line.whole.start..value.start));
                    shown.push_str(REDACTED);
                    shown.push_str(&part(value.end..line.whole.end));
                }
                // What cannot be read can be a secret that was written wrongly.
                What::Passed(why) => {
                    shown.push_str(&format!("# a line is not shown: {why}\n"));
                }
                _ => shown.push_str(&part(line.whole.clone())),
            }
        }
        shown
    }

    fn is_secret(&self, key: &std::ops::Range<usize>) -> bool {
        let name = self
            .text
            .get(key.clone())
            .and_then(|name| std::str::from_utf8(name).ok());
        name.is_none_or(key::is_secret)
    }
}
