//! Kea as DHCPv4 and DHCPv6 server: leases of seconds.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::segment::start_in;
use super::{FAR, Segment};
use crate::need::Need;
use crate::process::Running;

/// What the DHCPv4 server takes.
pub const NEEDS_V4: &[Need] = &[Need::Tool("kea-dhcp4", "kea-dhcp4-server")];
/// What the DHCPv6 server takes.
pub const NEEDS_V6: &[Need] = &[Need::Tool("kea-dhcp6", "kea-dhcp6-server")];

/// The name of the DHCPv4 server's log in the segment.
pub const LOG_V4: &str = "kea-dhcp4.log";
/// The name of the DHCPv6 server's log in the segment.
pub const LOG_V6: &str = "kea-dhcp6.log";

/// How long its leases are.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// To the renewal.
    pub renew: Duration,
    /// To the rebinding.
    pub rebind: Duration,
    /// To the end.
    pub valid: Duration,
}

impl Times {
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(renew: u64, rebind: u64, valid: u64) -> Self {
        Self {
            renew: Duration::from_secs(renew),
            rebind: Duration::from_secs(rebind),
            valid: Duration::from_secs(valid),
        }
    }
}

/// Starts the DHCPv4 server on the far machine: addresses .100 to .199.
///
/// # Errors
/// As [`start_in`].
pub fn start_v4(segment: &Segment, times: Times) -> Result<Running> {
    let plan = segment.plan;
    let subnet = json!([{
        "id": 1,
        "subnet": format!("{}/24", plan.host(0)),
        "pools": [{ "pool": format!("{} - {}", plan.host(100), plan.host(199)) }],
        "option-data": [{ "name": "routers", "data": plan.v4.to_string() }],
    }]);
    start(segment, "kea-dhcp4", "Dhcp4", "subnet4", &subnet, times, LOG_V4)
}

/// Starts the DHCPv6 server on the far machine: addresses ::1000 to ::1fff of its prefix.
///
/// # Errors
/// As [`start_in`].
pub fn start_v6(segment: &Segment, times: Times) -> Result<Running> {
    let prefix = segment.plan.prefix();
    let subnet = json!([{
        "id": 1,
        "subnet": format!("{prefix}/64"),
        "interface": FAR,
        "pools": [{ "pool": format!("{prefix}1000 - {prefix}1fff") }],
        "preferred-lifetime": times.rebind.as_secs(),
    }]);
    start(segment, "kea-dhcp6", "Dhcp6", "subnet6", &subnet, times, LOG_V6)
}

fn start(
    segment: &Segment,
    program: &str,
    section: &str,
    subnets: &str,
    subnet: &Value,
    times: Times,
    log: &str,
) -> Result<Running> {
    let conf = segment.file(&format!("{program}.conf"));
    let mut all = json!({
        "interfaces-config": { "interfaces": [FAR] },
        "lease-database": { "type": "memfile", "persist": false },
        "renew-timer": times.renew.as_secs(),
        "rebind-timer": times.rebind.as_secs(),
        "valid-lifetime": times.valid.as_secs(),
        subnets: subnet,
        "loggers": [{
            "name": program,
            "severity": "INFO",
            "output_options": [{ "output": "stdout", "flush": true }],
        }],
    });
    if section == "Dhcp6" {
        // Else it is kept in a directory of the system's.
        all["server-id"] = json!({ "type": "LL", "persist": false });
    }
    fs::write(&conf, json!({ section: all }).to_string())?;
    let place = segment.path().as_os_str();
    let env = [
        ("KEA_PIDFILE_DIR", place),
        ("KEA_LOCKFILE_DIR", place),
        ("KEA_DHCP_DATA_DIR", place),
    ];
    let ready = format!("{}_STARTED", section.to_uppercase());
    let args = ["-c".as_ref(), conf.as_os_str()];
    start_in(&segment.far, program, &args, &env, &ready, &segment.file(log))
}
