//! In which order the ways of discovery are gone through when everything is asked again.
//!
//! Owns the order. Must not ask anybody. Source: Microsoft `RefreshTargetList`: portals that are asked by SendTargets first, since they answer for
//! themselves; then iSNS servers, which may know portals that are gone; then what somebody wrote down, which asks nobody and is kept.

use iscsi::address::TargetAddress;

/// A way of discovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// A portal that is asked for its targets.
    SendTargets,
    /// A server that is asked for targets.
    Isns,
    /// What the firmware booted from.
    Firmware,
    /// A target that somebody wrote down.
    Static,
}

/// Puts what is to be asked in order: by way, and within a way as it is listed. A portal that is listed twice is asked once.
#[must_use]
pub fn order<'a>(of: &[(Way, &'a TargetAddress)]) -> Vec<(Way, &'a TargetAddress)> {
    let mut all: Vec<(Way, &TargetAddress)> = Vec::with_capacity(of.len());
    let mut seen = std::collections::HashSet::new();
    for (way, at) in of {
        let asked = matches!(way, Way::SendTargets | Way::Isns);
        if !asked || seen.insert((*way, &at.host, at.port)) {
            all.push((*way, at));
        }
    }
    // Stable: within a way they stay as they are.
    all.sort_by_key(|(way, _)| *way);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portals_first_then_servers_then_what_is_written_down() {
        let [a, b, s]: [TargetAddress; 3] =
            ["10.0.0.2,1", "10.0.0.1", "10.0.0.9:3205"].map(|t| t.parse().unwrap());
        let again: TargetAddress = "10.0.0.2,2".parse().unwrap();
        let all = [
            (Way::Static, &b),
            (Way::Static, &b),
            (Way::Isns, &s),
            (Way::SendTargets, &a),
            (Way::Firmware, &a),
            (Way::SendTargets, &b),
            (Way::SendTargets, &again),
            (Way::Isns, &s),
        ];
        let expected = [
            (Way::SendTargets, &a),
            (Way::SendTargets, &b),
            (Way::Isns, &s),
            (Way::Firmware, &a),
            (Way::Static, &b),
            (Way::Static, &b),
        ];
        assert_eq!(order(&all), expected);
    }
}
