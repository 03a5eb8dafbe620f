//! SCSI command blocks, sense and logical units without transport.
