//! Why a fault could not be injected. The kernel knows nothing like it: faults are the emulator's.

/// Why a fault was not injected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FaultError {
    /// No such port.
    #[error("no port {0}")]
    NoPort(usize),
    /// No such session, or it is not logged in.
    #[error("no session {0} that is logged in")]
    NoSession(u32),
    /// A host that has nothing of the kind.
    #[error("host{0} has no {1}")]
    NoSuch(u32, &'static str),
    /// There is no such hardware in this endpoint.
    #[error("no card")]
    NoCard,
    /// The flash does not read any more.
    #[error("the card stays dead: {0}")]
    Dead(String),
}
