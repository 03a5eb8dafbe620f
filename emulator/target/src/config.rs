//! What a served target is told before it starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::accounts::Accounts;

/// Where the blocks of a logical unit are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LunSource {
    /// A file or block device; its size is the capacity.
    File {
        /// Where.
        path: PathBuf,
        /// Refuse writes.
        read_only: bool,
    },
    /// This many bytes of memory, sparse, zero at the start, gone at the end.
    Size(u64),
}

/// A LUN that is neither a size nor a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LunSourceError {
    /// Nothing there.
    #[error("a LUN is a size (64M, 2G) or a file, with :ro for read-only")]
    Empty,
    /// A size that does not fit 63 bits, or is zero.
    #[error("the size of a LUN must be at least 512 bytes and below 8 EiB")]
    Size,
}

impl FromStr for LunSource {
    type Err = LunSourceError;

    /// `64M`, `2G`, `1048576` (bytes) or a path; `path:ro` is read-only. A file whose name looks like a size is `./64M`.
    fn from_str(text: &str) -> Result<Self, LunSourceError> {
        if text.is_empty() || text == ":ro" {
            return Err(LunSourceError::Empty);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let shift = match unit
            .to_ascii_uppercase()
            .trim_end_matches("IB")
            .trim_end_matches('B')
        {
            "" => Some(0),
            "K" => Some(10),
            "M" => Some(20),
            "G" => Some(30),
            "T" => Some(40),
            _ => None,
        };
        if let (false, Some(shift)) = (number.is_empty(), shift) {
            let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(1 << shift));
            return match bytes {
                Some(bytes) if (512..=i64::MAX as u64).contains(&bytes) => Ok(Self::Size(bytes)),
                _ => Err(LunSourceError::Size),
            };
        }
        Ok(match text.strip_suffix(":ro") {
            Some(path) => Self::File {
                path: path.into(),
                read_only: true,
            },
            None => Self::File {
                path: text.into(),
                read_only: false,
            },
        })
    }
}

/// Which digests the target agrees to when an initiator offers a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestPolicy {
    /// The first value of the initiator's list that the target knows.
    #[default]
    Initiator,
    /// CRC32C only; a login without it fails.
    Require,
    /// None only; a login that insists on CRC32C fails.
    Forbid,
}

/// A target and its portals.
#[derive(Clone, Debug)]
pub struct TargetConfig {
    /// Portals to listen on; port 0 lets the system choose (see [`crate::Target::portals`]).
    pub listen: Vec<SocketAddr>,
    /// The target's name.
    pub iqn: String,
    /// TargetAlias, if any.
    pub alias: Option<String>,
    /// Logical units, numbered from [`TargetConfig::first_lun`].
    pub luns: Vec<LunSource>,
    /// Number of the first logical unit. 0 unless a test wants a hole.
    pub first_lun: u16,
    /// Logical block length in bytes: 512 or 4096.
    pub block_size: u32,
    /// CHAP accounts of normal sessions.
    pub accounts: Accounts,
    /// Discovery sessions need CHAP too (with the same accounts).
    pub discovery_auth: bool,
    /// HeaderDigest and DataDigest.
    pub digests: DigestPolicy,
    /// Further target names that discovery shows and login takes, with the same logical units.
    pub extra_targets: Vec<String>,
    /// What SendTargets shows instead of the listening address (a target behind an address translation, or a test).
    pub advertise: Vec<SocketAddr>,
    /// A unix socket that takes [`crate::Fault`]s as lines; see [`crate::control`].
    pub control: Option<PathBuf>,
    /// Everything that goes over its connections is written to this pcap file.
    pub pcap: Option<PathBuf>,
    /// Sessions at once, half-open logins included.
    pub max_connections: usize,
    /// How long a login may take.
    pub login_timeout: Duration,
    /// After this much silence the target sends a NOP-In; no answer for as long again ends the session. `None`: never.
    pub nop_interval: Option<Duration>,
    /// How long [`crate::Target::stop`] waits for initiators to log out.
    pub drain: Duration,
}

impl TargetConfig {
    /// A target on one portal without logical units or accounts.
    #[must_use]
    pub fn new(iqn: impl Into<String>, listen: SocketAddr) -> Self {
        Self {
            listen: vec![listen],
            iqn: iqn.into(),
            alias: None,
            luns: Vec::new(),
            first_lun: 0,
            block_size: 512,
            accounts: Accounts::default(),
            discovery_auth: false,
            digests: DigestPolicy::default(),
            extra_targets: Vec::new(),
            advertise: Vec::new(),
            control: None,
            pcap: None,
            max_connections: 1024,
            login_timeout: Duration::from_secs(15),
            nop_interval: None,
            drain: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_paths_are_told_apart() {
        for (text, want) in [
            ("64M", LunSource::Size(64 << 20)),
            ("2g", LunSource::Size(2 << 30)),
            ("1MiB", LunSource::Size(1 << 20)),
            ("4096", LunSource::Size(4096)),
            (
                "./64M",
                LunSource::File {
                    path: "./64M".into(),
                    read_only: false,
                },
            ),
            (
                "disk.img",
                LunSource::File {
                    path: "disk.img".into(),
                    read_only: false,
                },
            ),
            (
                "/a/b:ro",
                LunSource::File {
                    path: "/a/b".into(),
                    read_only: true,
                },
            ),
            (
                "64Mx",
                LunSource::File {
                    path: "64Mx".into(),
                    read_only: false,
                },
            ),
        ] {
            assert_eq!(text.parse::<LunSource>(), Ok(want), "{text}");
        }
        for text in ["", ":ro"] {
            assert_eq!(text.parse::<LunSource>(), Err(LunSourceError::Empty));
        }
        for text in ["0", "511", "99999999999999999999", "9223372036854775807K"] {
            assert_eq!(text.parse::<LunSource>(), Err(LunSourceError::Size), "{text}");
        }
    }
}
