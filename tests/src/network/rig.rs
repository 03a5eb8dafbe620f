//! The whole road of a bnx2i-class adapter: dnsmasq and tgt on one machine, the adapter and the network helper on the other.
//!
//! Owns what stands on it, and the few ways to ask. It must not know what is proven.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netlink::code::GROUP_ISCSID;
use driver_sys::uip::IfaceRecord;
use iscsi::Isid;
use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::digest::Digest;
use iscsi::initiator::{Auth, Config};
use serde_json::Value;

use super::helper::Helper;
use super::offload::{HOST, Offload};
use super::{Plan, Segment, dnsmasq};
use crate::lab;
use crate::need::Need;
use crate::netlink::Client;
use crate::offload::Wanted;
use crate::process::{Running, until};
use crate::tgt::{self, Account, Tgtd};

/// The target's name.
pub const IQN: &str = "iqn.2026-11.org.example:disk";
/// Who may log in to it, if the rig has accounts.
pub const USER: &str = "initiator";
/// With this secret; a test's own, not worth hiding.
pub const SECRET: &str = "initiator-secret-1";

/// What it takes.
#[must_use]
pub fn needs() -> Vec<Need> {
    [super::NEEDS, dnsmasq::NEEDS, tgt::NEEDS].concat()
}

/// Everything, running.
#[derive(Debug)]
pub struct Rig {
    /// The helper; `None` while there is none.
    pub helper: Option<Helper>,
    /// The adapter.
    pub offload: Offload,
    /// The target.
    pub tgt: Tgtd,
    /// The DHCP server.
    pub dhcp: Option<Running>,
    /// The cable.
    pub segment: Segment,
}

impl Rig {
    /// Starts everything, with a disk of `bytes`, and with CHAP if `chap`.
    ///
    /// # Errors
    /// One of [`needs`] is not met, or something does not get ready.
    pub fn start(bytes: u64, chap: bool) -> Result<Self> {
        let mut rig = Self::helperless(bytes, chap)?;
        rig.helper = Some(Helper::start(&rig.segment, rig.offload.endpoint())?);
        Ok(rig)
    }

    /// The same without a helper.
    ///
    /// # Errors
    /// As [`Rig::start`].
    pub fn helperless(bytes: u64, chap: bool) -> Result<Self> {
        let segment = Segment::start(Plan::default())?;
        let dhcp = dnsmasq::start(&segment)?;
        let tgt = Tgtd::start_in(&segment.far, SocketAddr::new(segment.plan.v4.into(), 3260))?;
        let disk = segment.file("disk");
        std::fs::File::create(&disk)?.set_len(bytes)?;
        let account = Account {
            user: USER,
            secret: SECRET,
            outgoing: false,
        };
        let accounts: &[Account<'_>] = if chap { &[account] } else { &[] };
        tgt.add_target(1, IQN, &[&disk], accounts)?;
        // As it comes, tgt takes no digests.
        for key in ["HeaderDigest", "DataDigest"] {
            tgt.admin(&[
                "--op",
                "update",
                "--mode",
                "target",
                "--tid",
                "1",
                "-n",
                key,
                "-v",
                "CRC32C,None",
            ])?;
        }
        let offload = Offload::start(&segment, &[])?;
        Ok(Self {
            helper: None,
            offload,
            tgt,
            dhcp: Some(dhcp),
            segment,
        })
    }

    /// The helper.
    ///
    /// # Errors
    /// There is none now.
    pub fn helper(&self) -> Result<&Helper> {
        self.helper.as_ref().context("no helper runs")
    }

    /// Kills the helper with SIGKILL and starts another one.
    ///
    /// # Errors
    /// It does not get ready.
    pub fn restart_helper(&mut self) -> Result<()> {
        self.helper = None;
        self.helper = Some(Helper::start(&self.segment, self.offload.endpoint())?);
        Ok(())
    }

    /// The port's interface record: an address by DHCP.
    ///
    /// # Errors
    /// The tree does not show the port.
    pub fn record(&self) -> Result<IfaceRecord> {
        let (netdev, mac) = (self.shown("netdev")?, self.shown("hwaddress")?);
        Ok(IfaceRecord {
            name: format!("bnx2i.{mac}"),
            netdev,
            hwaddress: mac,
            transport_name: "bnx2i".into(),
            ipaddress: "0.0.0.0".into(),
            bootproto: "dhcp".into(),
            ..Default::default()
        })
    }

    /// What the host shows.
    ///
    /// # Errors
    /// There is no such attribute.
    pub fn shown(&self, attribute: &str) -> Result<String> {
        let file = self
            .offload
            .endpoint()
            .join(format!("sys/class/iscsi_host/host{HOST}/{attribute}"));
        let text = std::fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
        Ok(text.trim().to_owned())
    }

    /// A client of the adapter that hears its events.
    ///
    /// # Errors
    /// The adapter is not there.
    pub fn client(&self) -> Result<Client> {
        Client::listening(self.offload.endpoint(), "bnx2i", GROUP_ISCSID)
    }

    /// The target's portal.
    #[must_use]
    pub const fn portal(&self) -> SocketAddr {
        self.tgt.portal()
    }

    /// A login to the target (or for discovery), as initiator `number`.
    ///
    /// # Errors
    /// The number makes no name.
    pub fn wanted(&self, target: Option<&str>, number: u8, digests: bool) -> Result<Wanted> {
        let name = format!("iqn.2026-11.org.example:host{number}");
        let isid = Isid([0, 2, 0x3d, 0, 1, number]);
        let target = target.map(str::parse).transpose()?;
        let mut config = Config::new(name.parse()?, target, isid, [number; 32]);
        let digest = if digests { Digest::Crc32c } else { Digest::None };
        config.offer.header_digests = vec![digest];
        config.offer.data_digests = vec![digest];
        let params = &mut config.offer.params;
        params.initial_r2t = false;
        params.first_burst = 64 << 10;
        params.max_burst = 256 << 10;
        params.max_recv_data_segment = 128 << 10;
        Ok(Wanted {
            host_no: HOST,
            portal: self.portal(),
            config,
        })
    }

    /// A login to the target with digests, proven with CHAP.
    ///
    /// # Errors
    /// The secret is none.
    pub fn wanted_as(&self, user: &str, secret: &str, number: u8) -> Result<Wanted> {
        let mut wanted = self.wanted(Some(IQN), number, true)?;
        wanted.config.auth = Auth::Chap {
            outgoing: ChapAccount {
                name: user.into(),
                secret: ChapSecret::new(secret.as_bytes().to_vec())?,
            },
            incoming: None,
            algorithms: Vec::new(),
            optional: false,
        };
        Ok(wanted)
    }

    /// Runs `hbactl -o json` and gives the data of its envelope.
    ///
    /// # Errors
    /// It failed, with its messages.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let all = [&["-o", "json"], args].concat();
        let out = lab::hbactl(self.offload.endpoint(), &all)?.output()?;
        if !out.status.success() {
            bail!(
                "hbactl {}: {}{}",
                args.join(" "),
                String::from_utf8_lossy(&out.stderr),
                String::from_utf8_lossy(&out.stdout)
            );
        }
        let mut envelope: Value = serde_json::from_slice(&out.stdout)?;
        Ok(envelope.get_mut("data").context("no data")?.take())
    }

    /// The address of the session's disk, once it is there.
    ///
    /// # Errors
    /// It does not come in time.
    pub fn disk(&self, sid: u32) -> Result<String> {
        until(Duration::from_secs(60), "the disk", || {
            let luns = self.json(&["lun", "list", "--session", &sid.to_string()])?;
            let disk = luns.as_array().and_then(|all| {
                let disk = all.iter().find(|lun| lun["device_type"] == 0)?;
                Some(disk["address"].as_str()?.to_owned())
            });
            Ok(disk)
        })
    }

    /// Breaks something with `hbaemu fault`.
    ///
    /// # Errors
    /// It refuses.
    pub fn fault(&self, words: &[&str]) -> Result<()> {
        let mut command = std::process::Command::new(crate::process::own_binary("hbaemu")?);
        command.args(["fault", "--endpoint"]).arg(self.offload.endpoint());
        let out = command.args(words).output()?;
        ensure!(
            out.status.success(),
            "hbaemu fault {words:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        Ok(())
    }

    /// A file with so many bytes that look like nothing; its path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn noise(&self, name: &str, bytes: usize, seed: u64) -> Result<PathBuf> {
        let mut state = seed;
        let mut all = Vec::with_capacity(bytes + 8);
        while all.len() < bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            all.extend_from_slice(&(state >> 16).to_le_bytes());
        }
        all.truncate(bytes);
        let file = self.segment.file(name);
        std::fs::write(&file, all)?;
        Ok(file)
    }
}
