//! Operational parameters: what a side wants and what came out.
//!
//! Source: RFC 7143 section 13; defaults come from the key table.

use super::{Key, Kind};
use crate::digest::Digest;

/// Negotiated parameters of a connection and its session. Lengths in bytes, times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// HeaderDigest.
    pub header_digest: Digest,
    /// DataDigest.
    pub data_digest: Digest,
    /// MaxConnections.
    pub max_connections: u32,
    /// InitialR2T.
    pub initial_r2t: bool,
    /// ImmediateData.
    pub immediate_data: bool,
    /// MaxRecvDataSegmentLength that this side declared.
    pub max_recv_data_segment: u32,
    /// MaxRecvDataSegmentLength that the peer declared: the longest segment to send.
    pub max_xmit_data_segment: u32,
    /// MaxBurstLength.
    pub max_burst: u32,
    /// FirstBurstLength.
    pub first_burst: u32,
    /// DefaultTime2Wait.
    pub time2wait: u32,
    /// DefaultTime2Retain.
    pub time2retain: u32,
    /// MaxOutstandingR2T.
    pub max_outstanding_r2t: u32,
    /// DataPDUInOrder.
    pub data_pdu_in_order: bool,
    /// DataSequenceInOrder.
    pub data_sequence_in_order: bool,
    /// ErrorRecoveryLevel.
    pub error_recovery_level: u32,
    /// iSCSIProtocolLevel.
    pub protocol_level: u32,
}

impl Default for Params {
    /// What holds without any negotiation.
    fn default() -> Self {
        let number = |key: Key| match key.spec().kind {
            Kind::Number { default, .. } | Kind::DeclaredNumber { default, .. } => default,
            _ => 0,
        };
        let boolean = |key: Key| matches!(key.spec().kind, Kind::Bool { default: true, .. });
        Self {
            header_digest: Digest::None,
            data_digest: Digest::None,
            max_connections: number(Key::MaxConnections),
            initial_r2t: boolean(Key::InitialR2T),
            immediate_data: boolean(Key::ImmediateData),
            max_recv_data_segment: number(Key::MaxRecvDataSegmentLength),
            max_xmit_data_segment: number(Key::MaxRecvDataSegmentLength),
            max_burst: number(Key::MaxBurstLength),
            first_burst: number(Key::FirstBurstLength),
            time2wait: number(Key::DefaultTime2Wait),
            time2retain: number(Key::DefaultTime2Retain),
            max_outstanding_r2t: number(Key::MaxOutstandingR2T),
            data_pdu_in_order: boolean(Key::DataPDUInOrder),
            data_sequence_in_order: boolean(Key::DataSequenceInOrder),
            error_recovery_level: number(Key::ErrorRecoveryLevel),
            protocol_level: number(Key::ProtocolLevel),
        }
    }
}

impl Params {
    /// The number of a numeric key (our own declaration for MaxRecvDataSegmentLength).
    #[must_use]
    pub const fn number(&self, key: Key) -> Option<u32> {
        Some(match key {
            Key::MaxConnections => self.max_connections,
            Key::MaxRecvDataSegmentLength => self.max_recv_data_segment,
            Key::MaxBurstLength => self.max_burst,
            Key::FirstBurstLength => self.first_burst,
            Key::DefaultTime2Wait => self.time2wait,
            Key::DefaultTime2Retain => self.time2retain,
            Key::MaxOutstandingR2T => self.max_outstanding_r2t,
            Key::ErrorRecoveryLevel => self.error_recovery_level,
            Key::ProtocolLevel => self.protocol_level,
            _ => return None,
        })
    }

    pub(super) const fn set_number(&mut self, key: Key, value: u32) {
        match key {
            Key::MaxConnections => self.max_connections = value,
            Key::MaxBurstLength => self.max_burst = value,
            Key::FirstBurstLength => self.first_burst = value,
            Key::DefaultTime2Wait => self.time2wait = value,
            Key::DefaultTime2Retain => self.time2retain = value,
            Key::MaxOutstandingR2T => self.max_outstanding_r2t = value,
            Key::ErrorRecoveryLevel => self.error_recovery_level = value,
            Key::ProtocolLevel => self.protocol_level = value,
            _ => {}
        }
    }

    /// The value of a boolean key.
    #[must_use]
    pub const fn boolean(&self, key: Key) -> Option<bool> {
        Some(match key {
            Key::InitialR2T => self.initial_r2t,
            Key::ImmediateData => self.immediate_data,
            Key::DataPDUInOrder => self.data_pdu_in_order,
            Key::DataSequenceInOrder => self.data_sequence_in_order,
            _ => return None,
        })
    }

    pub(super) const fn set_boolean(&mut self, key: Key, value: bool) {
        match key {
            Key::InitialR2T => self.initial_r2t = value,
            Key::ImmediateData => self.immediate_data = value,
            Key::DataPDUInOrder => self.data_pdu_in_order = value,
            Key::DataSequenceInOrder => self.data_sequence_in_order = value,
            _ => {}
        }
    }
}

/// What one side asks for, or takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Header digests that are acceptable, best first.
    pub header_digests: Vec<Digest>,
    /// Data digests that are acceptable, best first.
    pub data_digests: Vec<Digest>,
    /// Numbers and booleans. Its digests and `max_xmit_data_segment` are ignored.
    pub params: Params,
}

impl Default for Offer {
    /// The RFC's defaults; both kinds of digest are acceptable, none preferred.
    fn default() -> Self {
        let both = vec![Digest::None, Digest::Crc32c];
        Self {
            header_digests: both.clone(),
            data_digests: both,
            params: Params::default(),
        }
    }
}

impl Offer {
    /// The digests of a digest key.
    pub(super) fn digests(&self, key: Key) -> Option<&[Digest]> {
        match key {
            Key::HeaderDigest => Some(&self.header_digests),
            Key::DataDigest => Some(&self.data_digests),
            _ => None,
        }
    }
}
