//! Parameters of a CHAP table entry: SET_CHAP. Record keys are those of the outgoing direction.
//!
//! Source: `iscsi_if.h`, `enum iscsi_chap_param`, `enum chap_type_e`; widths from `ql4_os.c`, `qla4xxx_set_chap_entry`.

use super::info::params;
use crate::abi::open_enum;

params! {
    /// A CHAP entry parameter.
    pub enum ChapParam;
    /// Every CHAP entry parameter, in code order.
    pub static CHAP_PARAMS: 5 rows {
        /// Index in the table.
        Index = 0, "ISCSI_CHAP_PARAM_INDEX", Chap, None, Some("host.auth.tbl_idx"), U16, settable;
        /// Direction, [`ChapType`].
        ChapType = 1, "ISCSI_CHAP_PARAM_CHAP_TYPE", Chap, None, None, U32, settable;
        /// User name.
        Username = 2, "ISCSI_CHAP_PARAM_USERNAME", Chap, None, Some("host.auth.username"), Text, settable;
        /// Secret.
        Password = 3, "ISCSI_CHAP_PARAM_PASSWORD", Chap, None, Some("host.auth.password"), Secret, settable;
        /// Length of the secret in bytes.
        PasswordLen = 4, "ISCSI_CHAP_PARAM_PASSWORD_LEN", Chap, None, None, U8, settable;
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
