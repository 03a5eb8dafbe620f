//! NVRAM through the driver's vendor commands, in pieces that one request can carry.

use driver_sys::bsg::{BsgError, VendorCommand, VendorReply};
use driver_sys::endpoint::Endpoint;

use super::store::was_sent;
use super::{fault, within::within};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result};
use crate::ids::HostNo;

/// Reads `length` bytes at `offset`.
pub(super) fn read_nvram(
    endpoint: &Endpoint,
    host: HostNo,
    offset: u32,
    length: usize,
    deadline: Deadline,
) -> Result<Vec<u8>> {
    let tried = format!("read the nvram of {host}");
    let len = u32::try_from(length)
        .map_err(|_| Error::new(Kind::Invalid, tried.clone()).answered("too many bytes"))?;
    let command = VendorCommand::ReadNvram { offset, len };
    let reply = match run(endpoint, host, command, deadline, &tried) {
        Ok(Ok(reply)) => reply,
        Ok(Err(e)) => return Err(fault::bsg(&e, &tried)),
        // A read that was left behind has changed nothing.
        Err(e) if e.kind() == Kind::Unknown => return Err(Error::timeout(tried, "the driver to finish")),
        Err(e) => return Err(e),
    };
    Ok(reply.payload.0)
}

/// Writes `data` at `offset`.
pub(super) fn update_nvram(
    endpoint: &Endpoint,
    host: HostNo,
    offset: u32,
    data: &[u8],
    deadline: Deadline,
) -> Result<()> {
    let tried = format!("write the nvram of {host}");
    let command = VendorCommand::UpdateNvram {
        offset,
        data: data.to_vec(),
    };
    run(endpoint, host, command, deadline, &tried)?.map_err(|e| {
        let error = fault::bsg(&e, &tried);
        match e {
            BsgError::Port(sent) if was_sent(&sent) => error.in_doubt(Operation::Nvram.look()),
            _ => error,
        }
    })?;
    Ok(())
}

/// The host's own node waits inside of the call; an emulated kernel's socket is waited for here.
fn run(
    endpoint: &Endpoint,
    host: HostNo,
    command: VendorCommand,
    deadline: Deadline,
    tried: &str,
) -> Result<std::result::Result<VendorReply, BsgError>> {
    let until = deadline.until();
    let mut bsg = endpoint
        .until(until)
        .bsg(host.0)
        .map_err(|e| fault::bsg(&e, tried))?;
    match endpoint {
        Endpoint::Host => within(deadline, tried, move || bsg.run_until(&command, until)),
        Endpoint::Dir(_) => Ok(bsg.run_until(&command, until)),
    }
}
