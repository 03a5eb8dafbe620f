//! The module and its parameters.
//!
//! Source: `iscsi_tcp.c` (`module_param_named`).

use std::io;

use super::Tcp;
use crate::transport::Class;
use crate::tree::Object;

impl Tcp {
    /// The module appears, with its parameters.
    pub(super) fn show_module(class: &mut Class) -> io::Result<()> {
        class.env.tree.add(
            Object::plain("module/iscsi_tcp")
                .ro("initstate", "live")
                .ro("parameters/max_lun", "4294967295")
                .rw("parameters/debug_iscsi_tcp", "0")
                .rw("parameters/recv_from_iscsi_q", "N"),
        )
    }
}
