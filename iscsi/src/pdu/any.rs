//! Any PDU of one direction, told apart by its opcode.
//!
//! Source: RFC 7143 section 11.2.1.2.

use super::{
    AsyncMessage, Bhs, DataIn, DataOut, LoginRequest, LoginResponse, LogoutRequest, LogoutResponse, NopIn,
    NopOut, Opcode, R2t, Reject, ScsiCommand, ScsiResponse, Snack, TextRequest, TextResponse, TmfRequest,
    TmfResponse,
};

macro_rules! any_pdu {
    ($(#[$doc:meta])* $name:ident { $($variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $(
                #[doc = concat!("[`", stringify!($variant), "`]")]
                $variant($variant),
            )+
            /// An opcode that does not belong to this direction, or that the RFC does not name.
            Other(Bhs),
        }

        impl $name {
            /// Decodes by opcode.
            #[must_use]
            pub fn decode(bhs: &Bhs) -> Self {
                match bhs.opcode.opcode() {
                    $(<$variant>::OPCODE => Self::$variant(<$variant>::from_bhs(bhs)),)+
                    _ => Self::Other(*bhs),
                }
            }

            /// The header as bytes lie on the wire.
            #[must_use]
            pub fn encode(&self) -> Bhs {
                match self {
                    $(Self::$variant(pdu) => pdu.to_bhs(),)+
                    Self::Other(bhs) => *bhs,
                }
            }

            /// The opcode.
            #[must_use]
            pub fn opcode(&self) -> Opcode {
                match self {
                    $(Self::$variant(_) => <$variant>::OPCODE,)+
                    Self::Other(bhs) => bhs.opcode.opcode(),
                }
            }
        }
    };
}

any_pdu! {
    /// A PDU from the initiator.
    InitiatorPdu {
        NopOut,
        ScsiCommand,
        TmfRequest,
        LoginRequest,
        TextRequest,
        DataOut,
        LogoutRequest,
        Snack,
    }
}

any_pdu! {
    /// A PDU from the target.
    TargetPdu {
        NopIn,
        ScsiResponse,
        TmfResponse,
        LoginResponse,
        TextResponse,
        DataIn,
        LogoutResponse,
        R2t,
        AsyncMessage,
        Reject,
    }
}
