//! The staging file: parameters set and not yet applied, one file for each endpoint, replaced as a whole. Adapters are known by
//! MAC address there, since host numbers change.

use std::collections::BTreeMap;
use std::path::PathBuf;

use files::Dir;
use serde::{Deserialize, Serialize};

use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{Family, IfaceId};
use crate::model::{AdapterKey, Iface, StagedValue};
use crate::params::{IfaceCode, ParamValue, Parameter, fits_family};

const FILE: &str = "staged-ifaces.json";
const VERSION: u32 = 1;
const SIZE_MAX: u64 = 1 << 20;

/// Staged parameters of one interface by name.
pub(super) type Values = BTreeMap<String, ParamValue>;

/// All that is staged on an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stage {
    version: u32,
    /// By adapter, then by interface as `ipv4-0`.
    ifaces: BTreeMap<String, BTreeMap<String, Values>>,
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            version: VERSION,
            ifaces: BTreeMap::new(),
        }
    }
}

fn adapter_key(key: &AdapterKey) -> String {
    key.mac.clone().unwrap_or_else(|| key.host.to_string())
}

fn iface_key(id: IfaceId) -> String {
    format!("{}-{}", id.family, id.num)
}

impl Stage {
    fn path(ctx: &Ctx<'_>) -> PathBuf {
        ctx.home.state.join(FILE)
    }

    /// Reads the file; nothing is staged when there is none.
    ///
    /// # Errors
    /// The file cannot be read or is not ours; it is named and left alone.
    pub(super) fn load(ctx: &Ctx<'_>) -> Result<Self> {
        let path = Self::path(ctx);
        let tried = || format!("read staged settings from {}", path.display());
        let fail = |e: files::Error| Error::io(tried(), &e.into());
        let text = match Dir::private_if_there(&ctx.home.state).map_err(fail)? {
            Some(dir) => dir.read(FILE, SIZE_MAX).map_err(fail)?,
            None => None,
        };
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let refuse = |why: String| {
            Error::new(Kind::Failed, tried())
                .answered(why)
                .hint("correct the file, or remove it to drop what was staged")
        };
        let stage: Self = serde_json::from_slice(&text)
            .map_err(|e| refuse(format!("it does not read as settings: {e}")))?;
        if stage.version != VERSION {
            return Err(refuse(format!(
                "it has version {}, this program knows {VERSION}",
                stage.version
            )));
        }
        Ok(stage)
    }

    /// Replaces the file.
    pub(super) fn save(&self, ctx: &Ctx<'_>) -> Result<()> {
        let tried = || format!("write staged settings to {}", Self::path(ctx).display());
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::io(tried(), &e.into()))?;
        Dir::private(&ctx.home.state)
            .and_then(|dir| dir.replace(FILE, &text))
            .map_err(|e| Error::io(tried(), &e.into()))
    }

    /// What is staged for an interface.
    pub(super) fn of(&self, key: &AdapterKey, id: IfaceId) -> Values {
        self.ifaces
            .get(&adapter_key(key))
            .and_then(|a| a.get(&iface_key(id)))
            .cloned()
            .unwrap_or_default()
    }

    /// Replaces what is staged for an interface.
    pub(super) fn put(&mut self, key: &AdapterKey, id: IfaceId, values: Values) {
        let adapter = self.ifaces.entry(adapter_key(key)).or_default();
        if values.is_empty() {
            adapter.remove(&iface_key(id));
        } else {
            adapter.insert(iface_key(id), values);
        }
        self.ifaces.retain(|_, a| !a.is_empty());
    }
}

/// Shows on an interface what of `values` is not applied.
pub(super) fn show_on(iface: &mut Iface, values: &Values) {
    let params = &iface.params;
    iface.staged = values
        .iter()
        .filter_map(|(name, staged)| Some((param(name, iface.family)?, staged)))
        .map(|(param, staged)| (param, params.value(param).cloned(), staged))
        .filter(|(_, applied, staged)| applied.as_ref() != Some(*staged))
        .map(|(param, applied, staged)| {
            (
                param,
                StagedValue {
                    applied,
                    staged: staged.clone(),
                },
            )
        })
        .collect();
}

/// The parameter of a name in the file, of the interface's own family where it can be.
fn param(name: &str, family: Family) -> Option<IfaceCode> {
    let of_name = || IfaceCode::all().filter(|param| param.name() == name);
    of_name()
        .find(|param| fits_family(*param, family))
        .or_else(|| of_name().next())
}
