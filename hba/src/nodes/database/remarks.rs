//! What came up beside the answer: said once each, and not without end.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// As many are kept; the rest is counted.
const MOST: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Remarks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    texts: BTreeSet<String>,
    more: usize,
}

impl Remarks {
    pub(super) fn add(&self, text: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.texts.len() < MOST {
            kept.texts.insert(text);
        } else if !kept.texts.contains(&text) {
            kept.more += 1;
        }
    }

    pub(super) fn take(&self) -> Vec<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = std::mem::take(&mut *kept);
        let mut texts: Vec<_> = kept.texts.into_iter().collect();
        if kept.more > 0 {
            texts.push(format!("{} more remarks of this kind", kept.more));
        }
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_said_once_and_not_without_end() {
        let remarks = Remarks::default();
        for n in 0..100 {
            remarks.add(format!("{n:03}"));
            remarks.add("000".to_owned());
        }
        let said = remarks.take();
        assert_eq!(said.len(), MOST + 1);
        assert_eq!(said[0], "000");
        assert!(said[MOST].starts_with("36 more"), "{}", said[MOST]);
        assert!(remarks.take().is_empty());
    }
}
