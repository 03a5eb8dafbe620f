//! Over iscsi_tcp.

mod flows;
#[path = "../../../../emulator/kernel/tests/software/lab.rs"]
#[allow(dead_code, reason = "the emulated kernel's own tests use more of it")]
mod lab;
