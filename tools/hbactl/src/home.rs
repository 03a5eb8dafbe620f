//! Where `hbactl` keeps what outlives a command.
//!
//! Owns the directories of an endpoint. It must not know what is in them.

use std::path::{Path, PathBuf};

use hba::Home;
use hba::nodes::Place;

/// The home of `hbactl` on an endpoint.
///
/// | | `host` | a directory |
/// |---|---|---|
/// | state | `/var/lib/hbactl` | `DIR/hbactl` |
/// | locks | `/run/hbactl/lock`: nothing of them outlives the machine's run | `DIR/hbactl/lock` |
/// | owners of sessions | `/run/hbactl/registry` | `DIR/hbactl/registry` |
/// | configuration | `/etc/hbactl` | `DIR/hbactl` |
/// | records | where open-iscsi has them | `DIR/hbactl/db` |
#[must_use]
pub fn home(endpoint: &str) -> Home {
    let (state, run, config, records) = if endpoint == "host" {
        let [state, run, config] = ["/var/lib/hbactl", "/run/hbactl", "/etc/hbactl"].map(PathBuf::from);
        (state, run, config, Place::host())
    } else {
        let state = Path::new(endpoint).join("hbactl");
        let records = Place::under(&state.join("db"));
        (state.clone(), state.clone(), state, records)
    };
    Home {
        program: "hbactl",
        state,
        locks: run.join("lock"),
        registry: run.join("registry"),
        config,
        records,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_an_endpoint_lies_in_it_and_what_is_of_the_host_where_it_is_looked_for() {
        let host = home("host");
        assert_eq!(host.registry, Path::new("/run/hbactl/registry"));
        assert_eq!(host.locks, Path::new("/run/hbactl/lock"));
        assert_eq!(host.config, Path::new("/etc/hbactl"));
        let lab = home("lab");
        for dir in [
            &lab.state,
            &lab.locks,
            &lab.registry,
            &lab.config,
            &lab.records.records,
        ] {
            assert!(dir.starts_with("lab/hbactl"), "{}", dir.display());
        }
    }
}
