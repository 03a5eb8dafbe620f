//! What no Linux driver of an iSCSI adapter can do.
//!
//! Source: kernel `scsi_transport_iscsi.c` (`CAP_*`, the requests there are), the templates of all drivers.

use super::super::ability::{Ability, Why};
use crate::message::Part;
use crate::step::Step;

/// iSNS by the adapter.
pub const ISNS: Why = Why {
    reason: "the kernel's drivers ask no iSNS server and keep none in the adapter",
    instead: &[
        Part::text("let this host ask the server: "),
        Part::Step(Step::TargetDiscover),
        Part::text(" and "),
        Part::Step(Step::TargetPortalAdd),
        Part::text(" take it, too"),
    ],
};
/// SLP by the adapter.
pub const SLP: Why = Why {
    reason: "the kernel's drivers know no SLP; an adapter only learns the agents by DHCP (dhcp_slp_da_info_en)",
    instead: ASK_PORTALS,
};
/// RADIUS for CHAP.
pub const RADIUS: Why = Why {
    reason: "the kernel's drivers have no request that gives the adapter a RADIUS server or its secret",
    instead: &[
        Part::text("secrets are in the adapter's own table: "),
        Part::Step(Step::ChapAdd),
        Part::text("; that the target asks a RADIUS server is set up at the target"),
    ],
};
/// IPsec.
pub const IPSEC: Why = Why {
    reason: "no Linux driver of an iSCSI adapter has IPsec: there is no request that carries keys or tunnel addresses",
    instead: &[
        Part::text("keep the storage network closed (vlan_id of "),
        Part::Step(Step::IfaceParams),
        Part::text(") and let both sides prove themselves: "),
        Part::Step(Step::ChapAdd),
    ],
};
/// Several connections in a session.
pub const ONE_CONNECTION: Why = Why {
    reason: "a session has one connection: the driver does not have the capability multi_connection",
    instead: &[
        Part::text("take several sessions and dm-multipath: one flash target for each portal ("),
        Part::Step(Step::FlashAdd),
        Part::text(")"),
    ],
};

const ASK_PORTALS: &[Part] = &[
    Part::text("ask the portals themselves: "),
    Part::Step(Step::FlashDiscover),
    Part::text(", or this host asks them: "),
    Part::Step(Step::TargetDiscover),
];

/// Why nobody has an ability.
pub(super) const fn why(ability: Ability) -> Why {
    match ability {
        Ability::Ipsec => IPSEC,
        Ability::Isns => ISNS,
        Ability::Slp => SLP,
        Ability::Radius => RADIUS,
        Ability::MultiConnection => ONE_CONNECTION,
        _ => super::why::NOT_KNOWN,
    }
}
