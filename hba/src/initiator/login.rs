//! What a login of this host's own says.
//!
//! Owns which of it the engine is told, and the session identifier that no adapter and no driver has.

use std::time::{Duration, Instant};

use iscsi::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::initiator::{Auth, Config, Timeouts};
use iscsi::negotiate::Offer;
use iscsi::{IscsiName, Isid};

use super::talk::Said;
use crate::deadline::Deadline;
use crate::secret::Secret;

/// Tells such a session's identifier from an adapter's in a target's listing: "pr".
const QUALIFIER: u16 = 0x7072;

/// A name and the secret that proves it.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name.
    pub name: String,
    /// The secret.
    pub secret: Secret,
}

/// Who proves himself with what.
#[derive(Debug, Clone)]
pub struct Chap {
    /// This side to the portal.
    pub outgoing: Account,
    /// The portal to this side. An empty name takes any.
    pub incoming: Option<Account>,
}

/// A login.
#[derive(Debug, Clone)]
pub struct Login {
    /// The initiator's name.
    pub initiator: String,
    /// Its alias.
    pub alias: Option<String>,
    /// The target; none asks for the list of targets.
    pub target: Option<IscsiName>,
    /// Who proves himself. A portal that wants no proof for a list gets none, unless it must prove itself, too.
    pub chap: Option<Chap>,
    /// Algorithms, best first. None: all that there are, and MD5 alone where a portal refuses that list.
    pub algorithms: Vec<ChapAlgorithm>,
    /// What is offered of digests and sizes.
    pub offer: Offer,
    /// How long the login may take, and each answer after it.
    pub patience: Duration,
}

impl Login {
    /// A login without authentication.
    #[must_use]
    pub fn new(initiator: impl Into<String>, target: Option<IscsiName>) -> Self {
        Self {
            initiator: initiator.into(),
            alias: None,
            target,
            chap: None,
            algorithms: Vec::new(),
            offer: Offer::default(),
            patience: Timeouts::default().login,
        }
    }

    /// Whether it asks for the list of targets.
    #[must_use]
    pub const fn lists(&self) -> bool {
        self.target.is_none()
    }

    /// The engine's configuration, with an identifier and challenges that nobody can foresee; or why there can be none.
    pub(super) fn config(&self, algorithms: &[ChapAlgorithm], deadline: Deadline) -> Result<Config, Said> {
        let unknown = |why: &str| Said::Unknown(why.to_owned());
        let Ok(initiator) = self.initiator.parse() else {
            return Err(unknown("the initiator name is no iscsi name"));
        };
        let mut seed = [0; 32];
        if getrandom::fill(&mut seed).is_err() {
            return Err(unknown("the system gives no random bytes"));
        }
        let [a, b, c, ..] = seed;
        let isid = Isid::from_random(u32::from_be_bytes([0, a, b, c]), QUALIFIER);
        let mut config = Config::new(initiator, self.target.clone(), isid, seed);
        config.initiator_alias.clone_from(&self.alias);
        config.offer = self.offer.clone();
        config.timeouts.login = self.patience;
        config.timeouts.text = self.patience;
        // A discovery session carries nothing but text and the logout.
        config.timeouts.noop_interval = None;
        if let Some(chap) = &self.chap {
            let incoming = chap.incoming.as_ref().map(account);
            let (Some(outgoing), false) = (account(&chap.outgoing), matches!(incoming, Some(None))) else {
                return Err(unknown("the chap entry cannot be used"));
            };
            config.auth = Auth::Chap {
                outgoing,
                incoming: incoming.flatten(),
                algorithms: algorithms.to_vec(),
                optional: self.lists(),
            };
        }
        if Instant::now() >= deadline.instant() {
            return Err(unknown("no time was left to ask"));
        }
        Ok(config)
    }
}

fn account(account: &Account) -> Option<ChapAccount> {
    let secret = ChapSecret::new(account.secret.expose().to_vec()).ok()?;
    Some(ChapAccount {
        name: account.name.clone(),
        secret,
    })
}
