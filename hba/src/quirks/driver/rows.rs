//! The rows.
//!
//! Source: kernel 6.1 `qla4xxx_iscsi_transport`, `bnx2i_iscsi_transport`, `qedi_iscsi_transport`, `beiscsi_iscsi_transport`,
//! `cxgb3i_iscsi_transport`, `cxgb4i_iscsi_transport`, `iscsi_sw_tcp_transport`, `iscsi_iser_transport`; `host_reset` of their host
//! templates (only qla4xxx has one: `store_host_reset` answers EOPNOTSUPP for the others), `max_cmd_len` of their hosts.

use driver_sys::sysfs::class::transport::Caps;

use super::super::ability::{Ability as A, Can};
use super::super::qla4xxx;
use super::{Driver, Flow, HostIp, Template, why};
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
    login: None,
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

/// bnx2i and qedi: the card has its own TCP, and addresses that the helper brings up.
const HELPED_LOGIN: Template = Template {
    host_ip: HostIp::Required,
    boot_info: true,
    ..Template::bound("bnx2i", Flow::Endpoint)
};

const OUT_OF_TREE: &[(A, Can)] = &[
    (A::Flash, Not(why::OUT_OF_TREE)),
    (A::ChapTable, Not(why::OUT_OF_TREE)),
    (A::Iface, Not(why::OUT_OF_TREE)),
    (A::Ping, Not(why::OUT_OF_TREE)),
    (A::HostStats, Not(why::OUT_OF_TREE)),
    (A::Boot, Not(why::OUT_OF_TREE)),
    (A::InitiatorName, Not(why::OUT_OF_TREE)),
    (A::Memory, Not(why::OUT_OF_TREE)),
    (A::Reset, ItDoes),
];

const OVER_TCPIP: Driver = Driver {
    max_cdb: VARLEN,
    integrated_tcpip: Some(true),
    multifunction: Some(false),
    abilities: SOFTWARE,
    ..DAEMON
};

/// Every driver that is known. `ocs` never came into the kernel; open-iscsi has a template for it.
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
        login: Some(Template {
            more_caps: Caps::DATA_PATH_OFFLOAD,
            ..Template::bound("qla4xxx", Flow::Adapter)
        }),
        ..DAEMON
    },
    Driver {
        transport: "bnx2i",
        vendor: Some("Broadcom"),
        helper: true,
        abilities: HELPED,
        login: Some(Template {
            netdevs: &["bnx2", "bnx2x"],
            ..HELPED_LOGIN
        }),
        ..DAEMON
    },
    Driver {
        transport: "qedi",
        vendor: Some("QLogic"),
        helper: true,
        abilities: HELPED,
        login: Some(Template {
            module: "qedi",
            no_netdev: true,
            netdevs: &["qede"],
            ..HELPED_LOGIN
        }),
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
        login: Some(Template {
            sync_vlan: true,
            ..Template::bound("be2iscsi", Flow::Endpoint)
        }),
        ..DAEMON
    },
    Driver {
        transport: "cxgb3i",
        vendor: Some("Chelsio"),
        max_cdb: VARLEN,
        abilities: CXGB,
        login: Some(Template {
            host_ip: HostIp::Optional,
            netdevs: &["cxgb3"],
            ..Template::bound("cxgb3i", Flow::Endpoint)
        }),
        ..DAEMON
    },
    Driver {
        transport: "cxgb4i",
        vendor: Some("Chelsio"),
        max_cdb: VARLEN,
        abilities: CXGB,
        login: Some(Template {
            netdevs: &["cxgb4"],
            ..Template::bound("cxgb4i", Flow::Endpoint)
        }),
        ..DAEMON
    },
    Driver {
        transport: "ocs",
        vendor: Some("Emulex"),
        max_cdb: None,
        multifunction: None,
        login: Some(Template::bound("ocs", Flow::Endpoint)),
        abilities: OUT_OF_TREE,
        ..DAEMON
    },
    Driver {
        transport: "tcp",
        login: Some(Template::of("iscsi_tcp", Flow::Socket)),
        ..OVER_TCPIP
    },
    Driver {
        transport: "iser",
        integrated_tcpip: Some(false),
        login: Some(Template {
            rdma: true,
            ..Template::of("ib_iser", Flow::Endpoint)
        }),
        ..OVER_TCPIP
    },
];
