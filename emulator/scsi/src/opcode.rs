//! The one table of commands: name, operation code, service action, what a reservation says to it, timeouts and CDB usage map.
//!
//! CDB lengths, reservation conflicts, REPORT SUPPORTED OPERATION CODES and the tests read it. Source: SPC-4 tables 67 and 142, SBC-3
//! tables 8 and 17.

/// How a command gets along with a reservation that somebody else holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Carried out whoever holds what.
    Always,
    /// Refused under RESERVE(6) and RESERVE(10) only.
    Status,
    /// Reads the medium or the state of the unit: conflicts with exclusive access.
    Read,
    /// Changes the medium or the state of the unit: conflicts with write exclusive, too.
    Write,
}

/// One command of the device server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opcode {
    /// Name as the standards write it.
    pub name: &'static str,
    /// Byte 0 of the CDB.
    pub code: u8,
    /// The service action, for operation codes that have them.
    pub service_action: Option<u16>,
    /// What reservations say to it.
    pub access: Access,
    /// Nominal time in seconds; 0 for less than one.
    pub nominal: u32,
    /// When to give up, in seconds.
    pub timeout: u32,
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
    pub const MODE_SELECT_6: u8 = 0x15;
    pub const RESERVE_6: u8 = 0x16;
    pub const RELEASE_6: u8 = 0x17;
    pub const MODE_SENSE_6: u8 = 0x1a;
    pub const START_STOP_UNIT: u8 = 0x1b;
    pub const PREVENT_ALLOW_MEDIUM_REMOVAL: u8 = 0x1e;
    pub const READ_CAPACITY_10: u8 = 0x25;
    pub const READ_10: u8 = 0x28;
    pub const WRITE_10: u8 = 0x2a;
    pub const WRITE_AND_VERIFY_10: u8 = 0x2e;
    pub const VERIFY_10: u8 = 0x2f;
    pub const PRE_FETCH_10: u8 = 0x34;
    pub const SYNCHRONIZE_CACHE_10: u8 = 0x35;
    pub const READ_DEFECT_DATA_10: u8 = 0x37;
    pub const WRITE_SAME_10: u8 = 0x41;
    pub const UNMAP: u8 = 0x42;
    pub const SANITIZE: u8 = 0x48;
    pub const MODE_SELECT_10: u8 = 0x55;
    pub const RESERVE_10: u8 = 0x56;
    pub const RELEASE_10: u8 = 0x57;
    pub const MODE_SENSE_10: u8 = 0x5a;
    pub const PERSISTENT_RESERVE_IN: u8 = 0x5e;
    pub const PERSISTENT_RESERVE_OUT: u8 = 0x5f;
    pub const EXTENDED_COPY: u8 = 0x83;
    pub const RECEIVE_COPY_RESULTS: u8 = 0x84;
    pub const READ_16: u8 = 0x88;
    pub const COMPARE_AND_WRITE: u8 = 0x89;
    pub const WRITE_16: u8 = 0x8a;
    pub const ORWRITE_16: u8 = 0x8b;
    pub const WRITE_AND_VERIFY_16: u8 = 0x8e;
    pub const VERIFY_16: u8 = 0x8f;
    pub const PRE_FETCH_16: u8 = 0x90;
    pub const SYNCHRONIZE_CACHE_16: u8 = 0x91;
    pub const WRITE_SAME_16: u8 = 0x93;
    pub const WRITE_ATOMIC_16: u8 = 0x9c;
    pub const SERVICE_ACTION_IN_16: u8 = 0x9e;
    pub const REPORT_LUNS: u8 = 0xa0;
    pub const MAINTENANCE_IN: u8 = 0xa3;
    pub const READ_12: u8 = 0xa8;
    pub const WRITE_12: u8 = 0xaa;
    pub const WRITE_AND_VERIFY_12: u8 = 0xae;
    pub const VERIFY_12: u8 = 0xaf;
    pub const READ_DEFECT_DATA_12: u8 = 0xb7;

    /// Service action of SERVICE ACTION IN(16): READ CAPACITY(16).
    pub const SA_READ_CAPACITY_16: u16 = 0x10;
    /// Service action of SERVICE ACTION IN(16): GET LBA STATUS.
    pub const SA_GET_LBA_STATUS: u16 = 0x12;
    /// Service actions of MAINTENANCE IN.
    pub const SA_REPORT_TARGET_PORT_GROUPS: u16 = 0x0a;
    pub const SA_REPORT_SUPPORTED_OPERATION_CODES: u16 = 0x0c;
    /// Service actions of SANITIZE.
    pub const SA_BLOCK_ERASE: u16 = 0x02;
    pub const SA_EXIT_FAILURE_MODE: u16 = 0x1f;
    /// Service action of EXTENDED COPY with a list identifier of one byte.
    pub const SA_LID1: u16 = 0x00;
    /// Service actions of RECEIVE COPY RESULTS.
    pub const SA_COPY_STATUS: u16 = 0x00;
    pub const SA_OPERATING_PARAMETERS: u16 = 0x03;
    /// Service actions of PERSISTENT RESERVE IN.
    pub const SA_READ_KEYS: u16 = 0x00;
    pub const SA_READ_RESERVATION: u16 = 0x01;
    pub const SA_REPORT_CAPABILITIES: u16 = 0x02;
    pub const SA_READ_FULL_STATUS: u16 = 0x03;
    /// Service actions of PERSISTENT RESERVE OUT.
    pub const SA_REGISTER: u16 = 0x00;
    pub const SA_RESERVE: u16 = 0x01;
    pub const SA_RELEASE: u16 = 0x02;
    pub const SA_CLEAR: u16 = 0x03;
    pub const SA_PREEMPT: u16 = 0x04;
    pub const SA_PREEMPT_AND_ABORT: u16 = 0x05;
    pub const SA_REGISTER_AND_IGNORE: u16 = 0x06;
    pub const SA_REGISTER_AND_MOVE: u16 = 0x07;
}

macro_rules! opcodes {
    ($($name:literal $code:ident $(/ $sa:ident)? $access:ident $nominal:literal $timeout:literal [$($usage:literal)*];)*) => {
        /// Every command that a logical unit carries out, by operation code and service action.
        pub const TABLE: &[Opcode] = &[$(Opcode {
            name: $name,
            code: code::$code,
            service_action: opcodes!(@sa $($sa)?),
            access: Access::$access,
            nominal: $nominal,
            timeout: $timeout,
            usage: &[code::$code, $($usage),*],
        }),*];
    };
    (@sa) => { None };
    (@sa $sa:ident) => { Some(code::$sa) };
}

// Name, operation code (service action), access, nominal and recommended timeout in seconds, usage of the bytes after the first.
opcodes! {
    "TEST UNIT READY" TEST_UNIT_READY Status 0 10 [0 0 0 0 0x04];
    "REQUEST SENSE" REQUEST_SENSE Always 0 10 [0x01 0 0 0xff 0x04];
    "READ(6)" READ_6 Read 0 30 [0x1f 0xff 0xff 0xff 0x04];
    "WRITE(6)" WRITE_6 Write 0 30 [0x1f 0xff 0xff 0xff 0x04];
    "INQUIRY" INQUIRY Always 0 10 [0x01 0xff 0xff 0xff 0x04];
    "MODE SELECT(6)" MODE_SELECT_6 Write 0 10 [0x11 0 0 0xff 0x04];
    "RESERVE(6)" RESERVE_6 Status 0 10 [0 0 0 0 0x04];
    "RELEASE(6)" RELEASE_6 Always 0 10 [0 0 0 0 0x04];
    "MODE SENSE(6)" MODE_SENSE_6 Read 0 10 [0x08 0xff 0xff 0xff 0x04];
    "START STOP UNIT" START_STOP_UNIT Write 0 60 [0x01 0 0x0f 0xf7 0x04];
    "PREVENT ALLOW MEDIUM REMOVAL" PREVENT_ALLOW_MEDIUM_REMOVAL Read 0 10 [0 0 0 0x03 0x04];
    "READ CAPACITY(10)" READ_CAPACITY_10 Status 0 10 [0 0xff 0xff 0xff 0xff 0 0 0 0x04];
    "READ(10)" READ_10 Read 0 30 [0xf8 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "WRITE(10)" WRITE_10 Write 0 30 [0xf8 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "WRITE AND VERIFY(10)" WRITE_AND_VERIFY_10 Write 0 60 [0xf6 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "VERIFY(10)" VERIFY_10 Read 0 60 [0xf6 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "PRE-FETCH(10)" PRE_FETCH_10 Read 0 30 [0x02 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "SYNCHRONIZE CACHE(10)" SYNCHRONIZE_CACHE_10 Write 1 120 [0x02 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "READ DEFECT DATA(10)" READ_DEFECT_DATA_10 Read 0 10 [0 0x1f 0 0 0 0 0xff 0xff 0x04];
    "WRITE SAME(10)" WRITE_SAME_10 Write 0 60 [0xf8 0xff 0xff 0xff 0xff 0 0xff 0xff 0x04];
    "UNMAP" UNMAP Write 0 60 [0x01 0 0 0 0 0 0xff 0xff 0x04];
    "SANITIZE (BLOCK ERASE)" SANITIZE / SA_BLOCK_ERASE Write 1 120 [0xbf 0 0 0 0 0 0xff 0xff 0x04];
    "SANITIZE (EXIT FAILURE MODE)" SANITIZE / SA_EXIT_FAILURE_MODE Write 0 10 [0xbf 0 0 0 0 0 0xff 0xff 0x04];
    "MODE SELECT(10)" MODE_SELECT_10 Write 0 10 [0x11 0 0 0 0 0 0xff 0xff 0x04];
    "RESERVE(10)" RESERVE_10 Status 0 10 [0x12 0 0 0 0 0 0 0 0x04];
    "RELEASE(10)" RELEASE_10 Always 0 10 [0x12 0 0 0 0 0 0 0 0x04];
    "MODE SENSE(10)" MODE_SENSE_10 Read 0 10 [0x18 0xff 0xff 0 0 0 0xff 0xff 0x04];
    "PERSISTENT RESERVE IN (READ KEYS)" PERSISTENT_RESERVE_IN / SA_READ_KEYS Status 0 10
        [0x1f 0 0 0 0 0 0xff 0xff 0x04];
    "PERSISTENT RESERVE IN (READ RESERVATION)" PERSISTENT_RESERVE_IN / SA_READ_RESERVATION Status 0 10
        [0x1f 0 0 0 0 0 0xff 0xff 0x04];
    "PERSISTENT RESERVE IN (REPORT CAPABILITIES)" PERSISTENT_RESERVE_IN / SA_REPORT_CAPABILITIES Status 0 10
        [0x1f 0 0 0 0 0 0xff 0xff 0x04];
    "PERSISTENT RESERVE IN (READ FULL STATUS)" PERSISTENT_RESERVE_IN / SA_READ_FULL_STATUS Status 0 10
        [0x1f 0 0 0 0 0 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (REGISTER)" PERSISTENT_RESERVE_OUT / SA_REGISTER Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (RESERVE)" PERSISTENT_RESERVE_OUT / SA_RESERVE Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (RELEASE)" PERSISTENT_RESERVE_OUT / SA_RELEASE Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (CLEAR)" PERSISTENT_RESERVE_OUT / SA_CLEAR Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (PREEMPT)" PERSISTENT_RESERVE_OUT / SA_PREEMPT Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (PREEMPT AND ABORT)" PERSISTENT_RESERVE_OUT / SA_PREEMPT_AND_ABORT Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (REGISTER AND IGNORE EXISTING KEY)" PERSISTENT_RESERVE_OUT / SA_REGISTER_AND_IGNORE
        Status 0 10 [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "PERSISTENT RESERVE OUT (REGISTER AND MOVE)" PERSISTENT_RESERVE_OUT / SA_REGISTER_AND_MOVE Status 0 10
        [0x1f 0xff 0 0 0xff 0xff 0xff 0xff 0x04];
    "EXTENDED COPY(LID1)" EXTENDED_COPY / SA_LID1 Write 1 120
        [0x1f 0 0 0 0 0 0 0 0 0xff 0xff 0xff 0xff 0 0x04];
    "RECEIVE COPY STATUS(LID1)" RECEIVE_COPY_RESULTS / SA_COPY_STATUS Read 0 10
        [0x1f 0xff 0 0 0 0 0 0 0 0xff 0xff 0xff 0xff 0 0x04];
    "RECEIVE COPY OPERATING PARAMETERS" RECEIVE_COPY_RESULTS / SA_OPERATING_PARAMETERS Read 0 10
        [0x1f 0xff 0 0 0 0 0 0 0 0xff 0xff 0xff 0xff 0 0x04];
    "READ(16)" READ_16 Read 0 30 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "COMPARE AND WRITE" COMPARE_AND_WRITE Write 0 30 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0 0 0xff 0 0x04];
    "WRITE(16)" WRITE_16 Write 0 30 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "ORWRITE(16)" ORWRITE_16 Write 0 60 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE AND VERIFY(16)" WRITE_AND_VERIFY_16 Write 0 60
        [0xf6 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "VERIFY(16)" VERIFY_16 Read 0 60 [0xf6 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "PRE-FETCH(16)" PRE_FETCH_16 Read 0 30 [0x02 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "SYNCHRONIZE CACHE(16)" SYNCHRONIZE_CACHE_16 Write 1 120
        [0x02 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE SAME(16)" WRITE_SAME_16 Write 0 60
        [0xf9 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE ATOMIC(16)" WRITE_ATOMIC_16 Write 0 30
        [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "READ CAPACITY(16)" SERVICE_ACTION_IN_16 / SA_READ_CAPACITY_16 Status 0 10
        [0x1f 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0x01 0x04];
    "GET LBA STATUS" SERVICE_ACTION_IN_16 / SA_GET_LBA_STATUS Read 0 10
        [0x1f 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "REPORT LUNS" REPORT_LUNS Always 0 10 [0 0xff 0 0 0 0xff 0xff 0xff 0xff 0 0x04];
    "REPORT TARGET PORT GROUPS" MAINTENANCE_IN / SA_REPORT_TARGET_PORT_GROUPS Always 0 10
        [0xff 0 0 0 0 0xff 0xff 0xff 0xff 0 0x04];
    "REPORT SUPPORTED OPERATION CODES" MAINTENANCE_IN / SA_REPORT_SUPPORTED_OPERATION_CODES Read 0 10
        [0x1f 0x87 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "READ(12)" READ_12 Read 0 30 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE(12)" WRITE_12 Write 0 30 [0xf8 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "WRITE AND VERIFY(12)" WRITE_AND_VERIFY_12 Write 0 60 [0xf6 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "VERIFY(12)" VERIFY_12 Read 0 60 [0xf6 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
    "READ DEFECT DATA(12)" READ_DEFECT_DATA_12 Read 0 10 [0x1f 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0xff 0 0x04];
}

/// Where the entries of each operation code begin, and how many there are.
const INDEX: [(u8, u8); 256] = {
    let mut index = [(0u8, 0u8); 256];
    let mut i = 0;
    while i < TABLE.len() {
        let slot = &mut index[TABLE[i].code as usize];
        if slot.1 == 0 {
            slot.0 = i as u8;
        }
        slot.1 += 1;
        i += 1;
    }
    index
};

/// The entries of one operation code: one without service actions, or one per service action.
#[must_use]
pub fn by_code(code: u8) -> &'static [Opcode] {
    let (first, count) = INDEX[usize::from(code)];
    let first = usize::from(first);
    TABLE.get(first..first + usize::from(count)).unwrap_or(&[])
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
            assert!(entry.nominal < entry.timeout, "{}", entry.name);
        }
        assert!(TABLE.is_sorted_by_key(|e| (e.code, e.service_action)));
        for pair in TABLE.windows(2) {
            assert_ne!(
                (pair[0].code, pair[0].service_action),
                (pair[1].code, pair[1].service_action)
            );
        }
    }

    #[test]
    fn the_index_finds_every_entry_and_nothing_else() {
        for code in 0..=255 {
            let found: Vec<_> = TABLE.iter().filter(|e| e.code == code).copied().collect();
            assert_eq!(by_code(code), found);
        }
    }
}
