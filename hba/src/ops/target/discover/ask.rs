//! The questions of one discovery: one an interface, side by side.

use iscsi::address::TargetAddress;

use super::settings::{Settings, initiator, source};
use super::wish::DiscoverWish;
use crate::ctx::Ctx;
use crate::discovery::sendtargets::{Asking, Listed, ask};
use crate::discovery::{Questions, resolve};
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::nodes::Discovery as Way;
use crate::nodes::{Conf, DEFAULT_IFACE, Database, InitiatorName, Portal, Record, iface};

/// A question for the targets of a portal, through one interface.
pub(in crate::ops::target) struct Question {
    /// The interface.
    pub(super) iface: String,
    /// What is asked.
    pub(super) asking: Asking,
}

/// What the record database says about a portal.
pub(in crate::ops::target) fn questions(
    ctx: &mut Ctx<'_>,
    database: &Database,
    conf: &Conf,
    portal: &TargetAddress,
    wish: &DiscoverWish,
    tried: &str,
) -> Result<Vec<Question>> {
    let record = database.portal(Way::SendTargets, &id_of(portal))?;
    let host = InitiatorName::read(database.place())?;
    let settings = Settings {
        conf,
        record: record.as_ref(),
        wish,
    };
    let mut all = Vec::new();
    for name in ifaces(wish) {
        let iface = find_iface(database, &name, tried)?;
        let initiator = initiator(&iface, host.as_ref(), tried)?;
        let alias = host.as_ref().and_then(|host| host.alias.as_deref());
        let (source, remark) = source(&name, &iface, tried)?;
        if let Some(remark) = remark {
            ctx.warn(remark);
        }
        all.push(Question {
            iface: name,
            asking: Asking {
                portal: TargetAddress {
                    tag: None,
                    ..portal.clone()
                },
                login: settings.login(&initiator, alias),
                source,
                redirect_max: settings.redirect_max(),
            },
        });
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

/// An interface's record.
pub(super) fn find_iface(database: &Database, name: &str, tried: &str) -> Result<Record> {
    let there = match iface::built_in(name) {
        Some(record) => Some(record),
        None => database.iface(name)?,
    };
    there.ok_or_else(|| {
        Error::new(Kind::NotFound, tried).answered(format!(
            "there is no interface record {} in {}",
            name.escape_debug(),
            database.place().records.display()
        ))
    })
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
        questions.add(move || ask(&question.asking, &resolve::system, deadline));
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
