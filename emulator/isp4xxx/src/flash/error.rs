//! Why an image is not accepted.

use super::StoreError;

/// Why a card does not start from a store. Nothing is written in any of these cases.
#[derive(Debug, thiserror::Error)]
pub enum FlashError {
    /// The store itself failed.
    #[error("the flash store cannot be read")]
    Store(#[from] StoreError),
    /// More or fewer ports than the chip has.
    #[error("{chip} has 1 to {max} ports, not {asked}")]
    Ports {
        /// Chip.
        chip: &'static str,
        /// Most ports.
        max: usize,
        /// Ports asked for.
        asked: usize,
    },
    /// The image belongs to another chip.
    #[error("the flash image is that of an {found}, the card is an {chip}")]
    OtherChip {
        /// Chip of the card.
        chip: &'static str,
        /// Chip named by the system information.
        found: &'static str,
    },
    /// An area is missing or has another length.
    #[error("port {port}: the {area} at {offset:#x} is missing from the flash image")]
    Missing {
        /// Port.
        port: usize,
        /// Which area.
        area: &'static str,
        /// Where it ought to be.
        offset: u64,
    },
    /// A cookie is none of those the firmware writes.
    #[error(
        "port {port}: {area} record {index} at {offset:#x} has cookie {found:#x}, expected {expected:#x} or an erased record"
    )]
    Cookie {
        /// Port.
        port: usize,
        /// Which area.
        area: &'static str,
        /// Which record.
        index: usize,
        /// Where the record begins.
        offset: u64,
        /// Cookie found.
        found: u32,
        /// Cookie of a valid record.
        expected: u32,
    },
    /// The system information holds no usable MAC address.
    #[error("port {port}: the system information at {offset:#x} holds no usable MAC address")]
    Mac {
        /// Port.
        port: usize,
        /// Where.
        offset: u64,
    },
    /// The system information holds something that no card of the family has there.
    #[error("port {port}: the system information at {offset:#x} is damaged: its {what} is {found:#x}")]
    SysInfo {
        /// Port.
        port: usize,
        /// Where it begins.
        offset: u64,
        /// Which field.
        what: &'static str,
        /// What it holds.
        found: u32,
    },
    /// The EEPROM words do not sum to zero.
    #[error("the EEPROM checksum is wrong: its words sum to {sum:#06x}, expected 0")]
    NvramChecksum {
        /// The sum found.
        sum: u16,
    },
    /// The EEPROM has another length.
    #[error("the EEPROM image is {found} bytes long, {chip} has {expected}")]
    NvramSize {
        /// Chip.
        chip: &'static str,
        /// Length found.
        found: usize,
        /// Length of the chip's.
        expected: usize,
    },
}
