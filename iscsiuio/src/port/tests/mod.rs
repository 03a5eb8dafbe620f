//! A port at work.

mod addresses;
mod link;
mod many;
mod pings;
mod requests;
mod restart;
mod six;
