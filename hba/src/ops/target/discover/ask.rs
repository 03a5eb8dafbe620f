//! The questions of one discovery: one an interface, side by side.
//!
//! Owns who is asked at which address. Must not know what an answer means for records.

use std::net::SocketAddr;

use iscsi::IscsiName;
use iscsi::address::{Host, TargetAddress};

use super::settings::{Settings, initiator, source};
use super::wish::{DiscoverWish, Whom};
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::discovery::heard::Heard;
use crate::discovery::quest::ADDRESSES_MAX;
use crate::discovery::sendtargets::{Asking, Listed, ask};
use crate::discovery::{Questions, isns, resolve};
use crate::error::{Error, Kind, Result, Status};
use crate::message::Message;
use crate::nodes::Discovery as Way;
use crate::nodes::{Conf, DEFAULT_IFACE, Database, InitiatorName, Portal};
use crate::ops::iface_record::find;

/// A question, through one interface.
pub(in crate::ops::target) struct Question {
    /// The interface.
    iface: String,
    /// What is asked.
    what: What,
}

enum What {
    /// A portal for its targets.
    Portal(Box<Asking>),
    /// A server for those that this name may see.
    Server { at: TargetAddress, initiator: IscsiName },
}

impl What {
    fn ask(&self, deadline: Deadline) -> Result<Listed> {
        match self {
            Self::Portal(asking) => ask(asking, &resolve::system, deadline),
            Self::Server { at, initiator } => ask_server(at, initiator, deadline),
        }
    }
}

/// Asks a server at each of its addresses until one answers.
fn ask_server(at: &TargetAddress, initiator: &IscsiName, deadline: Deadline) -> Result<Listed> {
    let tried = format!("ask the iSNS server {at} for targets");
    let addresses = match &at.host {
        Host::Name(name) => resolve::system(name, deadline).map_err(|why| {
            Error::new(Kind::Failed, tried.clone())
                .with_status(Status::IsnsUnavailable)
                .answered(format!("the name cannot be looked up: {why}"))
        })?,
        host => host.ip().into_iter().collect(),
    };
    let (mut failed, mut remarks) = (None, Vec::new());
    let mut left = addresses.len().min(ADDRESSES_MAX);
    for ip in addresses.into_iter().take(ADDRESSES_MAX) {
        let by = SocketAddr::new(ip.to_canonical(), at.port);
        let share = deadline.remaining() / u32::try_from(left).unwrap_or(u32::MAX).max(1);
        left -= 1;
        match isns::query(by, initiator, deadline.at_most(share)) {
            Ok(told) => {
                remarks.extend(told.remarks.iter().cloned());
                if told.not_kept > 0 {
                    remarks.push(
                        format!(
                            "{} more portals of the server's list were not looked at",
                            told.not_kept
                        )
                        .into(),
                    );
                }
                return Ok(Listed {
                    heard: Heard::of_isns(told),
                    by,
                    hops: Vec::new(),
                    remarks,
                });
            }
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => {
                remarks.push(format!("{by}: {error}").into());
                failed = Some(error);
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::new(Kind::Failed, tried).answered("the name has no address")))
}

/// What is asked of a portal or a server, an interface each, as the record database and the wish have it.
pub(in crate::ops::target) fn questions(
    ctx: &mut Ctx<'_>,
    database: &Database,
    conf: &Conf,
    portal: &TargetAddress,
    wish: &DiscoverWish,
    tried: &str,
) -> Result<Vec<Question>> {
    let portal = TargetAddress {
        tag: None,
        ..portal.clone()
    };
    let server = matches!(wish.whom, Whom::Isns(_));
    let record = database.portal(Way::SendTargets, &id_of(&portal))?;
    let host = InitiatorName::read(database.place())?;
    let settings = Settings {
        conf,
        record: record.as_ref(),
        wish,
    };
    let mut all = Vec::new();
    for name in ifaces(wish) {
        let iface = find(database, &name, tried)?;
        let initiator = initiator(&iface, host.as_ref(), tried)?;
        let what = if server {
            let initiator = initiator.parse().map_err(|why| {
                Error::new(Kind::Invalid, tried).answered(format!("the initiator name cannot be used: {why}"))
            })?;
            What::Server {
                at: portal.clone(),
                initiator,
            }
        } else {
            let alias = host.as_ref().and_then(|host| host.alias.as_deref());
            let (source, remark) = source(&name, &iface, tried)?;
            if let Some(remark) = remark {
                ctx.warn(remark);
            }
            What::Portal(Box::new(Asking {
                portal: portal.clone(),
                login: settings.login(&initiator, alias),
                source,
                redirect_max: settings.redirect_max(),
            }))
        };
        all.push(Question { iface: name, what });
    }
    Ok(all)
}

/// The interfaces that a wish names.
pub(super) fn ifaces(wish: &DiscoverWish) -> Vec<String> {
    if wish.ifaces.is_empty() {
        return vec![DEFAULT_IFACE.to_owned()];
    }
    let mut all = wish.ifaces.clone();
    let mut seen = std::collections::HashSet::new();
    all.retain(|name| seen.insert(name.clone()));
    all
}

/// A portal as its record is called.
pub(super) fn id_of(portal: &TargetAddress) -> Portal {
    Portal {
        address: portal.host.to_string(),
        port: portal.port,
        tag: None,
    }
}

/// Asks all of them at once.
pub(in crate::ops::target) fn ask_all(ctx: &Ctx<'_>, all: Vec<Question>) -> Vec<(String, Result<Listed>)> {
    let deadline = ctx.deadline;
    let names: Vec<String> = all.iter().map(|q| q.iface.clone()).collect();
    let mut questions = Questions::default();
    for question in all {
        questions.add(move || question.what.ask(deadline));
    }
    let late = || {
        let error =
            Error::new(Kind::Timeout, "ask for targets").answered("the time was over before the answer came");
        Err(error.hint(Message::from("try again with a longer ").then(crate::step::Step::WithMoreTime)))
    };
    let answers = questions
        .wait(deadline)
        .into_iter()
        .map(|answer| answer.unwrap_or_else(late));
    names.into_iter().zip(answers).collect()
}
