//! What an initiator is told before it logs in.

use std::{fmt, time::Duration};

use crate::{
    IscsiName, Isid,
    chap::{ChapAccount, ChapAlgorithm},
    negotiate::{Offer, SessionType},
};

/// How the two sides prove who they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    /// AuthMethod=None.
    #[default]
    None,
    /// AuthMethod=CHAP.
    Chap {
        /// Initiator proves itself to the target.
        outgoing: ChapAccount,
        /// Target proves itself to the initiator (mutual CHAP). An empty name takes any name.
        incoming: Option<ChapAccount>,
        /// Algorithms that are offered, best first; empty means [`ChapAlgorithm::OFFER`].
        algorithms: Vec<ChapAlgorithm>,
        /// True if the target may do without (CHAP,None is offered). Ignored with `incoming`.
        optional: bool,
    },
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From connection to full feature phase.
    pub login: Duration,
    /// Silence after which a NOP-Out asks for a sign of life; `None`: never.
    pub noop_interval: Option<Duration>,
    /// Silence after a NOP-Out after which the connection is dropped.
    pub noop_timeout: Duration,
    /// For a logout response.
    pub logout: Duration,
    /// For a task management response.
    pub task_management: Duration,
    /// For each text response.
    pub text: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(15),
            noop_interval: Some(Duration::from_secs(5)),
            noop_timeout: Duration::from_secs(5),
            logout: Duration::from_secs(15),
            task_management: Duration::from_secs(15),
            text: Duration::from_secs(15),
        }
    }
}

/// Everything that one login needs.
#[derive(Clone)]
pub struct Config {
    /// InitiatorName.
    pub initiator_name: IscsiName,
    /// InitiatorAlias.
    pub initiator_alias: Option<String>,
    /// TargetName; `None` makes a discovery session.
    pub target_name: Option<IscsiName>,
    /// Initiator's part of the session ID.
    pub isid: Isid,
    /// Target's part: 0 for a new session, else the session to reinstate or join.
    pub tsih: u16,
    /// Connection ID.
    pub cid: u16,
    /// CmdSN of the login and of the first command; `None`: unpredictable.
    pub first_cmd_sn: Option<u32>,
    /// Operational parameters to ask for.
    pub offer: Offer,
    /// Authentication.
    pub auth: Auth,
    /// Timeouts.
    pub timeouts: Timeouts,
    /// Log out by itself when the target asks for it.
    pub logout_on_request: bool,
    /// Unpredictable bytes, fresh for each connection: challenges and initial sequence numbers come from them.
    pub seed: [u8; 32],
}

impl Config {
    /// A configuration with the RFC's defaults and no authentication.
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
            isid,
            tsih: 0,
            cid: 0,
            first_cmd_sn: None,
            offer: Offer::default(),
            auth: Auth::None,
            timeouts: Timeouts::default(),
            logout_on_request: true,
            seed,
        }
    }

    /// Discovery without a target name, normal with one.
    #[must_use]
    pub const fn session_type(&self) -> SessionType {
        if self.target_name.is_some() {
            SessionType::Normal
        } else {
            SessionType::Discovery
        }
    }

    pub(super) const fn terms(&self) -> Terms {
        Terms {
            cid: self.cid,
            session: self.session_type(),
            timeouts: self.timeouts,
            logout_on_request: self.logout_on_request,
        }
    }
}

/// What still matters of a configuration once the login is over.
pub(super) struct Terms {
    pub(super) cid: u16,
    pub(super) session: SessionType,
    pub(super) timeouts: Timeouts,
    pub(super) logout_on_request: bool,
}

impl fmt::Debug for Config {
    /// Without the seed, from which challenges can be told; secrets hide themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("initiator_name", &self.initiator_name)
            .field("target_name", &self.target_name)
            .field("isid", &self.isid)
            .field("tsih", &self.tsih)
            .field("cid", &self.cid)
            .field("first_cmd_sn", &self.first_cmd_sn)
            .field("offer", &self.offer)
            .field("auth", &self.auth)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
