//! What a target tells a session that is up.
//!
//! Owns how a PDU that the kernel hands to user space becomes an event. Its numbers are the kernel's matter: it counts what it carries itself.
//! Source: RFC 7143 sections 11.9 and 11.15; `libiscsi.c`, `__iscsi_complete_pdu`; SPC-4 (sense data).

use driver_sys::netlink::Pdu;
use iscsi::pdu::{AsyncEvent, TargetPdu};

use super::carrier::bhs;
use super::event::{FlowEvent, Loss};

/// REPORTED LUNS DATA HAS CHANGED: unit attention, 3F/0E.
const LUNS_CHANGED: (u8, u8, u8) = (6, 0x3f, 0x0e);

/// What came.
pub(super) enum Told {
    /// To be told on.
    Event(FlowEvent),
    /// The target lets the connection go.
    Lost(Loss),
    /// The answer to a logout.
    LoggedOut,
    /// Nothing that anybody has to know.
    Nothing,
}

pub(super) fn read(pdu: &Pdu) -> Told {
    let Ok(header) = bhs(pdu) else {
        return Told::Nothing;
    };
    let message = match TargetPdu::decode(&header) {
        TargetPdu::AsyncMessage(message) => message,
        TargetPdu::LogoutResponse(_) => return Told::LoggedOut,
        _ => return Told::Nothing,
    };
    let seconds = message.parameter3.get();
    match message.event {
        AsyncEvent::SCSI => match sense(pdu.data.as_slice()) {
            Some(LUNS_CHANGED) => Told::Event(FlowEvent::LunsChanged),
            Some(code) => Told::Event(FlowEvent::Sense { code }),
            None => Told::Nothing,
        },
        AsyncEvent::REQUEST_LOGOUT => Told::Event(FlowEvent::LogoutRequested { seconds }),
        AsyncEvent::RENEGOTIATE => Told::Event(FlowEvent::Renegotiate { seconds }),
        AsyncEvent::DROP_CONNECTION | AsyncEvent::DROP_SESSION => Told::Lost(Loss::ByTarget {
            time2wait: message.parameter2.get(),
            time2retain: seconds,
            session: message.event == AsyncEvent::DROP_SESSION,
        }),
        _ => Told::Nothing,
    }
}

/// Key, code and qualifier of sense data behind its length, in either format.
fn sense(data: &[u8]) -> Option<(u8, u8, u8)> {
    let sense = data.get(2..)?;
    let (key, code, qualifier) = match sense.first()? & 0x7f {
        0x70 | 0x71 => (2, 12, 13),
        0x72 | 0x73 => (1, 2, 3),
        _ => return None,
    };
    let at = |n: usize| sense.get(n).copied();
    Some((at(key)? & 0xf, at(code)?, at(qualifier)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sense_of_either_format_is_read_and_what_is_cut_is_not() {
        let mut fixed = vec![0, 18, 0x70, 0, 6];
        fixed.resize(20, 0);
        (fixed[14], fixed[15]) = (0x3f, 0x0e);
        assert_eq!(sense(&fixed), Some(LUNS_CHANGED));
        assert_eq!(sense(&[0, 4, 0x72, 6, 0x3f, 0x0e]), Some(LUNS_CHANGED));
        for cut in 0..fixed.len().min(15) {
            assert_eq!(sense(&fixed[..cut]), None, "{cut}");
        }
        assert_eq!(sense(&[0, 4, 0x7f, 6, 0x3f, 0x0e]), None);
    }
}
