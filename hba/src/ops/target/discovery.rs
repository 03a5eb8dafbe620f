//! How a port comes to know targets: the ways it has, those it does not, and the settings of both.
//!
//! Source: Microsoft `iscsidscdef.mof` (`MSiSCSI_DiscoveryConfig`); kernel 6.1 `iscsi_if.h` (`ISCSI_IFACE_PARAM_DISCOVERY_*`,
//! `ISCSI_NET_PARAM_IPV4_DHCP_SLP_DA_EN`).

use schemars::JsonSchema;
use serde::Serialize;

use crate::ctx::Ctx;
use crate::error::Result;
use crate::ids::{AdapterId, HostNo};
use crate::model::FlashTarget;
use crate::ops::adapter::all_able;
use crate::params::{FlashnodeParam, IfaceCode, IfaceParam, NetParam, ParamValue, Parameter};
use crate::quirks::Ability;

/// Ways of discovery that no adapter here has, and why.
pub(super) const MISSING: &[(&str, &str)] = &[
    (
        "isns",
        "the kernel's drivers ask no iSNS server and keep none in the adapter",
    ),
    (
        "slp",
        "the adapter can learn SLP agents from DHCP, and its driver asks none",
    ),
];

/// How a port comes to know targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiscoverySettings {
    /// The port.
    pub host: HostNo,
    /// Its initiator name.
    pub initiator_name: Option<String>,
    /// The ways.
    pub ways: Vec<Way>,
    /// SendTargets portals that it asks at every start, `ADDRESS:PORT`.
    pub portals: Vec<String>,
    /// Settings of the port's sessions: name, value, and what sets it.
    pub settings: Vec<Setting>,
}

/// A way of discovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Way {
    /// Its name.
    pub name: String,
    /// Whether the adapter has it.
    pub supported: bool,
    /// How it is used, or why it is not there.
    pub note: String,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Setting {
    /// What it is of: an interface or a SendTargets entry.
    pub of: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Option<ParamValue>,
}

/// The settings of discovery of one port, or of all.
///
/// # Errors
/// [`crate::Kind::NotFound`], [`crate::Kind::Unsupported`]; the adapter cannot be read.
pub fn discovery(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Vec<DiscoverySettings>> {
    let mut all = Vec::new();
    for host in all_able(ctx, id, "show the settings of discovery", Ability::Flash)? {
        let entries: Vec<FlashTarget> = ctx
            .backend
            .flash_targets(host)?
            .into_iter()
            .filter(|t| t.discovery)
            .collect();
        let mut settings = Vec::new();
        for iface in ctx.backend.ifaces(host)? {
            for code in [
                IfaceCode::Iscsi(IfaceParam::DiscoveryLogoutEn),
                IfaceCode::Iscsi(IfaceParam::DiscoveryAuthOptional),
                IfaceCode::Net(NetParam::Ipv4DhcpSlpDaEn),
            ] {
                if let Some(value) = iface.params.get(code) {
                    settings.push(Setting {
                        of: iface.name.clone(),
                        name: code.name().to_owned(),
                        value: value.clone(),
                    });
                }
            }
        }
        for entry in &entries {
            for param in [
                FlashnodeParam::DiscoveryLogoutEn,
                FlashnodeParam::DiscoveryAuthOptional,
            ] {
                settings.push(Setting {
                    of: format!("flash target {}", entry.index),
                    name: param.name().to_owned(),
                    value: entry.params.value(param).cloned(),
                });
            }
        }
        let portal = |t: &FlashTarget| {
            let at = t.address.as_deref()?.parse().ok().zip(t.port)?;
            Some(crate::ids::Portal::new(at.0, at.1).to_string())
        };
        let has = |name: &str, note: &str| Way {
            name: name.to_owned(),
            supported: true,
            note: note.to_owned(),
        };
        let lacks = MISSING.iter().map(|(name, why)| Way {
            name: (*name).to_owned(),
            supported: false,
            note: (*why).to_owned(),
        });
        all.push(DiscoverySettings {
            host,
            initiator_name: ctx.backend.adapter(host)?.and_then(|a| a.initiator_name),
            ways: [
                has(
                    "sendtargets",
                    "portals in flash are asked at every start, and when it is asked for",
                ),
                has("static", "targets in flash are logged in to at every start"),
            ]
            .into_iter()
            .chain(lacks)
            .collect(),
            portals: entries.iter().filter_map(portal).collect(),
            settings,
        });
    }
    Ok(all)
}
