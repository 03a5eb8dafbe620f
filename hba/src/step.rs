//! What can be done next: operations and the switches of an operation, as values. A program renders them in its own words.
//!
//! Must not know a command line, nor any other way in which operations are asked for.

use std::fmt;

use crate::ids::HostNo;

/// One thing that can be done, or said with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// List the adapters.
    AdapterList,
    /// Look at one adapter.
    AdapterShow,
    /// Run a self test of an adapter.
    AdapterDiag,
    /// Read an adapter's memories.
    AdapterDump,
    /// Give an adapter's initiator another name.
    AdapterSetName,
    /// Take targets out of the boot configuration.
    BootClear,
    /// Set the boot configuration.
    BootSet,
    /// Look at the boot configuration.
    BootShow,
    /// Make a CHAP entry.
    ChapAdd,
    /// List the CHAP entries.
    ChapList,
    /// Change a CHAP entry, this one if one is named.
    ChapSet(Option<u16>),
    /// Look at events.
    Event,
    /// Watch events as they come.
    EventFollow,
    /// Add a flash target.
    FlashAdd,
    /// Discover targets.
    FlashDiscover,
    /// List the flash targets.
    FlashList,
    /// Log out of a flash target, this one if one is named.
    FlashLogout(Option<u32>),
    /// Log in to a flash target, this one if one is named.
    FlashLogin(Option<u32>),
    /// Give this flash target an ISID that no other path to its target has.
    FlashNewIsid(u32),
    /// List the parameters of flash targets.
    FlashParams,
    /// Remove a flash target, this one if one is named.
    FlashRemove(Option<u32>),
    /// Change a flash target, this one if one is named.
    FlashSet(Option<u32>),
    /// Look at one flash target.
    FlashShow,
    /// List the interfaces.
    IfaceList,
    /// List the parameters of interfaces.
    IfaceParams,
    /// Ping from an interface.
    IfacePing,
    /// Look at one interface.
    IfaceShow,
    /// Stage parameters of an interface.
    IfaceSet,
    /// Apply what is staged.
    IfaceApply,
    /// Switch an interface on, and apply that.
    IfaceSwitchOn,
    /// List the logical units.
    LunList,
    /// Read from a logical unit.
    LunRead,
    /// Look at the driver's parameters.
    ModuleShow,
    /// Set the driver's parameters.
    ModuleSet,
    /// Find out what an old parameter of the driver is called now.
    ModuleTranslate,
    /// Look what stands on the disks.
    LunUses,
    /// List the node records.
    NodeList,
    /// Change a node record.
    NodeSet,
    /// List the interface records.
    IfaceRecordList,
    /// Change an interface record.
    IfaceRecordSet,
    /// List the keys of records.
    NodeKeys,
    /// Let open-iscsi log in by a record.
    OpenIscsiLogin,
    /// Let open-iscsi log out of this session, its own.
    OpenIscsiLogout(u32),
    /// Give an interface of open-iscsi an address.
    OpenIscsiAddress,
    /// Give a record of open-iscsi a name and a secret.
    OpenIscsiSecret,
    /// Let open-iscsi ping by its helper.
    OpenIscsiPing,
    /// Let open-iscsi show what the firmware booted from.
    OpenIscsiFirmware,
    /// Start the network helper.
    StartHelper,
    /// Ping from the adapter.
    Ping,
    /// List the sessions.
    SessionList,
    /// Log out of this session.
    SessionLogout(u32),
    /// Watch over sessions.
    SessionWatch,
    /// Look at the counters of a port.
    StatsHost,
    /// Look at the counters of a session.
    StatsSession,
    /// Serve an endpoint by an emulated adapter.
    Serve,
    /// Discover targets from this host.
    TargetDiscover,
    /// List the targets.
    TargetList,
    /// List what is never logged in to by whoever logs in by himself.
    TargetExcludeList,
    /// Take a rule out of that list.
    TargetExcludeRemove,
    /// Take the claim on this session away.
    SessionRelease(u32),
    /// Add a portal or server that is asked for targets.
    TargetPortalAdd,
    /// List the portals and servers that are asked for targets.
    TargetPortalList,
    /// Say how many blocks.
    WithBlocks,
    /// Name a CHAP entry.
    WithChap,
    /// Name an account for CHAP, and where its secret is.
    WithAccount,
    /// Name an endpoint.
    WithEndpoint,
    /// Go on although something drops.
    WithForce,
    /// Say that flash may be written.
    WithYesWriteFlash,
    /// Say that the NVRAM may be written.
    WithYesWriteNvram,
    /// Say that secrets are wanted, and where to.
    WithSecrets,
    /// Say that a self test may disturb the port.
    WithYesDisturb,
    /// Look at what would be done first.
    WithDryRun,
    /// Name this adapter.
    WithHost(HostNo),
    /// Wait longer.
    WithMoreTime,
    /// Ask for a session beside others to the same target.
    WithMultipath,
    /// Name a portal.
    WithPortal,
}

impl fmt::Display for Step {
    /// Noun and verb of an operation, and what it is about; the meaning of a switch.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::AdapterList => "adapter list",
            Self::AdapterShow => "adapter show",
            Self::AdapterDiag => "adapter diag",
            Self::AdapterDump => "adapter dump",
            Self::AdapterSetName => "adapter set-name",
            Self::ModuleShow => "module show",
            Self::ModuleSet => "module set",
            Self::ModuleTranslate => "module translate",
            Self::WithYesWriteFlash => "consent to write flash",
            Self::WithYesWriteNvram => "consent to write the nvram",
            Self::WithSecrets => "a file for secrets",
            Self::WithYesDisturb => "consent to disturb",
            Self::WithDryRun => "dry run",
            Self::BootClear => "boot clear",
            Self::BootSet => "boot set",
            Self::BootShow => "boot show",
            Self::ChapAdd => "chap add",
            Self::ChapList => "chap list",
            Self::ChapSet(None) => "chap set",
            Self::ChapSet(Some(index)) => return write!(f, "chap set {index}"),
            Self::Event => "event",
            Self::EventFollow => "event follow",
            Self::FlashAdd => "flash add",
            Self::FlashDiscover => "flash discover",
            Self::FlashList => "flash list",
            Self::FlashLogout(None) => "flash logout",
            Self::FlashLogout(Some(index)) => return write!(f, "flash logout {index}"),
            Self::FlashLogin(None) => "flash login",
            Self::FlashLogin(Some(index)) => return write!(f, "flash login {index}"),
            Self::FlashNewIsid(index) => return write!(f, "flash set {index} --new-isid"),
            Self::FlashParams => "flash params",
            Self::FlashRemove(None) => "flash remove",
            Self::FlashRemove(Some(index)) => return write!(f, "flash remove {index}"),
            Self::FlashSet(None) => "flash set",
            Self::FlashSet(Some(index)) => return write!(f, "flash set {index}"),
            Self::FlashShow => "flash show",
            Self::IfaceList => "iface list",
            Self::IfaceParams => "iface params",
            Self::IfacePing => "iface ping",
            Self::IfaceShow => "iface show",
            Self::IfaceSet => "iface set",
            Self::IfaceApply => "iface apply",
            Self::IfaceSwitchOn => "enabled=on",
            Self::LunList => "lun list",
            Self::LunRead => "lun read",
            Self::LunUses => "lun uses",
            Self::NodeList => "node list",
            Self::NodeSet => "node set",
            Self::IfaceRecordList => "iface record list",
            Self::IfaceRecordSet => "iface record set",
            Self::NodeKeys => "node keys",
            Self::OpenIscsiLogin => "a login by open-iscsi",
            Self::OpenIscsiLogout(sid) => return write!(f, "a logout of session {sid} by open-iscsi"),
            Self::OpenIscsiAddress => "iface.ipaddress of open-iscsi",
            Self::OpenIscsiSecret => "node.session.auth of open-iscsi",
            Self::OpenIscsiPing => "a ping by open-iscsi",
            Self::OpenIscsiFirmware => "the firmware mode of open-iscsi",
            Self::StartHelper => "a start of iscsiuio",
            Self::Ping => "ping",
            Self::SessionList => "session list",
            Self::SessionLogout(sid) => return write!(f, "session logout {sid}"),
            Self::SessionWatch => "session watch",
            Self::StatsHost => "stats host",
            Self::StatsSession => "stats session",
            Self::Serve => "an emulated adapter",
            Self::WithBlocks => "a number of blocks",
            Self::WithChap => "a chap entry",
            Self::WithAccount => "a name and a secret for chap",
            Self::WithEndpoint => "endpoint",
            Self::WithForce => "force",
            Self::WithHost(host) => return host.fmt(f),
            Self::WithMoreTime => "time limit",
            Self::WithMultipath => "multipath",
            Self::WithPortal => "portal",
            Self::TargetDiscover => "target discover",
            Self::TargetList => "target list",
            Self::TargetExcludeList => "target exclude list",
            Self::TargetExcludeRemove => "target exclude remove",
            Self::SessionRelease(sid) => return write!(f, "session release {sid}"),
            Self::TargetPortalAdd => "target portal add",
            Self::TargetPortalList => "target portal list",
        };
        f.write_str(text)
    }
}
