//! What can be asked of a login, and what of it no adapter here can do.
//!
//! Owns the arguments and their check, which comes before anything is asked of an adapter. Must not know how a login is made.
//!
//! Source: Microsoft `iscsiop.mof` (LoginToTarget, `ISCSI_LoginOptions`); kernel 6.1 `iscsi_if.h` (`ISCSI_FLASHNODE_*`).

use crate::error::{Error, Kind, Result, Status};
use crate::ids::{AdapterId, Portal};
use crate::message::Message;
use crate::params::{Assignment, FlashnodeParam};
use crate::step::Step;

/// What kind of session is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionType {
    /// SCSI.
    #[default]
    Normal,
    /// SendTargets only.
    Discovery,
    /// SCSI, without its units being shown to the operating system.
    Informational,
    /// SCSI, before the operating system starts.
    Boot,
}

/// Who proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Nobody.
    None,
    /// The initiator.
    Chap,
    /// Both.
    Mutual,
}

/// One login. What is not said stays as the adapter has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoginWish {
    /// Target name.
    pub target: String,
    /// The portal; any that is known of the target when left out.
    pub portal: Option<Portal>,
    /// The port; one is chosen when neither it nor the initiator name is given.
    pub adapter: Option<AdapterId>,
    /// Initiator name: that of the port, which it chooses.
    pub initiator: Option<String>,
    /// Initiator alias.
    pub alias: Option<String>,
    /// What kind of session.
    pub kind: SessionType,
    /// Header digest.
    pub header_digest: Option<bool>,
    /// Data digest.
    pub data_digest: Option<bool>,
    /// Connections of the session; 0: as many as there can be.
    pub max_connections: Option<u32>,
    /// Seconds to wait before a session that was lost is made again.
    pub time2wait: Option<u16>,
    /// Seconds that the target keeps the tasks of a session that was lost.
    pub time2retain: Option<u16>,
    /// Who proves itself.
    pub auth: Option<Auth>,
    /// CHAP entry to prove ourselves with.
    pub chap: Option<u16>,
    /// The ISID; one that no other path has when left out.
    pub isid: Option<String>,
    /// Whether the target does not stay in flash, so that the adapter does not log in at its next start.
    pub no_persist: bool,
    /// Whether there may be a session to the target already.
    pub multipath: bool,
    /// Whether another known portal of the target is taken when this one fails.
    pub portal_hopping: bool,
    /// IPsec is required.
    pub ipsec: bool,
    /// A RADIUS server makes the CHAP response.
    pub radius: bool,
    /// A RADIUS server judges the target's CHAP response.
    pub radius_verify: bool,
    /// Where units are to be shown.
    pub mappings: Vec<String>,
}

struct Refusal {
    what: &'static str,
    why: &'static str,
    status: Status,
    instead: Option<Message>,
}

impl LoginWish {
    /// Refuses what no adapter here can do, then what makes no sense.
    pub(super) fn check(&self, tried: &str) -> Result<()> {
        if let Some(Refusal {
            what,
            why,
            status,
            instead,
        }) = self.unsupported()
        {
            let error = Error::new(Kind::Unsupported, tried)
                .answered(format!("{what}: {why}"))
                .with_status(status);
            return Err(match instead {
                Some(instead) => error.hint(instead),
                None => error,
            });
        }
        let refuse = |why: &str| Err(Error::new(Kind::Invalid, tried).answered(why.to_owned()));
        if let Err(why) = self.target.parse::<iscsi::IscsiName>() {
            return refuse(&why.to_string());
        }
        match (self.auth, self.chap) {
            (Some(Auth::None), Some(_)) => refuse("a chap entry is named, and nobody is to prove itself"),
            (Some(Auth::Chap | Auth::Mutual), None) => Err(Error::new(Kind::Invalid, tried)
                .answered("the chap entry to prove ourselves with is not named")
                .with_status(Status::NoAuthInfo)
                .hint(
                    Step::ChapAdd
                        .then(" makes one, ")
                        .then(Step::ChapList)
                        .then(" shows those there are: ")
                        .then(Step::WithChap),
                )),
            _ => self.params().map(drop).map_err(|e| e.during(tried.to_owned())),
        }
    }

    fn unsupported(&self) -> Option<Refusal> {
        let row = |what, why, status, instead| {
            Some(Refusal {
                what,
                why,
                status,
                instead,
            })
        };
        match self.kind {
            SessionType::Normal => {}
            SessionType::Discovery => {
                return row(
                    "a discovery session to a target",
                    "the driver makes one for a SendTargets entry only, and ends it with the answer",
                    Status::SessionType,
                    Some(Message::from("ask the portal: ").then(Step::FlashDiscover)),
                );
            }
            SessionType::Informational => {
                return row(
                    "an informational session",
                    "the driver shows the units of every session to the operating system",
                    Status::SessionType,
                    None,
                );
            }
            SessionType::Boot => {
                return row(
                    "a boot session",
                    "the adapter makes it before the operating system starts",
                    Status::SessionType,
                    Some(Message::from("name the target for the next start: ").then(Step::BootSet)),
                );
            }
        }
        if self.max_connections.is_some_and(|count| count > 1) {
            return row(
                "several connections in a session",
                "the driver does not have the capability multi_connection",
                Status::TooManyConnections,
                Some(
                    Message::from("take several sessions and dm-multipath: a login for each portal, with ")
                        .then(Step::WithMultipath),
                ),
            );
        }
        if self.ipsec {
            return row(
                "IPsec",
                "no Linux driver of an iSCSI adapter has it",
                Status::NotSupported,
                None,
            );
        }
        if self.radius || self.radius_verify {
            return row(
                "RADIUS for CHAP",
                "the driver has no request that gives the adapter a RADIUS server",
                Status::NotSupported,
                Some(Message::from("secrets are in the adapter's own table: ").then(Step::ChapAdd)),
            );
        }
        if !self.mappings.is_empty() {
            return row(
                "mappings of units",
                "the kernel gives a unit its address: host, channel, target number, and the target's own LUN",
                Status::MappingUnavailable,
                None,
            );
        }
        if self.alias.is_some() {
            return row(
                "an initiator alias of one login",
                "the adapter has one alias a port, and its driver takes none with a flash target",
                Status::NotSupported,
                Some(Message::from("set initiator_alias with ").then(Step::IfaceSet)),
            );
        }
        None
    }

    /// The parameters of a flash target that carry the wish.
    pub(super) fn params(&self) -> Result<Vec<Assignment<FlashnodeParam>>> {
        use FlashnodeParam as P;

        let flag =
            |param, value: Option<bool>| value.map(|on| (param, if on { "on" } else { "off" }.to_owned()));
        let number = |param, value: Option<u16>| value.map(|n| (param, n.to_string()));
        [
            flag(P::HdrDgstEn, self.header_digest),
            flag(P::DataDgstEn, self.data_digest),
            number(P::DefTime2wait, self.time2wait),
            number(P::DefTime2retain, self.time2retain),
            self.isid.clone().map(|isid| (P::Isid, isid)),
        ]
        .into_iter()
        .flatten()
        .map(|(param, value)| Assignment::new(param, &value))
        .collect()
    }
}
