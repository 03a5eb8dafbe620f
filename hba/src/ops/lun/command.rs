//! Running one SCSI command: retries what the standards say to retry, and turns sense data into text.
//!
//! Source: SPC-4 §4.5 (sense data), SAM-5 §5.3 (status codes).

use std::time::Duration;

use crate::backend::{ScsiData, ScsiOutcome};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;

const GOOD: u8 = 0x00;
const CHECK_CONDITION: u8 = 0x02;
const BUSY: u8 = 0x08;
const RESERVATION_CONFLICT: u8 = 0x18;
const TASK_SET_FULL: u8 = 0x28;
const UNIT_ATTENTION: u8 = 6;
/// How often a command is sent again after a unit attention or a busy answer.
const RETRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(100);
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Bytes as hex text.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|n| char::from(HEX[usize::from(n)]))
        .collect()
}

/// Big-endian number of up to eight bytes at `at`; missing bytes are an error of the device.
pub(super) fn number(data: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = data.get(at..at.checked_add(length)?)?;
    Some(bytes.iter().fold(0, |n, b| (n << 8) | u64::from(*b)))
}

/// Text of a fixed-width field.
pub(super) fn field(data: &[u8], at: usize, length: usize) -> String {
    let end = data.len().min(at.saturating_add(length));
    let bytes = data.get(at..end).unwrap_or_default();
    let text: String = bytes
        .iter()
        .map(|b| {
            if (0x20..0x7F).contains(b) {
                char::from(*b)
            } else {
                ' '
            }
        })
        .collect();
    text.trim().to_owned()
}

/// Reads up to `length` bytes with `cdb`.
pub(super) fn read_data(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    tried: &str,
    cdb: &[u8],
    length: usize,
) -> Result<Vec<u8>> {
    let mut data = vec![0; length];
    let outcome = run(ctx, lun, tried, cdb, &mut Data::In(&mut data))?;
    data.truncate(outcome.transferred.min(length));
    Ok(data)
}

/// The data phase, lent again for every try.
pub(super) enum Data<'d> {
    In(&'d mut [u8]),
    Out(&'d [u8]),
}

impl Data<'_> {
    fn lend(&mut self) -> ScsiData<'_> {
        match self {
            Data::In(buffer) => ScsiData::In(buffer),
            Data::Out(bytes) => ScsiData::Out(bytes),
        }
    }
}

/// Runs a command until it ends well.
///
/// # Errors
/// [`Kind::Busy`] for a reservation or a device that stays busy, [`Kind::Unsupported`] for an unknown command, else
/// [`Kind::Failed`], each with the sense data as text.
pub(super) fn run(
    ctx: &mut Ctx<'_>,
    lun: Hctl,
    tried: &str,
    cdb: &[u8],
    data: &mut Data<'_>,
) -> Result<ScsiOutcome> {
    let mut left = RETRIES;
    loop {
        let outcome = ctx
            .backend
            .scsi(lun, cdb, data.lend(), ctx.deadline)
            .map_err(|e| e.during(tried.to_owned()))?;
        if outcome.host_status != 0 {
            return Err(Error::new(Kind::Failed, tried)
                .answered(format!(
                    "the transport failed (host status {:#x})",
                    outcome.host_status
                ))
                .hint(crate::Step::SessionList.then(" tells whether the session is up")));
        }
        let sense = Sense::read(&outcome.sense);
        let again = match outcome.status {
            GOOD => return Ok(outcome),
            CHECK_CONDITION => sense.is_some_and(|s| s.key == UNIT_ATTENTION),
            BUSY | TASK_SET_FULL => true,
            _ => false,
        };
        if !again || left == 0 || ctx.deadline.expired() {
            return Err(failure(tried, &outcome, sense));
        }
        left -= 1;
        if outcome.status != CHECK_CONDITION {
            ctx.backend.pause(BUSY_PAUSE.min(ctx.deadline.remaining()));
        }
    }
}

fn failure(tried: &str, outcome: &ScsiOutcome, sense: Option<Sense>) -> Error {
    let (kind, text) = match (outcome.status, sense) {
        (CHECK_CONDITION, Some(s)) => {
            let kind = if s.key == 5 && s.asc == 0x20 {
                Kind::Unsupported
            } else {
                Kind::Failed
            };
            (kind, format!("the device answered {s}"))
        }
        (CHECK_CONDITION, None) => (
            Kind::Failed,
            "the device answered check condition without sense data".to_owned(),
        ),
        (BUSY | TASK_SET_FULL, _) => (Kind::Busy, "the device stays busy".to_owned()),
        (RESERVATION_CONFLICT, _) => (
            Kind::Busy,
            "the device is reserved by another initiator".to_owned(),
        ),
        (status, _) => (
            Kind::Failed,
            format!("the device answered scsi status {status:#04x}"),
        ),
    };
    Error::new(kind, tried).answered(text)
}

/// Decoded sense data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sense {
    pub(super) key: u8,
    pub(super) asc: u8,
    pub(super) ascq: u8,
}

impl Sense {
    /// Reads fixed (0x70, 0x71) or descriptor (0x72, 0x73) format.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let at = |i: usize| data.get(i).copied();
        match at(0)? & 0x7F {
            0x70 | 0x71 => Some(Self {
                key: at(2)? & 15,
                asc: at(12).unwrap_or(0),
                ascq: at(13).unwrap_or(0),
            }),
            0x72 | 0x73 => Some(Self {
                key: at(1)? & 15,
                asc: at(2)?,
                ascq: at(3)?,
            }),
            _ => None,
        }
    }
}

const KEYS: [&str; 16] = [
    "no sense",
    "recovered error",
    "not ready",
    "medium error",
    "hardware error",
    "illegal request",
    "unit attention",
    "data protect",
    "blank check",
    "vendor specific",
    "copy aborted",
    "aborted command",
    "reserved",
    "volume overflow",
    "miscompare",
    "completed",
];

/// Additional sense codes worth words; others are shown as numbers.
const CODES: &[(u8, u8, &str)] = &[
    (0x04, 0x01, "becoming ready"),
    (0x04, 0x02, "start command needed"),
    (0x11, 0x00, "unrecovered read error"),
    (0x20, 0x00, "command not known"),
    (0x21, 0x00, "block out of range"),
    (0x24, 0x00, "invalid field in the command"),
    (0x25, 0x00, "logical unit not there"),
    (0x27, 0x00, "write protected"),
    (0x29, 0x00, "power on or reset"),
    (0x2A, 0x09, "capacity changed"),
    (0x3F, 0x0E, "list of logical units changed"),
];

impl std::fmt::Display for Sense {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = KEYS.get(usize::from(self.key)).copied().unwrap_or("unknown");
        match CODES.iter().find(|c| (c.0, c.1) == (self.asc, self.ascq)) {
            Some((_, _, text)) => write!(f, "{key}: {text}"),
            None => write!(f, "{key} (asc {:#04x}, ascq {:#04x})", self.asc, self.ascq),
        }
    }
}
