//! `hbactl node`.

use clap::{Args, Subcommand};
use hba::ids::TargetName;
use hba::ops::node::WhichPortal;

/// What to do with node records.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Node records: which targets this host knows, over which portals and interfaces
    ///
    /// They are open-iscsi's own files, in its places; `iscsiadm` reads what is written here and the other way round.
    #[command(after_help = "Example: hbactl node list --target iqn.2026-11.org.example:disk -o json")]
    List(Which),
    /// One record with every key; secrets are never shown
    #[command(after_help = "Example: hbactl node show iqn.2026-11.org.example:disk --portal 10.0.0.5")]
    Show(Named),
    /// Make a record, with the defaults of iscsid.conf. Nothing is logged in to
    #[command(
        after_help = "Example: hbactl node add iqn.2026-11.org.example:disk --portal 10.0.0.5:3260,1 node.startup=automatic\n\
                            A secret comes from a file, from stdin or from a systemd credential:\n\
                            \x20        hbactl node add iqn.2026-11.org.example:disk --portal 10.0.0.5 node.session.auth.authmethod=CHAP \\\n\
                            \x20          node.session.auth.username=alice node.session.auth.password=@/root/alice.secret"
    )]
    Add(Add),
    /// Set keys of records: of all that are meant, or of none
    #[command(
        after_help = "Example: hbactl node set iqn.2026-11.org.example:disk node.session.timeo.replacement_timeout=30\n\
                            KEY= takes the key out, so that the default counts; `hbactl node keys` lists keys, values and defaults.\n\
                            A secret is KEY=@FILE, KEY=@- (stdin) or KEY=@credential:NAME, never KEY=VALUE."
    )]
    Set(Set),
    /// Take records away
    #[command(after_help = "Example: hbactl node remove iqn.2026-11.org.example:disk --portal 10.0.0.5")]
    Remove(Remove),
    /// The keys of records: values, defaults, and where they are sent
    #[command(after_help = "Example: hbactl node keys | grep timeo")]
    Keys,
}

/// Which records; what is not said matches all.
#[derive(Args, Debug)]
pub struct Which {
    /// Target name, byte for byte
    #[arg(short, long, value_name = "IQN")]
    pub target: Option<TargetName>,
    /// What the records of the target are narrowed down by.
    #[command(flatten)]
    pub path: Path,
}

/// A target's records.
#[derive(Args, Debug)]
pub struct Named {
    /// Target name, byte for byte
    pub target: TargetName,
    /// What they are narrowed down by.
    #[command(flatten)]
    pub path: Path,
}

/// What the records of a target are narrowed down by.
#[derive(Args, Debug)]
pub struct Path {
    /// Portal, as ADDRESS or NAME, with :PORT and ,TAG if you like, IPv6 in brackets
    #[arg(short, long)]
    pub portal: Option<WhichPortal>,
    /// Interface (see `iface record list`)
    #[arg(short = 'I', long)]
    pub iface: Option<String>,
}

/// `node add`.
#[derive(Args, Debug)]
pub struct Add {
    /// Target name (iqn., eui. or naa.), byte for byte
    pub target: TargetName,
    /// Portal, as ADDRESS or NAME, with :PORT (3260 when left out) and ,TAG if you like, IPv6 in brackets
    #[arg(short, long)]
    pub portal: WhichPortal,
    /// Interface (see `iface record list`) [default: default]
    #[arg(short = 'I', long)]
    pub iface: Option<String>,
    /// Keys that differ from the defaults
    #[arg(value_name = "KEY=VALUE")]
    pub keys: Vec<String>,
}

/// `node set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Which records.
    #[command(flatten)]
    pub named: Named,
    /// Keys to set
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub keys: Vec<String>,
}

/// `node remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// Which records.
    #[command(flatten)]
    pub named: Named,
    /// Also where a session stands on one
    #[arg(long)]
    pub force: bool,
}
