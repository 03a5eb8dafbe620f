//! The codec as a whole: captured bytes, round trips, hostile input.

mod captured;
mod hostile;
mod roundtrip;
