//! Attributes: number, name, kind and bounds of the length, one row each.
//!
//! A length of 0 is allowed for each: it asks for the attribute, or says that there is none. Source: RFC 4171 section 6.1; the kinds
//! from sections 6.2 to 6.11.

use std::fmt;

use super::table::numbered;

/// How an attribute's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It has none.
    Nothing,
    /// 32 bits.
    Number,
    /// 64 bits.
    Long,
    /// An IPv6 address; IPv4 is ::ffff:a.b.c.d.
    Address,
    /// UTF-8 with a NUL, padded with more of them.
    Text,
    /// Bytes.
    Opaque,
}

/// What is known of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagRow {
    /// The RFC's name.
    pub name: &'static str,
    /// How the value is written.
    pub kind: Kind,
    /// The shortest value but none.
    pub min: usize,
    /// The longest value, padding included.
    pub max: usize,
}

impl TagRow {
    /// Whether a value can have this length.
    #[must_use]
    pub const fn fits(&self, len: usize) -> bool {
        len == 0 || (self.min <= len && len <= self.max)
    }
}

const fn row(name: &'static str, kind: Kind, min: usize, max: usize) -> TagRow {
    TagRow { name, kind, min, max }
}

const fn number(name: &'static str) -> TagRow {
    row(name, Kind::Number, 4, 4)
}

const fn long(name: &'static str) -> TagRow {
    row(name, Kind::Long, 8, 8)
}

const fn address(name: &'static str) -> TagRow {
    row(name, Kind::Address, 16, 16)
}

const fn text(name: &'static str) -> TagRow {
    row(name, Kind::Text, 4, 256)
}

/// An iSCSI name: at most 223 bytes and the NUL.
const fn node(name: &'static str) -> TagRow {
    row(name, Kind::Text, 4, 224)
}

const fn opaque(name: &'static str, min: usize, max: usize) -> TagRow {
    row(name, Kind::Opaque, min, max)
}

/// Certificates and proposals have no bound of their own; a message has.
const ANY: usize = u32::MAX as usize;

numbered! {
    /// Number of an attribute.
    pub struct Tag(u32) => TagRow {
        /// Separates what a message is about from what it says or asks.
        DELIMITER = 0, row("Delimiter", Kind::Nothing, 0, 0);
        /// Names a network entity.
        ENTITY_ID = 1, text("Entity Identifier");
        /// 1 none, 2 iSCSI, 3 iFCP.
        ENTITY_PROTOCOL = 2, number("Entity Protocol");
        /// Where the entity is managed.
        MANAGEMENT_ADDRESS = 3, address("Management IP Address");
        /// Seconds since 1970.
        TIMESTAMP = 4, long("Timestamp");
        /// The newest and the oldest version.
        VERSION_RANGE = 5, number("Protocol Version Range");
        /// Seconds that a registration lasts without a word.
        REGISTRATION_PERIOD = 6, number("Registration Period");
        /// Number of an entity.
        ENTITY_INDEX = 7, number("Entity Index");
        /// The next one that is free.
        ENTITY_NEXT_INDEX = 8, number("Entity Next Index");
        /// IKE proposals.
        ENTITY_ISAKMP_1 = 11, opaque("Entity ISAKMP Phase-1", 1, ANY);
        /// Certificates.
        ENTITY_CERTIFICATE = 12, opaque("Entity Certificate", 1, ANY);
        /// Address of a portal.
        PORTAL_ADDRESS = 16, address("Portal IP Address");
        /// Its port.
        PORTAL_PORT = 17, number("Portal TCP/UDP Port");
        /// Its name.
        PORTAL_NAME = 18, text("Portal Symbolic Name");
        /// Seconds between status inquiries.
        ESI_INTERVAL = 19, number("ESI Interval");
        /// Port for status inquiries.
        ESI_PORT = 20, number("ESI Port");
        /// Number of a portal.
        PORTAL_INDEX = 22, number("Portal Index");
        /// Port for state change notifications.
        SCN_PORT = 23, number("SCN Port");
        /// The next one that is free.
        PORTAL_NEXT_INDEX = 24, number("Portal Next Index");
        /// IPsec settings.
        PORTAL_SECURITY = 27, number("Portal Security Bitmap");
        /// IKE proposals.
        PORTAL_ISAKMP_1 = 28, opaque("Portal ISAKMP Phase-1", 1, ANY);
        /// IKE proposals.
        PORTAL_ISAKMP_2 = 29, opaque("Portal ISAKMP Phase-2", 1, ANY);
        /// Certificates.
        PORTAL_CERTIFICATE = 31, opaque("Portal Certificate", 1, ANY);
        /// Name of a node.
        ISCSI_NAME = 32, node("iSCSI Name");
        /// Target, initiator, control ([`super::NodeType`]).
        NODE_TYPE = 33, number("iSCSI Node Type");
        /// Alias of a node.
        ISCSI_ALIAS = 34, text("iSCSI Alias");
        /// Which changes are told, or have come about ([`super::ScnBitmap`]).
        SCN_BITMAP = 35, number("iSCSI SCN Bitmap");
        /// Number of a node.
        NODE_INDEX = 36, number("iSCSI Node Index");
        /// A world wide name for gateways.
        WWNN_TOKEN = 37, long("WWNN Token");
        /// The next one that is free.
        NODE_NEXT_INDEX = 38, number("iSCSI Node Next Index");
        /// Methods of authentication, a list.
        AUTH_METHOD = 42, row("iSCSI AuthMethod", Kind::Text, 4, ANY);
        /// Portal group: its node.
        PG_NAME = 48, node("PG iSCSI Name");
        /// Portal group: its portal's address.
        PG_ADDRESS = 49, address("PG Portal IP Addr");
        /// Portal group: its portal's port.
        PG_PORT = 50, number("PG Portal TCP/UDP Port");
        /// Portal group: its tag.
        PG_TAG = 51, number("PG Tag");
        /// Number of a portal group.
        PG_INDEX = 52, number("PG Index");
        /// The next one that is free.
        PG_NEXT_INDEX = 53, number("PG Next Index");
        /// Fibre Channel port: its name.
        FC_PORT_NAME = 64, long("FC Port Name WWPN");
        /// Fibre Channel port: its id.
        FC_PORT_ID = 65, number("Port ID");
        /// Fibre Channel port: its type.
        FC_PORT_TYPE = 66, number("FC Port Type");
        /// Fibre Channel port: what people call it.
        FC_PORT_SYMBOLIC = 67, text("Symbolic Port Name");
        /// Fibre Channel port: its fabric's port.
        FC_FABRIC_PORT = 68, long("Fabric Port Name");
        /// Fibre Channel port: its hard address.
        FC_HARD_ADDRESS = 69, number("Hard Address");
        /// Fibre Channel port: its IP address.
        FC_PORT_ADDRESS = 70, address("Port IP-Address");
        /// Fibre Channel port: its class of service.
        FC_CLASS = 71, number("Class of Service");
        /// Fibre Channel port: its FC-4 types.
        FC4_TYPES = 72, opaque("FC-4 Types", 32, 32);
        /// Fibre Channel port: its FC-4 descriptor.
        FC4_DESCRIPTOR = 73, text("FC-4 Descriptor");
        /// Fibre Channel port: its FC-4 features.
        FC4_FEATURES = 74, opaque("FC-4 Features", 128, 128);
        /// As [`Tag::SCN_BITMAP`], for iFCP.
        IFCP_SCN_BITMAP = 75, number("iFCP SCN Bitmap");
        /// Fibre Channel port: initiator or target.
        FC_PORT_ROLE = 76, number("Port Role");
        /// Fibre Channel port: its permanent name.
        FC_PERMANENT_NAME = 77, long("Permanent Port Name");
        /// Type code of FC-4.
        FC4_TYPE_CODE = 95, number("FC-4 Type Code");
        /// Fibre Channel node: its name.
        FC_NODE_NAME = 96, long("FC Node Name WWNN");
        /// Fibre Channel node: what people call it.
        FC_NODE_SYMBOLIC = 97, text("Symbolic Node Name");
        /// Fibre Channel node: its address.
        FC_NODE_ADDRESS = 98, address("Node IP-Address");
        /// Fibre Channel node: its initial process associator.
        FC_NODE_IPA = 99, long("Node IPA");
        /// Fibre Channel node: the iSCSI node that stands for it.
        FC_PROXY_NAME = 101, text("Proxy iSCSI Name");
        /// Fibre Channel switch: its name.
        SWITCH_NAME = 128, long("Switch Name");
        /// Fibre Channel switch: the domain id that it would like.
        PREFERRED_ID = 129, number("Preferred ID");
        /// Fibre Channel switch: the domain id that it has.
        ASSIGNED_ID = 130, number("Assigned ID");
        /// Fibre Channel switch: its fabric.
        VIRTUAL_FABRIC_ID = 131, text("Virtual_Fabric_ID");
        /// Who made the server.
        SERVER_OUI = 256, number("iSNS Server Vendor OUI");
        /// Set of discovery domains: its number.
        DDS_ID = 2049, number("DD_Set ID");
        /// Set of discovery domains: its name.
        DDS_NAME = 2050, text("DD_Set Sym Name");
        /// Set of discovery domains: 1 when it is in force.
        DDS_STATUS = 2051, number("DD_Set Status");
        /// The next number that is free.
        DDS_NEXT_ID = 2052, number("DD_Set_Next_ID");
        /// Discovery domain: its number.
        DD_ID = 2065, number("DD_ID");
        /// Discovery domain: its name.
        DD_NAME = 2066, text("DD_Symbolic Name");
        /// Discovery domain: a member node, by number.
        DD_MEMBER_INDEX = 2067, number("DD_Member iSCSI Index");
        /// Discovery domain: a member node.
        DD_MEMBER_NAME = 2068, node("DD_Member iSCSI Name");
        /// Discovery domain: a member port of Fibre Channel.
        DD_MEMBER_FC = 2069, long("DD_Member FC Port Name");
        /// Discovery domain: a member portal, by number.
        DD_MEMBER_PORTAL_INDEX = 2070, number("DD_Member Portal Index");
        /// Discovery domain: a member portal's address.
        DD_MEMBER_ADDRESS = 2071, address("DD_Member Portal IP Addr");
        /// Discovery domain: a member portal's port.
        DD_MEMBER_PORT = 2072, number("DD_Member Portal TCP/UDP");
        /// Discovery domain: whether it has a boot list.
        DD_FEATURES = 2078, number("DD_Features");
        /// The next number that is free.
        DD_NEXT_ID = 2079, number("DD_ID Next ID");
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => f.write_str(row.name),
            None => write!(f, "attribute {}", self.0),
        }
    }
}
