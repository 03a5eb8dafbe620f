//! The kernel's unicast answers: the request's own `iscsi_uevent` back, with the result in it.
//!
//! Source: `scsi_transport_iscsi.c`, `iscsi_if_rx`. A success keeps the request's number in `iscsi_uevent.type`; a
//! failure has [`IF_ERROR`] there and a negative errno in `iferror`. `nlmsg_type` is the request's number either way.

use nix::errno::Errno;

use super::code::{IF_ERROR, Uevent};
use super::error::DecodeError;
use super::frame::{self, Header};
use super::raw::*;
use crate::port::errno;

/// How a request that succeeds is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// [`Return::None`].
    Nothing,
    /// [`Return::Code`].
    Code,
    /// [`Return::Session`].
    Session,
    /// [`Return::Conn`].
    Conn,
    /// [`Return::Endpoint`].
    Endpoint,
    /// [`Return::Flashnode`].
    Flashnode,
    /// By an [`super::Event`]: only a failure is answered to the one who asked.
    Event,
}

/// What an operation gave back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "fields are the kernel's numbers of session, connection, host"
)]
pub enum Return {
    /// The driver's own result (bind, start, stop, send, set parameter, poll): 0 or positive is good, negative is an
    /// errno.
    Code(i32),
    /// A session was created.
    Session { sid: u32, host_no: u32 },
    /// A connection was created.
    Conn { sid: u32, cid: u32 },
    /// An endpoint was created.
    Endpoint { handle: u64 },
    /// A flash node was added.
    Flashnode { index: u32 },
    /// Nothing but success.
    None,
}

/// One unicast answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Which request is answered. Answers carry no sequence number: this is all there is to match by.
    pub kind: Uevent,
    /// The whole answer, the request's fields included.
    pub header: Header,
}

impl Reply {
    /// Answers a request the way the kernel does: its body comes back, `outcome` is put into it.
    #[must_use]
    pub fn to(request: &Header, outcome: Result<Return, Errno>) -> Self {
        let mut header = *request;
        header.flags = 0;
        header.seq = 0;
        header.pid = 0;
        let ev = &mut header.uevent;
        match outcome {
            Err(error) => {
                ev.r#type = IF_ERROR;
                ev.iferror = u32::from_ne_bytes((-(errno(error as i32) as i32)).to_ne_bytes());
            }
            Ok(Return::Code(code)) => place(&mut ev.r, &code),
            Ok(Return::Session { sid, host_no }) => place(&mut ev.r, &msg_session_host { sid, host_no }),
            Ok(Return::Conn { sid, cid }) => place(&mut ev.r, &msg_conn { sid, cid }),
            Ok(Return::Endpoint { handle }) => place(&mut ev.r, &msg_transport_connect_ret { handle }),
            Ok(Return::Flashnode { index }) => {
                place(&mut ev.r, &msg_new_flashnode_ret { flashnode_idx: index });
            }
            Ok(Return::None) => {}
        }
        Self {
            kind: Uevent::from_raw(request.nlmsg_type),
            header,
        }
    }

    /// The result: what the operation returned, or the kernel's errno. A negative [`Return::Code`] is an error too.
    ///
    /// # Errors
    /// The errno of the failure; [`Header::iferror`] has the number as it came.
    pub fn result(&self) -> Result<Return, Errno> {
        let iferror = self.header.iferror();
        if iferror < 0 {
            return Err(errno(iferror));
        }
        if self.header.event() == IF_ERROR {
            return Err(Errno::EIO);
        }
        match self.returned() {
            Return::Code(code) if code < 0 => Err(errno(code)),
            value => Ok(value),
        }
    }

    /// The typed return value, whatever `iferror` says.
    #[must_use]
    pub fn returned(&self) -> Return {
        let r = &self.header.uevent.r;
        match self.kind.answer() {
            Answer::Session => {
                let msg_session_host { sid, host_no } = member(r);
                Return::Session { sid, host_no }
            }
            Answer::Conn => {
                let msg_conn { sid, cid } = member(r);
                Return::Conn { sid, cid }
            }
            Answer::Endpoint => {
                let msg_transport_connect_ret { handle } = member(r);
                Return::Endpoint { handle }
            }
            Answer::Flashnode => {
                let msg_new_flashnode_ret { flashnode_idx } = member(r);
                Return::Flashnode { index: flashnode_idx }
            }
            Answer::Code => Return::Code(member(r)),
            Answer::Nothing | Answer::Event => Return::None,
        }
    }

    /// The message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        frame::join(self.kind.raw(), self.header.pid, &self.header.uevent, &[])
    }

    /// Decodes one packet; what follows the body is ignored.
    ///
    /// # Errors
    /// [`DecodeError`] for a packet that is too short or lies about its length.
    pub fn decode(packet: &[u8]) -> Result<Self, DecodeError> {
        let (header, _) = frame::split(packet)?;
        Ok(Self::from_header(header))
    }

    pub(crate) fn from_header(header: Header) -> Self {
        Self {
            kind: Uevent::from_raw(header.nlmsg_type),
            header,
        }
    }
}
