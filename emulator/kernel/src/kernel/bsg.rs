//! The vendor commands of the host's bsg device.
//!
//! Source: `ql4_bsg.c`, `scsi_transport_iscsi.c` (`iscsi_bsg_host_dispatch`), `block/bsg-lib.c`.

use driver_sys::hw::mailbox::FlashCommit;
use isp4xxx::fw::{Command, FactoryAreas, Reply};
use nix::errno::Errno;
use zerocopy::IntoBytes;

use super::Kernel;

/// `ISCSI_BSG_HST_VENDOR`.
const HST_VENDOR: u32 = 0x8000_00ff;
/// `SCSI_NL_VID_TYPE_PCI | PCI_VENDOR_ID_QLOGIC`.
const VENDOR_ID: u64 = 0x0100_0000_0000_1077;
/// `DID_ERROR << 16`.
const DID_ERROR: u32 = 7 << 16;
/// Bytes of `iscsi_bsg_reply`.
const REPLY: usize = 8;
/// Bytes of a message code and a vendor id before the vendor's words.
const HEAD: usize = 12;

/// A request as the ioctl gives it.
pub(crate) struct BsgRequest<'a> {
    /// `iscsi_bsg_request`.
    pub(crate) request: &'a [u8],
    /// Outgoing payload.
    pub(crate) payload: &'a [u8],
    /// Room for the incoming payload.
    pub(crate) room: usize,
}

/// What the ioctl gives back.
#[derive(Default)]
pub(crate) struct BsgAnswer {
    /// Errno of the ioctl itself, 0 or positive.
    pub(crate) errno: i32,
    /// `iscsi_bsg_reply` and what the driver put behind it.
    pub(crate) reply: Vec<u8>,
    /// Incoming payload.
    pub(crate) payload: Vec<u8>,
}

impl BsgAnswer {
    fn refused(errno: Errno) -> Self {
        let code = errno as i32;
        Self {
            errno: code,
            reply: (-code).to_ne_bytes().to_vec(),
            payload: Vec::new(),
        }
    }
}

fn reply(result: u32, received: usize) -> Vec<u8> {
    let mut r = vec![0u8; REPLY];
    r[0..4].copy_from_slice(&result.to_ne_bytes());
    r[4..8].copy_from_slice(&(received as u32).to_ne_bytes());
    r
}

impl Kernel {
    /// A packet on `bsg/iscsi_hostN`.
    pub(crate) fn bsg(&mut self, no: u32, r: &BsgRequest<'_>) -> BsgAnswer {
        let Some(host) = self.host_index(no) else {
            return BsgAnswer {
                errno: Errno::ENODEV as i32,
                ..BsgAnswer::default()
            };
        };
        let word = |at: usize| {
            r.request
                .get(at..at + 4)
                .map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
        };
        // The class wants at least the message code, and the whole head of a vendor message.
        if r.request.len() < 4 {
            return BsgAnswer::refused(Errno::ENOMSG);
        }
        if word(0) != HST_VENDOR {
            return BsgAnswer::refused(Errno::EBADR);
        }
        if u64::from(word(4)) | u64::from(word(8)) << 32 != VENDOR_ID {
            return BsgAnswer::refused(Errno::ESRCH);
        }
        if r.request.len() < HEAD + 4 {
            return BsgAnswer::refused(Errno::ENOMSG);
        }
        let vendor = |n: usize| word(HEAD + 4 * n);
        match self.vendor(host, vendor(0), [vendor(1), vendor(2), vendor(3)], r) {
            Ok(answer) => answer,
            Err(errno) => BsgAnswer::refused(errno),
        }
    }

    fn vendor(
        &mut self,
        host: usize,
        command: u32,
        [a, b, c]: [u32; 3],
        r: &BsgRequest<'_>,
    ) -> Result<BsgAnswer, Errno> {
        let old = !self.card.chip().acb_v2;
        let room = r.room as u32;
        match command {
            1 => self.bsg_read(host, Command::ReadFlash { offset: a, len: room }),
            2 => {
                let data = r.payload.to_vec();
                let done = self.mbox(
                    host,
                    Command::WriteFlash {
                        offset: a,
                        data,
                        options: FlashCommit::from_raw(b),
                    },
                );
                if done.is_ok() {
                    self.refresh_flashnodes(host);
                }
                Ok(finished(done.is_ok()))
            }
            3 => {
                if old || r.room < 32 {
                    return Err(Errno::EINVAL);
                }
                match self.mbox(host, Command::GetIpAddrState { acb: a, ip: b }) {
                    Ok(Reply::IpAddrState(s)) => {
                        let mut status = vec![0u8; 32];
                        status[0..4].copy_from_slice(&0x4000u32.to_ne_bytes());
                        status[4..8].copy_from_slice(&(u32::from(s.raw()) << 24).to_ne_bytes());
                        Ok(with_payload(status))
                    }
                    _ => Ok(finished(false)),
                }
            }
            4 | 5 => {
                let len = if command == 4 {
                    room
                } else {
                    r.payload.len() as u32
                };
                let end = a.checked_add(len).ok_or(Errno::EINVAL)?;
                if end as usize > self.card.chip().nvram_size {
                    return Err(Errno::EINVAL);
                }
                if command == 4 {
                    self.bsg_read(host, Command::GetNvram { offset: a, len })
                } else {
                    let done = self.mbox(
                        host,
                        Command::SetNvram {
                            offset: a,
                            data: r.payload.to_vec(),
                        },
                    );
                    Ok(finished(done.is_ok()))
                }
            }
            6 => {
                if old {
                    return Err(Errno::EINVAL);
                }
                let done = self.mbox(
                    host,
                    Command::RestoreFactoryDefaults {
                        areas: FactoryAreas::from_bits_retain(a),
                        fields: [b, c],
                    },
                );
                self.update_local_acb(host);
                self.refresh_host(host);
                Ok(finished(done.is_ok()))
            }
            7 => {
                if old || r.room < size_of::<driver_sys::hw::raw::addr_ctrl_blk>() {
                    return Err(Errno::EINVAL);
                }
                match self.mbox(host, Command::GetAcb { which: a }) {
                    Ok(Reply::Acb(acb)) => Ok(with_payload(acb.as_bytes().to_vec())),
                    _ => Ok(finished(false)),
                }
            }
            8 => self.diagnostic(host, a, b),
            _ => Err(Errno::ENOSYS),
        }
    }

    fn bsg_read(&mut self, host: usize, command: Command) -> Result<BsgAnswer, Errno> {
        match self.mbox(host, command) {
            Ok(Reply::Bytes(bytes)) => Ok(with_payload(bytes)),
            _ => Ok(finished(false)),
        }
    }

    /// DIAG_TEST: the words are mailboxes; their answer follows the reply.
    fn diagnostic(&mut self, host: usize, mailbox: u32, test: u32) -> Result<BsgAnswer, Errno> {
        /// `MBOX_CMD_DIAG_TEST`.
        const DIAG_TEST: u32 = 0x75;
        if mailbox != DIAG_TEST || !matches!(test, 2..=9 | 0x0c | 0x0d) {
            return Err(Errno::EINVAL);
        }
        let passed = self.mbox(host, Command::DiagTest).is_ok();
        let mut answer = finished(passed);
        let mut status = [0u8; 32];
        status[0..4].copy_from_slice(&if passed { 0x4000u32 } else { 0x4005 }.to_ne_bytes());
        answer.reply.extend_from_slice(&status);
        Ok(answer)
    }
}

fn finished(ok: bool) -> BsgAnswer {
    BsgAnswer {
        errno: 0,
        reply: reply(if ok { 0 } else { DID_ERROR }, 0),
        payload: Vec::new(),
    }
}

fn with_payload(payload: Vec<u8>) -> BsgAnswer {
    BsgAnswer {
        errno: 0,
        reply: reply(0, payload.len()),
        payload,
    }
}
