//! `NAME=VALUE` of a session: which names there are, what they take, and why others cannot be set.

use crate::error::{Error, Kind, Result};

/// What can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    RecoveryTmo,
    QueueDepth,
    Timeout,
    EhTimeout,
}

/// A setting and its new value, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingChange {
    pub(super) setting: Setting,
    pub(super) value: String,
}

/// Names, what they set, the least and the greatest value, whether `off` is one. The second name of the first is what other systems
/// call it.
const NAMES: &[(&str, Setting, u64, u64, bool)] = &[
    ("recovery_tmo", Setting::RecoveryTmo, 0, MOST, true),
    ("replacement_timeout", Setting::RecoveryTmo, 0, MOST, true),
    ("device_removal_latency", Setting::RecoveryTmo, 0, MOST, true),
    ("queue_depth", Setting::QueueDepth, 1, 65_535, false),
    // The kernel keeps both in jiffies: beyond this they would turn over.
    ("timeout", Setting::Timeout, 1, 4_294_967, false),
    ("eh_timeout", Setting::EhTimeout, 1, 4_294_967, false),
];
/// The kernel keeps it as a signed number.
const MOST: u64 = 2_147_483_647;

/// Names that are known and cannot be set, and why.
const NOT: &[(&[&str], &str)] = &[
    (
        &[
            "abort_tmo",
            "abort_timeout",
            "lu_reset_tmo",
            "lu_reset_timeout",
            "tgt_reset_tmo",
            "tgt_reset_timeout",
            "host_reset_timeout",
            "fast_abort",
        ],
        "the program that logs in gives it to the kernel with its login; an adapter that logs in by itself has times of its own \
         (def_taskmgmt_tmo of the flash target)",
    ),
    (
        &["ping_tmo", "recv_tmo", "noop_out_interval", "noop_out_timeout"],
        "the program that logs in gives it to the kernel with its login; an adapter that logs in by itself asks its targets by its own \
         clock (keepalive_tmo of the flash target)",
    ),
    (
        &[
            "keepalive_tmo",
            "def_taskmgmt_tmo",
            "def_time2wait",
            "def_time2retain",
        ],
        "a session keeps what it was made with: set it of the flash target, and log in again",
    ),
    (
        &["eh_deadline"],
        "it is of the whole port: write /sys/class/scsi_host/hostN/eh_deadline",
    ),
];

impl SettingChange {
    /// Reads `NAME=VALUE`.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for an unknown name or a value that it does not take; [`Kind::Unsupported`] for one that cannot be set.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = |why: String| {
            Err(Error::new(Kind::Invalid, format!("read the setting {}", text.escape_debug())).answered(why))
        };
        let Some((name, value)) = text.split_once('=') else {
            return invalid("expected NAME=VALUE".to_owned());
        };
        if let Some((_, why)) = NOT.iter().find(|(names, _)| names.contains(&name)) {
            return Err(Error::new(Kind::Unsupported, format!("set {name} of a session")).answered(*why));
        }
        let Some((_, setting, least, most, off)) = NAMES.iter().find(|row| row.0 == name).copied() else {
            let names: Vec<&str> = NAMES.iter().map(|row| row.0).collect();
            return invalid(format!(
                "there is no such setting; there are {}",
                names.join(", ")
            ));
        };
        if off && matches!(value, "off" | "never" | "-1") {
            return Ok(Self {
                setting,
                value: "off".to_owned(),
            });
        }
        match number(value) {
            Some(n) if (least..=most).contains(&n) => Ok(Self {
                setting,
                value: n.to_string(),
            }),
            _ => {
                let off = if off { ", or off" } else { "" };
                invalid(format!("{name} is a number from {least} to {most}{off}"))
            }
        }
    }
}

/// Decimal, or hexadecimal behind `0x`.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}
