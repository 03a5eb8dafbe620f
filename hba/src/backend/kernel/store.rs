//! Attributes whose write is an operation: a reset, a scan. Must not know what is written.

use driver_sys::endpoint::{Endpoint, StoreError};
use driver_sys::port::PortError;

use super::fault;
use super::within::within;
use crate::deadline::Deadline;
use crate::error::{Operation, Result};

/// Writes `value` into the attribute at `path`. When the deadline passes first, the driver goes on with it.
///
/// # Errors
/// [`crate::Kind::Timeout`] before it is sent, [`crate::Kind::Unknown`] after that; what the kernel answers.
pub(super) fn store(
    endpoint: &Endpoint,
    path: String,
    value: impl Into<Vec<u8>>,
    deadline: Deadline,
    tried: &str,
) -> Result<()> {
    let value = value.into();
    let written = match endpoint {
        Endpoint::Host => {
            let endpoint = endpoint.clone();
            within(deadline, tried, move || endpoint.store(&path, &value))?
        }
        Endpoint::Dir(_) => endpoint.until(deadline.until()).store(&path, &value),
    };
    written.map_err(|e| {
        let error = fault::store(&e, tried);
        match e {
            StoreError::Port(sent) if was_sent(&sent) => error.in_doubt(Operation::Store.look()),
            _ => error,
        }
    })
}

/// Whether the request may have left: what was not even connected has not.
pub(super) fn was_sent(error: &PortError) -> bool {
    matches!(
        error,
        PortError::Timeout { .. }
            | PortError::Closed { .. }
            | PortError::Oversized { .. }
            | PortError::Overrun
            | PortError::Malformed { .. }
    )
}
