//! The emulated kernel: iSCSI transport class and qla4xxx driver behind a directory.
