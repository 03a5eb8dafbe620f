//! `hbactl target portal`.

use clap::{Args, Subcommand};

use super::discover::{Account, address};

/// What to do with the portals and iSNS servers that are asked for targets.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Portals and iSNS servers of the database
    #[command(after_help = "Example: hbactl target portal list -o json")]
    List,
    /// One of them with all of its settings
    #[command(after_help = "Example: hbactl target portal show 10.0.0.5")]
    Show(Which),
    /// Add a portal, or give one that is there other settings; nobody is asked
    #[command(
        after_help = "Settings that are not given stay as they are, those of a new one are iscsid.conf's.\n\
                            Example: hbactl target portal add 10.0.0.5 --chap-user alice --secret-file /root/alice.secret\n\
                            \x20        hbactl target portal add 10.0.0.5 discovery.sendtargets.timeo.login_timeout=5\n\
                            \x20        hbactl target portal add storage.example --isns"
    )]
    Add(Box<Add>),
    /// Take a portal away; the records of its targets stay
    #[command(after_help = "Example: hbactl target portal remove 10.0.0.5")]
    Remove(Which),
}

/// Which portal.
#[derive(Args, Debug)]
pub struct Which {
    /// The portal, as ADDRESS, ADDRESS:PORT or NAME:PORT, IPv6 in brackets
    #[arg(value_parser = spoken)]
    pub portal: Spoken,
    /// It is an iSNS server
    #[arg(long)]
    pub isns: bool,
}

/// `target portal add`.
#[derive(Args, Debug)]
pub struct Add {
    /// Which portal.
    #[command(flatten)]
    pub which: Which,
    /// With what to prove ourselves.
    #[command(flatten)]
    pub account: Account,
    /// Settings by the keys of the record (see `target portal show`)
    #[arg(value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
}

/// A portal as it was typed.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// Where.
    pub at: hba::ids::TargetAddress,
    /// Whether the port was said.
    pub port_said: bool,
}

fn spoken(text: &str) -> Result<Spoken, String> {
    Ok(Spoken {
        at: address(text)?,
        port_said: super::discover::says_port(text),
    })
}
