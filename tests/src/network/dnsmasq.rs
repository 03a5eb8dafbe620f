//! dnsmasq as DHCPv4 server. Its shortest lease is two minutes; [`super::kea`] has shorter ones.

use std::fs;

use anyhow::Result;

use super::{FAR, Segment};
use crate::need::Need;
use crate::process::Running;

/// What it takes.
pub const NEEDS: &[Need] = &[Need::Tool("dnsmasq", "dnsmasq-base")];

/// The name of its log in the segment.
pub const LOG: &str = "dnsmasq.log";

/// Starts it on the far machine: addresses .100 to .150 for an hour.
///
/// # Errors
/// As [`Segment::serve`].
pub fn start(segment: &Segment) -> Result<Running> {
    start_from(segment, 100)
}

/// As [`start`], with fifty addresses from that one on, and no memory of leases.
///
/// # Errors
/// As [`Segment::serve`].
pub fn start_from(segment: &Segment, first: u8) -> Result<Running> {
    let (plan, conf) = (segment.plan, segment.file("dnsmasq.conf"));
    let (first, last, router) = (plan.host(first), plan.host(first.saturating_add(50)), plan.v4);
    let leases = segment.file("dnsmasq.leases");
    if leases.exists() {
        fs::remove_file(&leases)?;
    }
    // Asking by echo whether the address is free takes dnsmasq three seconds; the client probes it by ARP.
    let text = format!(
        "port=0\ninterface={FAR}\nbind-interfaces\nno-ping\nno-resolv\nno-hosts\nuser=root\ngroup=root\npid-file=\n\
         dhcp-authoritative\ndhcp-range={first},{last},255.255.255.0,1h\ndhcp-option=option:router,{router}\n\
         dhcp-leasefile={}\nlog-dhcp\nlog-facility=-\n",
        leases.display()
    );
    fs::write(&conf, text)?;
    let args = ["--keep-in-foreground".as_ref(), "-C".as_ref(), conf.as_os_str()];
    segment.serve("dnsmasq", &args, "DHCP, IP range", LOG)
}
