//! `hbactl target`.

use clap::{Args, Subcommand, ValueEnum};
use hba::AdapterId;
use hba::exclude::Key;
use hba::ids::Portal;
use hba::ops::target::{Auth, LoginWish, SessionType};
use hba::registry::OwnerName;

use super::AdapterArg;
use super::flash::{on_off, portal};
use super::session::owner;

/// What to do with targets.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Targets with their paths: what flash and the sessions know, as one view
    #[command(after_help = "Example: hbactl target list -a host2 -o json")]
    List(AdapterArg),
    /// Ask a portal, an iSNS server or the boot firmware for targets, and keep what is found
    ///
    /// This host asks, over its own network, and what is found becomes records in open-iscsi's database; nobody logs in. Records that are there
    /// stay as they are, whatever was set in them, unless --reset is given; what is not named any more is told as gone, and removed with
    /// --remove-gone only. What cannot be used (another host's link-local address, a name that is none) is named and left out. With --store
    /// flash the adapter asks, and logs in to what it finds (see `flash discover`). --dry-run asks as well, shows what would become of the
    /// records, and writes nothing.
    #[command(after_help = "Example: hbactl target discover 10.0.0.5\n\
                            \x20        hbactl target discover storage.example:3260 --chap-user alice --secret-file /root/alice.secret\n\
                            \x20        hbactl target discover 10.0.0.5 --store none -o json\n\
                            \x20        hbactl target discover --isns 10.0.0.9\n\
                            \x20        hbactl target discover --firmware --dry-run")]
    Discover(Box<super::discover::Discover>),
    /// Portals and iSNS servers that are asked for targets
    #[command(subcommand)]
    Portal(super::portal::Verb),
    /// Log in to a target in one call: port and portal are chosen, the target is put into flash, the adapter logs in
    ///
    /// The target stays in flash, so that the adapter logs in again at every start, unless --no-persist is given. What is not said stays as
    /// the adapter has it. A target without --portal must be known (see `target list`); its portals are tried one after the other. A login
    /// that is refused leaves nothing behind. What no adapter here can do (IPsec, RADIUS, mappings, several connections in a session) is
    /// answered with the reason and exit code 4, before anything is sent.
    #[command(
        after_help = "Example: hbactl target login iqn.2026-11.org.example:disk --portal 10.0.0.5 --chap 4 --auth mutual\n\
                            A second path, for dm-multipath:\n\
                            \x20        hbactl target login iqn.2026-11.org.example:disk --portal 10.0.1.5 --multipath"
    )]
    Login(Box<Login>),
    /// Log out of a target: end all of its sessions, or those over one portal; flash keeps it
    #[command(
        after_help = "Nothing is ended when one of them is boot's, without --force. --exclude lays down the rule first (see target exclude): \
                      whatever happens then, no session is gone without it.\n\
                      Example: hbactl target logout iqn.2026-11.org.example:disk --exclude"
    )]
    Logout(Logout),
    /// What is logged in to by itself, in flash and in the database: list, add, remove
    #[command(subcommand)]
    Persistent(super::persistent::Verb),
    /// What nobody logs in to by himself: list, add, remove, check
    #[command(subcommand)]
    Exclude(Exclude),
    /// Ask every SendTargets portal in flash again, and every portal and iSNS server of the database
    #[command(
        after_help = "The adapter logs in to what a portal lists by itself, and asks nobody. What is excluded (see target exclude) is logged out \
                      of again at once; a portal that is excluded is not asked.\n\
                      The exit code is 1 when a portal did not answer; the others are asked all the same. With -a only those in flash.\n\
                            Example: hbactl target refresh -a host2"
    )]
    Refresh(AdapterArg),
    /// Take a target out of flash: all of its entries, or that of one portal
    #[command(after_help = "Example: hbactl target remove iqn.2026-11.org.example:disk")]
    Remove(Named),
    /// How a port comes to know targets
    #[command(subcommand)]
    Discovery(Discovery),
}

/// `target discovery`.
#[derive(Subcommand, Debug)]
pub enum Discovery {
    /// The ways of discovery a port has, its portals, and the settings
    #[command(
        after_help = "The settings are set with `iface set`, those of a SendTargets entry with `flash set`.\n\
                            Example: hbactl target discovery show -a host2"
    )]
    Show(AdapterArg),
}

/// `target exclude`.
#[derive(Subcommand, Debug)]
pub enum Exclude {
    /// The rules in force, with their places
    #[command(after_help = "Example: hbactl target exclude list")]
    List,
    /// Lay down a rule; all that it says must be so for it to match
    ///
    /// Whoever logs in by himself asks the list: a discovery that logs in to what it finds, target refresh, a daemon, a boot hook. A command
    /// that names its target is never asked; nor is an adapter's firmware, which logs in at its start to what is in its flash.
    #[command(
        after_help = "The list is /etc/hbactl/exclusions.conf and exclusions.conf.d/*.conf beside it (of an emulated adapter, in \
                      DIR/hbactl): one rule a line, in words as target=IQN portal=ADDRESS[:PORT] iface=NAME host=ADAPTER transport=NAME; # \
                      begins a comment. A line with a word that is not known matches nothing, and is told.\n\
                      Example: hbactl target exclude add --target iqn.2026-11.org.example:old"
    )]
    Add(Rule),
    /// Take a rule away
    #[command(after_help = "Example: hbactl target exclude remove --target iqn.2026-11.org.example:old")]
    Remove(Rule),
    /// Whether the list excludes a login, and where it says so; nothing is logged in to
    #[command(
        after_help = "Example: hbactl target exclude check --target iqn.2026-11.org.example:old --portal 10.0.0.5"
    )]
    Check(Check),
}

/// A rule's words.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub struct Rule {
    /// Target name
    #[arg(long, value_name = "IQN", value_parser = |text: &str| word(Key::Target, text))]
    pub target: Option<String>,
    /// Portal, as ADDRESS for all of its ports or ADDRESS:PORT, IPv6 with a port in brackets
    #[arg(short, long, value_name = "ADDRESS[:PORT]", value_parser = |text: &str| word(Key::Portal, text))]
    pub portal: Option<String>,
    /// Interface name
    #[arg(long, value_name = "NAME", value_parser = |text: &str| word(Key::Iface, text))]
    pub iface: Option<String>,
    /// Adapter port: MAC address, PCI name or serial number; a host number may be another's after the next start
    #[arg(short = 'a', long = "adapter", value_name = "ADAPTER", value_parser = |text: &str| word(Key::Host, text))]
    pub host: Option<String>,
    /// Transport name, as qla4xxx
    #[arg(long, value_name = "NAME", value_parser = |text: &str| word(Key::Transport, text))]
    pub transport: Option<String>,
}

/// Looks whether a word's value reads; what is wrong with it is a usage error.
fn word(key: Key, text: &str) -> Result<String, String> {
    hba::exclude::Rule::default().set(key, text)?;
    Ok(text.to_owned())
}

impl Rule {
    /// The rule, as the control plane has it.
    #[must_use]
    pub fn rule(&self) -> hba::exclude::Rule {
        let mut rule = hba::exclude::Rule::default();
        for (key, value) in [
            (Key::Target, &self.target),
            (Key::Portal, &self.portal),
            (Key::Iface, &self.iface),
            (Key::Host, &self.host),
            (Key::Transport, &self.transport),
        ] {
            if let Some(value) = value {
                // It was read before.
                let _ = rule.set(key, value);
            }
        }
        rule
    }
}

/// `target exclude check`.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub struct Check {
    /// Target name
    #[arg(long, value_name = "IQN")]
    pub target: Option<String>,
    /// Portal, as ADDRESS or ADDRESS:PORT, IPv6 in brackets
    #[arg(short, long, value_parser = portal)]
    pub portal: Option<Portal>,
    /// Interface name
    #[arg(long, value_name = "NAME")]
    pub iface: Option<String>,
    /// Adapter port
    #[arg(short, long, value_name = "ADAPTER")]
    pub adapter: Option<AdapterId>,
    /// Transport name; the adapter's when left out
    #[arg(long, value_name = "NAME")]
    pub transport: Option<String>,
}

/// `target logout`.
#[derive(Args, Debug)]
pub struct Logout {
    /// Which target, and how.
    #[command(flatten)]
    pub named: Named,
    /// Only sessions that this owner has
    #[arg(long, value_name = "NAME", value_parser = owner)]
    pub owner: Option<OwnerName>,
    /// Nobody who logs in by himself logs in there again: lay down a rule first
    #[arg(long)]
    pub exclude: bool,
}

/// Which target.
#[derive(Args, Debug)]
pub struct Named {
    /// Target name, byte for byte as `target list` shows it
    pub target: String,
    /// Only what goes over this portal
    #[arg(short, long, value_parser = portal)]
    pub portal: Option<Portal>,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Also when disks are in use; of `logout`, when a session is boot's; of `remove`, when there are sessions
    #[arg(long)]
    pub force: bool,
}

/// `target login`.
#[derive(Args, Debug)]
pub struct Login {
    /// Target name, byte for byte
    pub target: String,
    /// Portal, as ADDRESS or ADDRESS:PORT, IPv6 in brackets, with ,TAG if you like; any known one of the target when left out
    #[arg(short, long, value_parser = portal)]
    pub portal: Option<Portal>,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Initiator name: takes the port that has it
    #[arg(long, value_name = "IQN")]
    pub initiator: Option<String>,
    /// Initiator alias (not supported: exit code 4)
    #[arg(long, value_name = "TEXT")]
    pub alias: Option<String>,
    /// What kind of session
    #[arg(long = "type", value_enum, default_value = "normal", value_name = "TYPE")]
    pub kind: Kind,
    /// Header digest
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub header_digest: Option<bool>,
    /// Data digest
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub data_digest: Option<bool>,
    /// Connections of the session: 1, or 0 for as many as there can be (which is 1)
    #[arg(long, value_name = "COUNT", value_parser = super::number::<0, 65535>)]
    pub max_connections: Option<u32>,
    /// Seconds to wait before a session that was lost is made again
    #[arg(long, value_name = "SECONDS", value_parser = super::number16::<0, 3600>)]
    pub time2wait: Option<u16>,
    /// Seconds that the target keeps the tasks of a session that was lost
    #[arg(long, value_name = "SECONDS", value_parser = super::number16::<0, 3600>)]
    pub time2retain: Option<u16>,
    /// Who proves itself: nobody, the initiator, or both
    #[arg(long, value_enum, value_name = "WHO")]
    pub auth: Option<Who>,
    /// CHAP entry to prove ourselves with (see `chap list`)
    #[arg(long, value_name = "INDEX")]
    pub chap: Option<u16>,
    /// The ISID, twelve hex digits as `flash show` shows them; one that no other path has is chosen when left out
    #[arg(long, value_name = "HEX")]
    pub isid: Option<String>,
    /// Take the target out of flash again once the session is up: the session stays until it is logged out or the adapter restarts
    #[arg(long)]
    pub no_persist: bool,
    /// There may be a session to the target already: this is one more path
    #[arg(long)]
    pub multipath: bool,
    /// When this portal does not let us in, try the others that are known of the target
    #[arg(long)]
    pub portal_hopping: bool,
    /// Require IPsec (not supported: exit code 4)
    #[arg(long)]
    pub ipsec: bool,
    /// Let a RADIUS server make the CHAP response (not supported: exit code 4)
    #[arg(long)]
    pub radius: bool,
    /// Let a RADIUS server judge the target's CHAP response (not supported: exit code 4)
    #[arg(long)]
    pub radius_verify: bool,
    /// Where a unit is to be shown (not supported: exit code 4)
    #[arg(long, value_name = "LUN=BUS:TARGET:LUN")]
    pub mapping: Vec<String>,
}

/// What kind of session.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// SCSI
    Normal,
    /// SendTargets only (not supported here: see `flash discover`)
    Discovery,
    /// Units are not shown to the operating system (not supported)
    Informational,
    /// Before the operating system starts (not supported here: see `boot set`)
    Boot,
}

/// Who proves itself.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Who {
    /// Nobody
    None,
    /// The initiator
    Chap,
    /// Both sides
    Mutual,
}

impl Login {
    /// The wish, as the control plane has it.
    #[must_use]
    pub fn wish(&self) -> LoginWish {
        LoginWish {
            target: self.target.clone(),
            portal: self.portal,
            adapter: self.adapter.adapter.clone(),
            initiator: self.initiator.clone(),
            alias: self.alias.clone(),
            kind: match self.kind {
                Kind::Normal => SessionType::Normal,
                Kind::Discovery => SessionType::Discovery,
                Kind::Informational => SessionType::Informational,
                Kind::Boot => SessionType::Boot,
            },
            header_digest: self.header_digest,
            data_digest: self.data_digest,
            max_connections: self.max_connections,
            time2wait: self.time2wait,
            time2retain: self.time2retain,
            auth: self.auth.map(|who| match who {
                Who::None => Auth::None,
                Who::Chap => Auth::Chap,
                Who::Mutual => Auth::Mutual,
            }),
            chap: self.chap,
            isid: self.isid.clone(),
            no_persist: self.no_persist,
            multipath: self.multipath,
            portal_hopping: self.portal_hopping,
            ipsec: self.ipsec,
            radius: self.radius,
            radius_verify: self.radius_verify,
            mappings: self.mapping.clone(),
        }
    }
}
