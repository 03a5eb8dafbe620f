//! UIO: a device's memory and interrupts in user space.
//!
//! Owns what `/sys/class/uio` tells of a device, its node below `/dev`, its interrupts, and mappings of its memory with
//! bounds; `map` is the one file with `unsafe`. Must not know what the memory means. Source: `drivers/uio/uio.c`.

mod class;
mod device;
mod error;
mod map;

pub use class::{Description, Region, devices};
pub use device::Device;
pub use error::UioError;
pub use map::{Map, Outside};
