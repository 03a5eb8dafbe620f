//! Over bnx2i.

#[path = "../../../../emulator/kernel/tests/offload/answering.rs"]
#[allow(dead_code, reason = "the emulated kernel's own tests use more of it")]
mod answering;
mod flows;
#[path = "../../../../emulator/kernel/tests/offload/lab.rs"]
#[allow(dead_code, reason = "the emulated kernel's own tests use more of it")]
mod lab;
