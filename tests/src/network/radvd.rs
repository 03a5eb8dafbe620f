//! radvd: router advertisements of the far machine.

use std::fs;

use anyhow::Result;

use super::{FAR, Segment};
use crate::need::Need;
use crate::process::Running;

/// What it takes.
pub const NEEDS: &[Need] = &[Need::Tool("radvd", "radvd")];

/// The name of its log in the segment.
pub const LOG: &str = "radvd.log";

/// What is advertised.
#[derive(Clone, Copy, Debug, Default)]
pub struct Advertised {
    /// The plan's prefix, for addresses that hosts make themselves.
    pub prefix: bool,
    /// Addresses are had by DHCPv6 (M flag).
    pub managed: bool,
}

/// Starts it on the far machine.
///
/// # Errors
/// As [`Segment::serve`].
pub fn start(segment: &Segment, advertised: Advertised) -> Result<Running> {
    let conf = segment.file("radvd.conf");
    let managed = if advertised.managed { "on" } else { "off" };
    let prefix = match advertised.prefix {
        true => format!(
            "prefix {}/64 {{ AdvOnLink on; AdvAutonomous on; }};",
            segment.plan.prefix()
        ),
        false => String::new(),
    };
    let text = format!(
        "interface {FAR} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 60; \
         AdvManagedFlag {managed}; {prefix} }};\n"
    );
    fs::write(&conf, text)?;
    let pid = segment.file("radvd.pid");
    let args = [
        "--nodaemon".as_ref(),
        "--debug=1".as_ref(),
        "--logmethod=stderr".as_ref(),
        "-C".as_ref(),
        conf.as_os_str(),
        "-p".as_ref(),
        pid.as_os_str(),
    ];
    segment.serve("radvd", &args, "started", LOG)
}
