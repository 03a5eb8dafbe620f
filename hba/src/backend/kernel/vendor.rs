//! NVRAM through the driver's vendor commands, in pieces that one request can carry.

use driver_sys::bsg::VendorCommand;
use driver_sys::endpoint::Endpoint;

use super::fault;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
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
    let mut bsg = endpoint.open_bsg(host.0).map_err(|e| fault::bsg(&e, &tried))?;
    let reply = bsg
        .run(&VendorCommand::ReadNvram { offset, len }, deadline.remaining())
        .map_err(|e| fault::bsg(&e, &tried))?;
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
    let mut bsg = endpoint.open_bsg(host.0).map_err(|e| fault::bsg(&e, &tried))?;
    let command = VendorCommand::UpdateNvram {
        offset,
        data: data.to_vec(),
    };
    bsg.run(&command, deadline.remaining())
        .map_err(|e| fault::bsg(&e, &tried))?;
    Ok(())
}
