//! Ping from the adapter.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::adapter::{driver, require};
use crate::ctx::Ctx;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, Family, IfaceId};
use crate::model::{PingReply, PingResult, PingStatus};
use crate::quirks::{Ability, Can};
use crate::step::Step;

/// The largest payload in bytes; what fits the port's MTU is decided by the firmware.
pub const SIZE_MAX: u32 = 65_500;
/// The largest count of one series.
pub const COUNT_MAX: u32 = 1_000_000;

/// What to ping and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingRequest {
    /// Destination.
    pub address: IpAddr,
    /// How many.
    pub count: u32,
    /// Payload size in bytes.
    pub size: u32,
    /// Pause between two.
    pub interval: Duration,
    /// Longest wait for one.
    pub timeout: Duration,
}

/// Pings `count` times; `each` sees every reply as it comes. The series ends early when the context's deadline passes.
///
/// # Errors
/// [`Kind::Invalid`] for a wrong family, size or count; [`Kind::NotFound`]; [`Kind::Unsupported`]. A ping without answer is not an
/// error: see [`PingResult::received`].
pub fn ping(
    ctx: &mut Ctx<'_>,
    iface: IfaceId,
    request: &PingRequest,
    each: &mut dyn FnMut(&PingReply),
) -> Result<PingResult> {
    let tried = format!("ping {} from {iface}", request.address);
    check(iface, request, &tried)?;
    let keys = ctx.backend.adapter_keys()?;
    let key = AdapterId::Host(iface.host).resolve(&keys)?;
    require(key, &tried, Ability::Ping)?;
    let way = match driver(key).can(Ability::Ping) {
        Can::Helper => Way::Helper(vlan(iface, &tried)?),
        _ => {
            present(ctx, iface, &tried)?;
            Way::Driver
        }
    };
    let mut result = PingResult {
        host: iface.host,
        iface: iface.to_string(),
        address: request.address.to_string(),
        size: request.size,
        sent: 0,
        received: 0,
        replies: Vec::new(),
    };
    for sequence in 1..=request.count {
        if sequence > 1 {
            pause(ctx, request.interval);
            if ctx.deadline.expired() {
                ctx.warn("the series was ended by the deadline");
                break;
            }
        }
        let start = Instant::now();
        let wait = ctx.deadline.at_most(request.timeout);
        let ended = match way {
            Way::Driver => ctx.backend.ping(iface, request.address, request.size, wait),
            Way::Helper(vlan) => {
                ctx.backend
                    .helper_ping(iface.host, vlan, request.address, request.size, wait)
            }
        };
        let status = match ended {
            Err(e) if e.kind() == Kind::Timeout => PingStatus::Timeout,
            other => other.map_err(|e| e.during(tried.clone()))?,
        };
        let elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let reply = PingReply {
            sequence,
            status,
            elapsed_us,
        };
        result.sent += 1;
        result.received += u32::from(status == PingStatus::Success);
        each(&reply);
        result.replies.push(reply);
    }
    Ok(result)
}

/// Who pings.
#[derive(Clone, Copy)]
enum Way {
    Driver,
    /// The network helper, from the interface on this VLAN.
    Helper(u16),
}

/// The VLAN that an interface of the helper's is named by.
fn vlan(iface: IfaceId, tried: &str) -> Result<u16> {
    u16::try_from(iface.num)
        .ok()
        .filter(|id| *id < 4095)
        .ok_or_else(|| Error::new(Kind::Invalid, tried).answered(format!("{} is no VLAN", iface.num)))
}

/// Refuses for an interface that is off, or not there.
fn present(ctx: &mut Ctx<'_>, iface: IfaceId, tried: &str) -> Result<()> {
    match ctx.backend.ifaces(iface.host)?.iter().find(|i| i.id() == iface) {
        Some(found) if found.present => Ok(()),
        Some(_) => Err(Error::new(Kind::NotFound, tried)
            .answered(format!("{} is off on {}", iface.family, iface.host))
            .hint(Step::IfaceSwitchOn.then(" switches it on"))),
        None => Err(Error::new(Kind::NotFound, tried)
            .answered(format!("there is no interface {iface}"))
            .hint(Step::IfaceList.then(" shows what is there"))),
    }
}

fn check(iface: IfaceId, request: &PingRequest, tried: &str) -> Result<()> {
    let refuse = |why: String| Err(Error::new(Kind::Invalid, tried).answered(why));
    if Family::of(request.address) != iface.family {
        return refuse(format!("{iface} is of family {}", iface.family));
    }
    if !(1..=COUNT_MAX).contains(&request.count) {
        return refuse(format!("the count must be from 1 to {COUNT_MAX}"));
    }
    if request.size > SIZE_MAX {
        return refuse(format!("the size must be at most {SIZE_MAX} bytes"));
    }
    if request.timeout.is_zero() {
        return refuse("the timeout must not be zero".to_owned());
    }
    Ok(())
}

fn pause(ctx: &mut Ctx<'_>, interval: Duration) {
    let until = Deadline::after(interval.min(ctx.deadline.remaining()));
    ctx.backend.pause(until.remaining());
}

#[cfg(test)]
mod tests {
    use super::super::testing::{H0, ctx, iface as port, key};
    use super::*;
    use crate::backend::scripted::{Call, Scripted};

    const ID: IfaceId = IfaceId {
        host: H0,
        family: Family::Ipv4,
        num: 0,
    };

    fn request(count: u32) -> PingRequest {
        PingRequest {
            address: "192.168.10.50".parse().expect("address"),
            count,
            size: 32,
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(2),
        }
    }

    #[test]
    fn a_series_counts_answers_and_goes_on_after_a_loss() {
        let mut s = Scripted::new();
        let r = request(3);
        s.expect(Call::AdapterKeys, Ok(vec![key()]))
            .expect(Call::Ifaces(H0), Ok(vec![port(&[])]));
        s.expect(Call::Ping(ID, r.address, 32), Ok(PingStatus::Success));
        s.expect::<PingStatus>(
            Call::Ping(ID, r.address, 32),
            Err(Error::timeout("ping", "PING_COMP")),
        );
        s.expect(Call::Ping(ID, r.address, 32), Ok(PingStatus::Success));
        let mut seen = Vec::new();
        let result = ping(&mut ctx(&mut s), ID, &r, &mut |p| seen.push(p.status)).expect("series");
        assert_eq!((result.sent, result.received), (3, 2));
        assert_eq!(
            seen,
            [PingStatus::Success, PingStatus::Timeout, PingStatus::Success]
        );
        assert_eq!(s.pauses, 2);
        s.finish();
    }

    #[test]
    fn a_wrong_family_is_refused_before_anything_is_sent() {
        let mut s = Scripted::new();
        let mut r = request(1);
        r.address = "fe80::1".parse().expect("address");
        assert_eq!(
            ping(&mut ctx(&mut s), ID, &r, &mut |_| ())
                .expect_err("family")
                .kind(),
            Kind::Invalid
        );
        assert_eq!(
            ping(&mut ctx(&mut s), ID, &request(0), &mut |_| ())
                .expect_err("count")
                .kind(),
            Kind::Invalid
        );
        s.finish();
    }

    #[test]
    fn an_unknown_interface_is_named() {
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![key()]))
            .expect::<Vec<crate::model::Iface>>(Call::Ifaces(H0), Ok(vec![]));
        let e = ping(&mut ctx(&mut s), ID, &request(1), &mut |_| ()).expect_err("missing");
        assert_eq!(e.kind(), Kind::NotFound);
        assert!(e.to_string().contains("ipv4-iface-0-0"), "{e}");
        s.finish();
    }

    #[test]
    fn where_the_helper_pings_it_is_asked_for_the_vlan_and_nothing_is_looked_for_in_the_kernel() {
        use super::super::helper::tests::{H3, bnx2i};

        let mut s = Scripted::new();
        let r = request(2);
        let id = IfaceId {
            host: H3,
            family: Family::Ipv4,
            num: 100,
        };
        let call = Call::HelperPing(H3, 100, r.address, 32);
        s.expect(Call::AdapterKeys, Ok(vec![key(), bnx2i()]))
            .expect(call.clone(), Ok(PingStatus::NoArpReceived))
            .expect(call, Ok(PingStatus::Success));
        let result = ping(&mut ctx(&mut s), id, &r, &mut |_| ()).expect("series");
        assert_eq!((result.sent, result.received), (2, 1));
        assert_eq!(result.iface, "ipv4-iface-3-100");
        s.finish();
        let mut s = Scripted::new();
        s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]));
        let none = IfaceId { num: 4095, ..id };
        let e = ping(&mut ctx(&mut s), none, &r, &mut |_| ()).expect_err("no vlan");
        assert_eq!(e.kind(), Kind::Invalid);
        s.finish();
    }

    #[test]
    fn a_helper_that_does_not_run_is_no_loss_of_a_ping() {
        use super::super::helper::tests::{H3, bnx2i};
        use crate::error::Status;
        use crate::model::HelperPresence;

        let mut s = Scripted::new();
        let r = request(3);
        let id = IfaceId { host: H3, ..ID };
        let absent = Error::helper_absent(HelperPresence::NotRunning, "ping");
        s.expect(Call::AdapterKeys, Ok(vec![bnx2i()]))
            .expect::<PingStatus>(Call::HelperPing(H3, 0, r.address, 32), Err(absent));
        let e = ping(&mut ctx(&mut s), id, &r, &mut |_| ()).expect_err("nobody pings");
        assert_eq!((e.kind(), e.status()), (Kind::Failed, Status::HelperUnreachable));
        assert!(e.to_string().contains("from ipv4-iface-3-0"), "{e}");
        s.finish();
    }
}
