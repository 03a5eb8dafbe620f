//! The module and its parameters.
//!
//! Source: `ql4_os.c` (`module_param`), `ql4_version.h`; a dump of a stock 6.1 kernel.

use std::io;

use super::Qla4xxx;
use crate::transport::Class;
use crate::tree::Object;

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

    /// Whether the adapter may be reset (`ql4xdontresethba`).
    pub(super) fn may_reset(class: &Class) -> bool {
        let at = "module/qla4xxx/parameters/ql4xdontresethba";
        let value = class.env.tree.resolve(at).map(|(_, a)| a.value.clone());
        String::from_utf8_lossy(&value.unwrap_or_default()).trim() == "0"
    }
}
