//! Files that can still be opened.

use std::path::Path;

use driver_sys::Endpoint;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus, Scope,
};

use super::Limits;

/// How much of the limits this kernel knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    All,
    Some,
    None,
}

/// The newest rules that are asked for; an older kernel holds those that it knows.
const RULES: ABI = ABI::V6;

pub(super) fn limit(limits: &Limits<'_>) -> anyhow::Result<Held> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = AccessFs::ReadFile | AccessFs::WriteFile;
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .handle_access(AccessNet::from_all(RULES))?
        .scope(Scope::Signal)?
        .create()?;
    match limits.endpoint {
        Endpoint::Host => {
            rules = allow(rules, Path::new("/sys"), read)?;
            // A ring's device may come later. Which devices there are is the service manager's to limit (DeviceAllow).
            rules = allow(
                rules,
                Path::new("/dev"),
                write | AccessFs::ReadDir | AccessFs::IoctlDev,
            )?;
        }
        Endpoint::Dir(dir) => rules = allow(rules, dir, write | AccessFs::ReadDir)?,
    }
    // Its own status says which capabilities there are.
    rules = allow(rules, Path::new("/proc/self"), read)?;
    rules = allow(
        rules,
        limits.state,
        AccessFs::from_all(RULES) & !(devices() | AccessFs::Execute),
    )?;
    let status = rules.restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Held::All,
        RulesetStatus::PartiallyEnforced => Held::Some,
        RulesetStatus::NotEnforced => Held::None,
    })
}

fn devices() -> BitFlags<AccessFs> {
    AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev
}

/// What is not there cannot be opened either.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: impl Into<BitFlags<AccessFs>>,
) -> anyhow::Result<RulesetCreated> {
    match PathFd::new(path) {
        Ok(fd) => Ok(rules.add_rule(PathBeneath::new(fd, access))?),
        Err(_) => Ok(rules),
    }
}
