//! Records in a port's flash, through the mailbox.
//!
//! Owns where a record lies, which the chip's layout says. Must not know what a record means. Source: `ql4_mbx.c`
//! (`qla4xxx_get_flash`, `qla4xxx_set_flash`).

use driver_sys::hw::mailbox::FlashCommit;
use isp4xxx::flash::Area;
use isp4xxx::fw::{Command, MboxError, Reply};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::Qla4xxx;

impl Qla4xxx {
    /// `count` records of an area from the first on; fewer when they cannot be read.
    pub(super) fn read_records<T: FromBytes>(&mut self, port: usize, area: Area, count: u16) -> Vec<T> {
        self.read_area(port, area, 0, count)
    }

    /// One record of an area.
    pub(super) fn read_record<T: FromBytes>(&mut self, port: usize, area: Area, index: u16) -> Option<T> {
        self.read_area(port, area, index, 1).pop()
    }

    /// Writes one record of an area; committed at once.
    pub(super) fn write_record<T: IntoBytes + Immutable>(
        &mut self,
        port: usize,
        area: Area,
        index: u16,
        record: &T,
    ) -> Result<(), MboxError> {
        let write = Command::WriteFlash {
            offset: self.card.chip().layout.record(area, index),
            data: record.as_bytes().to_vec(),
            options: FlashCommit::RmwCommit,
        };
        self.mbox(port, write).map(|_| ())
    }

    fn read_area<T: FromBytes>(&mut self, port: usize, area: Area, from: u16, count: u16) -> Vec<T> {
        let read = Command::ReadFlash {
            offset: self.card.chip().layout.record(area, from),
            len: u32::from(count) * area.record() as u32,
        };
        match self.mbox(port, read) {
            Ok(Reply::Bytes(bytes)) => bytes
                .chunks_exact(area.record())
                .filter_map(|record| T::read_from_bytes(record).ok())
                .collect(),
            _ => Vec::new(),
        }
    }
}
