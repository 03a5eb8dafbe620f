//! Statistics: asked by unicast, answered by multicast.

use driver_sys::netlink::{Event, Request};

use super::Kernel;
use super::netlink::Ask;
use crate::backend::Backend as _;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result};
use crate::ids::HostNo;
use crate::model::{Counters, CustomCounter, HostStats, SessionStats};

impl Kernel {
    /// Statistics of a port.
    pub(super) fn read_host_stats(&mut self, host: HostNo, deadline: Deadline) -> Result<HostStats> {
        let tried = format!("read the statistics of {host}");
        let request = Request::GetHostStats { host_no: host.0 };
        let ask = Ask {
            host,
            request,
            operation: Operation::HostStats,
            tried: &tried,
            deadline,
        };
        let stats = self
            .netlink
            .ask_multicast(&self.root, &ask, |event| match event {
                Event::HostStats { host_no, stats } if host_no == host.0 => Some(stats),
                _ => None,
            })?;
        let mut groups: std::collections::BTreeMap<String, Counters> = std::collections::BTreeMap::new();
        for (name, value) in driver_sys::netlink::HostStats::names().zip(stats.counters) {
            groups
                .entry(group(name).to_owned())
                .or_default()
                .insert(name.to_owned(), value);
        }
        Ok(HostStats {
            host,
            groups,
            custom: custom(&stats.custom),
        })
    }

    /// Statistics of a connection.
    pub(super) fn read_connection_stats(
        &mut self,
        sid: u32,
        cid: u32,
        deadline: Deadline,
    ) -> Result<SessionStats> {
        let tried = format!("read the statistics of session {sid}");
        let Some(session) = self.session(sid)? else {
            return Err(Error::new(Kind::NotFound, tried)
                .answered("there is no such session")
                .hint(crate::Step::SessionList.then(" shows the sessions")));
        };
        let request = Request::GetStats { sid, cid };
        let ask = Ask {
            host: session.host,
            request,
            operation: Operation::SessionStats,
            tried: &tried,
            deadline,
        };
        let stats = self
            .netlink
            .ask_multicast(&self.root, &ask, |event| match event {
                Event::Stats {
                    sid: s,
                    cid: c,
                    stats,
                } if s == sid && c == cid => Some(stats),
                _ => None,
            })?;
        Ok(SessionStats {
            sid,
            cid: Some(cid),
            target_name: Some(session.target_name),
            counters: stats
                .counters()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            custom: custom(&stats.custom),
        })
    }
}

fn custom(counters: &[driver_sys::netlink::CustomCounter]) -> Vec<CustomCounter> {
    counters
        .iter()
        .map(|c| CustomCounter {
            name: c.name.clone(),
            value: c.value,
        })
        .collect()
}

/// The group of a host counter, by the prefix of its name.
fn group(name: &str) -> &'static str {
    const GROUPS: &[(&str, &str)] = &[
        ("ipv6", "ipv6"),
        ("ip", "ipv4"),
        ("mac", "mac"),
        ("tcp", "tcp"),
        ("ecc", "ecc"),
        ("iscsi", "iscsi"),
    ];
    GROUPS
        .iter()
        .find(|g| name.starts_with(g.0))
        .map_or("other", |g| g.1)
}
