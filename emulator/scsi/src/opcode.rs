//! The one table of commands: name, operation code, service action and CDB usage map.
//!
//! CDB lengths, REPORT SUPPORTED OPERATION CODES and the tests read it. Source: SPC-4 table 142 and SBC-3 table 17.

/// One command of the device server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode {
    /// Name as the standards write it.
    pub name: &'static str,
    /// Byte 0 of the CDB.
    pub code: u8,
    /// The service action, for operation codes that have them.
    pub service_action: Option<u16>,
    /// CDB usage map: which bits of each byte the device server looks at. Its length is the CDB's.
    pub usage: &'static [u8],
}

impl Opcode {
    /// Length of the CDB in bytes.
    #[must_use]
    pub const fn cdb_len(&self) -> usize {
        self.usage.len()
    }
}

/// Operation codes by name.
#[expect(missing_docs, reason = "the names are the standard's")]
pub mod code {
    pub const TEST_UNIT_READY: u8 = 0x00;
    pub const REQUEST_SENSE: u8 = 0x03;
    pub const READ_6: u8 = 0x08;
    pub const WRITE_6: u8 = 0x0a;
    pub const INQUIRY: u8 = 0x12;
    pub const MODE_SENSE_6: u8 = 0x1a;
    pub const START_STOP_UNIT: u8 = 0x1b;
    pub const PREVENT_ALLOW_MEDIUM_REMOVAL: u8 = 0x1e;
    pub const READ_CAPACITY_10: u8 = 0x25;
    pub const READ_10: u8 = 0x28;
    pub const WRITE_10: u8 = 0x2a;
    pub const VERIFY_10: u8 = 0x2f;
    pub const SYNCHRONIZE_CACHE_10: u8 = 0x35;
    pub const WRITE_SAME_10: u8 = 0x41;
    pub const UNMAP: u8 = 0x42;
    pub const MODE_SENSE_10: u8 = 0x5a;
    pub const READ_16: u8 = 0x88;
    pub const WRITE_16: u8 = 0x8a;
    pub const VERIFY_16: u8 = 0x8f;
    pub const SYNCHRONIZE_CACHE_16: u8 = 0x91;
    pub const WRITE_SAME_16: u8 = 0x93;
    pub const SERVICE_ACTION_IN_16: u8 = 0x9e;
    pub const REPORT_LUNS: u8 = 0xa0;
    pub const MAINTENANCE_IN: u8 = 0xa3;
    pub const READ_12: u8 = 0xa8;
    pub const WRITE_12: u8 = 0xaa;

    /// Service action of SERVICE ACTION IN(16): READ CAPACITY(16).
    pub const SA_READ_CAPACITY_16: u16 = 0x10;
    /// Service action of MAINTENANCE IN: REPORT SUPPORTED OPERATION CODES.
    pub const SA_REPORT_SUPPORTED_OPERATION_CODES: u16 = 0x0c;
}

macro_rules! opcodes {
    ($($name:literal $code:ident $(/ $sa:ident)? [$($usage:literal)*];)*) => {
        /// Every command that a logical unit carries out, by operation code and service action.
        pub const TABLE: &[Opcode] = &[$(Opcode {
            name: $name,
            code: code::$code,
            service_action: opcodes!(@sa $($sa)?),
            usage: &[code::$code, $($usage),*],
        }),*];
    };
    (@sa) => { None };
    (@sa $sa:ident) => { Some(code::$sa) };
}

opcodes! {
    "TEST UNIT READY" TEST_UNIT_READY [0 0 0 0 0x04];
    "REQUEST SENSE" REQUEST_SENSE [0x01 0 0 0xff 0x04];
    "READ(6)" READ_6 [0x1f 0xff 0xff 0xff 0x04];
    "WRITE(6)" WRITE_6 [0x1f 0xff 0xff 0xff 0x04];
    "INQUIRY" INQUIRY [0x01 0xff 0xff 0xff 0x04];
    "MODE SENSE(6)" MODE_SENSE_6 [0x08 0xff 0xff 0xff 0x04];
    "START STOP UNIT" START_STOP_UNIT [0x01 0 0x0f 0xf7 0x04];
    "PREVENT ALLOW MEDIUM REMOVAL" PREVENT_ALLOW_MEDIUM_REMOVAL [0 0 0 0x03 0x04];
    "READ CAPACITY(10)" READ_CAPACITY_10 [0 0xff 0xff 0xff 0xff 0 0 0 0x04];
    "READ(10)" READ_10 [0xf8 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "WRITE(10)" WRITE_10 [0xf8 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "VERIFY(10)" VERIFY_10 [0xf6 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "SYNCHRONIZE CACHE(10)" SYNCHRONIZE_CACHE_10 [0x02 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "WRITE SAME(10)" WRITE_SAME_10 [0xf8 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "UNMAP" UNMAP [0x01 0 0 0 0 0 0xff 0xff 0x04];
    "MODE SENSE(10)" MODE_SENSE_10 [0x18 0xff 0xff 0 0 0 0xff 0xff 0x04];
    "READ(16)" READ_16 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE(16)" WRITE_16 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "VERIFY(16)" VERIFY_16 [0xf6 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "SYNCHRONIZE CACHE(16)" SYNCHRONIZE_CACHE_16
        [0x02 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE SAME(16)" WRITE_SAME_16 [0xf9 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "READ CAPACITY(16)" SERVICE_ACTION_IN_16 / SA_READ_CAPACITY_16
        [0x10 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0x01 0x04];
    "REPORT LUNS" REPORT_LUNS [0 0xff 0 0 0 0xff 0xff 0xff 0xff 0 0x04];
    "REPORT SUPPORTED OPERATION CODES" MAINTENANCE_IN / SA_REPORT_SUPPORTED_OPERATION_CODES
        [0x0c 0x87 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "READ(12)" READ_12 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE(12)" WRITE_12 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
}

/// The entries of one operation code: one without service actions, or one per service action.
pub fn by_code(code: u8) -> impl Iterator<Item = &'static Opcode> {
    TABLE.iter().filter(move |entry| entry.code == code)
}

/// Length of a CDB as its operation code's group tells (SPC-4 §4.2.1); `None` for variable length and vendor groups.
#[must_use]
pub const fn group_len(code: u8) -> Option<usize> {
    match code >> 5 {
        0 => Some(6),
        1 | 2 => Some(10),
        4 => Some(16),
        5 => Some(12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_follow_the_groups_and_the_table_is_sorted() {
        for entry in TABLE {
            assert_eq!(Some(entry.cdb_len()), group_len(entry.code), "{}", entry.name);
        }
        assert!(TABLE.is_sorted_by_key(|e| (e.code, e.service_action)));
        for pair in TABLE.windows(2) {
            assert_ne!(
                (pair[0].code, pair[0].service_action),
                (pair[1].code, pair[1].service_action)
            );
        }
    }
}
