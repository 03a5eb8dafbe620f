//! The codec as a whole: captured bytes, round trips, hostile input.

mod captured;
mod heard;
mod hostile;
mod roundtrip;
