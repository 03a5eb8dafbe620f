//! Sessions that are kept: logged in, watched, brought back and ended.
//!
//! `flow` has what one login takes over the kernel's interface.

pub mod flow;
