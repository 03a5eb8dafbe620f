//! Commands of the mid layer: the library's.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_host_template`).

use super::Bnx2i;
use crate::env::Env;
use crate::midlayer::{Command, HostTemplate, Order, Tag};

impl HostTemplate for Bnx2i {
    fn name(&self) -> &'static str {
        "bnx2i"
    }

    fn queue_depth(&self, _: &Env, target: u32) -> u32 {
        self.engine.lib.queue_depth(target)
    }

    fn queuecommand(&mut self, target: u32, command: Command) -> Option<Tag> {
        self.engine.lib.queuecommand(target, command)
    }

    fn eh_abort(&mut self, target: u32, tag: Tag) -> Order {
        self.engine.lib.eh_abort(target, tag)
    }

    fn eh_forget(&mut self, target: u32, tag: Tag) {
        self.engine.lib.eh_forget(target, tag);
    }

    fn eh_device_reset(&mut self, target: u32, lun: u64) -> Order {
        self.engine.lib.eh_device_reset(target, lun)
    }

    fn eh_target_reset(&mut self, target: u32) -> Order {
        self.engine.lib.eh_target_reset(target)
    }
}
