//! Requests about targets in a card's flash.
//!
//! Owns what is asked and what is told when it is refused; what is in flash is read from the tree. Source: `iscsi_if.h`,
//! `ISCSI_UEVENT_NEW_FLASHNODE` and those behind it.

use driver_sys::netlink::{Bytes, Request, Return};

use super::{Kernel, encode};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result};
use crate::ids::HostNo;
use crate::model::PortalType;
use crate::params::{Assignment, FlashnodeParam};

impl Kernel {
    /// A target without a name in flash; its index.
    pub(super) fn flash_new(&mut self, host: HostNo, family: PortalType, deadline: Deadline) -> Result<u32> {
        let tried = "make a new flash target";
        let request = Request::NewFlashnode {
            host_no: host.0,
            portal_type: Bytes::text(family.as_str()),
        };
        match self.ask(host, request, Operation::FlashNew, tried, deadline)? {
            Return::Flashnode { index } => Ok(index),
            other => Err(Error::new(Kind::Failed, tried)
                .answered(format!("the kernel answered without an index: {other:?}"))),
        }
    }

    /// Parameters of a target in flash.
    pub(super) fn flash_set(
        &mut self,
        host: HostNo,
        index: u32,
        params: &[Assignment<FlashnodeParam>],
        deadline: Deadline,
    ) -> Result<()> {
        let request = Request::SetFlashnodeParams {
            host_no: host.0,
            index,
            attrs: encode::flash(params)?,
        };
        self.ask(
            host,
            request,
            Operation::FlashSet,
            &format!("set parameters of flash target {index}"),
            deadline,
        )?;
        Ok(())
    }

    /// A target goes from flash.
    pub(super) fn flash_delete(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()> {
        let request = Request::DelFlashnode {
            host_no: host.0,
            index,
        };
        self.ask(
            host,
            request,
            Operation::FlashDelete,
            &format!("remove flash target {index}"),
            deadline,
        )?;
        Ok(())
    }

    /// The card logs in to a target of its flash.
    pub(super) fn flash_login(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()> {
        let request = Request::LoginFlashnode {
            host_no: host.0,
            index,
        };
        self.ask(
            host,
            request,
            Operation::FlashLogin,
            &format!("log in to flash target {index}"),
            deadline,
        )?;
        Ok(())
    }

    /// The card logs out of a target of its flash.
    pub(super) fn flash_logout(&mut self, host: HostNo, index: u32, deadline: Deadline) -> Result<()> {
        let request = Request::LogoutFlashnode {
            host_no: host.0,
            index,
        };
        self.ask(
            host,
            request,
            Operation::FlashLogout,
            &format!("log out of flash target {index}"),
            deadline,
        )?;
        Ok(())
    }
}
