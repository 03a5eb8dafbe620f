//! The four CHAP digests.
//!
//! Source: RFC 1994 section 4.1 (response = H(id, secret, challenge)), RFC 7143 section 12.1.3, IANA for 6 to 8.

use std::{fmt, str::FromStr};

use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;
use sha3::Sha3_256;
use subtle::ConstantTimeEq;

use super::ChapSecret;
use crate::number;

/// CHAP_A: the digest of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ChapAlgorithm {
    /// MD5, which everybody has.
    Md5 = 5,
    /// SHA-1.
    Sha1 = 6,
    /// SHA-256.
    Sha256 = 7,
    /// SHA3-256.
    Sha3_256 = 8,
}

impl ChapAlgorithm {
    /// All, strongest first.
    pub const ALL: [Self; 4] = [Self::Sha3_256, Self::Sha256, Self::Sha1, Self::Md5];

    /// All, in the order in which an initiator best offers them. SHA-256 stands last: the Linux SCSI target framework (tgt) takes
    /// number 7 for SHA-1, and would choose it before MD5, which it speaks like everybody.
    pub const OFFER: [Self; 4] = [Self::Sha3_256, Self::Sha1, Self::Md5, Self::Sha256];

    /// What to offer to a target that refused a longer list: software of the time when there was only MD5 refuses every list.
    pub const FALLBACK: [Self; 1] = [Self::Md5];

    /// The number in CHAP_A.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The algorithm of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.number() == number)
    }

    /// The field's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA-256",
            Self::Sha3_256 => "SHA3-256",
        }
    }

    /// Length of a response in bytes.
    #[must_use]
    pub const fn response_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sha3_256 => 32,
        }
    }

    /// The response to `challenge`.
    #[must_use]
    pub fn response(self, id: u8, secret: &ChapSecret, challenge: &[u8]) -> Vec<u8> {
        fn hash<D: md5::Digest>(id: u8, secret: &[u8], challenge: &[u8]) -> Vec<u8> {
            D::new()
                .chain_update([id])
                .chain_update(secret)
                .chain_update(challenge)
                .finalize()
                .to_vec()
        }
        let secret = secret.expose();
        match self {
            Self::Md5 => hash::<Md5>(id, secret, challenge),
            Self::Sha1 => hash::<Sha1>(id, secret, challenge),
            Self::Sha256 => hash::<Sha256>(id, secret, challenge),
            Self::Sha3_256 => hash::<Sha3_256>(id, secret, challenge),
        }
    }

    /// True if `response` is right, in constant time.
    #[must_use]
    pub fn verify(self, id: u8, secret: &ChapSecret, challenge: &[u8], response: &[u8]) -> bool {
        self.response(id, secret, challenge).ct_eq(response).into()
    }

    /// First of a CHAP_A list (`8,7,5`) that `allowed` has. Numbers that nobody knows are passed over.
    #[must_use]
    pub fn choose(list: &str, allowed: &[Self]) -> Option<Self> {
        let numbers = list.split(',').filter_map(|text| number::parse(text.trim()));
        numbers
            .filter_map(Self::from_number)
            .find(|algorithm| allowed.contains(algorithm))
    }

    /// The CHAP_A list of `offered`, in that order.
    #[must_use]
    pub fn list(offered: &[Self]) -> String {
        let numbers: Vec<String> = offered
            .iter()
            .map(|algorithm| algorithm.number().to_string())
            .collect();
        numbers.join(",")
    }
}

impl fmt::Display for ChapAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No algorithm of that name or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a CHAP algorithm is MD5 (5), SHA1 (6), SHA-256 (7) or SHA3-256 (8)")]
pub struct UnknownAlgorithm;

impl FromStr for ChapAlgorithm {
    type Err = UnknownAlgorithm;

    /// The name in any case, with or without its dash, or the number.
    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let plain = |text: &str| text.replace('-', "").to_ascii_lowercase();
        let named = |algorithm: &Self| plain(algorithm.name()) == plain(text);
        let numbered = || number::parse(text).and_then(Self::from_number);
        Self::ALL
            .into_iter()
            .find(named)
            .or_else(numbered)
            .ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// id 1, secret "abcdefghijkl", challenge 00..0f: values computed with an independent implementation (Python hashlib).
    #[test]
    fn known_responses() {
        let secret = ChapSecret::new(b"abcdefghijkl".to_vec()).unwrap();
        let challenge: Vec<u8> = (0..16).collect();
        for (algorithm, want) in [
            (ChapAlgorithm::Md5, "0ba5fab36926a6aab1f2e4aa6cf1158d"),
            (ChapAlgorithm::Sha1, "0700cd7237c529d1336313ebe988d7c3c8155174"),
            (
                ChapAlgorithm::Sha256,
                "46fd2375fbaaf56824d6dd7d509ce396d8d613af7d8f603db93b9073e0104c60",
            ),
            (
                ChapAlgorithm::Sha3_256,
                "f52db2a245f5942343533b65b9007106a36039e769d90ba4bca10ff0ed68a5cc",
            ),
        ] {
            let got = algorithm.response(1, &secret, &challenge);
            assert_eq!(hex(&got), want, "{}", algorithm.name());
            assert_eq!(got.len(), algorithm.response_len());
            assert!(algorithm.verify(1, &secret, &challenge, &got));
            assert!(!algorithm.verify(2, &secret, &challenge, &got));
            assert!(!algorithm.verify(1, &secret, &challenge, &got[..got.len() - 1]));
        }
    }

    #[test]
    fn an_algorithm_is_named_or_numbered() {
        for algorithm in ChapAlgorithm::ALL {
            for text in [
                algorithm.name().to_owned(),
                algorithm.name().to_lowercase().replace('-', ""),
                algorithm.number().to_string(),
            ] {
                assert_eq!(text.parse(), Ok(algorithm), "{text}");
            }
        }
        for text in ["", "4", "9", "sha", "md5,sha1"] {
            assert_eq!(text.parse::<ChapAlgorithm>(), Err(UnknownAlgorithm), "{text}");
        }
    }

    #[test]
    fn the_first_allowed_of_the_peers_list_is_chosen() {
        let allowed = [ChapAlgorithm::Md5, ChapAlgorithm::Sha256];
        assert_eq!(
            ChapAlgorithm::choose("8,99,7,5", &allowed),
            Some(ChapAlgorithm::Sha256)
        );
        assert_eq!(ChapAlgorithm::choose("6,8,x,", &allowed), None);
        assert_eq!(
            ChapAlgorithm::choose("0x8,0x07", &allowed),
            Some(ChapAlgorithm::Sha256)
        );
        assert_eq!(ChapAlgorithm::list(&ChapAlgorithm::ALL), "8,7,6,5");
        assert_eq!(ChapAlgorithm::list(&ChapAlgorithm::OFFER), "8,6,5,7");
    }
}
