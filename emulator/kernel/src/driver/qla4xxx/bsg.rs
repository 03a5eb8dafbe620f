//! The vendor commands of a host's bsg device.
//!
//! Owns the driver's order of refusals and their errnos. Must not refresh what the driver knows: it looks at nothing that goes past it,
//! so sysfs shows what it read last. Source: `ql4_bsg.c`. A command that fails is completed twice by the stock driver (its own
//! `bsg_job_done`, then the class's with the errno): what the ioctl gives back is the errno.

use driver_sys::bsg::{Diagnostic, Mailboxes, VendorCommand};
use driver_sys::hw::mailbox::{DiagTest, MboxCmd};
use driver_sys::hw::raw::addr_ctrl_blk;
use isp4xxx::fw::{Command, MboxError};
use nix::errno::Errno;

use super::Qla4xxx;
use crate::transport::bsg::{BsgAnswer, BsgRequest};

/// `DID_ERROR << 16`.
const DID_ERROR: u32 = 7 << 16;

/// What a command needs before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    /// Every chip.
    All,
    /// Not the 4010.
    From4022,
}

impl Qla4xxx {
    /// Runs a vendor command.
    pub(super) fn vendor(
        &mut self,
        host: usize,
        words: &[u8],
        r: &BsgRequest<'_>,
    ) -> Result<BsgAnswer, Errno> {
        let room = r.room as u32;
        let command = VendorCommand::from_words(words, r.payload, room);
        match command {
            VendorCommand::ReadFlash { offset, len } => {
                self.bsg_ready(host, Only::All)?;
                allocated(len as usize)?;
                self.bsg_read(host, Command::ReadFlash { offset, len }, len)
            }
            VendorCommand::UpdateFlash {
                offset,
                options,
                data,
            } => {
                self.bsg_ready(host, Only::All)?;
                allocated(data.len())?;
                let write = Command::WriteFlash {
                    offset,
                    data,
                    options,
                };
                self.bsg_write(host, write)
            }
            VendorCommand::GetAcbState { acb, ip } => self.bsg_address(host, acb, ip, room),
            VendorCommand::ReadNvram { offset, len } => {
                self.bsg_nvram(host, offset, len)?;
                self.bsg_read(host, Command::GetNvram { offset, len }, len)
            }
            VendorCommand::UpdateNvram { offset, data } => {
                self.bsg_nvram(host, offset, data.len() as u32)?;
                self.bsg_write(host, Command::SetNvram { offset, data })
            }
            VendorCommand::RestoreDefaults { areas, fields } => {
                self.bsg_ready(host, Only::From4022)?;
                self.bsg_write(host, Command::RestoreFactoryDefaults { areas, fields })
            }
            VendorCommand::GetAcb { acb, len } => {
                self.bsg_ready(host, Only::From4022)?;
                if (len as usize) < size_of::<addr_ctrl_blk>() {
                    return Err(Errno::EINVAL);
                }
                self.bsg_read(host, Command::GetAcb { which: acb }, len)
            }
            VendorCommand::Diagnostic(diagnostic) => self.bsg_diagnostic(host, diagnostic),
            VendorCommand::Unknown { .. } => Err(Errno::ENOSYS),
        }
    }

    fn bsg_ready(&self, host: usize, only: Only) -> Result<(), Errno> {
        if only == Only::From4022 && !self.card.chip().acb_v2 {
            return Err(Errno::EINVAL);
        }
        if self.resetting(host) {
            return Err(Errno::EBUSY);
        }
        Ok(())
    }

    /// The checks of both EEPROM commands. The driver adds offset and length in 32 bits; what wraps round is the firmware's to refuse.
    fn bsg_nvram(&self, host: usize, offset: u32, len: u32) -> Result<(), Errno> {
        self.bsg_ready(host, Only::All)?;
        if offset.wrapping_add(len) as usize > self.card.chip().nvram_size {
            return Err(Errno::EINVAL);
        }
        allocated(len as usize)
    }

    /// A command whose answer comes by DMA into a buffer of `len` bytes, all of which the caller gets.
    fn bsg_read(&mut self, host: usize, command: Command, len: u32) -> Result<BsgAnswer, Errno> {
        let reply = self.mbox(host, command).map_err(|_| Errno::EIO)?;
        let mut bytes = reply.bytes().unwrap_or_default().to_vec();
        bytes.resize(len as usize, 0);
        Ok(BsgAnswer::done(0, bytes, None))
    }

    fn bsg_write(&mut self, host: usize, command: Command) -> Result<BsgAnswer, Errno> {
        self.mbox(host, command).map_err(|_| Errno::EIO)?;
        Ok(BsgAnswer::done(0, Vec::new(), None))
    }

    fn bsg_address(&mut self, host: usize, acb: u32, ip: u32, room: u32) -> Result<BsgAnswer, Errno> {
        self.bsg_ready(host, Only::From4022)?;
        if (room as usize) < size_of::<Mailboxes>() {
            return Err(Errno::EINVAL);
        }
        let state = self.mbox(host, Command::GetIpAddrState { acb, ip });
        let mailboxes = state.map_err(|_| Errno::EIO)?.mailboxes();
        Ok(BsgAnswer::done(0, Mailboxes(mailboxes).to_payload(), None))
    }

    /// Mailboxes in, mailboxes out, behind the reply; a firmware that refuses is no error of the request.
    fn bsg_diagnostic(&mut self, host: usize, diagnostic: Diagnostic) -> Result<BsgAnswer, Errno> {
        let [code, test, ..] = diagnostic.mailboxes();
        let test = DiagTest::from_raw(test);
        let answer = match u16::try_from(code).map(MboxCmd::from_raw) {
            Ok(MboxCmd::DiagTest) if DiagTest::ALL.contains(&test) => {
                self.mbox(host, Command::DiagTest(test))
            }
            // The firmware of these chips has no LED commands.
            Ok(led @ (MboxCmd::GetLedConfig | MboxCmd::SetLedConfig)) => {
                Err(MboxError::unsupported(format!("{led:?} is not known")))
            }
            _ => return Err(Errno::EINVAL),
        };
        let result = if answer.is_ok() { 0 } else { DID_ERROR };
        let mailboxes = answer.map_or_else(|error| error.mailboxes(), |reply| reply.mailboxes());
        let behind = Mailboxes(mailboxes).to_payload();
        Ok(BsgAnswer::done(result, Vec::new(), Some(&behind)))
    }
}

/// `dma_alloc_coherent` of nothing gives nothing.
fn allocated(len: usize) -> Result<(), Errno> {
    if len == 0 { Err(Errno::ENOMEM) } else { Ok(()) }
}
