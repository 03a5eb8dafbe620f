//! START STOP UNIT and the medium of removable units (SBC-3 §5.25, §4.3.3).

use super::medium::MediumError;
use super::unit::{Call, LogicalUnit, Outcome, Whom};
use crate::cdb::StartStopUnit;
use crate::sense::{AdditionalSense, Sense};

impl LogicalUnit {
    pub(super) fn start_stop(&mut self, request: &StartStopUnit, call: &mut Call<'_>) -> Outcome {
        // With a power condition START and LOEJ mean nothing; every condition looks alike here.
        if request.power_condition != 0 {
            return Ok(0);
        }
        if !request.load_eject {
            if !request.start {
                self.medium.flush().map_err(MediumError::sense)?;
            }
            // A unit that is stopped by taking its medium out has no other stopped state.
            self.stopped = !request.start && !self.config.removable;
            return Ok(0);
        }
        if !self.config.removable {
            // Nothing can be ejected.
            return Err(Sense::cdb_field(4, 1).into());
        }
        if !self.prevented.is_empty() && (self.ejected || !request.start) {
            return Err(Sense::illegal(AdditionalSense::MEDIUM_REMOVAL_PREVENTED).into());
        }
        if request.start {
            if self.ejected {
                call.attentions
                    .push((Whom::Others, AdditionalSense::NOT_READY_TO_READY));
            }
            self.ejected = false;
            self.stopped = false;
        } else {
            self.medium.flush().map_err(MediumError::sense)?;
            self.ejected = true;
        }
        Ok(0)
    }
}
