//! Values that are text or bytes behind one event: SET_PARAM, SET_HOST_PARAM, NEW_FLASHNODE, PDUs, mailboxes of an event.
//!
//! Owns how the members of the event say how long they are. Source: `scsi_transport_iscsi.c`, `iscsi_if_set_param`,
//! `iscsi_if_set_host_param`, `iscsi_if_send_pdu`, `iscsi_recv_pdu`, `iscsi_post_host_event`, `iscsi_ping_comp_event`;
//! `ql4_os.c`, `qla4xxx_sysfs_ddb_add`.

use zeroize::Zeroizing;

use super::attr::Attr;
use super::body::{Body, Payload, claimed, len32};
use super::bytes::Bytes;
use super::error::DecodeError;
use super::params::{HostParam, IscsiParam, Param};
use super::raw::*;
use super::rows::narrow;

/// Longest value of SET_PARAM and SET_HOST_PARAM, in bytes (the kernel's page size).
const MAX_PARAM: usize = 4096;
/// Length of an iSCSI basic header segment, in bytes.
const BHS: usize = 48;

fn copy(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    bytes.to_vec().into()
}

/// A value that the kernel takes as a C string of at most `len` bytes: the text may end earlier, and may not end later.
fn text(len: u32, body: &mut Body<'_>) -> Bytes {
    let all = body.bytes();
    let (value, lie) = claimed("parameter value", all, len);
    let have = crate::hw::until_nul(all).len().max(value.len());
    if let Some(lie) = lie {
        body.refused(lie);
    } else if value.len() > MAX_PARAM {
        body.refused(DecodeError::Length {
            what: "parameter value",
            claimed: value.len(),
            have: MAX_PARAM,
        });
    } else if have > value.len() {
        body.refused(DecodeError::Length {
            what: "parameter value",
            claimed: value.len(),
            have,
        });
    }
    Bytes::new(value)
}

fn param<P: Param>(code: u32, len: u32, body: &mut Body<'_>) -> Attr<P> {
    let param = P::from_code(narrow("parameter", code, u16::MAX, body));
    Attr::new(param, text(len, body))
}

impl Payload<msg_set_param> for Attr<IscsiParam> {
    fn write(&self, layout: &mut msg_set_param) -> Zeroizing<Vec<u8>> {
        let value = self.value.as_slice();
        (layout.param, layout.len) = (self.param.code().into(), len32(value));
        copy(value)
    }
    fn read(layout: &msg_set_param, body: &mut Body<'_>) -> Self {
        param(layout.param, layout.len, body)
    }
}

impl Payload<msg_set_host_param> for Attr<HostParam> {
    fn write(&self, layout: &mut msg_set_host_param) -> Zeroizing<Vec<u8>> {
        let value = self.value.as_slice();
        (layout.param, layout.len) = (self.param.code().into(), len32(value));
        copy(value)
    }
    fn read(layout: &msg_set_host_param, body: &mut Body<'_>) -> Self {
        param(layout.param, layout.len, body)
    }
}

/// The driver reads the first four bytes of all that is there, whatever the length says.
impl Payload<msg_new_flashnode> for Bytes {
    fn write(&self, layout: &mut msg_new_flashnode) -> Zeroizing<Vec<u8>> {
        layout.len = len32(self.as_slice());
        copy(self.as_slice())
    }
    fn read(layout: &msg_new_flashnode, body: &mut Body<'_>) -> Self {
        if let (_, Some(lie)) = claimed("portal type", body.bytes(), layout.len) {
            body.odd(lie);
        }
        Self::new(body.bytes())
    }
}

/// A PDU: its header with what may follow it in there, and its data. `Debug` shows neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Basic header segment; 48 bytes in what the kernel hands over.
    pub header: Bytes,
    /// Data; what the kernel hands over may end in up to three bytes of padding.
    pub data: Bytes,
}

/// The kernel reads a header in full, however short the message says it is; its data begin where the message says.
impl Payload<msg_send_pdu> for Pdu {
    fn write(&self, layout: &mut msg_send_pdu) -> Zeroizing<Vec<u8>> {
        let (header, data) = (self.header.as_slice(), self.data.as_slice());
        (layout.hdr_size, layout.data_size) = (len32(header), len32(data));
        [header, data].concat().into()
    }
    fn read(layout: &msg_send_pdu, body: &mut Body<'_>) -> Self {
        let all = body.bytes();
        let (header, lie) = claimed("PDU header", all, layout.hdr_size);
        let rest = all.get(header.len()..).unwrap_or_default();
        let (data, another) = claimed("PDU data", rest, layout.data_size);
        if let Some(lie) = lie.or(another) {
            body.refused(lie);
        } else if header.len() < BHS {
            body.odd(DecodeError::Short {
                what: "PDU header",
                need: BHS,
                have: header.len(),
            });
        }
        let header = all.get(..header.len().max(BHS)).unwrap_or(all);
        Self {
            header: Bytes::new(header),
            data: Bytes::new(data),
        }
    }
}

impl Payload<msg_recv_req> for Pdu {
    fn write(&self, _: &mut msg_recv_req) -> Zeroizing<Vec<u8>> {
        let (header, data) = (self.header.as_slice(), self.data.as_slice());
        let mut payload = Zeroizing::new(Vec::with_capacity(BHS.max(header.len()) + data.len()));
        payload.extend_from_slice(header);
        payload.resize(BHS, 0);
        payload.extend_from_slice(data);
        payload
    }
    fn read(_: &msg_recv_req, body: &mut Body<'_>) -> Self {
        let all = body.bytes();
        if all.len() < BHS {
            body.odd(DecodeError::Short {
                what: "PDU header",
                need: BHS,
                have: all.len(),
            });
        }
        let (header, data) = all.split_at(all.len().min(BHS));
        Self {
            header: Bytes::new(header),
            data: Bytes::new(data),
        }
    }
}

fn event_data(size: u32, body: &mut Body<'_>) -> Bytes {
    let (data, lie) = claimed("event data", body.bytes(), size);
    if let Some(lie) = lie {
        body.odd(lie);
    }
    Bytes::new(data)
}

impl Payload<msg_host_event> for Bytes {
    fn write(&self, layout: &mut msg_host_event) -> Zeroizing<Vec<u8>> {
        layout.data_size = len32(self.as_slice());
        copy(self.as_slice())
    }
    fn read(layout: &msg_host_event, body: &mut Body<'_>) -> Self {
        event_data(layout.data_size, body)
    }
}

impl Payload<msg_ping_comp> for Bytes {
    fn write(&self, layout: &mut msg_ping_comp) -> Zeroizing<Vec<u8>> {
        layout.data_size = len32(self.as_slice());
        copy(self.as_slice())
    }
    fn read(layout: &msg_ping_comp, body: &mut Body<'_>) -> Self {
        event_data(layout.data_size, body)
    }
}
