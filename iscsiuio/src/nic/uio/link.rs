//! Whether there is a link: what the port's network device says.

use driver_sys::sysfs::{Reader, Root};

/// Where to look.
#[derive(Debug)]
pub struct Link(Option<(Root, String)>);

impl Link {
    /// The network device of this name in a tree.
    #[must_use]
    pub fn of(root: Root, device: &str) -> Self {
        Self(Some((root, format!("class/net/{device}"))))
    }

    /// Nobody says (qedi's hosts have no network device): it is taken to be there.
    #[must_use]
    pub fn unknown() -> Self {
        Self(None)
    }

    /// Looks. A device that is down refuses to tell of its carrier.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.0.as_ref().is_none_or(|(root, place)| {
            let carrier = Reader::new().may::<bool>(root.at(place), "carrier");
            carrier.ok().flatten().unwrap_or(false)
        })
    }
}
