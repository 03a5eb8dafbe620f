//! Messages: one request, response or notice, whatever the number of PDUs that carry it.
//!
//! Owns how a message is made and cut into PDUs; [`super::Receiver`] puts them together again. Must not know what a message asks.
//! Source: RFC 4171 sections 5.2, 5.6 and 5.7.

use zerocopy::IntoBytes;

use super::{
    attribute::{Attribute, Attributes},
    function::Function,
    header::{Flags, Header, MAX_PAYLOAD, VERSION},
    status::Status,
    tag::Tag,
};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it asks for or answers.
    pub function: Function,
    /// Who sends it, and whether it replaces; first and last PDU and signatures are the PDUs' matter.
    pub flags: Flags,
    /// Transaction id.
    pub xid: u16,
    /// What came of the request; responses have one.
    pub status: Option<Status>,
    /// Source, key, delimiter and operating attributes; of a heartbeat nothing.
    pub body: Attributes,
}

/// A message that takes more PDUs than can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of {0} bytes takes more than 65536 PDUs")]
pub struct TooManyPdus(pub usize);

impl Message {
    /// A client's request.
    #[must_use]
    pub const fn request(function: Function, xid: u16, body: Attributes) -> Self {
        Self {
            function,
            flags: Flags::CLIENT,
            xid,
            status: None,
            body,
        }
    }

    /// The response to this message by `who` ([`Flags::CLIENT`] or [`Flags::SERVER`]).
    #[must_use]
    pub const fn answered(&self, who: Flags, status: Status, body: Attributes) -> Self {
        Self {
            function: self.function.response(),
            flags: who,
            xid: self.xid,
            status: Some(status),
            body,
        }
    }

    /// What stands before the delimiter; everything where there is none.
    pub fn before_delimiter(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.body.iter().take_while(|a| a.tag != Tag::DELIMITER)
    }

    /// What stands behind the delimiter; everything where there is none, as some servers leave it out.
    #[must_use]
    pub fn operating(&self) -> super::attribute::Iter<'_> {
        let mut rest = self.body.iter();
        if rest.any(|a| a.tag == Tag::DELIMITER) {
            rest
        } else {
            self.body.iter()
        }
    }

    /// Appends the PDUs to `out`, each with at most `most` bytes of payload (a multiple of four up to [`MAX_PAYLOAD`] is made of it).
    ///
    /// # Errors
    /// [`TooManyPdus`]; nothing is appended.
    pub fn encode(&self, most: usize, out: &mut Vec<u8>) -> Result<(), TooManyPdus> {
        let most = most.clamp(4, MAX_PAYLOAD) & !3;
        let mut payload = Vec::with_capacity(self.body.as_bytes().len().saturating_add(4));
        if let Some(status) = self.status {
            payload.extend_from_slice(&status.0.to_be_bytes());
        }
        payload.extend_from_slice(self.body.as_bytes());
        let count = payload.len().div_ceil(most).max(1);
        if count > usize::from(u16::MAX) + 1 {
            return Err(TooManyPdus(payload.len()));
        }
        let mut rest = &payload[..];
        for sequence in 0..count {
            let (piece, more) = rest.split_at(most.min(rest.len()));
            rest = more;
            let mut flags = self.flags & (Flags::CLIENT | Flags::SERVER | Flags::REPLACE);
            flags.set(Flags::FIRST, sequence == 0);
            flags.set(Flags::LAST, sequence + 1 == count);
            let header = Header {
                version: VERSION.into(),
                function: self.function.0.into(),
                length: u16::try_from(piece.len()).unwrap_or_default().into(),
                flags: flags.bits().into(),
                xid: self.xid.into(),
                sequence: u16::try_from(sequence).unwrap_or_default().into(),
            };
            out.extend_from_slice(header.as_bytes());
            out.extend_from_slice(piece);
        }
        Ok(())
    }
}
