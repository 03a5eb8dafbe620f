//! The adapter's memories and self tests, through the driver's vendor commands. What may be asked of which chip is decided before: a
//! command that the driver refuses late is one that some kernels answer twice (see [`VendorCommand`]).

use driver_sys::bsg::{BsgError, DiagTest, Diagnostic, VendorCommand, VendorReply};
use driver_sys::endpoint::Endpoint;
use driver_sys::hw::mailbox::{FactoryAreas, FlashCommit};
use driver_sys::hw::raw::addr_ctrl_blk;

use super::store::was_sent;
use super::{fault, within::within};
use crate::backend::{Memory, SelfTest};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result};
use crate::ids::HostNo;

/// One command to a host's adapter.
pub(super) struct Vendor<'e> {
    pub(super) endpoint: &'e Endpoint,
    pub(super) host: HostNo,
    pub(super) deadline: Deadline,
}

impl Vendor<'_> {
    /// Reads a part of a memory.
    pub(super) fn read(&self, what: Memory) -> Result<Vec<u8>> {
        let command = match what {
            Memory::Flash { offset, length } => VendorCommand::ReadFlash { offset, len: length },
            Memory::Nvram { offset, length } => VendorCommand::ReadNvram { offset, len: length },
            Memory::ControlBlock { index } => VendorCommand::GetAcb {
                acb: index,
                len: u32::try_from(size_of::<addr_ctrl_blk>()).unwrap_or(u32::MAX),
            },
            Memory::AddressState { block, address } => VendorCommand::GetAcbState {
                acb: block,
                ip: address,
            },
        };
        let operation = match what {
            Memory::Nvram { .. } => Operation::Nvram,
            _ => Operation::Memory,
        };
        let tried = format!("read {what} of {}", self.host);
        match self.run(command, &tried) {
            Ok(Ok(reply)) => Ok(reply.payload.0),
            Ok(Err(e)) => Err(fault::bsg(&e, operation, &tried)),
            // A read that was left behind has changed nothing.
            Err(e) if e.kind() == Kind::Unknown => Err(Error::timeout(tried, "the driver to finish")),
            Err(e) => Err(e),
        }
    }

    /// Writes NVRAM at `offset`.
    pub(super) fn update_nvram(&self, offset: u32, data: &[u8]) -> Result<()> {
        let data = data.to_vec();
        let command = VendorCommand::UpdateNvram { offset, data };
        self.change(command, Operation::Nvram, "write the nvram")
    }

    /// Writes flash at `offset`, out to the chip.
    pub(super) fn update_flash(&self, offset: u32, data: &[u8]) -> Result<()> {
        let command = VendorCommand::UpdateFlash {
            offset,
            options: FlashCommit::RmwCommit,
            data: data.to_vec(),
        };
        self.change(command, Operation::FlashWrite, "write the flash")
    }

    /// Puts areas back to what the factory wrote.
    pub(super) fn restore(&self, areas: FactoryAreas) -> Result<()> {
        let command = VendorCommand::RestoreDefaults {
            areas,
            fields: [0, 0],
        };
        self.change(command, Operation::FlashWrite, "restore the factory's settings")
    }

    /// Runs a self test; one that fails is an answer.
    pub(super) fn self_test(&self, test: DiagTest) -> Result<SelfTest> {
        let tried = format!("test {}", self.host);
        let command = VendorCommand::Diagnostic(Diagnostic::Test(test));
        match self.run(command, &tried)? {
            Ok(reply) => Ok(SelfTest {
                passed: true,
                mailboxes: reply.words,
            }),
            Err(BsgError::Failed { words, .. }) if !words.is_empty() => Ok(SelfTest {
                passed: false,
                mailboxes: words,
            }),
            Err(e) => Err(fault::bsg(&e, Operation::Memory, &tried)),
        }
    }

    fn change(&self, command: VendorCommand, operation: Operation, doing: &str) -> Result<()> {
        let tried = format!("{doing} of {}", self.host);
        self.run(command, &tried)?.map(drop).map_err(|e| {
            let error = fault::bsg(&e, operation, &tried);
            match e {
                BsgError::Port(sent) if was_sent(&sent) => error.in_doubt(operation.look()),
                _ => error,
            }
        })
    }

    /// The host's own node waits inside of the call; an emulated kernel's socket is waited for here.
    fn run(&self, command: VendorCommand, tried: &str) -> Result<std::result::Result<VendorReply, BsgError>> {
        let until = self.deadline.until();
        let mut bsg = self
            .endpoint
            .until(until)
            .bsg(self.host.0)
            .map_err(|e| fault::bsg(&e, Operation::Memory, tried))?;
        match self.endpoint {
            Endpoint::Host => within(self.deadline, tried, move || bsg.run_until(&command, until)),
            Endpoint::Dir(_) => Ok(bsg.run_until(&command, until)),
        }
    }
}
