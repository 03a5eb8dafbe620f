//! SCSI without a transport: command blocks, sense data and logical units.
//!
//! Owns what SAM-5, SPC-4 and SBC-3 say about commands; knows nothing of iSCSI, sockets, files or clocks. A transport hands a
//! [`Request`] to a [`Device`] and gets a [`Response`] and, for reads, a filled buffer.
//!
//! No function here panics on any input: CDBs, parameter lists and addresses come from outside.
#![forbid(unsafe_code)]

pub mod cdb;
pub mod data_in;
pub mod device;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod inquiry;
pub mod lun;
pub mod mode;
pub mod opcode;
pub mod param;
pub mod port;
pub mod reservation;
pub mod sense;
pub mod status;
pub mod target_port;
pub mod unit_attention;

pub use cdb::{Cdb, CdbError};
pub use data_in::DataIn;
pub use device::{Device, Request, Response};
pub use lun::{Extent, LogicalUnit, Lun, LunConfig, Medium, MediumError, MemoryMedium};
pub use port::PortId;
pub use reservation::{ReservationStore, StoreError};
pub use sense::{AdditionalSense, Sense, SenseKey};
pub use status::Status;
pub use target_port::{AccessState, TargetPort, TargetPorts};
pub use unit_attention::NexusId;
