//! Parameters of a CHAP table entry: SET_CHAP. Record keys are those of the outgoing direction.
//!
//! Source: `iscsi_if.h`, `enum iscsi_chap_param`, `enum chap_type_e`; widths from `ql4_os.c`, `qla4xxx_set_chap_entry`.

use super::info::params;
use crate::abi::open_enum;

params! {
    /// A CHAP entry parameter.
    pub enum ChapParam;
    Index = 0 "ISCSI_CHAP_PARAM_INDEX", Chap _ "tbl_idx",
        U16, ANY16, "index in the table";
    ChapType = 1 "ISCSI_CHAP_PARAM_CHAP_TYPE", Chap _ _,
        U32, ANY32, "direction, [`ChapType`]";
    Username = 2 "ISCSI_CHAP_PARAM_USERNAME", Chap _ "username",
        Text, TEXT, "user name";
    Password = 3 "ISCSI_CHAP_PARAM_PASSWORD", Chap _ "password",
        Secret, SECRET, "secret";
    PasswordLen = 4 "ISCSI_CHAP_PARAM_PASSWORD_LEN", Chap _ _,
        U8, ANY8, "length of the secret in bytes";
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
