//! Who may log in where: the target's names, accounts, limits, and the faults that concern logins.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use iscsi::address::{Host, TargetAddress};
use iscsi::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::names;
use iscsi::negotiate::SessionType;
use iscsi::pdu::LoginStatus;
use iscsi::target_node::{Admission, Authentication, Directory, LoginAttempt, TargetRecord};

use super::nexus::{NexusName, Sessions};
use crate::accounts::{Account, Accounts};
use crate::portal::FIRST_GROUP;

/// The address of a port on its link, as its hardware makes it.
const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xa236, 0x9fff, 0xfe12, 0x3456);

/// What every connection's directory shares.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) names: Vec<String>,
    pub(super) accounts: Accounts,
    pub(super) algorithms: Vec<ChapAlgorithm>,
    pub(super) discovery_auth: bool,
    /// The initiators that may see and use the targets; empty: all.
    pub(super) allow: Vec<String>,
    /// Where the target listens, with the groups.
    pub(super) portals: Vec<(SocketAddr, u16)>,
    /// Portals that are shown and not listened on.
    pub(super) announce: Vec<TargetAddress>,
    /// Nothing else is shown.
    pub(super) announce_only: bool,
    /// Sessions of one target at once.
    pub(super) max_sessions: Option<usize>,
    /// The sessions that there are.
    pub(super) sessions: Sessions,
    pub(super) refuse: Option<LoginStatus>,
    pub(super) redirect: Option<(SocketAddr, bool)>,
    pub(super) redirect_discovery: Option<(SocketAddr, bool)>,
    /// A link-local portal with this zone is shown, too.
    pub(super) zone: Option<String>,
}

impl Policy {
    fn allows(&self, initiator: &str) -> bool {
        self.allow.is_empty() || self.allow.iter().any(|name| names::same(name, initiator))
    }

    /// Whether the target takes one more session; one that is reinstated is not one more.
    fn has_room(&self, wanted: &NexusName) -> bool {
        let Some(limit) = self.max_sessions else {
            return true;
        };
        let sessions = self.sessions.lock();
        let there = sessions.keys().filter(|name| name.target == wanted.target);
        there.count() < limit || sessions.contains_key(wanted)
    }

    /// Portals as SendTargets shows them to who reached us at `local`.
    fn shown(&self, local: SocketAddr) -> Vec<String> {
        let own = self.portals.iter().filter_map(|(at, group)| {
            let wild = at.ip().is_unspecified();
            // Who listens on every address is reached at the one that the initiator used.
            let ip = if wild { local.ip() } else { at.ip() };
            let reachable = !wild || at.is_ipv6() || plain(local.ip()).is_ipv4();
            reachable.then(|| TargetAddress {
                tag: Some(*group),
                ..SocketAddr::new(plain(ip), at.port()).into()
            })
        });
        let own = own.filter(|_| !self.announce_only);
        let zoned = self.zone.iter().map(|zone| TargetAddress {
            host: Host::Scoped(LINK_LOCAL, zone.as_str().into()),
            port: local.port(),
            tag: Some(FIRST_GROUP),
        });
        own.chain(self.announce.iter().cloned())
            .chain(zoned)
            .map(|portal| portal.to_string())
            .collect()
    }
}

/// An IPv4 address that came in through an IPv6 socket is one all the same.
fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// The policy as one connection sees it.
#[derive(Debug, Clone)]
pub(super) struct PortalDirectory {
    pub(super) policy: Arc<Mutex<Policy>>,
    /// The address that the initiator connected to.
    pub(super) local: SocketAddr,
    /// The portal group that it connected to.
    pub(super) group: u16,
    /// The portal has as many connections as it takes.
    pub(super) full: bool,
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
        if self.full {
            return Admission::Refuse(LoginStatus::OUT_OF_RESOURCES);
        }
        if let (SessionType::Discovery, Some((to, permanent))) = (login.session, policy.redirect_discovery) {
            return Admission::Redirect {
                address: to.to_string(),
                permanent,
            };
        }
        if login.session == SessionType::Normal {
            let wanted = login.target.unwrap_or_default();
            if !policy.names.iter().any(|name| names::same(name, wanted)) {
                return Admission::Refuse(LoginStatus::NOT_FOUND);
            }
            if !policy.allows(login.initiator) {
                return Admission::Refuse(LoginStatus::AUTHORIZATION_FAILURE);
            }
            if let Some((to, permanent)) = policy.redirect {
                return Admission::Redirect {
                    address: to.to_string(),
                    permanent,
                };
            }
            if !policy.has_room(&NexusName::new(login.initiator, login.isid, wanted, self.group)) {
                return Admission::Refuse(LoginStatus::OUT_OF_RESOURCES);
            }
        }
        let open = login.session == SessionType::Discovery && !policy.discovery_auth;
        if policy.accounts.incoming.is_empty() || open {
            Admission::Accept(Authentication::None)
        } else {
            Admission::Accept(Authentication::Chap(policy.algorithms.clone()))
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

    fn targets(&self, initiator: &str) -> Vec<TargetRecord> {
        let policy = self.policy();
        if !policy.allows(initiator) {
            return Vec::new();
        }
        let addresses = policy.shown(self.local);
        let record = |name: &String| TargetRecord {
            name: name.clone(),
            addresses: addresses.clone(),
        };
        policy.names.iter().map(record).collect()
    }
}
