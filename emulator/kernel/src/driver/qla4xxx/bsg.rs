//! The vendor commands of a host's bsg device.
//!
//! Source: `ql4_bsg.c`.

use driver_sys::hw::mailbox::FlashCommit;
use isp4xxx::fw::{Command, FactoryAreas, Reply};
use nix::errno::Errno;
use zerocopy::IntoBytes;

use super::Qla4xxx;
use crate::transport::Class;
use crate::transport::bsg::{BsgAnswer, BsgRequest};

/// `DID_ERROR << 16`.
const DID_ERROR: u32 = 7 << 16;
/// Bytes of `iscsi_bsg_reply`.
const REPLY: usize = 8;

fn reply(result: u32, received: usize) -> Vec<u8> {
    let mut r = vec![0u8; REPLY];
    r[0..4].copy_from_slice(&result.to_ne_bytes());
    r[4..8].copy_from_slice(&(received as u32).to_ne_bytes());
    r
}

impl Qla4xxx {
    /// A vendor command: its number and its words.
    pub(super) fn vendor(
        &mut self,
        class: &mut Class,
        host: usize,
        words: &[u8],
        r: &BsgRequest<'_>,
    ) -> Result<BsgAnswer, Errno> {
        let word = |n: usize| {
            words
                .get(4 * n..4 * n + 4)
                .map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
        };
        let [command, a, b, c] = [word(0), word(1), word(2), word(3)];
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
                    self.refresh_flashnodes(class, host);
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
                self.refresh_host(class, host);
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
