//! Who may log in where: the target's names, accounts, and the faults that concern logins.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iscsi::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::names;
use iscsi::negotiate::SessionType;
use iscsi::pdu::LoginStatus;
use iscsi::target_node::{Admission, Authentication, Directory, LoginAttempt, TargetRecord};

use crate::accounts::{Account, Accounts};

/// What every connection's directory shares.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) names: Vec<String>,
    pub(super) accounts: Accounts,
    pub(super) discovery_auth: bool,
    /// What SendTargets shows; empty: the address that the initiator connected to.
    pub(super) advertise: Vec<SocketAddr>,
    pub(super) portal_group: u16,
    pub(super) refuse: Option<LoginStatus>,
    pub(super) redirect: Option<(SocketAddr, bool)>,
}

/// The policy as one connection sees it.
#[derive(Debug, Clone)]
pub(super) struct PortalDirectory {
    pub(super) policy: Arc<Mutex<Policy>>,
    /// The address that the initiator connected to.
    pub(super) local: SocketAddr,
}

impl PortalDirectory {
    fn policy(&self) -> MutexGuard<'_, Policy> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn chap(account: &Account) -> Option<ChapSecret> {
    ChapSecret::new(account.secret().to_vec()).ok()
}

impl Directory for PortalDirectory {
    fn admit(&self, login: &LoginAttempt<'_>) -> Admission {
        let policy = self.policy();
        if let Some(status) = policy.refuse {
            return Admission::Refuse(status);
        }
        if login.session == SessionType::Normal {
            let known = login
                .target
                .is_some_and(|target| policy.names.iter().any(|name| names::same(name, target)));
            if !known {
                return Admission::Refuse(LoginStatus::NOT_FOUND);
            }
            if let Some((to, permanent)) = policy.redirect {
                return Admission::Redirect {
                    address: to.to_string(),
                    permanent,
                };
            }
        }
        let open = login.session == SessionType::Discovery && !policy.discovery_auth;
        if policy.accounts.incoming.is_empty() || open {
            Admission::Accept(Authentication::None)
        } else {
            Admission::Accept(Authentication::Chap(ChapAlgorithm::ALL.to_vec()))
        }
    }

    fn secret(&self, _login: &LoginAttempt<'_>, name: &str) -> Option<ChapSecret> {
        self.policy().accounts.find(name).and_then(chap)
    }

    fn identity(&self, _login: &LoginAttempt<'_>) -> Option<ChapAccount> {
        let policy = self.policy();
        let account = policy.accounts.mutual.as_ref()?;
        Some(ChapAccount {
            name: account.name.clone(),
            secret: chap(account)?,
        })
    }

    fn targets(&self, _initiator: &str) -> Vec<TargetRecord> {
        let policy = self.policy();
        let portals = if policy.advertise.is_empty() {
            std::slice::from_ref(&self.local)
        } else {
            &policy.advertise[..]
        };
        let addresses: Vec<String> = portals
            .iter()
            .map(|portal| format!("{portal},{}", policy.portal_group))
            .collect();
        let record = |name: &String| TargetRecord {
            name: name.clone(),
            addresses: addresses.clone(),
        };
        policy.names.iter().map(record).collect()
    }
}
