//! The flash of a card: areas at the real offsets, records in the real bytes, behind a store that somebody else implements.
//!
//! Each port sees its areas at the addresses the driver uses; in the card's image the view of port `n` begins at
//! `n * `[`Layout::stride`]. Every byte outside the areas reads as erased (`0xFF`) and cannot be written. Must not know files.

mod error;
pub mod factory;
mod image;
pub mod inspect;
mod layout;
mod memory;
mod store;
pub mod validate;

pub use error::FlashError;
pub use factory::{Identity, factory_default};
pub use image::Image;
pub use inspect::{ChapView, Contents, DdbView, IfcbView, PortContents, SysInfoView, inspect};
pub use layout::{Area, ISP40XX, Layout, Place};
pub use memory::{KillPoint, MemoryStore};
pub use store::{Change, FlashStore, Loaded, Region, StoreError};
