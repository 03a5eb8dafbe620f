//! The initiator against a scripted peer, in virtual time.

mod chap;
mod damage;
mod hostile;
mod login;
mod manage;
mod numbers;
mod owed;
mod peer;
mod relay;
mod text;
mod traffic;
