//! CHAP: the challenge handshake of the login's security stage.
//!
//! Owns algorithms, binary values, secrets and the rules against reflection. Must not know PDUs. Secrets are zeroized and never shown.
//! Source: RFC 7143 sections 12.1.3 and 9.2.1, RFC 1994, IANA "iSCSI CHAP algorithms".

mod algorithm;
mod binary;
mod nonce;
mod secret;

pub use algorithm::{ChapAlgorithm, UnknownAlgorithm};
pub use binary::{BadBinary, MAX_BINARY, decode, encode_base64, encode_hex};
pub use nonce::Nonces;
pub use secret::{BadSecret, ChapSecret};

/// A CHAP identity: whose name, which secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapAccount {
    /// CHAP_N, at most 255 bytes.
    pub name: String,
    /// The shared secret.
    pub secret: ChapSecret,
}

/// Why a CHAP exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ChapError {
    /// No common algorithm.
    #[error("no common CHAP algorithm")]
    NoAlgorithm,
    /// A key that must come now did not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value cannot be read.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The peer's response is not the one that our secret gives.
    #[error("the peer's response is wrong")]
    WrongResponse,
    /// The peer sent our own challenge back.
    #[error("the peer reflected our challenge")]
    Reflected,
    /// Both directions have the same secret.
    #[error("the same secret in both directions")]
    SameSecret,
    /// The peer's name is not the one that is expected.
    #[error("the peer has an unexpected name")]
    WrongName,
}
