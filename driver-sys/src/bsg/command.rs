//! The eight vendor commands of qla4xxx (ISCSI_BSG_HST_VENDOR), typed, and their replies.
//!
//! Source: `ql4_bsg.c`, `ql4_bsg.h`; `scsi_bsg_iscsi.h`. Which chip takes which command is the driver's business.

use nix::errno::Errno;

use super::packet::{Answer, Job, malformed, words};
use crate::abi::open_enum;
use crate::hw::mailbox::{FlashCommit, MBOX_REG_COUNT};
use crate::port::PortError;

/// `msgcode` of vendor commands.
const HST_VENDOR: u32 = 0x8000_00ff;
/// Vendor ID that qla4xxx answers to: PCI vendor type and QLogic's PCI vendor ID.
pub const QLOGIC_VENDOR_ID: u64 = 0x0100_0000_0000_1077;
/// `msgcode` and `vendor_id`, in bytes.
const HEADER: usize = 12;
/// Highest number of vendor words that are looked at.
const MAX_WORDS: usize = 16;
/// SCSI host byte "OK" as it stands in `result`.
const DID_OK: u32 = 0;

open_enum! {
    /// Self tests of [`VendorCommand::DiagTest`] (`QL_DIAG_CMD_*`), mailbox 1 of DIAG_TEST.
    pub enum DiagTest: u32 {
        /// Size of the DDR memory.
        DdrSize = 0x2 => "QL_DIAG_CMD_TEST_DDR_SIZE",
        /// DDR memory.
        DdrRw = 0x3 => "QL_DIAG_CMD_TEST_DDR_RW",
        /// On-chip memory.
        OnchipMemRw = 0x4 => "QL_DIAG_CMD_TEST_ONCHIP_MEM_RW",
        /// NVRAM (40xx).
        Nvram = 0x5 => "QL_DIAG_CMD_TEST_NVRAM",
        /// Flash.
        FlashRom = 0x6 => "QL_DIAG_CMD_TEST_FLASH_ROM",
        /// Internal loopback.
        IntLoopback = 0x7 => "QL_DIAG_CMD_TEST_INT_LOOPBACK",
        /// External loopback.
        ExtLoopback = 0x8 => "QL_DIAG_CMD_TEST_EXT_LOOPBACK",
        /// DMA (40xx).
        DmaXfer = 0x9 => "QL_DIAG_CMD_TEST_DMA_XFER",
        /// DDR self test.
        SelfDdrRw = 0xc => "QL_DIAG_CMD_SELF_DDR_RW",
        /// On-chip memory self test.
        SelfOnchipMemRw = 0xd => "QL_DIAG_CMD_SELF_ONCHIP_MEM_RW",
    }
}

/// A vendor command. Offsets and lengths are in bytes. `Debug` shows no payload.
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields are the words that the driver's header names")]
pub enum VendorCommand {
    /// Read flash.
    ReadFlash { offset: u32, len: u32 },
    /// Write flash.
    UpdateFlash {
        offset: u32,
        options: FlashCommit,
        data: Vec<u8>,
    },
    /// State of one IP address: eight mailbox registers come back (not on the 4010).
    GetAcbState { acb: u32, ip: u32 },
    /// Read NVRAM (40xx).
    ReadNvram { offset: u32, len: u32 },
    /// Write NVRAM (40xx).
    UpdateNvram { offset: u32, data: Vec<u8> },
    /// Restore factory defaults (not on the 4010).
    RestoreDefaults { region: u32, field0: u32, field1: u32 },
    /// Read an address control block; `len` at least 768 (not on the 4010).
    GetAcb { acb: u32, len: u32 },
    /// Run a self test or set LEDs: eight mailbox registers in, eight out (in the reply).
    DiagTest { mailbox: [u32; MBOX_REG_COUNT] },
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
            Self::RestoreDefaults {
                region,
                field0,
                field1,
            } => vec![6, *region, *field0, *field1],
            Self::GetAcb { acb, .. } => vec![7, *acb],
            Self::DiagTest { mailbox } => {
                let mut words = vec![8];
                words.extend_from_slice(mailbox);
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
            Self::RestoreDefaults { .. } | Self::DiagTest { .. } => (Vec::new(), 0),
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
        let words: Vec<u32> = job
            .request
            .get(HEADER..)
            .unwrap_or_default()
            .chunks_exact(4)
            .take(MAX_WORDS)
            .map(|b| u32::from_ne_bytes(b.try_into().unwrap_or_default()))
            .collect();
        let word = |at: usize| words.get(at).copied().unwrap_or(0);
        let len = job.payload_in_len;
        let data = || job.payload_out.clone();
        Ok(match word(0) {
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
                region: word(1),
                field0: word(2),
                field1: word(3),
            },
            7 => Self::GetAcb { acb: word(1), len },
            8 => Self::DiagTest {
                mailbox: core::array::from_fn(|i| word(i + 1)),
            },
            _ => Self::Unknown {
                words,
                data: data(),
                len,
            },
        })
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
            Self::DiagTest { .. } => "DiagTest",
            Self::Unknown { .. } => "Unknown",
        };
        f.debug_struct(name)
            .field("words", &self.words())
            .field("out", &job.payload_out.len())
            .field("in", &job.payload_in_len)
            .finish()
    }
}

/// A reply: `iscsi_bsg_reply` and the incoming payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorReply {
    /// SCSI result; 0 is good, the host byte stands in bits 16–23.
    pub result: u32,
    /// Words after the header (DIAG_TEST: the mailbox registers).
    pub words: Vec<u32>,
    /// Incoming payload, as long as the driver says it is.
    pub payload: Payload,
}

/// A payload; `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Payload(pub Vec<u8>);

impl core::fmt::Debug for Payload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

impl VendorReply {
    /// A successful reply (the server's side).
    #[must_use]
    pub const fn good(words: Vec<u32>, payload: Vec<u8>) -> Self {
        Self {
            result: DID_OK,
            words,
            payload: Payload(payload),
        }
    }

    /// The answer that carries it (the server's side).
    #[must_use]
    pub fn to_answer(&self) -> Answer {
        let mut reply = self.result.to_ne_bytes().to_vec();
        reply.extend_from_slice(&super::packet::len(&self.payload.0));
        for word in &self.words {
            reply.extend_from_slice(&word.to_ne_bytes());
        }
        Answer {
            errno: Ok(()),
            reply,
            payload_in: self.payload.0.clone(),
        }
    }

    /// Reads an answer whose `errno` is good.
    ///
    /// # Errors
    /// [`PortError::Malformed`] when it is shorter than its header or claims more payload than came.
    pub fn from_answer(answer: &Answer) -> Result<Self, PortError> {
        const WHAT: &str = "bsg reply";
        let ([result, received], rest) = words(WHAT, &answer.reply)?;
        let received = usize::try_from(received).unwrap_or(usize::MAX);
        let payload = answer.payload_in.get(..received).ok_or_else(|| {
            malformed(
                WHAT,
                format!("{received} bytes claimed, {} are there", answer.payload_in.len()),
            )
        })?;
        let words = rest
            .chunks_exact(4)
            .map(|b| u32::from_ne_bytes(b.try_into().unwrap_or_default()))
            .collect();
        Ok(Self {
            result,
            words,
            payload: Payload(payload.to_vec()),
        })
    }
}
