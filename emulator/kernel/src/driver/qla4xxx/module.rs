//! The module and its parameters.
//!
//! Source: `ql4_os.c` (`module_param`), `ql4_version.h`; a dump of a stock 6.1 kernel.

use std::io;

use super::Qla4xxx;
use crate::env::Env;
use crate::transport::Class;
use crate::tree::Object;

/// `QL4_DEF_QDEPTH`.
const QL4_DEF_QDEPTH: u32 = 32;
/// `MAX_SRBS`, the host's `can_queue`.
const MAX_SRBS: u32 = 1024;

impl Qla4xxx {
    /// The module appears, with its parameters.
    pub(super) fn show_module(&self, class: &mut Class) -> io::Result<()> {
        let disable_sysfs_boot = u8::from(self.config.disable_sysfs_boot).to_string();
        class.env.tree.add(
            Object::plain("module/qla4xxx")
                .ro("version", "5.04.00-k6")
                .ro("initstate", "live")
                .ro("parameters/ql4xmdcapmask", "0")
                .rw("parameters/ql4xextended_error_logging", "0")
                .rw("parameters/ql4xqfulltracking", "1")
                .rw("parameters/ql4xenablemsix", "1")
                .rw("parameters/ql4xdontresethba", "0")
                .ro("parameters/ql4xsess_recovery_tmo", "120")
                .rw("parameters/ql4xmaxqdepth", "32")
                .rw("parameters/ql4xdisablesysfsboot", disable_sysfs_boot)
                .rw("parameters/ql4xenablemd", "1"),
        )
    }

    /// A parameter as it reads now.
    fn parameter(env: &Env, name: &str) -> Option<i32> {
        let (_, attr) = env.tree.resolve(&format!("module/qla4xxx/parameters/{name}"))?;
        String::from_utf8_lossy(&attr.value).trim().parse().ok()
    }

    /// Whether the adapter may be reset (`ql4xdontresethba`).
    pub(super) fn may_reset(class: &Class) -> bool {
        Self::parameter(&class.env, "ql4xdontresethba") == Some(0)
    }

    /// How many commands a new unit takes at once (`qla4xxx_slave_alloc`).
    pub(super) fn depth(env: &Env) -> u32 {
        let wanted = Self::parameter(env, "ql4xmaxqdepth").and_then(|depth| u32::try_from(depth).ok());
        let depth = wanted
            .filter(|depth| (1..=0xffff).contains(depth))
            .unwrap_or(QL4_DEF_QDEPTH);
        depth.min(MAX_SRBS)
    }
}
