//! The initiator against a scripted peer, in virtual time.

mod hostile;
mod login;
mod peer;
mod traffic;
