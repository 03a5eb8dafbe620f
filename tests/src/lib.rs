//! The lab harness shared by the integration tests.
