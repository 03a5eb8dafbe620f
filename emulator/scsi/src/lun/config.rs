//! What a logical unit says about itself.

/// An NAA locally assigned designator (SPC-4 §7.8.6.6.4): NAA 3h and 60 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Naa(u64);

impl Naa {
    /// From 60 bits; the top four are overwritten by the NAA type.
    #[must_use]
    pub const fn local(value: u64) -> Self {
        Self((value & 0x0fff_ffff_ffff_ffff) | (3 << 60))
    }

    /// From any text, always the same for the same text (FNV-1a).
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::local(hash ^ hash >> 60)
    }

    /// The eight bytes of the designator.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// Identity and geometry of a logical unit.
#[derive(Clone, Debug)]
pub struct LunConfig {
    /// Logical block length in bytes, a power of two from 512 to 65536.
    pub block_size: u32,
    /// T10 vendor identification, up to 8 characters.
    pub vendor: String,
    /// Product identification, up to 16 characters.
    pub product: String,
    /// Product revision level, up to 4 characters.
    pub revision: String,
    /// Unit serial number, up to 252 characters.
    pub serial: String,
    /// World-wide name.
    pub naa: Naa,
    /// Refuse to write.
    pub read_only: bool,
    /// The medium can be taken out (RMB): START STOP UNIT ejects and loads.
    pub removable: bool,
    /// Thin provisioning: UNMAP, WRITE SAME with UNMAP, GET LBA STATUS, SANITIZE.
    pub thin: bool,
    /// Physical block length in bytes, a power of two; smaller than a logical block means the same as one.
    pub physical_block: u32,
    /// Longest READ, WRITE or VERIFY in bytes.
    pub max_transfer: u32,
}

impl LunConfig {
    /// An identity derived from a text that is unique to the logical unit, such as target name and number.
    #[must_use]
    pub fn new(unique: &str) -> Self {
        let naa = Naa::from_text(unique);
        Self {
            block_size: 512,
            vendor: "HBAEMU".to_owned(),
            product: "VIRTUAL-DISK".to_owned(),
            revision: "0001".to_owned(),
            serial: format!("{:016x}", u64::from_be_bytes(naa.to_bytes())),
            naa,
            read_only: false,
            removable: false,
            thin: true,
            physical_block: 4096,
            max_transfer: 16 << 20,
        }
    }

    /// LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT.
    pub(crate) fn physical_exponent(&self) -> u8 {
        let ratio = self.physical_block / self.checked_block_size();
        if ratio.is_power_of_two() {
            (ratio.trailing_zeros() as u8).min(15)
        } else {
            0
        }
    }

    /// Block length with nonsense replaced by 512.
    pub(crate) fn checked_block_size(&self) -> u32 {
        match self.block_size {
            size @ 512..=65536 if size.is_power_of_two() => size,
            _ => 512,
        }
    }
}
