//! Pings.

use std::net::IpAddr;

use hba::model::{PingReply, PingResult, PingStatus};

use crate::output::Details;

pub(crate) fn reply(address: IpAddr, reply: &PingReply) -> String {
    let ms = reply.elapsed_us as f64 / 1000.0;
    match reply.status {
        PingStatus::Success => format!("{address}: ping {} answered in {ms:.1} ms", reply.sequence),
        status => format!("{address}: ping {} failed: {status} ({ms:.0} ms)", reply.sequence),
    }
}

pub(crate) fn summary(result: &PingResult) -> Details {
    vec![
        ("From".to_owned(), result.iface.clone()),
        ("To".to_owned(), result.address.clone()),
        ("Sent".to_owned(), result.sent.to_string()),
        ("Answered".to_owned(), result.received.to_string()),
    ]
}
