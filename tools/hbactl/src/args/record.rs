//! `hbactl iface record`.

use clap::{Args, Subcommand};

/// What to do with interface records.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Interface records: what node records are bound to
    #[command(after_help = "Example: hbactl iface record list")]
    List,
    /// One record with every key
    #[command(after_help = "Example: hbactl iface record show qla4xxx.00:c0:dd:a8:09:94.ipv4.0")]
    Show(Named),
    /// Make a record
    #[command(
        after_help = "Example: hbactl iface record add storage0 iface.net_ifacename=eth1\n\
                            `hbactl node keys` lists keys, values and defaults."
    )]
    Add(Set),
    /// Make the records of an adapter's interfaces that have none, named as open-iscsi names them
    ///
    /// They say which interface is meant, no more: what it is (address, VLAN, MTU) stands in the adapter, see `iface`. open-iscsi makes them by
    /// itself whenever it looks, with a copy of everything, which its `apply` writes back.
    #[command(after_help = "Example: hbactl iface record make -a host2")]
    Make(super::AdapterArg),
    /// Set keys of a record; nothing is sent to an adapter
    #[command(
        after_help = "Example: hbactl iface record set storage0 iface.initiatorname=iqn.2026-11.org.example:host7"
    )]
    Set(Set),
    /// Take a record away
    #[command(after_help = "Example: hbactl iface record remove storage0")]
    Remove(Remove),
}

/// Which record.
#[derive(Args, Debug)]
pub struct Named {
    /// The interface's name
    pub name: String,
}

/// A record and keys.
#[derive(Args, Debug)]
pub struct Set {
    /// The interface's name
    pub name: String,
    /// Keys to set; KEY= takes one out, so that the default counts
    #[arg(value_name = "KEY=VALUE")]
    pub keys: Vec<String>,
}

/// `iface record remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// The interface's name
    pub name: String,
    /// Also while node records name it
    #[arg(long)]
    pub force: bool,
}
