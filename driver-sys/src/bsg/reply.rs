//! What the driver answers to a vendor command: `iscsi_bsg_reply`, words behind it, a payload.
//!
//! Owns the reply's bytes both ways, and the out-mailboxes that two commands give back raw. Source: `scsi_bsg_iscsi.h`, `ql4_bsg.c`.

use super::packet::{self, Answer, malformed, words};
use crate::hw::aen::IpAddrState;
use crate::hw::mailbox::{MBOX_REG_COUNT, MboxStatus};
use crate::port::PortError;

/// SCSI host byte "OK" as it stands in `result`.
const DID_OK: u32 = 0;

/// A reply: `iscsi_bsg_reply` and the incoming payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorReply {
    /// SCSI result; 0 is good, the host byte stands in bits 16–23.
    pub result: u32,
    /// Words after the header (DIAG_TEST: the mailbox registers).
    pub words: Vec<u32>,
    /// Incoming payload, as long as the driver says it is.
    pub payload: Payload,
}

/// A payload; `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Payload(pub Vec<u8>);

impl core::fmt::Debug for Payload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

impl VendorReply {
    /// A successful reply (the server's side).
    #[must_use]
    pub const fn good(words: Vec<u32>, payload: Vec<u8>) -> Self {
        Self {
            result: DID_OK,
            words,
            payload: Payload(payload),
        }
    }

    /// The answer that carries it (the server's side).
    #[must_use]
    pub fn to_answer(&self) -> Answer {
        let mut reply = self.result.to_ne_bytes().to_vec();
        reply.extend_from_slice(&packet::len(&self.payload.0));
        for word in &self.words {
            reply.extend_from_slice(&word.to_ne_bytes());
        }
        Answer {
            errno: Ok(()),
            reply,
            payload_in: self.payload.0.clone(),
        }
    }

    /// Reads an answer whose `errno` is good.
    ///
    /// # Errors
    /// [`PortError::Malformed`] when it is shorter than its header or claims more payload than came.
    pub fn from_answer(answer: &Answer) -> Result<Self, PortError> {
        const WHAT: &str = "bsg reply";
        let ([result, received], rest) = words(WHAT, &answer.reply)?;
        let received = usize::try_from(received).unwrap_or(usize::MAX);
        let payload = answer.payload_in.get(..received).ok_or_else(|| {
            malformed(
                WHAT,
                format!("{received} bytes claimed, {} are there", answer.payload_in.len()),
            )
        })?;
        let words = rest
            .chunks_exact(4)
            .map(|b| u32::from_ne_bytes(b.try_into().unwrap_or_default()))
            .collect();
        Ok(Self {
            result,
            words,
            payload: Payload(payload.to_vec()),
        })
    }
}

/// Eight out-mailboxes as a command gives them back: [`super::VendorCommand::Diagnostic`] behind its reply,
/// [`super::VendorCommand::GetAcbState`] as its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mailboxes(pub [u32; MBOX_REG_COUNT]);

impl Mailboxes {
    /// Those behind a reply (a diagnostic), if they are there.
    #[must_use]
    pub fn behind(words: &[u32]) -> Option<Self> {
        words.first_chunk().copied().map(Self)
    }

    /// Those in a payload (the state of an address), if they are there.
    #[must_use]
    pub fn inside(payload: &Payload) -> Option<Self> {
        let bytes: &[u8; 4 * MBOX_REG_COUNT] = payload.0.first_chunk()?;
        let mut registers = [0; MBOX_REG_COUNT];
        for (register, word) in registers.iter_mut().zip(bytes.chunks_exact(4)) {
            *register = u32::from_ne_bytes(word.try_into().unwrap_or_default());
        }
        Some(Self(registers))
    }

    /// As the payload of a reply (the server's side).
    #[must_use]
    pub fn to_payload(self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|register| register.to_ne_bytes())
            .collect()
    }

    /// How the command ended (mailbox 0).
    #[must_use]
    pub const fn status(self) -> MboxStatus {
        // The driver keeps 32 bits; the firmware uses 16.
        #[allow(clippy::cast_possible_truncation, reason = "see above")]
        MboxStatus::from_raw(self.0[0] as u16)
    }

    /// The state of the address that was asked for (`IP_STATE_MASK` of mailbox 1).
    #[must_use]
    pub const fn ip_state(self) -> IpAddrState {
        #[allow(clippy::cast_possible_truncation, reason = "four bits")]
        IpAddrState::from_raw((self.0[1] >> 24 & 0xf) as u8)
    }
}
