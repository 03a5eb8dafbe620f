//! What one login is told before it begins: through what, where to, as whom.
//!
//! Owns the shape of an attempt. Must not know why it is made, nor what becomes of it; times are the record's. Everything that has to be looked
//! up (the transport, the host, an address of a name, network devices and helpers that must be up) was looked up before. Source: open-iscsi
//! `usr/initiator.c` (`session_login_task`, `__iscsi_session_create`); rows of [`crate::quirks::driver`].

use std::fmt;
use std::net::SocketAddr;

use driver_sys::netlink::params::HostParam;
use driver_sys::sysfs::class::transport::Caps;
use iscsi::chap::{BadSecret, ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::initiator;
use iscsi::negotiate::Offer;
use iscsi::{IscsiName, Isid};

use crate::initiator::{Account, Source};
use crate::params::IscsiParam;
use crate::policy::timeouts;
use crate::quirks::driver;

/// Names one attempt. Several may run for one session, side by side over its portals; none is used twice in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptId(pub u64);

/// One login.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// Through what.
    pub link: Link,
    /// Where to. A redirection is followed from here, and this is the address that is kept.
    pub portal: SocketAddr,
    /// The kernel's session that is logged in again; `None` makes a new one.
    pub rebind: Option<Rebind>,
    /// As whom, and on which terms.
    pub login: Login,
}

/// The way into the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The number that requests name the transport by.
    pub handle: u64,
    /// What the transport can do.
    pub caps: Caps,
    /// Who connects and who logs in ([`crate::policy::transport::Usable::flow`]).
    pub flow: driver::Flow,
    /// The host that an endpoint is made through; `None`: by the routes of the machine, or the kernel makes a host.
    pub host: Option<u32>,
    /// What the host is told before anything connects ([`crate::policy::network::Prepare::Set`], in its order).
    pub prepare: Vec<(HostParam, String)>,
    /// Where a socket goes out.
    pub source: Source,
}

/// A session of the kernel that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebind {
    /// The session.
    pub sid: u32,
    /// The host that it is on.
    pub host: u32,
    /// The endpoint that its connection had, if it had one and it is known.
    pub endpoint: Option<u64>,
}

/// How the two sides prove who they are.
#[derive(Debug, Clone)]
pub struct Chap {
    /// We prove ourselves to the target.
    pub outgoing: Account,
    /// The target proves itself to us.
    pub incoming: Option<Account>,
    /// Algorithms that are offered, best first; empty: [`ChapAlgorithm::OFFER`], and MD5 alone to a target that refuses that list.
    pub algorithms: Vec<ChapAlgorithm>,
    /// Whether the target may do without.
    pub optional: bool,
}

/// Who logs in, and what is asked for.
#[derive(Clone)]
pub struct Login {
    /// InitiatorName.
    pub initiator_name: IscsiName,
    /// InitiatorAlias.
    pub initiator_alias: Option<String>,
    /// TargetName; `None` makes a discovery session.
    pub target_name: Option<IscsiName>,
    /// Portal group tag, if it was told.
    pub portal_group: Option<u16>,
    /// Our part of the session's identifier. Drivers that log in by themselves make their own.
    pub isid: Isid,
    /// Digests, lengths, R2Ts.
    pub offer: Offer,
    /// CHAP.
    pub chap: Option<Chap>,
    /// Times of the connection, settled ([`timeouts::Connection::settled`]).
    pub times: timeouts::Connection,
    /// Times of the session and other values of the record ([`timeouts::COPIED`]); what is not here has its default.
    pub copied: Vec<(IscsiParam, u32)>,
    /// Name of the interface's record.
    pub iface: String,
    /// What the kernel is told of a session that boots: target, network device, root.
    pub boot: Vec<(IscsiParam, String)>,
    /// How many redirections are followed.
    pub redirects: u8,
    /// Unpredictable bytes, fresh for each attempt.
    pub seed: [u8; 32],
}

/// Redirections that are followed unless something else is said.
pub const REDIRECTS: u8 = 8;

impl Login {
    /// Without CHAP, with the RFC's parameters and the times that are shipped.
    #[must_use]
    pub fn new(
        initiator_name: IscsiName,
        target_name: Option<IscsiName>,
        isid: Isid,
        seed: [u8; 32],
    ) -> Self {
        Self {
            initiator_name,
            initiator_alias: None,
            target_name,
            portal_group: None,
            isid,
            offer: Offer::default(),
            chap: None,
            times: timeouts::Connection::SHIPPED,
            copied: Vec::new(),
            iface: "default".to_owned(),
            boot: Vec::new(),
            redirects: REDIRECTS,
            seed,
        }
    }

    /// What the login engine is told.
    ///
    /// # Errors
    /// A secret is empty, or longer than any target takes.
    pub(super) fn config(&self, first_cmd_sn: u32, md5_alone: bool) -> Result<initiator::Config, BadSecret> {
        let seconds = |n: u32| std::time::Duration::from_secs(n.into());
        let mut config = initiator::Config::new(
            self.initiator_name.clone(),
            self.target_name.clone(),
            self.isid,
            self.seed,
        );
        config.initiator_alias.clone_from(&self.initiator_alias);
        config.first_cmd_sn = Some(first_cmd_sn);
        config.offer = self.offer.clone();
        config.auth = match &self.chap {
            None => initiator::Auth::None,
            Some(chap) => initiator::Auth::Chap {
                outgoing: engine(&chap.outgoing)?,
                incoming: chap.incoming.as_ref().map(engine).transpose()?,
                algorithms: if md5_alone {
                    ChapAlgorithm::FALLBACK.to_vec()
                } else {
                    chap.algorithms.clone()
                },
                optional: chap.optional,
            },
        };
        config.timeouts.login = seconds(self.times.login);
        // The kernel pings.
        config.timeouts.noop_interval = None;
        config.logout_on_request = false;
        Ok(config)
    }
}

fn engine(account: &Account) -> Result<ChapAccount, BadSecret> {
    Ok(ChapAccount {
        name: account.name.clone(),
        secret: ChapSecret::new(account.secret.expose().to_vec())?,
    })
}

impl fmt::Debug for Login {
    /// Without the seed, from which challenges can be told; secrets hide themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("initiator_name", &self.initiator_name)
            .field("target_name", &self.target_name)
            .field("isid", &self.isid)
            .field("chap", &self.chap)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
