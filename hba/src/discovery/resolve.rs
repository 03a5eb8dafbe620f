//! Names looked up by the system's resolver, within a limit.
//!
//! Owns that a resolver which does not come back is left behind. Must not know what a name is wanted for. Source: getaddrinfo(3).

use std::net::{IpAddr, ToSocketAddrs};

use super::side_by_side::Questions;
use super::usable::no_name;
use crate::deadline::Deadline;

/// Looks a name up: all of its addresses, in the resolver's order.
pub type Resolver<'a> = dyn Fn(&str, Deadline) -> Result<Vec<IpAddr>, String> + Sync + 'a;

/// The system's resolver.
///
/// # Errors
/// Why there are no addresses, in words.
pub fn system(name: &str, deadline: Deadline) -> Result<Vec<IpAddr>, String> {
    if let Some(why) = no_name(name) {
        return Err(why.to_owned());
    }
    let wanted = name.to_owned();
    let mut one = Questions::default();
    one.add(move || {
        let found = (wanted.as_str(), 0).to_socket_addrs();
        found
            .map(|all| all.map(|at| at.ip()).collect())
            .map_err(|e| e.to_string())
    });
    let done = one.wait(deadline).pop().flatten();
    done.unwrap_or_else(|| Err("the resolver did not answer in time".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn this_host_has_a_name_and_what_is_no_name_is_not_looked_up() {
        let soon = Deadline::after(Duration::from_secs(60));
        let found = system("localhost", soon).expect("every host has it");
        assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
        assert!(system("10.0.0.300", soon).is_err_and(|why| why.contains("neither")));
    }
}
