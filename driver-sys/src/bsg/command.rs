//! The eight vendor commands of qla4xxx (ISCSI_BSG_HST_VENDOR), typed.
//!
//! Owns the words of a request, both ways. Must not know what flash or EEPROM contain. Source: `ql4_bsg.c`, `ql4_bsg.h`;
//! `scsi_bsg_iscsi.h`. Which chip takes which command is the driver's business.
//!
//! The stock driver completes a command that fails twice (`bsg_job_done` of the driver, then of `iscsi_bsg_host_dispatch`); a kernel
//! with several processors can hang in that. Whoever sends one makes sure beforehand that it cannot fail: lengths and offsets inside
//! of what the chip has, nothing while the adapter is being reset, none that the chip does not take. A self test that fails is no
//! such case: it is completed once.

use nix::errno::Errno;

use super::diagnostic::Diagnostic;
use super::packet::Job;
use crate::hw::mailbox::{FactoryAreas, FlashCommit};

/// `msgcode` of vendor commands.
const HST_VENDOR: u32 = 0x8000_00ff;
/// Vendor ID that qla4xxx answers to: PCI vendor type and QLogic's PCI vendor ID.
pub const QLOGIC_VENDOR_ID: u64 = 0x0100_0000_0000_1077;
/// `msgcode` and `vendor_id`, in bytes.
const HEADER: usize = 12;
/// Highest number of vendor words that are looked at.
const MAX_WORDS: usize = 16;

/// A vendor command. Offsets and lengths are in bytes. `Debug` shows no payload.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are the words that the driver's header names")]
pub enum VendorCommand {
    /// Read flash; `len` is not 0 (ENOMEM).
    ReadFlash { offset: u32, len: u32 },
    /// Write flash; `data` is not empty (ENOMEM). The driver does not look at what is written: what it shows in sysfs stays as it was
    /// until it reads flash again (reset of the adapter, load of the module).
    UpdateFlash {
        offset: u32,
        options: FlashCommit,
        data: Vec<u8>,
    },
    /// State of one IP address: eight mailbox registers come back as payload (not on the 4010). `ip`: 0 IPv4, 1 link-local, 2 and
    /// 3 the routable IPv6 addresses. [`super::Mailboxes`] reads them.
    GetAcbState { acb: u32, ip: u32 },
    /// Read NVRAM (40xx).
    ReadNvram { offset: u32, len: u32 },
    /// Write NVRAM (40xx).
    UpdateNvram { offset: u32, data: Vec<u8> },
    /// Restore factory defaults (not on the 4010). `fields` are masks of single fields of the control block, 0 for all. As with
    /// `UpdateFlash`, the driver goes on with what it knew.
    RestoreDefaults { areas: FactoryAreas, fields: [u32; 2] },
    /// Read an address control block; `len` at least 768 (not on the 4010).
    GetAcb { acb: u32, len: u32 },
    /// Run a self test, read or set the LEDs: eight mailbox registers in, eight out (in the reply). [`super::Mailboxes`] reads them.
    Diagnostic(Diagnostic),
    /// A command without a name here.
    Unknown {
        words: Vec<u32>,
        data: Vec<u8>,
        len: u32,
    },
}

impl VendorCommand {
    /// `vendor_cmd[0]` and its arguments.
    fn words(&self) -> Vec<u32> {
        match self {
            Self::ReadFlash { offset, .. } => vec![1, *offset],
            Self::UpdateFlash { offset, options, .. } => vec![2, *offset, options.raw()],
            Self::GetAcbState { acb, ip } => vec![3, *acb, *ip],
            Self::ReadNvram { offset, .. } => vec![4, *offset],
            Self::UpdateNvram { offset, .. } => vec![5, *offset],
            Self::RestoreDefaults { areas, fields } => vec![6, areas.bits(), fields[0], fields[1]],
            Self::GetAcb { acb, .. } => vec![7, *acb],
            Self::Diagnostic(diagnostic) => {
                let mut words = vec![8];
                words.extend_from_slice(&diagnostic.mailboxes());
                words
            }
            Self::Unknown { words, .. } => words.clone(),
        }
    }

    /// What goes down.
    #[must_use]
    pub fn to_job(&self) -> Job {
        let mut request = HST_VENDOR.to_ne_bytes().to_vec();
        request.extend_from_slice(&QLOGIC_VENDOR_ID.to_ne_bytes());
        for word in self.words() {
            request.extend_from_slice(&word.to_ne_bytes());
        }
        let (payload_out, payload_in_len) = match self {
            Self::ReadFlash { len, .. } | Self::ReadNvram { len, .. } | Self::GetAcb { len, .. } => {
                (Vec::new(), *len)
            }
            Self::UpdateFlash { data, .. } | Self::UpdateNvram { data, .. } => (data.clone(), 0),
            Self::GetAcbState { .. } => (Vec::new(), 32),
            Self::RestoreDefaults { .. } | Self::Diagnostic(_) => (Vec::new(), 0),
            Self::Unknown { data, len, .. } => (data.clone(), *len),
        };
        Job {
            request,
            payload_out,
            payload_in_len,
        }
    }

    /// Reads a request as the transport class and the driver do (the server's side). Missing argument words are 0.
    ///
    /// # Errors
    /// The errno of the transport class: ENOMSG for a short request, EBADR for another message code, ESRCH for another
    /// vendor.
    pub fn from_job(job: &Job) -> Result<Self, Errno> {
        let code = job.request.first_chunk::<4>().ok_or(Errno::ENOMSG)?;
        if u32::from_ne_bytes(*code) != HST_VENDOR {
            return Err(Errno::EBADR);
        }
        let vendor = job
            .request
            .get(4..HEADER)
            .and_then(|b| b.try_into().ok())
            .ok_or(Errno::ENOMSG)?;
        if u64::from_ne_bytes(vendor) != QLOGIC_VENDOR_ID {
            return Err(Errno::ESRCH);
        }
        let words = job.request.get(HEADER..).unwrap_or_default();
        Ok(Self::from_words(words, &job.payload_out, job.payload_in_len))
    }

    /// Reads the driver's part of a request: `vendor_cmd[]`, what came with it, and how many bytes may come back.
    #[must_use]
    pub fn from_words(words: &[u8], payload: &[u8], len: u32) -> Self {
        let words: Vec<u32> = words
            .chunks_exact(4)
            .take(MAX_WORDS)
            .map(|b| u32::from_ne_bytes(b.try_into().unwrap_or_default()))
            .collect();
        let word = |at: usize| words.get(at).copied().unwrap_or(0);
        let data = || payload.to_vec();
        match word(0) {
            1 => Self::ReadFlash { offset: word(1), len },
            2 => Self::UpdateFlash {
                offset: word(1),
                options: FlashCommit::from_raw(word(2)),
                data: data(),
            },
            3 => Self::GetAcbState {
                acb: word(1),
                ip: word(2),
            },
            4 => Self::ReadNvram { offset: word(1), len },
            5 => Self::UpdateNvram {
                offset: word(1),
                data: data(),
            },
            6 => Self::RestoreDefaults {
                areas: FactoryAreas::from_bits_retain(word(1)),
                fields: [word(2), word(3)],
            },
            7 => Self::GetAcb { acb: word(1), len },
            8 => Self::Diagnostic(Diagnostic::from_mailboxes(core::array::from_fn(|i| word(i + 1)))),
            _ => Self::Unknown {
                words,
                data: data(),
                len,
            },
        }
    }
}

impl core::fmt::Debug for VendorCommand {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let job = self.to_job();
        let name = match self {
            Self::ReadFlash { .. } => "ReadFlash",
            Self::UpdateFlash { .. } => "UpdateFlash",
            Self::GetAcbState { .. } => "GetAcbState",
            Self::ReadNvram { .. } => "ReadNvram",
            Self::UpdateNvram { .. } => "UpdateNvram",
            Self::RestoreDefaults { .. } => "RestoreDefaults",
            Self::GetAcb { .. } => "GetAcb",
            Self::Diagnostic(_) => "Diagnostic",
            Self::Unknown { .. } => "Unknown",
        };
        f.debug_struct(name)
            .field("words", &self.words())
            .field("out", &job.payload_out.len())
            .field("in", &job.payload_in_len)
            .finish()
    }
}
