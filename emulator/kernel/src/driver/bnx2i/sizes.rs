//! The sizes of a port's queues, as sysfs shows and takes them.
//!
//! What is no size is not taken, and no error; nothing is taken while there are endpoints. Source: `bnx2i_sysfs.c`
//! (`bnx2i_set_sq_info`, `bnx2i_set_ccell_info`), `bnx2i.h`.

use super::Bnx2i;
use crate::transport::Class;

/// `BNX2I_SQ_WQES_MIN`.
pub(super) const SQ_MIN: u32 = 16;
/// `BNX2I_570X_SQ_WQES_MAX`, and what it is by default.
pub(super) const SQ_MAX: u32 = 128;
/// `BNX2I_CCELLS_MIN`, `BNX2I_CCELLS_MAX`.
const CCELLS: std::ops::RangeInclusive<u32> = 16..=96;

/// The sizes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Send queue of a connection: commands on their way (`max_sqes`).
    pub(super) sq: u32,
    /// History of a connection (`num_ccell`).
    pub(super) ccells: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            sq: SQ_MAX,
            ccells: SQ_MAX / 2,
        }
    }
}

impl Sizes {
    /// As the attributes read.
    pub(super) fn shown(self) -> [(&'static str, String); 2] {
        [
            ("num_ccell", format!("{:#x}", self.ccells)),
            ("sq_size", format!("{:#x}", self.sq)),
        ]
    }
}

/// The number that `sscanf(" 0x%x ")` finds.
fn scanned(text: &str) -> Option<u32> {
    let digits = text.trim_start().strip_prefix("0x")?;
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let end = digits
        .find(|c: char| !c.is_ascii_hexdigit())
        .unwrap_or(digits.len());
    u32::from_str_radix(&digits[..end], 16).ok()
}

impl Bnx2i {
    /// Takes a size of a port.
    pub(super) fn set_size(&mut self, class: &mut Class, at: usize, name: &str, text: &str) {
        if self.endpoints.values().any(|e| e.port == at) {
            tracing::info!(name, "the port is in use: the size of its queues stays");
            return;
        }
        let Some(value) = scanned(text) else { return };
        let sizes = &mut self.ports[at].sizes;
        match name {
            "sq_size" if (SQ_MIN..=SQ_MAX).contains(&value) && value.is_power_of_two() => sizes.sq = value,
            "num_ccell" if CCELLS.contains(&value) => sizes.ccells = value,
            _ => return,
        }
        let no = self.ports[at].no;
        let at_host = format!("{}/host{no}/scsi_host/host{no}", super::netdev::function(at));
        let shown = self.ports[at].sizes.shown().into();
        class.env.write_all("host", &at_host, shown);
    }
}

#[cfg(test)]
mod tests {
    use super::scanned;

    #[test]
    fn a_size_is_read_as_sscanf_reads_it() {
        for (text, value) in [
            ("0x40", Some(0x40)),
            (" 0x40 ", Some(0x40)),
            ("0x40 and more", Some(0x40)),
            ("64", None),
            ("0xg", None),
            ("", None),
            ("0x100000000", None),
        ] {
            assert_eq!(scanned(text), value, "{text:?}");
        }
    }
}
