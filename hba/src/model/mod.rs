//! The nouns: what operations return and JSON shows. Plain data; nothing here reads or writes anything.
//!
//! A value that the adapter does not tell is `None`, `null` in JSON and "n/a" for people.

mod adapter;
mod boot;
mod chap;
mod event;
mod flash;
mod helper;
mod iface;
mod lun;
mod module;
mod node;
mod ping;
mod policy;
mod rescan;
mod session;
mod sessions;
mod standing;
mod stats;
mod watched;

pub use adapter::{
    Adapter, AdapterKey, Capability, Features, Health, HealthStatus, InitiatorPortal, Limits, LoginBy,
    Missing, Security, capabilities,
};
pub use boot::{BootConfig, BootMode, BootNic, BootSlot, BootTable, BootTarget, Slot};
pub use chap::{ChapDirection, ChapEntry, ChapUse};
pub use event::{Event, EventRecord, LoginFailureType};
pub use flash::{FlashSession, FlashTarget, PortalType};
pub use helper::{
    Helper, HelperAddress, HelperCounters, HelperInterface, HelperLease, HelperNeighbour, HelperPort,
    HelperPresence, HelperTotals,
};
pub use iface::{Iface, StagedValue};
pub use lun::{Capacity, Inquiry, Lun, ReportedLun, VpdPage};
pub use module::ModuleParameter;
pub use node::{IfaceRecord, NodeBrief, NodeRecord, Origin, Value, ValueOrigin, shown, values};
pub use ping::{PingReply, PingResult, PingStatus};
pub use policy::{AppliedPolicy, RetryPolicy, SessionPolicy};
pub use rescan::{Rescan, UnitChange, UnitFate};
pub use session::{Connection, Owner, Session, SessionBrief, SessionClaim, SessionDetail, SessionKind};
pub use sessions::{LinkStatus, Mapping, Path, SessionPaths, SessionSettings, UnitSettings};
pub use standing::ConnectionStanding;
pub use stats::{AdapterStats, Counters, CustomCounter, HostStats, RequestTimes, SessionStats, UnitRequests};
pub use watched::{Deed, DeedKind, LoginCounts, Watched};
