//! The interface record: `struct iface_rec` as it lies in the memory of iscsid, sent whole.
//!
//! One table of fields for both ways. Its first sixteen bytes are list pointers of the sender: nothing is read of them, and zeros are
//! sent.

use super::UipError;

/// An interface record. Texts are empty where nothing is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "fields have the names of the record (iface.NAME)")]
pub struct IfaceRecord {
    pub name: String,
    pub iface_num: u32,
    pub netdev: String,
    pub ipaddress: String,
    pub subnet_mask: String,
    pub gateway: String,
    pub bootproto: String,
    pub ipv6_linklocal: String,
    pub ipv6_router: String,
    pub ipv6_autocfg: String,
    pub linklocal_autocfg: String,
    pub router_autocfg: String,
    pub prefix_len: u8,
    pub vlan_id: u16,
    pub vlan_priority: u8,
    pub vlan_state: String,
    pub state: String,
    pub mtu: u16,
    pub port: u16,
    pub hwaddress: String,
    pub transport_name: String,
    pub alias: String,
    pub iname: String,
}

/// A text that stands at an offset in so many bytes, its NUL among them.
type Text = (
    &'static str,
    usize,
    usize,
    fn(&IfaceRecord) -> &String,
    fn(&mut IfaceRecord) -> &mut String,
);

macro_rules! texts {
    ($($field:ident @ $at:literal + $room:literal),* $(,)?) => {
        &[$((stringify!($field), $at, $room, |record| &record.$field, |record| &mut record.$field)),*]
    };
}

/// Rooms: `ISCSI_MAX_IFACE_LEN` 65, `IFNAMSIZ` 16, `NI_MAXHOST` 1025, `ISCSI_MAX_STR_LEN` 80, `ISCSI_HWADDRESS_BUF_SIZE` 18,
/// `ISCSI_TRANSPORT_NAME_MAXLEN` 16. The last two end where the next field, or the record, does.
const TEXTS: &[Text] = texts! {
    name @ 16 + 65,
    netdev @ 88 + 16,
    ipaddress @ 104 + 1025,
    subnet_mask @ 1129 + 1025,
    gateway @ 2154 + 1025,
    bootproto @ 3179 + 80,
    ipv6_linklocal @ 3259 + 1025,
    ipv6_router @ 4284 + 1025,
    ipv6_autocfg @ 5309 + 1025,
    linklocal_autocfg @ 6334 + 1025,
    router_autocfg @ 7359 + 1025,
    vlan_state @ 8389 + 80,
    state @ 8469 + 80,
    hwaddress @ 11172 + 18,
    transport_name @ 11190 + 16,
    alias @ 11206 + 256,
    iname @ 11462 + 256,
};

const IFACE_NUM: usize = 84;
const PREFIX_LEN: usize = 8384;
const VLAN_ID: usize = 8386;
const VLAN_PRIORITY: usize = 8388;
const MTU: usize = 8550;
const PORT: usize = 8552;

impl IfaceRecord {
    /// Its bytes.
    pub const SIZE: usize = 11720;

    /// The bytes.
    ///
    /// # Errors
    /// [`UipError::Long`].
    pub fn encode(&self) -> Result<Vec<u8>, UipError> {
        let mut bytes = vec![0; Self::SIZE];
        for &(field, at, room, get, _) in TEXTS {
            let text = get(self).as_bytes();
            if text.len() >= room || text.contains(&0) {
                return Err(UipError::Long {
                    field,
                    room: room - 1,
                });
            }
            put(&mut bytes, at, text);
        }
        put(&mut bytes, IFACE_NUM, &self.iface_num.to_ne_bytes());
        put(&mut bytes, PREFIX_LEN, &[self.prefix_len]);
        put(&mut bytes, VLAN_ID, &self.vlan_id.to_ne_bytes());
        put(&mut bytes, VLAN_PRIORITY, &[self.vlan_priority]);
        put(&mut bytes, MTU, &self.mtu.to_ne_bytes());
        put(&mut bytes, PORT, &self.port.to_ne_bytes());
        Ok(bytes)
    }

    /// Decodes exactly the bytes of a record.
    ///
    /// # Errors
    /// [`UipError::Size`], [`UipError::Text`].
    pub fn decode(bytes: &[u8]) -> Result<Self, UipError> {
        if bytes.len() != Self::SIZE {
            return Err(UipError::Size {
                what: "an interface record",
                need: Self::SIZE,
                have: bytes.len(),
            });
        }
        let mut record = Self {
            iface_num: u32::from_ne_bytes(get(bytes, IFACE_NUM)),
            prefix_len: u8::from_ne_bytes(get(bytes, PREFIX_LEN)),
            vlan_id: u16::from_ne_bytes(get(bytes, VLAN_ID)),
            vlan_priority: u8::from_ne_bytes(get(bytes, VLAN_PRIORITY)),
            mtu: u16::from_ne_bytes(get(bytes, MTU)),
            port: u16::from_ne_bytes(get(bytes, PORT)),
            ..Self::default()
        };
        for &(field, at, room, _, set) in TEXTS {
            let bytes = bytes.get(at..at + room).unwrap_or_default();
            let text = core::ffi::CStr::from_bytes_until_nul(bytes)
                .ok()
                .and_then(|text| text.to_str().ok())
                .ok_or(UipError::Text { field })?;
            text.clone_into(set(&mut record));
        }
        Ok(record)
    }
}

/// Puts bytes where the record has them; every place is inside of it.
pub(super) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// The bytes at a place; every place is inside of the message.
pub(super) fn get<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}
