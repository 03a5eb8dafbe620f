//! SCSI commands through a logical unit's device node, which is kept open from one command to the next.

use std::time::Duration;

use driver_sys::endpoint::Endpoint;
use driver_sys::sg;

use super::store::was_sent;
use super::within::within;
use super::{Kernel, fault};
use crate::backend::{ScsiData, ScsiOutcome};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result};
use crate::ids::Hctl;
use crate::step::Step;

/// Longest time one SCSI command may take.
const SCSI_LIMIT: Duration = Duration::from_secs(60);

impl Kernel {
    /// Runs one command.
    pub(super) fn run_scsi(
        &mut self,
        lun: Hctl,
        cdb: &[u8],
        data: ScsiData<'_>,
        deadline: Deadline,
    ) -> Result<ScsiOutcome> {
        let tried = format!("send a command to {lun}");
        let timeout = deadline.remaining().min(SCSI_LIMIT);
        if timeout.is_zero() {
            return Err(Error::timeout(tried, "time to send it"));
        }
        let address = sg::Hctl {
            host: lun.host,
            channel: lun.channel,
            target: lun.target,
            lun: lun.lun,
        };
        let mut device = match self.device.take() {
            Some((at, device)) if at == lun => device,
            _ => self.open_device(address, deadline, &tried)?,
        };
        let transfer = match &data {
            ScsiData::None => sg::Transfer::None,
            ScsiData::Out(bytes) => sg::Transfer::Out(bytes.to_vec()),
            ScsiData::In(buffer) => sg::Transfer::In(u32::try_from(buffer.len()).unwrap_or(u32::MAX)),
        };
        let command = sg::Command {
            cdb: cdb.to_vec(),
            transfer,
            timeout,
        };
        let until = deadline.at_most(SCSI_LIMIT).until();
        let writes = matches!(data, ScsiData::Out(_));
        let (device, ran) = match &self.endpoint {
            // The kernel's own node waits inside of the call, and its error handling goes on beyond the command's time.
            Endpoint::Host => within(deadline, &tried, move || {
                let ran = device.run_until(&command, until);
                (device, ran)
            })
            .map_err(|late| if writes { late } else { not_read(late, &tried) })?,
            Endpoint::Dir(_) => {
                let ran = device.run_until(&command, until);
                (device, ran)
            }
        };
        let outcome = ran.map_err(|e| {
            let error = fault::sg(&e, &tried);
            match e {
                sg::SgError::Port(sent) if writes && was_sent(&sent) => error.in_doubt(Step::LunRead),
                _ => error,
            }
        })?;
        outcome
            .errno
            .map_err(|e| crate::error::explain(Operation::Any, e as i32, tried.as_str()))?;
        self.device = Some((lun, device));
        let transferred = match data {
            ScsiData::None => 0,
            ScsiData::Out(bytes) => bytes
                .len()
                .saturating_sub(usize::try_from(outcome.residual).unwrap_or(usize::MAX)),
            ScsiData::In(buffer) => {
                let n = buffer.len().min(outcome.data.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..n), outcome.data.get(..n)) {
                    to.copy_from_slice(from);
                }
                n
            }
        };
        Ok(ScsiOutcome {
            status: u8::try_from(outcome.status).unwrap_or(u8::MAX),
            host_status: outcome.host_status,
            sense: outcome.sense,
            transferred,
        })
    }
}

/// A command without data for the device that was left behind has changed nothing that anybody asked for.
fn not_read(late: Error, tried: &str) -> Error {
    match late.kind() {
        Kind::Unknown => Error::timeout(tried, "answer to a SCSI command"),
        _ => late,
    }
}
