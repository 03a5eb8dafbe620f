//! Statistics: host, adapter, session, connection, requests, logins.

mod errors;
mod requests;

pub use errors::adapter;
pub use requests::requests;

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::{HostStats, SessionStats};
use crate::quirks::Ability;
use crate::step::Step;

/// Statistics of one port, or of all.
///
/// # Errors
/// [`crate::Kind::NotFound`], [`crate::Kind::Unsupported`], [`crate::Kind::Permission`], [`crate::Kind::Timeout`].
pub fn host(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<HostStats>> {
    let hosts = super::adapter::all_able(ctx, id, "read statistics", Ability::HostStats)?;
    hosts
        .into_iter()
        .map(|h| ctx.backend.host_stats(h, ctx.deadline))
        .collect()
}

/// Statistics of a session: the sum over its connections.
///
/// # Errors
/// As [`host`].
pub fn session(ctx: &mut Ctx<'_>, sid: u32) -> Result<SessionStats> {
    let mut stats = connection(ctx, sid, 0)?;
    stats.cid = None;
    Ok(stats)
}

/// Statistics of a connection.
///
/// # Errors
/// As [`host`]; [`Kind::NotFound`] for a connection that the session does not have.
pub fn connection(ctx: &mut Ctx<'_>, sid: u32, cid: u32) -> Result<SessionStats> {
    // The kernel answers EEXIST for one that is not there: it is asked for what is there. Every session has connection 0.
    if cid != 0 {
        let tried = format!("read the statistics of connection {sid}:{cid}");
        let Some(session) = ctx.backend.session(sid)? else {
            return Err(Error::new(Kind::NotFound, tried)
                .answered("there is no such session")
                .hint(Step::SessionList.then(" shows the sessions")));
        };
        if session.connections.iter().all(|c| c.cid != cid) {
            let has: Vec<String> = session.connections.iter().map(|c| c.cid.to_string()).collect();
            return Err(Error::new(Kind::NotFound, tried)
                .answered(format!(
                    "the session has no such connection; it has {}",
                    has.join(", ")
                ))
                .hint("leave the connection out: Linux drivers have one, number 0"));
        }
    }
    ctx.backend.connection_stats(sid, cid, ctx.deadline)
}

/// Why logins are not counted.
///
/// # Errors
/// Always [`Kind::Unsupported`].
pub fn logins() -> Result<std::convert::Infallible> {
    Err(Error::new(Kind::Unsupported, "read the statistics of logins")
        .answered("neither the kernel nor a driver counts logins, and what was not watched cannot be counted afterwards")
        .hint(Step::SessionWatch.then(" counts them while it runs, and tells the counts at its end")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{H0, ctx, key};
    use super::*;
    use crate::HostNo;
    use crate::backend::scripted::{Call, Scripted};

    fn counters(sid: u32) -> SessionStats {
        SessionStats {
            sid,
            cid: Some(0),
            target_name: None,
            counters: [("rxdata_octets".to_owned(), 7)].into(),
            custom: Vec::new(),
        }
    }

    #[test]
    fn ports_whose_driver_has_no_statistics_are_left_out_unless_named() {
        let mut s = Scripted::new();
        let mut other = key();
        other.host = HostNo(1);
        other.transport = Some("bnx2i".into());
        let stats = HostStats {
            host: H0,
            groups: std::collections::BTreeMap::new(),
            custom: Vec::new(),
        };
        s.expect(Call::AdapterKeys, Ok(vec![key(), other.clone()]))
            .expect(Call::HostStats(H0), Ok(stats))
            .expect(Call::AdapterKeys, Ok(vec![key(), other]));
        assert_eq!(host(&mut ctx(&mut s), None).expect("stats").len(), 1);
        let e = host(&mut ctx(&mut s), Some(&AdapterId::Host(HostNo(1)))).expect_err("unsupported");
        assert_eq!(e.kind(), Kind::Unsupported);
        s.finish();
    }

    #[test]
    fn a_session_is_the_sum_of_its_connections() {
        let mut s = Scripted::new();
        s.expect(Call::ConnectionStats(3, 0), Ok(counters(3)));
        let stats = session(&mut ctx(&mut s), 3).expect("stats");
        assert_eq!((stats.cid, stats.counters["rxdata_octets"]), (None, 7));
        s.finish();
    }

    #[test]
    fn a_connection_that_is_not_there_is_not_found_and_not_asked_for() {
        let mut s = Scripted::new();
        let one = super::super::testing::session(3, "iqn.2026-01.test:disk0", "LOGGED_IN");
        s.expect(Call::Session(3), Ok(Some(one)));
        let e = connection(&mut ctx(&mut s), 3, 7).expect_err("none");
        assert_eq!(e.kind(), Kind::NotFound);
        s.finish();
    }

    #[test]
    fn a_session_that_is_not_there_is_not_found() {
        let mut s = Scripted::new();
        s.expect::<SessionStats>(Call::ConnectionStats(9, 0), Err(Error::new(Kind::NotFound, "x")));
        assert_eq!(
            session(&mut ctx(&mut s), 9).expect_err("missing").kind(),
            Kind::NotFound
        );
        s.finish();
    }
}
