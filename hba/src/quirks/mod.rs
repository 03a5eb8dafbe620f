//! Known defects of drivers, as data, and what the control plane does about them.

pub mod qla4xxx;
