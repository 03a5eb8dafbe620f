//! Commands of the mid layer: the library's.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_sht`).

use super::Tcp;
use crate::env::Env;
use crate::midlayer::{Command, HostTemplate, Order, Tag};

impl HostTemplate for Tcp {
    fn name(&self) -> &'static str {
        "iscsi_tcp"
    }

    fn queue_depth(&self, _: &Env, target: u32) -> u32 {
        self.lib.queue_depth(target)
    }

    fn queuecommand(&mut self, target: u32, command: Command) -> Option<Tag> {
        self.lib.queuecommand(target, command)
    }

    fn eh_abort(&mut self, target: u32, tag: Tag) -> Order {
        self.lib.eh_abort(target, tag)
    }

    fn eh_forget(&mut self, target: u32, tag: Tag) {
        self.lib.eh_forget(target, tag);
    }

    fn eh_device_reset(&mut self, target: u32, lun: u64) -> Order {
        self.lib.eh_device_reset(target, lun)
    }

    fn eh_target_reset(&mut self, target: u32) -> Order {
        self.lib.eh_target_reset(target)
    }
}
