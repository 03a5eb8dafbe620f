//! Kernel and hardware-interface bytes for iSCSI offload HBAs: netlink, sysfs, bsg, flash.
