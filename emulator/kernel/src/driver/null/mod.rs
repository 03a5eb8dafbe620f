//! A driver without hardware and without callbacks: it loads, has a host, and answers as the class does for what it lacks.
//!
//! Only tests load it. It shows what a driver cannot do without, and that the class and the mid layer know none by name.

#[cfg(test)]
mod tests;

use std::io;

use crate::midlayer::{HostTemplate, host_objects};
use crate::transport::{Class, LowLevelDriver};
use crate::tree::Object;

/// The address that identifies the transport.
pub(super) const HANDLE: u64 = 0x6e75_6c6c;

/// The driver, and the number of its host.
pub(super) struct Null(pub(super) u32);

impl HostTemplate for Null {
    fn name(&self) -> &'static str {
        "null"
    }
}

impl LowLevelDriver for Null {
    fn handle(&self) -> u64 {
        HANDLE
    }

    fn caps(&self) -> u32 {
        0
    }

    fn load(&mut self, class: &mut Class) -> io::Result<()> {
        class
            .env
            .tree
            .add(Object::plain("module/null").ro("initstate", "live"))?;
        class.register_transport(self)?;
        let no = self.0;
        let path = format!("devices/platform/null/host{no}");
        let (device, shost) = host_objects(self.name(), no, &path);
        class.add_host(self, no, [device, shost], None)
    }
}
