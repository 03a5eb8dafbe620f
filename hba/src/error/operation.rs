//! The requests to the kernel that errors tell apart: what each does, and what shows what became of it.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_recv_msg`).

use crate::step::Step;

/// A request to the kernel whose refusal has a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening the interface or any request without a row of its own.
    Any,
    /// SET_IFACE_PARAMS.
    IfaceSet,
    /// PING.
    Ping,
    /// NEW_FLASHNODE.
    FlashNew,
    /// SET_FLASHNODE_PARAMS.
    FlashSet,
    /// DEL_FLASHNODE.
    FlashDelete,
    /// LOGIN_FLASHNODE.
    FlashLogin,
    /// LOGOUT_FLASHNODE and LOGOUT_FLASHNODE_SID.
    FlashLogout,
    /// GET_CHAP.
    ChapGet,
    /// SET_CHAP.
    ChapSet,
    /// DELETE_CHAP.
    ChapDelete,
    /// GET_STATS.
    SessionStats,
    /// GET_HOST_STATS.
    HostStats,
    /// DESTROY_SESSION.
    SessionDestroy,
    /// bsg READ_NVRAM and UPDATE_NVRAM.
    Nvram,
    /// bsg READ_FLASH, GET_ACB, GET_ACB_STATE and DIAG_TEST.
    Memory,
    /// bsg UPDATE_FLASH and RESTORE_DEFAULTS.
    FlashWrite,
    /// A write to a sysfs attribute.
    Store,
}

impl Operation {
    /// Whether the adapter or the kernel is another afterwards: sent without an answer, such a request may have been done.
    #[must_use]
    pub fn changes(self) -> bool {
        !matches!(
            self,
            Self::Any
                | Self::Ping
                | Self::ChapGet
                | Self::SessionStats
                | Self::HostStats
                | Self::Nvram
                | Self::Memory
        )
    }

    /// What shows what became of such a request.
    #[must_use]
    pub fn look(self) -> Step {
        match self {
            Self::FlashNew | Self::FlashSet | Self::FlashDelete => Step::FlashList,
            Self::FlashLogin | Self::FlashLogout | Self::SessionStats | Self::SessionDestroy => {
                Step::SessionList
            }
            Self::ChapGet | Self::ChapSet | Self::ChapDelete => Step::ChapList,
            Self::IfaceSet | Self::Ping => Step::IfaceList,
            Self::Nvram => Step::BootShow,
            Self::Memory | Self::FlashWrite => Step::AdapterDump,
            Self::Any | Self::HostStats | Self::Store => Step::AdapterList,
        }
    }
}
