//! Event loop, TCP links, clock and flash files that drive the engines.
