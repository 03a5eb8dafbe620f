//! What a response says came of its request.
//!
//! One table has number, name and plain meaning; a client reads in it what may help. Source: RFC 4171 section 5.4.

use std::fmt;

use super::table::numbered;

/// What is known of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow {
    /// The RFC's name.
    pub name: &'static str,
    /// What it means to who asked.
    pub meaning: &'static str,
}

const fn row(name: &'static str, meaning: &'static str) -> StatusRow {
    StatusRow { name, meaning }
}

numbered! {
    /// Status code of a response.
    pub struct Status(u32) => StatusRow {
        /// Done.
        SUCCESS = 0, row("Successful", "done");
        /// Some error.
        UNKNOWN_ERROR = 1, row("Unknown Error", "the server failed and does not say why");
        /// The message cannot be read.
        MESSAGE_FORMAT = 2, row("Message Format Error", "the server cannot read the message, or misses an attribute in it");
        /// The registration makes no sense.
        INVALID_REGISTRATION = 3, row("Invalid Registration", "the server does not take what was to be registered");
        /// The query makes no sense.
        INVALID_QUERY = 5, row("Invalid Query", "the server does not answer this kind of query");
        /// Nobody of the source's name is registered.
        SOURCE_UNKNOWN = 6, row("Source Unknown", "the server does not know the node that asks: it has to be registered first");
        /// The message names no source.
        SOURCE_ABSENT = 7, row("Source Absent", "the server misses the node that asks: it has to be registered first");
        /// The source may not do this.
        SOURCE_UNAUTHORIZED = 8, row("Source Unauthorized", "the server's administrator does not admit the node that asks");
        /// Nothing of that key, or nothing more.
        NO_SUCH_ENTRY = 9, row("No Such Entry", "the server has nothing of this kind that the node may see");
        /// Another version of the protocol.
        VERSION = 10, row("Version Not Supported", "the server does not speak this version of iSNS");
        /// A fault of the server.
        INTERNAL_ERROR = 11, row("Internal Error", "a fault of the server");
        /// Not now.
        BUSY = 12, row("Busy", "the server has too much to do; later it may work");
        /// An option is unknown.
        OPTION = 13, row("Option Not Understood", "the server does not know an option of the message");
        /// What is registered cannot be changed so.
        INVALID_UPDATE = 14, row("Invalid Update", "the server does not change what is registered in this way: it has to be registered from scratch");
        /// The message is not served.
        NOT_SUPPORTED = 15, row("Message Not Supported", "the server does not serve this message");
        /// The event was not taken.
        SCN_EVENT_REJECTED = 16, row("SCN Event Rejected", "the server does not pass the event on");
        /// The registration for notifications was not taken.
        SCN_REJECTED = 17, row("SCN Registration Rejected", "the server sends no notifications: no portal with a port for them is registered, or it has none to give");
        /// An attribute is unknown.
        ATTRIBUTE = 18, row("Attribute Not Implemented", "the server does not know an attribute of the message");
        /// No domain id is left.
        DOMAIN_ID_NOT_AVAILABLE = 19, row("FC_DOMAIN_ID Not Available", "the server has no Fibre Channel domain id left");
        /// The domain id was not given.
        DOMAIN_ID_NOT_ALLOCATED = 20, row("FC_DOMAIN_ID Not Allocated", "the Fibre Channel domain id was not given by this server");
        /// Status inquiries are not served.
        ESI_NOT_AVAILABLE = 21, row("ESI Not Available", "the server does not inquire whether portals are there");
        /// The deregistration makes no sense.
        INVALID_DEREGISTRATION = 22, row("Invalid Deregistration", "the server does not take this out");
        /// A way of registering is not served.
        REGISTRATION_FEATURE = 23, row("Registration Feature Not Supported", "the server does not serve this way of registering (portal groups, for example)");
    }
}

impl Status {
    /// Whether the request was carried out.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == 0
    }

    /// Whether a registration of who asks may help.
    #[must_use]
    pub const fn wants_registration(self) -> bool {
        matches!(self, Self::SOURCE_UNKNOWN | Self::SOURCE_ABSENT)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => write!(f, "{} ({}): {}", row.name, self.0, row.meaning),
            None => write!(f, "status {}", self.0),
        }
    }
}
