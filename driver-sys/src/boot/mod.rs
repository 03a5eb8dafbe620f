//! What the firmware booted from: `/sys/firmware/ibft` and `/sys/firmware/iscsi_bootN`.
//!
//! Owns: the readers of both trees, which have one shape. Must not know: how a boot target is set.
//! Source: kernel `drivers/scsi/iscsi_boot_sysfs.c`, `include/linux/iscsi_boot_sysfs.h`, `drivers/firmware/iscsi_ibft.c`,
//! `qla4xxx/ql4_os.c` (`qla4xxx_show_boot_tgt_info`).

mod objects;
mod tree;

pub use objects::{
    ACPI_ATTRS, AcpiHeader, BootFlags, ChapType, ETHERNET_ATTRS, Ethernet, INITIATOR_ATTRS, Initiator,
    TARGET_ATTRS, Target, Trimmed, TrimmedSecret,
};
pub use tree::{BootTree, Source, boot_trees};

#[cfg(test)]
mod tests;
