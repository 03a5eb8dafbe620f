//! One life of a session's number: what tells it from an earlier and a later one.

use driver_sys::sysfs::Identity;

/// What a kernel's tree shows of a session that no other session with its number shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Number of the session's directory.
    pub inode: u64,
    /// When the directory was made, in nanoseconds since 1970, where the tree tells it.
    pub born: Option<u128>,
}

impl From<Identity> for Life {
    fn from(identity: Identity) -> Self {
        Self {
            inode: identity.inode,
            born: identity.born,
        }
    }
}

impl Life {
    /// Whether both are the same: by number, and by birth where both know it.
    #[must_use]
    pub fn same(self, other: Self) -> bool {
        self.inode == other.inode && self.born.zip(other.born).is_none_or(|(a, b)| a == b)
    }
}

/// The session that has a number now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    /// Which life of the number it is.
    pub life: Life,
    /// Its target.
    pub target: String,
}
