//! A port at work.

mod requests;
