//! Control plane for iSCSI offload HBAs: adapters, flash, CHAP, boot, sessions.
