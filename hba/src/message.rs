//! What is said to an operator about an operation: sentences with the steps that they name left as values.
//!
//! Owns how text and steps are put together. Must not know how a step is asked for: whoever shows a message renders it.

use std::borrow::Cow;
use std::fmt;

use crate::step::Step;

/// A hint or a remark; never secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(Cow<'static, [Part]>);

/// A part of a message, in the order in which it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(Cow<'static, str>),
    /// A step.
    Step(Step),
}

impl Part {
    /// Words that are known in advance.
    #[must_use]
    pub const fn text(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl Message {
    /// A message that is known in advance.
    #[must_use]
    pub const fn of(parts: &'static [Part]) -> Self {
        Self(Cow::Borrowed(parts))
    }

    /// With more behind it.
    #[must_use]
    pub fn then(self, more: impl Into<Self>) -> Self {
        let mut parts = self.0.into_owned();
        parts.extend(more.into().0.into_owned());
        Self(Cow::Owned(parts))
    }

    /// The steps that it names.
    pub fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        self.0.iter().filter_map(|part| match part {
            Part::Step(step) => Some(*step),
            Part::Text(_) => None,
        })
    }

    /// The text, each step in the words that `words` has for it.
    #[must_use]
    pub fn render(&self, words: impl Fn(Step) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Step(step) => Cow::Owned(words(*step)),
            })
            .collect()
    }
}

impl fmt::Display for Message {
    /// The text with the neutral names of the steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(|step| step.to_string()))
    }
}

impl Step {
    /// A message that begins with this step.
    #[must_use]
    pub fn then(self, more: impl Into<Message>) -> Message {
        Message::from(self).then(more)
    }
}

impl From<Step> for Message {
    fn from(step: Step) -> Self {
        Self(Cow::Owned(vec![Part::Step(step)]))
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Self(Cow::Owned(vec![Part::text(text)]))
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self(Cow::Owned(vec![Part::Text(Cow::Owned(text))]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_in_the_words_of_whoever_shows_it() {
        let message = Message::from("log out first (")
            .then(Step::FlashLogout(Some(3)))
            .then("), or use ")
            .then(Step::WithForce);
        let shown = message.render(|step| format!("<{step}>"));
        assert_eq!(shown, "log out first (<flash logout 3>), or use <force>");
        assert_eq!(
            message.to_string(),
            "log out first (flash logout 3), or use force"
        );
        assert!(message.steps().eq([Step::FlashLogout(Some(3)), Step::WithForce]));
    }
}
