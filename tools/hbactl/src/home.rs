//! Where `hbactl` keeps what outlives a command.
//!
//! Owns the directories of an endpoint. It must not know what is in them.

use std::path::{Path, PathBuf};

use hba::Home;
use hba::nodes::Place;

/// The home of `hbactl` on an endpoint. State is in `/var/lib/hbactl` for the host, in `DIR/hbactl` for a directory; locks in
/// `/run/hbactl`, so that nothing of them outlives the machine's run, or in `DIR/hbactl/lock`. Records are
/// where open-iscsi has them, or in `DIR/hbactl/db`.
#[must_use]
pub fn home(endpoint: &str) -> Home {
    let (state, locks, records) = if endpoint == "host" {
        let (state, locks) = (PathBuf::from("/var/lib/hbactl"), PathBuf::from("/run/hbactl"));
        (state, locks, Place::host())
    } else {
        let state = Path::new(endpoint).join("hbactl");
        let locks = state.join("lock");
        let records = Place::under(&state.join("db"));
        (state, locks, records)
    };
    Home {
        program: "hbactl",
        state,
        locks,
        records,
    }
}
