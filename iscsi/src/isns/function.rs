//! What a message asks for.
//!
//! Source: RFC 4171 section 4.1.3 (the messages of iSCSI); a response has the number of its request and the leading bit.

use std::fmt;

use super::table::numbered;

numbered! {
    /// Function id of a request, a notice, or (with the leading bit) of a response.
    pub struct Function(u16) => &'static str {
        /// Registers objects, or changes what is registered.
        DEV_ATTR_REG = 0x0001, "DevAttrReg";
        /// Asks for attributes of objects.
        DEV_ATTR_QRY = 0x0002, "DevAttrQry";
        /// Asks for the next object of a kind.
        DEV_GET_NEXT = 0x0003, "DevGetNext";
        /// Takes objects out.
        DEV_DEREG = 0x0004, "DevDereg";
        /// Asks for state change notifications.
        SCN_REG = 0x0005, "SCNReg";
        /// Asks for no more of them.
        SCN_DEREG = 0x0006, "SCNDereg";
        /// Asks the server to notify others.
        SCN_EVENT = 0x0007, "SCNEvent";
        /// State change notification, by the server.
        SCN = 0x0008, "SCN";
        /// Registers a discovery domain.
        DD_REG = 0x0009, "DDReg";
        /// Takes a discovery domain, or members of it, out.
        DD_DEREG = 0x000a, "DDDereg";
        /// Registers a set of discovery domains.
        DDS_REG = 0x000b, "DDSReg";
        /// Takes a set, or members of it, out.
        DDS_DEREG = 0x000c, "DDSDereg";
        /// Entity status inquiry, by the server: is the portal there.
        ESI = 0x000d, "ESI";
        /// The server is alive. Has no attributes and no response.
        HEARTBEAT = 0x000e, "Heartbeat";
    }
}

const RESPONSE: u16 = 0x8000;

impl Function {
    /// Whether it is a response.
    #[must_use]
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE != 0
    }

    /// The response to it.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | RESPONSE)
    }

    /// What it is a response to; a request is itself.
    #[must_use]
    pub const fn request(self) -> Self {
        Self(self.0 & !RESPONSE)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.request().row() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "function {:#06x}", self.request().0)?,
        }
        f.write_str(if self.is_response() { "Rsp" } else { "" })
    }
}
