//! The console blocks of the documents, run as they stand there.
//!
//! Owns how a document is read ([`blocks()`]), where its commands run ([`Console`]), and when what they print is what the document
//! shows ([`compare`]). Must not know any document. The convention for whoever writes one stands in `docs/testing.md`.

mod block;
pub mod compare;
mod console;

pub use block::{Block, Mark, Step, blocks};
pub use console::Console;
