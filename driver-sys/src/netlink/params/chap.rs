//! Parameters of a CHAP table entry: SET_CHAP.
//!
//! Source: `iscsi_if.h`, `enum iscsi_chap_param`, `enum chap_type_e`; widths from `ql4_os.c`, `qla4xxx_set_chap_entry`.

use super::info::{Object, ParamInfo, WireKind, param_impl};
use crate::abi::open_enum;

type P = ChapParam;

const fn chap(param: P, key: Option<&'static str>, kind: WireKind) -> ParamInfo<P> {
    ParamInfo {
        param,
        object: Object::Chap,
        attr: None,
        key,
        kind,
        settable: true,
        root_only: false,
    }
}

open_enum! {
    /// A CHAP entry parameter.
    pub enum ChapParam: u16 {
        /// Index in the table.
        Index = 0 => "ISCSI_CHAP_PARAM_INDEX",
        /// Direction, [`ChapType`].
        ChapType = 1 => "ISCSI_CHAP_PARAM_CHAP_TYPE",
        /// User name.
        Username = 2 => "ISCSI_CHAP_PARAM_USERNAME",
        /// Secret.
        Password = 3 => "ISCSI_CHAP_PARAM_PASSWORD",
        /// Length of the secret in bytes.
        PasswordLen = 4 => "ISCSI_CHAP_PARAM_PASSWORD_LEN",
    }
}

open_enum! {
    /// Direction of CHAP credentials.
    pub enum ChapType: u32 {
        /// Sent by the initiator.
        Out = 0 => "CHAP_TYPE_OUT",
        /// Expected from the target (mutual CHAP).
        In = 1 => "CHAP_TYPE_IN",
    }
}

param_impl!(ChapParam, CHAP_PARAMS);

/// Every CHAP entry parameter, in code order. Keys are those of the outgoing direction.
pub static CHAP_PARAMS: [ParamInfo<ChapParam>; 5] = [
    chap(P::Index, Some("host.auth.tbl_idx"), WireKind::U16),
    chap(P::ChapType, None, WireKind::U32),
    chap(P::Username, Some("host.auth.username"), WireKind::Text),
    chap(P::Password, Some("host.auth.password"), WireKind::Secret),
    chap(P::PasswordLen, None, WireKind::U8),
];
