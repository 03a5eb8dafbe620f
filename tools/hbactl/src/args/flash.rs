//! `hbactl flash`.

use clap::{Args, Subcommand};
use hba::ids::Portal;

use super::AdapterArg;

/// What to do with flash targets.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Flash targets with their sessions
    #[command(after_help = "Example: hbactl flash list -a host2 -o json")]
    List(AdapterArg),
    /// All parameters of a flash target
    #[command(after_help = "Example: hbactl flash show 2 -a host2")]
    Show(Which),
    /// Add a target; the adapter logs in to it from now on at every start
    #[command(
        after_help = "Example: hbactl flash add -a host2 --target iqn.2026-11.org.example:disk --portal 10.0.0.5:3260 --chap 0"
    )]
    Add(Add),
    /// Change parameters of a flash target
    #[command(
        after_help = "Example: hbactl flash set 2 -a host2 header_digest=on def_time2wait=5\n\
                            `hbactl flash params` lists names, ranges and units."
    )]
    Set(Set),
    /// Remove a flash target; boot targets are refused
    #[command(after_help = "Example: hbactl flash remove 2 -a host2")]
    Remove(Remove),
    /// Log in to a flash target and wait until its session is up
    ///
    /// A login that would end the session over another path to the same target, because both entries have one ISID, is refused; --fix
    /// gives this entry an ISID of its own first.
    #[command(after_help = "Example: hbactl flash login 2 -a host2 --timeout 30")]
    Login(Login),
    /// Log out of a flash target and wait until its session is gone
    #[command(after_help = "Example: hbactl flash logout 2 -a host2")]
    Logout(Logout),
    /// Ask a portal for its targets (SendTargets), through the adapter, which logs in to what it finds
    ///
    /// The adapter's firmware asks, and logs in to every target that the portal names; the sessions stay until they are logged out or the
    /// adapter restarts (with --keep it asks again at every start). The driver does not tell what the portal answered, so this host asks it
    /// too, when it reaches it: then targets that the adapter cannot use are named, and so is the reason when nothing was found.
    /// --no-login leaves the adapter out: this host asks, with the adapter's name and CHAP entry, and nothing is logged in to.
    #[command(
        after_help = "An answer is one of: found; nothing (the portal has no targets for this initiator). Failures say which: refused, no answer,\n\
                            unusable (targets are listed, and the adapter can use none), no address (the port has none to call from).\n\
                            Example: hbactl flash discover -a host2 10.0.0.5:3260"
    )]
    Discover(Discover),
    /// Names, ranges and units of the parameters
    #[command(after_help = "Example: hbactl flash params | grep time2")]
    Params,
}

/// Which flash target.
#[derive(Args, Debug)]
pub struct Which {
    /// Index in the device database (see `flash list`)
    pub index: u32,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
}

/// `flash logout`.
#[derive(Args, Debug)]
pub struct Logout {
    /// Which flash target.
    #[command(flatten)]
    pub which: Which,
    /// Also when disks of its session are in use
    #[arg(long)]
    pub force: bool,
}

/// `flash add`.
#[derive(Args, Debug)]
pub struct Add {
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Target name (iqn., eui. or naa.); without it the entry asks the portal for its targets at every start
    #[arg(short, long, value_name = "IQN")]
    pub target: Option<String>,
    /// Portal, as ADDRESS or ADDRESS:PORT, IPv6 in brackets (port 3260 when left out); a tag behind it, as `session list` shows it, is --tpgt
    #[arg(short, long, value_parser = portal)]
    pub portal: Portal,
    /// Target portal group tag
    #[arg(long, value_parser = super::number16::<0, { u16::MAX }>)]
    pub tpgt: Option<u16>,
    /// CHAP entry to prove ourselves with (see `chap list`)
    #[arg(long, value_name = "INDEX")]
    pub chap: Option<u16>,
    /// The target must prove itself too (mutual CHAP)
    #[arg(long)]
    pub bidi: bool,
    /// Further parameters
    #[arg(value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

/// `flash set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Which flash target.
    #[command(flatten)]
    pub which: Which,
    /// CHAP entry to prove ourselves with
    #[arg(long, value_name = "INDEX", conflicts_with = "no_chap")]
    pub chap: Option<u16>,
    /// Switch CHAP off
    #[arg(long)]
    pub no_chap: bool,
    /// Whether the target must prove itself too (mutual CHAP)
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub bidi: Option<bool>,
    /// Choose an ISID that no other path to the same target has
    #[arg(long)]
    pub new_isid: bool,
    /// Parameters to set
    #[arg(value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

/// `flash login`.
#[derive(Args, Debug)]
pub struct Login {
    /// Which flash target.
    #[command(flatten)]
    pub which: Which,
    /// Give the entry an ISID of its own first, if another path to its target is up with the same one
    #[arg(long)]
    pub fix: bool,
    /// Also when disks of a failed session, which ends first, are in use
    #[arg(long)]
    pub force: bool,
}

/// `flash remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// Which flash target.
    #[command(flatten)]
    pub which: Which,
    /// Also when it has a session (the session stays until the adapter restarts)
    #[arg(long)]
    pub force: bool,
}

/// `flash discover`.
#[derive(Args, Debug)]
pub struct Discover {
    /// Whom to ask, as ADDRESS or ADDRESS:PORT, IPv6 in brackets; a tag behind it says nothing here
    #[arg(value_parser = portal)]
    pub portal: Portal,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// CHAP entry to prove ourselves with
    #[arg(long, value_name = "INDEX")]
    pub chap: Option<u16>,
    /// Keep the SendTargets entry, so that the adapter asks again at every start
    #[arg(long)]
    pub keep: bool,
    /// Make every path that is found a flash target, with an ISID of its own, and log in to it
    #[arg(long)]
    pub add: bool,
    /// Only list, asked by this host over its own network
    #[arg(long, conflicts_with_all = ["keep", "add"])]
    pub no_login: bool,
    /// Let the adapter alone ask: this host does not go to the portal, and what the adapter does not tell stays unknown
    #[arg(long, conflicts_with = "no_login")]
    pub adapter_only: bool,
}

/// Reads a portal; what is wrong with it is a usage error.
pub(super) fn portal(text: &str) -> Result<Portal, String> {
    text.parse::<Portal>()
        .map_err(|e| e.answer().unwrap_or("expected a portal").to_owned())
}

pub(super) fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" | "yes" | "true" | "1" => Ok(true),
        "off" | "no" | "false" | "0" => Ok(false),
        _ => Err("expected on or off".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_portal_is_said() {
        assert_eq!(portal("10.0.0.5,1").unwrap().tag, Some(1));
        assert!(portal("storage.example").unwrap_err().contains("names"));
        assert!(portal("255.255.255.255").unwrap_err().contains("broadcast"));
    }
}
