//! The CHAP table in the driver's memory (`ha->chap_list`).
//!
//! Owns secrets, which it wipes before they are forgotten. Must not know where they come from. Source: `ql4_os.c`
//! (`qla4xxx_create_chap_list`), `ql4_mbx.c` (`qla4xxx_set_chap`).

use driver_sys::hw::raw::ql4_chap_table;
use zerocopy::IntoBytes;
use zeroize::Zeroize;

/// The table as it was last read and written.
#[derive(Default)]
pub(super) struct ChapList(Vec<ql4_chap_table>);

impl ChapList {
    /// Every entry, valid or not.
    pub(super) fn entries(&self) -> &[ql4_chap_table] {
        &self.0
    }

    /// What flash holds now.
    pub(super) fn replace(&mut self, entries: Vec<ql4_chap_table>) {
        self.wipe();
        self.0 = entries;
    }

    /// An entry that was written.
    pub(super) fn put(&mut self, index: usize, entry: ql4_chap_table) {
        if let Some(room) = self.0.get_mut(index) {
            *room = entry;
        }
    }

    fn wipe(&mut self) {
        for entry in &mut self.0 {
            entry.as_mut_bytes().zeroize();
        }
    }
}

impl Drop for ChapList {
    fn drop(&mut self) {
        self.wipe();
    }
}
