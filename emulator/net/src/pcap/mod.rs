//! What goes over the links, as a capture file that Wireshark and tcpdump read.
//!
//! [`Capture`] owns the file, [`Conversation`] dresses the bytes of one TCP connection up as frames: the kernel keeps the real
//! segments to itself, so handshake, sequence numbers and acknowledgements are made from the order in which bytes were read and
//! written. Must not know what the bytes mean. Source: the pcap file format (draft-ietf-opsawg-pcap), RFC 791, RFC 8200, RFC 9293.

mod conversation;
mod file;
mod frame;
#[cfg(test)]
mod tests;

pub use conversation::{Conversation, Opened};
pub use file::Capture;
