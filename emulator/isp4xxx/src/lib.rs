//! The ISP4xxx adapter without I/O: chips as data, the flash image and its records, the firmware.
//!
//! Owns what the adapter is and does. It must not know sockets, files or clocks, nor which front end (emulated kernel, PCI
//! registers) speaks to it. Nothing here panics on what a front end, a peer or a flash image brings.
#![forbid(unsafe_code)]

pub mod chip;
pub mod flash;
pub mod fw;
pub mod nvram;
pub mod regs;

pub use chip::Chip;
