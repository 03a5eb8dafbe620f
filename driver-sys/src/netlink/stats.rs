//! Statistics of a connection and of a host, with the counters that a driver adds by name.
//!
//! Source: `iscsi_if.h`, `struct iscsi_stats`, `struct iscsi_offload_host_stats`.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use zeroize::Zeroizing;

use super::body::{Body, Payload, claimed};
use super::error::DecodeError;
use super::raw::{
    iscsi_offload_host_stats, iscsi_stats, iscsi_stats_custom, member, msg_conn, msg_host, place,
};
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

/// How many of a driver's counters travel.
fn count(custom: &[CustomCounter]) -> u32 {
    u32::try_from(custom.len().min(CUSTOM_MAX)).unwrap_or(0)
}

/// The fixed part, then the driver's counters.
fn encode(fixed: &impl FixedPart, custom: &[CustomCounter]) -> Zeroizing<Vec<u8>> {
    let mut out = fixed.as_bytes().to_vec();
    for counter in custom.iter().take(CUSTOM_MAX) {
        out.extend_from_slice(counter.to_raw().as_bytes());
    }
    out.into()
}

/// The fixed part and the driver's counters, of which it says how many there are.
fn decode<T: FixedPart>(body: &mut Body<'_>) -> (T, Vec<CustomCounter>) {
    let all = body.bytes();
    let (need, size) = (size_of::<T>(), size_of::<iscsi_stats_custom>());
    if all.len() < need {
        body.odd(DecodeError::Short {
            what: T::WHAT,
            need,
            have: all.len(),
        });
    }
    let fixed: T = member(all);
    let count = fixed.custom_count();
    if usize::try_from(count).is_ok_and(|count| count <= CUSTOM_MAX) {
        let rest = all.get(need..).unwrap_or_default();
        let (bytes, lie) = claimed("custom counters", rest, count.saturating_mul(size as u32));
        if let Some(lie) = lie {
            body.odd(lie);
        }
        let custom = bytes
            .chunks_exact(size)
            .filter_map(|chunk| iscsi_stats_custom::read_from_bytes(chunk).ok())
            .map(|raw| CustomCounter {
                name: String::from_utf8_lossy(crate::hw::until_nul(&raw.desc)).into_owned(),
                value: raw.value,
            });
        return (fixed, custom.collect());
    }
    body.odd(DecodeError::TooMany {
        what: "custom counters",
        count: usize::try_from(count).unwrap_or(usize::MAX),
        limit: CUSTOM_MAX,
    });
    (fixed, Vec::new())
}

/// What stands before the counters of a driver.
trait FixedPart: Abi + Default + FromBytes + IntoBytes + Immutable + KnownLayout {
    const WHAT: &'static str;
    fn custom_count(&self) -> u32;
}

impl FixedPart for iscsi_stats {
    const WHAT: &'static str = "session statistics";
    fn custom_count(&self) -> u32 {
        self.custom_length
    }
}

impl FixedPart for iscsi_offload_host_stats {
    const WHAT: &'static str = "host statistics";
    fn custom_count(&self) -> u32 {
        self.custom_length
    }
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
}

impl Payload<msg_conn> for Box<SessionStats> {
    fn write(&self, _: &mut msg_conn) -> Zeroizing<Vec<u8>> {
        let fixed = iscsi_stats {
            custom_length: count(&self.custom),
            ..self.fixed
        };
        encode(&fixed, &self.custom)
    }
    fn read(_: &msg_conn, body: &mut Body<'_>) -> Self {
        let (fixed, custom) = decode(body);
        Self::new(SessionStats { fixed, custom })
    }
}

impl Payload<msg_host> for Box<HostStats> {
    fn write(&self, _: &mut msg_host) -> Zeroizing<Vec<u8>> {
        let mut fixed = iscsi_offload_host_stats {
            custom_length: count(&self.custom),
            ..Default::default()
        };
        place(fixed.as_mut_bytes(), &self.counters);
        encode(&fixed, &self.custom)
    }
    fn read(_: &msg_host, body: &mut Body<'_>) -> Self {
        let (fixed, custom): (iscsi_offload_host_stats, _) = decode(body);
        Self::new(HostStats {
            counters: member(fixed.as_bytes()),
            custom,
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
