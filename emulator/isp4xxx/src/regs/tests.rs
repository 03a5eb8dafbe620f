//! The register file, without a PCI bus.
