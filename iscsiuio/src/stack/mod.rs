//! Ethernet, 802.1Q, ARP, IPv4, IPv6, ICMP and neighbour discovery of one interface, on smoltcp.
//!
//! Frames in, frames out. Must not know leases, path requests or rings.
