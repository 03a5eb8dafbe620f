//! An emulated bnx2i-class adapter whose L2 ring is plugged into a segment.
//!
//! On the near machine a bridge joins the cable and the ring's TAP device. The bridge has an address: the emulated adapter's TCP is this
//! machine's, as its ring is not.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Result;

use super::segment::{ip, quiet, start_in};
use super::{NEAR, Segment};
use crate::process::{Running, own_binary};

/// The adapter's host.
pub const HOST: u32 = 1;
const BRIDGE: &str = "bridge0";
const TAP: &str = "ring0";
/// The name of its log in the segment.
pub const LOG: &str = "hbaemu.log";

/// The adapter, being served.
#[derive(Debug)]
pub struct Offload {
    serving: Running,
    endpoint: PathBuf,
}

impl Offload {
    /// Serves one bnx2i port, with the further arguments of `hbaemu serve`.
    ///
    /// # Errors
    /// The programs are not built, or the adapter does not get ready.
    pub fn start(segment: &Segment, args: &[&str]) -> Result<Self> {
        let (near, plan) = (&segment.near, segment.plan);
        let mtu = plan.mtu;
        ip(
            near,
            &format!("link add {BRIDGE} mtu {mtu} type bridge mcast_snooping 0"),
        )?;
        ip(near, &format!("tuntap add dev {TAP} mode tap"))?;
        ip(near, &format!("link set {TAP} mtu {mtu}"))?;
        quiet(near, TAP)?;
        for device in [NEAR, TAP] {
            ip(near, &format!("link set {device} master {BRIDGE}"))?;
        }
        for device in [TAP, BRIDGE] {
            ip(near, &format!("link set {device} up"))?;
        }
        ip(near, &format!("address add {}/24 dev {BRIDGE}", plan.host(2)))?;
        ip(
            near,
            &format!("address add {}2/64 dev {BRIDGE} nodad", plan.prefix()),
        )?;

        let endpoint = segment.file("hba");
        let program = own_binary("hbaemu")?;
        let program = program.to_str().unwrap_or("hbaemu");
        let ring = format!("tap:{TAP}");
        let mut all: Vec<&OsStr> = vec!["serve".as_ref(), endpoint.as_os_str()];
        for word in ["--adapter", "bnx2i:1", "--l2", &ring] {
            all.push(word.as_ref());
        }
        all.extend(args.iter().map(OsStr::new));
        let serving = start_in(near, program, &all, &[], "ready", &segment.file(LOG))?;
        Ok(Self { serving, endpoint })
    }

    /// The endpoint directory.
    #[must_use]
    pub fn endpoint(&self) -> &std::path::Path {
        &self.endpoint
    }

    /// The served process.
    #[must_use]
    pub const fn serving(&self) -> &Running {
        &self.serving
    }
}
