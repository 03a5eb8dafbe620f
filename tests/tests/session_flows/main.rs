//! The product's login flows on the emulated kernel, in this process: software sessions, and ports of the bnx2i class.
//!
//! The labs are those in which the emulated kernel's own tests run.

mod offload;
mod software;
