//! Statistics of a connection and of a host, with the counters that a driver adds by name.
//!
//! Source: `iscsi_if.h`, `struct iscsi_stats`, `struct iscsi_offload_host_stats`.

use zerocopy::{FromBytes, IntoBytes};

use super::error::{DecodeError, index};
use super::raw::{iscsi_offload_host_stats, iscsi_stats, iscsi_stats_custom};
use crate::abi::Abi;

/// Counters that a driver may add (`ISCSI_STATS_CUSTOM_MAX`, `ISCSI_HOST_STATS_CUSTOM_MAX`).
pub const CUSTOM_MAX: usize = 32;
/// Counters of a host.
pub const HOST_COUNTERS: usize = 82;

/// A counter with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomCounter {
    /// Name, at most 63 bytes, no NUL.
    pub name: String,
    /// Value.
    pub value: u64,
}

impl CustomCounter {
    fn to_raw(&self) -> iscsi_stats_custom {
        let mut raw = iscsi_stats_custom {
            value: self.value,
            ..Default::default()
        };
        let name = crate::hw::until_nul(self.name.as_bytes());
        let name = &name[..name.len().min(raw.desc.len() - 1)];
        raw.desc[..name.len()].copy_from_slice(name);
        raw
    }
}

fn encode_custom(custom: &[CustomCounter], out: &mut Vec<u8>) {
    for counter in custom.iter().take(CUSTOM_MAX) {
        out.extend_from_slice(counter.to_raw().as_bytes());
    }
}

fn decode_custom(count: u32, rest: &[u8]) -> Result<Vec<CustomCounter>, DecodeError> {
    let count = index("custom counters", count)?;
    if count > CUSTOM_MAX {
        return Err(DecodeError::TooMany {
            what: "custom counters",
            count,
            limit: CUSTOM_MAX,
        });
    }
    let size = size_of::<iscsi_stats_custom>();
    let bytes = rest.get(..count * size).ok_or(DecodeError::Length {
        what: "custom counters",
        claimed: count * size,
        have: rest.len(),
    })?;
    Ok(bytes
        .chunks_exact(size)
        .filter_map(|chunk| iscsi_stats_custom::read_from_bytes(chunk).ok())
        .map(|raw| CustomCounter {
            name: String::from_utf8_lossy(crate::hw::until_nul(&raw.desc)).into_owned(),
            value: raw.value,
        })
        .collect())
}

/// Statistics of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionStats {
    /// The fixed counters; `custom_length` is ignored when encoding.
    pub fixed: iscsi_stats,
    /// The driver's own.
    pub custom: Vec<CustomCounter>,
}

impl SessionStats {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let count = self.custom.len().min(CUSTOM_MAX);
        let fixed = iscsi_stats {
            custom_length: u32::try_from(count).unwrap_or(0),
            ..self.fixed
        };
        let mut out = fixed.as_bytes().to_vec();
        encode_custom(&self.custom, &mut out);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (fixed, rest) = iscsi_stats::read_from_prefix(bytes).map_err(|_| DecodeError::Short {
            what: "session statistics",
            need: size_of::<iscsi_stats>(),
            have: bytes.len(),
        })?;
        let custom = decode_custom(fixed.custom_length, rest)?;
        Ok(Self { fixed, custom })
    }

    /// The fixed counters with the kernel's names.
    pub fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let f = &self.fixed;
        let wide = [f.txdata_octets, f.rxdata_octets];
        let narrow = [
            f.noptx_pdus,
            f.scsicmd_pdus,
            f.tmfcmd_pdus,
            f.login_pdus,
            f.text_pdus,
            f.dataout_pdus,
            f.logout_pdus,
            f.snack_pdus,
            f.noprx_pdus,
            f.scsirsp_pdus,
            f.tmfrsp_pdus,
            f.textrsp_pdus,
            f.datain_pdus,
            f.logoutrsp_pdus,
            f.r2t_pdus,
            f.async_pdus,
            f.rjt_pdus,
            f.digest_err,
            f.timeout_err,
        ];
        let values = wide.into_iter().chain(narrow.into_iter().map(u64::from));
        iscsi_stats::FIELDS.iter().map(|(name, _)| *name).zip(values)
    }
}

/// Statistics of a host (port).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostStats {
    /// The counters in the order of [`HostStats::names`].
    pub counters: [u64; HOST_COUNTERS],
    /// The driver's own.
    pub custom: Vec<CustomCounter>,
}

impl HostStats {
    /// The kernel's names of the counters, which are also the labels of the stock tool.
    pub fn names() -> impl ExactSizeIterator<Item = &'static str> {
        iscsi_offload_host_stats::FIELDS[..HOST_COUNTERS]
            .iter()
            .map(|(name, _)| *name)
    }

    /// The counter that the kernel calls `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        Self::names()
            .position(|n| n == name)
            .and_then(|i| self.counters.get(i))
            .copied()
    }

    /// Sets the counter that the kernel calls `name`; `false` if there is none.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        let slot = Self::names()
            .position(|n| n == name)
            .and_then(|i| self.counters.get_mut(i));
        slot.map(|s| *s = value).is_some()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(size_of::<iscsi_offload_host_stats>());
        out.extend_from_slice(self.counters.as_bytes());
        let count = u32::try_from(self.custom.len().min(CUSTOM_MAX)).unwrap_or(0);
        out.extend_from_slice(&count.to_ne_bytes());
        out.extend_from_slice(&[0; 4]);
        encode_custom(&self.custom, &mut out);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let need = size_of::<iscsi_offload_host_stats>();
        let (raw, rest) =
            iscsi_offload_host_stats::read_from_prefix(bytes).map_err(|_| DecodeError::Short {
                what: "host statistics",
                need,
                have: bytes.len(),
            })?;
        let counters = <[u64; HOST_COUNTERS]>::read_from_prefix(raw.as_bytes())
            .map_err(|_| DecodeError::Short {
                what: "host statistics",
                need,
                have: bytes.len(),
            })?
            .0;
        Ok(Self {
            counters,
            custom: decode_custom(raw.custom_length, rest)?,
        })
    }
}

impl Default for HostStats {
    fn default() -> Self {
        Self {
            counters: [0; HOST_COUNTERS],
            custom: Vec::new(),
        }
    }
}
