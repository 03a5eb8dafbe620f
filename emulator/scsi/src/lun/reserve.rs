//! The reservation commands of a logical unit: state in [`crate::reservation`], persistence and unit attentions here.

use super::unit::{Call, Failure, LogicalUnit, Outcome, Whom};
use crate::cdb::{PersistentIn, PersistentOut};
use crate::param;
use crate::sense::{AdditionalSense, Sense, SenseKey};

impl LogicalUnit {
    pub(super) fn persistent_in(&self, request: &PersistentIn, call: &mut Call<'_>) -> Outcome {
        let data = self.reservations.report(request.action, self.store.is_some());
        Ok(param::answer(call.data_in, &data, request.allocation))
    }

    pub(super) fn persistent_out(&mut self, request: &PersistentOut, call: &mut Call<'_>) -> Outcome {
        let before = self.reservations.clone();
        let news = self
            .reservations
            .change(request, call.data_out, call.port, self.store.is_some());
        let news = match news {
            Ok(news) => news,
            Err(failure) => {
                self.reservations = before;
                return Err(failure);
            }
        };
        if let Some(store) = &mut self.store {
            let text = self.reservations.to_text();
            // A change is done when it is kept.
            if text != before.to_text() && store.save(&text).is_err() {
                self.reservations = before;
                let failed = Sense::new(SenseKey::HardwareError, AdditionalSense::INTERNAL_TARGET_FAILURE);
                return Err(Failure::Sense(failed));
            }
        }
        call.attentions.extend(
            news.attentions
                .into_iter()
                .map(|(port, what)| (Whom::Port(port), what)),
        );
        call.aborted = news.aborted;
        Ok(request.list_len as u64)
    }
}
