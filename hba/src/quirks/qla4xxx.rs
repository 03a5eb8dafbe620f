//! What the qla4xxx driver takes. Parameters without a row here it takes as they come.
//!
//! Its defects that operations guard against: it counts only sessions that are not online as users of a CHAP entry
//! (`qla4xxx_is_chap_active`), deletes on 80xx adapters at the offset of 40xx ones (`qla4xxx_delete_chap`), copies a secret as a C string
//! whatever its length (`qla4xxx_set_chap`), and cannot destroy sessions of user programs (`qla4xxx_conn_destroy`).
//!
//! Source: kernel 6.1 `drivers/scsi/qla4xxx/ql4_os.c` (`qla4xxx_sysfs_ddb_set_param`, `qla4xxx_set_ipv4`, `qla4xxx_set_ipv6`,
//! `qla4xxx_set_iscsi_param`), `ql4_fw.h` (`struct addr_ctrl_blk`).

use super::Take::{self, AtStart, Instead, Once, Refused, Within};
use crate::message::Part;
use crate::model::Limits;
use crate::params::{FlashnodeParam, IfaceCode, IfaceParam, NetParam};
use crate::step::Step;

const MAKE_OUT: Take = Instead(&[
    Part::text("make a chap entry ("),
    Part::Step(Step::ChapAdd),
    Part::text(") and set chap_out_idx to its index"),
]);
const MAKE_IN: Take = Instead(&[
    Part::text("make a chap entry of direction in ("),
    Part::Step(Step::ChapAdd),
    Part::text(") and switch bidi_chap on"),
]);
const TOLD: Take = Refused("it is told by the adapter");
const NOT_TAKEN: Take = Refused("the driver does not take it");

/// Parameters of flash targets. One that the driver refuses ends the request after those before it were changed in memory.
pub(super) const FLASH: &[(FlashnodeParam, Take)] = &[
    // The driver would keep the length of the old word.
    (
        FlashnodeParam::PortalType,
        Once("the family is chosen when the entry is added"),
    ),
    (
        FlashnodeParam::DiscoveryParentType,
        Refused("the driver derives it from discovery_parent_idx"),
    ),
    (
        FlashnodeParam::ChapInIdx,
        Refused(
            "the driver takes no chap entry for the target's side; it uses the first entry of direction in",
        ),
    ),
    (FlashnodeParam::Username, MAKE_OUT),
    (FlashnodeParam::UsernameIn, MAKE_IN),
    (FlashnodeParam::Password, MAKE_OUT),
    (FlashnodeParam::PasswordIn, MAKE_IN),
    (
        FlashnodeParam::IsBootTgt,
        Instead(&[Part::text("use "), Part::Step(Step::BootSet)]),
    ),
];

/// Parameters of interfaces. Every request restarts the port and drops its sessions.
pub(super) const IFACE: &[(IfaceCode, Take)] = &[
    (IfaceCode::Net(NetParam::VlanId), Within(NetParam::VlanTag)),
    (IfaceCode::Net(NetParam::VlanPriority), Within(NetParam::VlanTag)),
    // Goes to flash only: the control block that a running port takes does not carry it.
    (IfaceCode::Net(NetParam::Mtu), AtStart),
    (IfaceCode::Net(NetParam::IpaddrState), TOLD),
    (IfaceCode::Net(NetParam::Ipv6LinklocalState), TOLD),
    (IfaceCode::Net(NetParam::Ipv6RouterState), TOLD),
    (IfaceCode::Net(NetParam::CacheId), NOT_TAKEN),
    (IfaceCode::Iscsi(IfaceParam::InitiatorName), NOT_TAKEN),
];

/// The chips that the control plane tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chip {
    /// The first: one port, IPv4 alone, a small NVRAM without boot bytes, no vendor commands that speak of control blocks.
    Isp4010,
    /// 4022 and 4032: boot bytes in the NVRAM, flash in areas that are known.
    Isp40x2,
    /// 10 GbE: no NVRAM, flash laid out otherwise.
    Isp80xx,
}

impl Chip {
    /// The chip of a model, as the driver names it; the most usual one where that is not known.
    #[must_use]
    pub fn of(model: Option<&str>) -> Self {
        match model {
            Some(m) if m.contains("4010") => Self::Isp4010,
            Some(m) if ["QLE8", "ISP8"].iter().any(|p| m.starts_with(p)) => Self::Isp80xx,
            _ => Self::Isp40x2,
        }
    }

    /// Why this chip's boot configuration cannot be written; `None` when it can.
    #[must_use]
    pub fn why_no_boot(self) -> Option<&'static str> {
        match self {
            Self::Isp40x2 => None,
            Self::Isp4010 => Some("the NVRAM of the ISP4010 ends before the bytes that name boot targets"),
            Self::Isp80xx => Some(
                "80xx adapters keep their boot configuration in flash, in a form that only the vendor's tool writes",
            ),
        }
    }

    /// Why this chip's flash cannot be read and written by areas; `None` when it can.
    #[must_use]
    pub fn why_no_areas(self) -> Option<&'static str> {
        match self {
            Self::Isp4010 | Self::Isp40x2 => None,
            Self::Isp80xx => {
                Some("the flash of 80xx adapters is laid out otherwise: its areas are not known here")
            }
        }
    }
}

/// Table sizes of a model.
pub(super) fn limits(model: Option<&str>) -> Limits {
    let chip = Chip::of(model);
    let ten_gig = chip == Chip::Isp80xx;
    Limits {
        flash_targets: Some(if ten_gig { 512 } else { 64 }),
        chap_entries: (!ten_gig).then_some(128),
        ipv4_ifaces: Some(1),
        ipv6_ifaces: Some(if chip == Chip::Isp4010 { 0 } else { 2 }),
    }
}

/// Longest CDB the driver takes, in bytes (`IOCB_MAX_CDB_LEN`).
pub const MAX_CDB: u32 = 16;

/// Why a session that a user program made cannot be closed (`qla4xxx_conn_destroy`).
pub const USER_SESSIONS_STAY: &str =
    "it was made by a user program, and the qla4xxx driver cannot close such sessions";

/// Why it cannot be told whether a session of the driver's was redirected: both addresses are copied from the entry that was logged in
/// to (`qla4xxx_copy_from_fwddb_param`, `qla4xxx_conn_get_param`), and the firmware keeps to itself where it went.
pub const REDIRECT_UNTOLD: &str =
    "the qla4xxx driver tells the address that was asked for, whatever the target answered";
