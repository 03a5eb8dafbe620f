//! Why does the adapter not get in? What it lacks itself is looked at first; then the target is asked by the host itself, with the adapter's
//! name and CHAP entry.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::super::chap::records;
use super::answer::{Families, family};
use crate::backend::{ChapRecord, ListOutcome, ListProbe, LoginProbe, ProbeOutcome, Refusal};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::{ChapDirection, FlashTarget};
use crate::params::{IfaceCode, NetParam, ParamValue};
use crate::policy::portals::Reach;

/// What the target, or the way to it, tells.
pub(in crate::ops) enum Diagnosis {
    /// The login cannot succeed, and why.
    Refused(Refusal),
    /// The adapter itself cannot call anybody, and why.
    NoAddress(String),
    /// The target takes the login of this host in another way than the adapter asks; how.
    Otherwise(String),
    /// Something takes the connection, and speaks no iSCSI.
    Silent(String),
    /// This host does not reach the target either, which may say something of the adapter, too.
    Unreachable(String),
    /// This host gets in.
    Accepted,
    /// Nothing that would explain it.
    Nothing,
}

/// The reason, when the target gives one. A target that is out of the host's reach, or would take the login, tells nothing.
pub(in crate::ops) fn diagnose(ctx: &mut Ctx<'_>, target: &FlashTarget) -> Result<Diagnosis> {
    // The time for it is kept of the operator's: it is asked when the rest has run out, too. Half, since the answer is to be told.
    let kept = ctx.deadline.for_clean_up();
    let deadline = kept.at_most(PROBE_LIMIT.min(kept.remaining() / 2));
    if ctx.deadline.stopped() {
        return Ok(Diagnosis::Nothing);
    }
    let address: Option<IpAddr> = target.address.as_deref().and_then(|address| address.parse().ok());
    if let Some(address) = address
        && !families(ctx, target.host)?.have(address)
    {
        return Ok(Diagnosis::NoAddress(format!(
            "{} has no {} address",
            target.host,
            family(address)
        )));
    }
    let initiator = ctx
        .backend
        .adapter(target.host)?
        .and_then(|adapter| adapter.initiator_name);
    let (Some(initiator), Some(name), Some(ip), Some(port)) =
        (initiator, target.target_name.clone(), address, target.port)
    else {
        return Ok(Diagnosis::Nothing);
    };
    let chap = match accounts(
        ctx,
        target.host,
        target.chap_index,
        target.bidi_chap == Some(true),
    )? {
        Ok(chap) => chap,
        Err(why) => return Ok(Diagnosis::Refused(Refusal::other(why))),
    };
    let probe = LoginProbe {
        initiator,
        target: name,
        portal: SocketAddr::new(ip, port),
        chap,
    };
    Ok(match ctx.backend.probe_login(&probe, deadline) {
        ProbeOutcome::Refused(refusal) => Diagnosis::Refused(Refusal {
            why: format!("asked by this host, {refusal}"),
            kind: refusal.kind,
        }),
        ProbeOutcome::Unreachable(why) => {
            Diagnosis::Unreachable(format!("this host cannot reach {} either: {why}", probe.portal))
        }
        ProbeOutcome::Silent(why) => Diagnosis::Silent(format!(
            "asked by this host, something is at {} and speaks no iscsi: {why}",
            probe.portal
        )),
        ProbeOutcome::AcceptedMd5Alone => Diagnosis::Otherwise(
            "asked by this host, the target refuses a list of chap algorithms and takes MD5 alone; the account is right".to_owned(),
        ),
        ProbeOutcome::Accepted => Diagnosis::Accepted,
        ProbeOutcome::Unknown(_) => Diagnosis::Nothing,
    })
}

type Chap = (ChapRecord, Option<ChapRecord>);

/// What an entry proves itself with, if it does; or why it cannot.
fn accounts(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    index: Option<u16>,
    mutual: bool,
) -> Result<std::result::Result<Option<Chap>, String>> {
    let Some(index) = index else {
        return Ok(Ok(None));
    };
    let records = records(ctx, host)?;
    let find = |wanted: &dyn Fn(&&ChapRecord) -> bool| records.iter().find(wanted).cloned();
    let Some(out) = find(&|r| r.index == index) else {
        return Ok(Err(format!(
            "the flash target uses chap entry {index}, which does not exist"
        )));
    };
    Ok(Ok(Some((
        out,
        find(&|r| mutual && r.direction == ChapDirection::In),
    ))))
}

/// What a portal lists, asked by this host with the adapter's name and the CHAP entry `chap`.
pub(super) fn ask_list(
    ctx: &mut Ctx<'_>,
    host: HostNo,
    at: (IpAddr, u16),
    chap: Option<u16>,
    limit: Duration,
) -> Result<ListOutcome> {
    let not = |why: &str| Ok(ListOutcome::Not(ProbeOutcome::Unknown(why.to_owned())));
    if ctx.deadline.stopped() {
        return not("it was not waited for");
    }
    let kept = ctx.deadline.for_clean_up();
    let deadline = kept.at_most(limit.min(kept.remaining() / 2));
    let Some(initiator) = ctx.backend.adapter(host)?.and_then(|a| a.initiator_name) else {
        return not("the adapter tells no initiator name");
    };
    let chap = match accounts(ctx, host, chap, false)? {
        Ok(chap) => chap,
        Err(why) => return not(&why),
    };
    let probe = ListProbe {
        initiator,
        portal: SocketAddr::new(at.0, at.1),
        chap,
    };
    Ok(ctx.backend.probe_targets(&probe, deadline))
}

/// Whether a port has an address of the family of `address`.
pub(in crate::ops) fn port_can_call(ctx: &mut Ctx<'_>, host: HostNo, address: IpAddr) -> Result<bool> {
    Ok(families(ctx, host)?.have(address))
}

/// What a port can call; one that tells no address may call everything.
pub(in crate::ops) fn reach(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Reach> {
    let Families { v4, v6 } = families(ctx, host)?;
    Ok(if v4 || v6 {
        Reach { v4, v6, ..Reach::ANY }
    } else {
        Reach::ANY
    })
}

/// Families of addresses that a port can call.
pub(super) fn families(ctx: &mut Ctx<'_>, host: HostNo) -> Result<Families> {
    let mut have = Families::default();
    for iface in ctx.backend.ifaces(host)? {
        if iface.enabled == Some(false) || !iface.present {
            continue;
        }
        for param in [NetParam::Ipv4Addr, NetParam::Ipv6Addr, NetParam::Ipv6Linklocal] {
            let value = iface
                .params
                .value(IfaceCode::Net(param))
                .and_then(ParamValue::as_text);
            match value.and_then(|text| text.parse::<IpAddr>().ok()) {
                Some(IpAddr::V4(address)) => have.v4 |= !address.is_unspecified(),
                Some(IpAddr::V6(address)) => have.v6 |= !address.is_unspecified(),
                None => {}
            }
        }
    }
    Ok(have)
}

const PROBE_LIMIT: Duration = Duration::from_secs(5);
