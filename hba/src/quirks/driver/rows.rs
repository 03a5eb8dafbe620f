//! The rows.
//!
//! Source: kernel 6.1 `qla4xxx_iscsi_transport`, `bnx2i_iscsi_transport`, `qedi_iscsi_transport`, `beiscsi_iscsi_transport`,
//! `cxgb3i_iscsi_transport`, `cxgb4i_iscsi_transport`, `iscsi_sw_tcp_transport`, `iscsi_iser_transport`; `host_reset` of their host
//! templates (only qla4xxx has one: `store_host_reset` answers EOPNOTSUPP for the others), `max_cmd_len` of their hosts.

use super::super::ability::{Ability as A, Can};
use super::super::qla4xxx;
use super::{Driver, why};
use crate::model::{Limits, LoginBy};

use Can::{Driver as ItDoes, Helper, Not};

const NONE: Limits = Limits {
    flash_targets: None,
    chap_entries: None,
    ipv4_ifaces: None,
    ipv6_ifaces: None,
};

/// What nobody knows.
pub(super) const UNKNOWN: Driver = Driver {
    transport: "",
    vendor: None,
    max_cdb: None,
    integrated_tcpip: None,
    multifunction: None,
    logs_in: None,
    helper: false,
    user_sessions_stay: None,
    redirect_untold: None,
    limits: |_| NONE,
    // Whoever has none answers so, and nothing is changed.
    abilities: &[(A::Reset, ItDoes)],
};

/// `SCSI_MAX_VARLEN_CDB_SIZE`.
const VARLEN: Option<u32> = Some(260);

const DAEMON: Driver = Driver {
    max_cdb: Some(16),
    integrated_tcpip: Some(false),
    multifunction: Some(true),
    logs_in: Some(LoginBy::Daemon),
    ..UNKNOWN
};

const HELPED: &[(A, Can)] = &[
    (A::Flash, Not(why::NO_FLASH)),
    (A::ChapTable, Not(why::NO_CHAP)),
    (A::Iface, Not(why::NO_HELPED_IFACE)),
    (A::Ping, Helper),
    (A::HostStats, Not(why::NO_HOST_STATS)),
    (A::Boot, Not(why::BOOT_IN_ROM)),
    (A::InitiatorName, Not(why::NO_NAME)),
    (A::Memory, Not(why::NO_REQUESTS)),
    (A::Reset, Not(why::NO_RESET)),
];

const CXGB: &[(A, Can)] = &[
    (A::Flash, Not(why::NO_FLASH)),
    (A::ChapTable, Not(why::NO_CHAP)),
    (A::Iface, Not(why::ONE_ADDRESS)),
    (A::Ping, Not(why::NETDEV_PINGS)),
    (A::HostStats, Not(why::NO_HOST_STATS)),
    (A::Boot, Not(why::BOOT_IBFT)),
    (A::InitiatorName, Not(why::NO_NAME)),
    (A::Memory, Not(why::NO_REQUESTS)),
    (A::Reset, Not(why::NO_RESET)),
];

const SOFTWARE: &[(A, Can)] = &[
    (A::Flash, Not(why::NO_FLASH)),
    (A::ChapTable, Not(why::NO_CHAP)),
    (A::Iface, Not(why::HOST_ADDRESSES)),
    (A::Ping, Not(why::HOST_PINGS)),
    (A::HostStats, Not(why::NO_HOST_STATS)),
    (A::Boot, Not(why::BOOT_IBFT)),
    (A::InitiatorName, Not(why::NO_NAME)),
    (A::Memory, Not(why::NO_FIRMWARE)),
    (A::Reset, Not(why::NO_HARDWARE)),
];

const OVER_TCPIP: Driver = Driver {
    max_cdb: VARLEN,
    integrated_tcpip: Some(true),
    multifunction: Some(false),
    abilities: SOFTWARE,
    ..DAEMON
};

/// Every driver that is known.
pub(super) const ALL: &[Driver] = &[
    Driver {
        transport: "qla4xxx",
        vendor: Some("QLogic"),
        max_cdb: Some(qla4xxx::MAX_CDB),
        logs_in: Some(LoginBy::Adapter),
        user_sessions_stay: Some(qla4xxx::USER_SESSIONS_STAY),
        redirect_untold: Some(qla4xxx::REDIRECT_UNTOLD),
        limits: qla4xxx::limits,
        abilities: &[
            (A::Flash, ItDoes),
            (A::ChapTable, ItDoes),
            (A::Iface, ItDoes),
            (A::Ping, ItDoes),
            (A::HostStats, ItDoes),
            (A::Boot, ItDoes),
            (A::InitiatorName, ItDoes),
            (A::Memory, ItDoes),
            (A::Reset, ItDoes),
        ],
        ..DAEMON
    },
    Driver {
        transport: "bnx2i",
        vendor: Some("Broadcom"),
        helper: true,
        abilities: HELPED,
        ..DAEMON
    },
    Driver {
        transport: "qedi",
        vendor: Some("QLogic"),
        helper: true,
        abilities: HELPED,
        ..DAEMON
    },
    Driver {
        transport: "be2iscsi",
        vendor: Some("Emulex"),
        abilities: &[
            (A::Flash, Not(why::NO_FLASH)),
            (A::ChapTable, Not(why::NO_CHAP)),
            (A::Iface, ItDoes),
            (A::Ping, Not(why::NO_PING)),
            (A::HostStats, Not(why::NO_HOST_STATS)),
            (A::Boot, Not(why::BOOT_BY_TOOL)),
            (A::InitiatorName, Not(why::NO_NAME)),
            (A::Memory, Not(why::OTHER_REQUESTS)),
            (A::Reset, Not(why::NO_RESET)),
        ],
        ..DAEMON
    },
    Driver {
        transport: "cxgb3i",
        vendor: Some("Chelsio"),
        max_cdb: VARLEN,
        abilities: CXGB,
        ..DAEMON
    },
    Driver {
        transport: "cxgb4i",
        vendor: Some("Chelsio"),
        max_cdb: VARLEN,
        abilities: CXGB,
        ..DAEMON
    },
    Driver {
        transport: "tcp",
        ..OVER_TCPIP
    },
    Driver {
        transport: "iser",
        integrated_tcpip: Some(false),
        ..OVER_TCPIP
    },
];
