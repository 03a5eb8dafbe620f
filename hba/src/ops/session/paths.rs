//! The paths of a session. No Linux driver has more than one connection a session (the class makes them all with connection 0,
//! `scsi_transport_iscsi.c`, `iscsi_if_create_conn`), so there is one path and nothing to spread.

use super::show;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::model::{ConnectionStanding, LinkStatus, Path, SessionPaths};
use crate::quirks::Driver;

/// The paths of a session.
///
/// # Errors
/// [`crate::Kind::NotFound`].
pub fn paths(ctx: &mut Ctx<'_>, sid: u32) -> Result<SessionPaths> {
    let session = show(ctx, sid).map_err(|e| e.during(format!("show the paths of session {sid}")))?;
    let adapter = ctx.backend.adapter(session.host)?;
    let speed = adapter.as_ref().and_then(|adapter| adapter.speed.clone());
    let driver = Driver::of(session.transport.as_deref().unwrap_or_default());
    let paths = session
        .connections
        .iter()
        .map(|connection| Path {
            cid: connection.cid,
            portal: connection
                .address
                .as_deref()
                .zip(connection.port)
                .map(|(address, port)| crate::address::portal(address, port)),
            primary: true,
            weight: None,
            status: status(connection.standing),
            link_speed: speed.clone(),
            tcp_offload: driver.integrated_tcpip != Some(true),
        })
        .collect();
    Ok(SessionPaths {
        sid,
        policy: "single_path".to_owned(),
        policy_reason: "a session has one connection with every Linux driver; load over several sessions is spread by dm-multipath"
            .to_owned(),
        paths,
    })
}

const fn status(standing: Option<ConnectionStanding>) -> LinkStatus {
    match standing {
        Some(ConnectionStanding::LoggedIn) => LinkStatus::Connected,
        Some(
            ConnectionStanding::InLogin
            | ConnectionStanding::WaitingForTransport
            | ConnectionStanding::CleanupWait,
        ) => LinkStatus::Reconnecting,
        Some(ConnectionStanding::Free) | None => LinkStatus::Disconnected,
    }
}
