//! Why a driver cannot do what others can, and what to do instead.
//!
//! Source: as the rows that use them.

use super::super::ability::Why;
use crate::message::Part;
use crate::step::Step;

/// The chip of an adapter cannot do what others of its driver can.
pub(super) const fn chip(reason: &'static str) -> Why {
    Why { reason, instead: &[] }
}

pub(super) const NOT_KNOWN: Why = Why {
    reason: "it is not known here what this driver offers",
    instead: &[
        Part::Step(Step::AdapterShow),
        Part::text(
            " shows what its host tells; sessions and logical units can be managed whatever the driver",
        ),
    ],
};

pub(super) const OUT_OF_TREE: Why = Why {
    reason: "the driver is no part of Linux: what it offers beside sessions is not known here",
    instead: &[Part::text("its maker's own tool knows")],
};

// Drivers that leave logins to a daemon.

pub(super) const NO_FLASH: Why = Why {
    reason: "the adapter keeps no targets: its sessions are made in user space, by a session daemon from records of the host",
    instead: &[
        Part::text("let the daemon log in, by a record that names the port: "),
        Part::Step(Step::OpenIscsiLogin),
    ],
};
pub(super) const NO_CHAP: Why = Why {
    reason: "the adapter has no CHAP table: whoever logs in proves himself, which is the session daemon",
    instead: &[
        Part::text("names and secrets stand in the daemon's records: "),
        Part::Step(Step::OpenIscsiSecret),
    ],
};
pub(super) const NO_NAME: Why = Why {
    reason: "the adapter has no name of its own: a session has that of the daemon which made it",
    instead: &[Part::text(
        "it is in /etc/iscsi/initiatorname.iscsi, or for one port in its iface record (iface.initiatorname)",
    )],
};
pub(super) const NO_HOST_STATS: Why = Why {
    reason: "the driver counts nothing for a port",
    instead: &[
        Part::Step(Step::StatsSession),
        Part::text(
            " has the counters of a session, and ip -s link those of the network device beside the port",
        ),
    ],
};
pub(super) const NO_RESET: Why = Why {
    reason: "the driver has no reset on demand",
    instead: &[Part::text(
        "it resets itself when it must; the driver loaded anew, or the network device beside the port taken down and up, does it by force",
    )],
};

// bnx2i and qedi.

pub(super) const NO_HELPED_IFACE: Why = Why {
    reason: "the driver has no interfaces that could be set: addresses stand in the iface record that a login names, and the network helper \
     (iscsiuio) brings them up",
    instead: &[
        Part::text("set them in the record: "),
        Part::Step(Step::OpenIscsiAddress),
        Part::text("; "),
        Part::Step(Step::IfaceList),
        Part::text(" shows what the helper made of it"),
    ],
};
pub(super) const BOOT_IN_ROM: Why = Why {
    reason: "what the machine boots from is set up in the card's option ROM, which the driver does not reach",
    instead: &[
        Part::text("the card's own setup at power-on changes it; what it booted from is shown by "),
        Part::Step(Step::OpenIscsiFirmware),
    ],
};
pub(super) const NO_REQUESTS: Why = Why {
    reason: "the driver lets no request through to the firmware",
    instead: &[Part::text(
        "the network function of the card has its own: ethtool -e and ethtool -d of the network device, ethtool -t for self tests",
    )],
};

// be2iscsi.

pub(super) const NO_PING: Why = Why {
    reason: "the driver has no ping",
    instead: &[Part::text(
        "a network device in the same network and VLAN tells whether the target is there (ping -I NETDEV ADDRESS)",
    )],
};
pub(super) const BOOT_BY_TOOL: Why = Why {
    reason: "the driver only shows what the firmware booted from",
    instead: &[
        Part::Step(Step::OpenIscsiFirmware),
        Part::text(" shows it; the card's own setup at power-on changes it"),
    ],
};
pub(super) const OTHER_REQUESTS: Why = Why {
    reason: "the driver lets requests through to the firmware, but not these",
    instead: &[Part::text("the vendor's tool knows them")],
};

// cxgb3i and cxgb4i.

pub(super) const ONE_ADDRESS: Why = Why {
    reason: "the driver has one setting, the port's IPv4 address, and takes it with a login",
    instead: &[
        Part::text("set it in the iface record that the login names: "),
        Part::Step(Step::OpenIscsiAddress),
    ],
};
pub(super) const NETDEV_PINGS: Why = Why {
    reason: "the driver has no ping, and none is needed: the port shares the network device's way",
    instead: &[Part::text("ping -I NETDEV ADDRESS goes the same way")],
};
pub(super) const BOOT_IBFT: Why = Why {
    reason: "the adapter keeps no boot targets: the boot firmware leaves a table in memory (iBFT)",
    instead: &[Part::Step(Step::OpenIscsiFirmware), Part::text(" shows it")],
};

// Sessions over the kernel's own TCP/IP.

pub(super) const HOST_ADDRESSES: Why = Why {
    reason: "it has no interfaces of its own: sessions go over the addresses of the host",
    instead: &[Part::text("ip address sets and shows them")],
};
pub(super) const HOST_PINGS: Why = Why {
    reason: "it has no ping of its own: sessions go over the network of the host",
    instead: &[Part::text("ping ADDRESS goes the same way")],
};
pub(super) const NO_FIRMWARE: Why = Why {
    reason: "there is no adapter behind it, and no firmware",
    instead: &[],
};
pub(super) const NO_HARDWARE: Why = Why {
    reason: "there is no adapter behind it that could be reset",
    instead: &[
        Part::text("end a session and let it be made again: "),
        Part::Step(Step::SessionList),
        Part::text(" shows who owns it"),
    ],
};
