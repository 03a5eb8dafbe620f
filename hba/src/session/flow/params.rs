//! What the kernel is told of a session before it starts: values for the parameters that the transport's mask lets through.
//!
//! Owns where each value comes from. Which are sent, and in which order, is [`Mask`]'s. Source: open-iscsi `usr/initiator_common.c`
//! (`iscsi_session_set_params`).

use std::net::SocketAddr;

use driver_sys::netlink::{Attr, Bytes};
use iscsi::digest::Digest;
use iscsi::initiator::LoggedIn;
use iscsi::negotiate::Params;

use super::Attempt;
use super::attempt::Login;
use crate::initiator::Account;
use crate::params::IscsiParam as P;
use crate::policy::{mask::Mask, timeouts::COPIED};

/// What is known when they are set.
pub(super) struct Known<'a> {
    pub(super) attempt: &'a Attempt,
    /// The portal that is kept: the attempt's, unless every redirection was for good.
    pub(super) persistent: SocketAddr,
    /// `None`: the adapter will agree.
    pub(super) agreed: Option<&'a LoggedIn>,
    pub(super) exp_stat_sn: u32,
}

/// Parameters with their values, in the order in which they are set.
pub(super) fn of(known: &Known<'_>) -> Vec<Attr<P>> {
    let with_value = |param: &P| Some(Attr::new(*param, text(known, *param)?));
    let mask = Mask::of(known.attempt.link.caps);
    mask.sent.iter().filter_map(with_value).collect()
}

fn text(known: &Known<'_>, param: P) -> Option<Bytes> {
    let login = &known.attempt.login;
    let params = known.agreed.map_or(&login.offer.params, |agreed| &agreed.params);
    if let Some(value) = negotiated(login, params, known.agreed.is_some(), param) {
        return Some(Bytes::c_text(&value.to_string()));
    }
    let account = |of: Option<&Account>, secret: bool| -> Option<Bytes> {
        let of = of?;
        if !secret {
            return Some(Bytes::c_text(&of.name));
        }
        let mut bytes = Vec::with_capacity(of.secret.expose().len() + 1);
        bytes.extend_from_slice(of.secret.expose());
        bytes.push(0);
        Some(Bytes::new(bytes))
    };
    let chap = login.chap.as_ref();
    let (outgoing, incoming) = (
        chap.map(|chap| &chap.outgoing),
        chap.and_then(|chap| chap.incoming.as_ref()),
    );
    let group = known.agreed.and_then(|agreed| agreed.portal_group_tag);
    let value = match param {
        P::ExpStatsn => known.agreed.map(|_| known.exp_stat_sn.to_string())?,
        P::TargetName => login.target_name.as_ref()?.to_string(),
        P::Tpgt => group.or(login.portal_group)?.to_string(),
        P::PersistentAddress => known.persistent.ip().to_string(),
        P::PersistentPort => known.persistent.port().to_string(),
        P::Username => return account(outgoing, false),
        P::UsernameIn => return account(incoming, false),
        P::Password => return account(outgoing, true),
        P::PasswordIn => return account(incoming, true),
        P::PingTmo => login.times.noop_timeout.to_string(),
        P::RecvTmo => login.times.noop_interval.to_string(),
        P::IfaceName => login.iface.clone(),
        P::InitiatorName => login.initiator_name.to_string(),
        P::DiscoverySess => u8::from(login.target_name.is_none()).to_string(),
        P::BootRoot | P::BootNic | P::BootTarget => login.boot.iter().find(|row| row.0 == param)?.1.clone(),
        _ => {
            let given = login.copied.iter().find(|row| row.0 == param).map(|row| row.1);
            let default = || {
                COPIED
                    .iter()
                    .find(|row| row.param == param)
                    .map(|row| row.default)
            };
            given.or_else(default)?.to_string()
        }
    };
    Some(Bytes::c_text(&value))
}

/// The value of a parameter that is negotiated: what was agreed, else what is offered.
fn negotiated(login: &Login, params: &Params, agreed: bool, param: P) -> Option<u32> {
    let digest = |agreed_on: Digest, offer: &[Digest]| {
        let one = if agreed { Some(&agreed_on) } else { offer.first() };
        u32::from(one.is_some_and(|digest| *digest != Digest::None))
    };
    Some(match param {
        P::MaxRecvDlength => params.max_recv_data_segment,
        P::MaxXmitDlength => params.max_xmit_data_segment,
        P::HdrdgstEn => digest(params.header_digest, &login.offer.header_digests),
        P::DatadgstEn => digest(params.data_digest, &login.offer.data_digests),
        P::InitialR2tEn => params.initial_r2t.into(),
        P::MaxR2t => params.max_outstanding_r2t,
        P::ImmDataEn => params.immediate_data.into(),
        P::FirstBurst => params.first_burst,
        P::MaxBurst => params.max_burst,
        P::PduInorderEn => params.data_pdu_in_order.into(),
        P::DataseqInorderEn => params.data_sequence_in_order.into(),
        P::Erl => params.error_recovery_level,
        P::IfmarkerEn | P::OfmarkerEn => 0,
        _ => return None,
    })
}
