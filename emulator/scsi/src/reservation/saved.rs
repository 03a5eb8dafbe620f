//! The text that survives a restart (APTPL).
//!
//! ```text
//! reservations 1
//! registered 00000000000000ab 1 iqn.2026-01.net.example:host,i,0x00023d000001
//! holder 5 1 iqn.2026-01.net.example:host,i,0x00023d000001
//! ```
//! `holder TYPE *` for the types of all registrants.

use std::fmt::Write;

use super::{Holder, Kind, MAX_REGISTRATIONS, Registration, Reservations};
use crate::port::{MAX_NAME, PortId};

const FIRST_LINE: &str = "reservations 1";

/// A text that holds no reservations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the saved reservations cannot be read")]
pub struct SavedError {
    /// Counted from 1.
    pub line: usize,
}

impl Reservations {
    /// What is to be kept: nothing, unless APTPL asks for it.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        if !self.keep || self.registered.is_empty() {
            return text;
        }
        text.push_str(FIRST_LINE);
        text.push('\n');
        for Registration { port, key } in &self.registered {
            let _ = writeln!(
                text,
                "registered {key:016x} {} {}",
                port.target_port, port.initiator
            );
        }
        match &self.holder {
            None => {}
            Some(Holder { kind, port: None }) => {
                let _ = writeln!(text, "holder {} *", *kind as u8);
            }
            Some(Holder {
                kind,
                port: Some(port),
            }) => {
                let _ = writeln!(
                    text,
                    "holder {} {} {}",
                    *kind as u8, port.target_port, port.initiator
                );
            }
        }
        text
    }

    /// Reads what was kept.
    pub(crate) fn from_text(text: &str) -> Result<Self, SavedError> {
        let mut this = Self::default();
        for (index, line) in text.lines().enumerate() {
            let broken = SavedError { line: index + 1 };
            if index == 0 {
                if line != FIRST_LINE {
                    return Err(broken);
                }
                this.keep = true;
                continue;
            }
            let words: Vec<&str> = line.split(' ').collect();
            match *words.as_slice() {
                ["registered", key, target_port, initiator] => {
                    let port = port(target_port, initiator).ok_or(broken)?;
                    let key = u64::from_str_radix(key, 16).map_err(|_| broken)?;
                    if key == 0 || this.key_of(&port).is_some() || this.registered.len() >= MAX_REGISTRATIONS
                    {
                        return Err(broken);
                    }
                    this.registered.push(Registration { port, key });
                }
                ["holder", kind, "*"] if this.holder.is_none() => {
                    let kind = kind.parse().ok().and_then(Kind::from_code);
                    let kind = kind.filter(|kind| kind.all()).ok_or(broken)?;
                    this.holder = Some(Holder { kind, port: None });
                }
                ["holder", kind, target_port, initiator] if this.holder.is_none() => {
                    let kind = kind.parse().ok().and_then(Kind::from_code);
                    let kind = kind.filter(|kind| !kind.all()).ok_or(broken)?;
                    let port = port(target_port, initiator).ok_or(broken)?;
                    this.holder = Some(Holder {
                        kind,
                        port: Some(port),
                    });
                }
                _ => return Err(broken),
            }
        }
        let held = this.holder.is_some();
        this.drop_orphan();
        if held && this.holder.is_none() {
            return Err(SavedError {
                line: text.lines().count(),
            });
        }
        Ok(this)
    }
}

fn port(target_port: &str, initiator: &str) -> Option<PortId> {
    let target_port = target_port.parse().ok().filter(|port| *port != 0)?;
    let fits = !initiator.is_empty() && initiator.len() <= MAX_NAME;
    fits.then(|| PortId::new(initiator, target_port))
}
