//! The target's owner of the fuzz bodies: whom it knows, and how it carries commands out.

use crate::{
    chap::{ChapAccount, ChapAlgorithm, ChapSecret},
    target_node::{Admission, Authentication, Directory, LoginAttempt, TargetRecord},
};

pub(super) const INITIATOR: &str = "iqn.2024-01.example.fuzz:host";
pub(super) const TARGET: &str = "iqn.2024-01.example.fuzz:disk";

pub(super) fn account(name: &str) -> ChapAccount {
    ChapAccount {
        name: name.to_owned(),
        secret: ChapSecret::new(format!("{name}-secret-of-fuzz").into_bytes()).unwrap(),
    }
}

/// Admits everybody, with CHAP or without, and may send them elsewhere.
#[derive(Default)]
pub(super) struct Books {
    pub(super) chap: bool,
    pub(super) redirect: bool,
    /// How many targets SendTargets tells.
    pub(super) targets: u16,
}

impl Directory for Books {
    fn admit(&self, _: &LoginAttempt<'_>) -> Admission {
        if self.redirect {
            return Admission::Redirect {
                address: "192.0.2.9:3260".to_owned(),
                permanent: self.chap,
            };
        }
        Admission::Accept(if self.chap {
            Authentication::Chap(ChapAlgorithm::ALL.to_vec())
        } else {
            Authentication::None
        })
    }

    fn secret(&self, _: &LoginAttempt<'_>, name: &str) -> Option<ChapSecret> {
        (name == "user").then(|| account(name).secret)
    }

    fn identity(&self, _: &LoginAttempt<'_>) -> Option<ChapAccount> {
        self.chap.then(|| account("identity"))
    }

    fn targets(&self, _: &str) -> Vec<TargetRecord> {
        (0..self.targets)
            .map(|n| TargetRecord {
                name: format!("{TARGET}{n}"),
                addresses: vec!["192.0.2.1:3260,1".to_owned(), "[2001:db8::1]:3260,1".to_owned()],
            })
            .collect()
    }
}
