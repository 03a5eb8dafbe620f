//! A served iSCSI target.
