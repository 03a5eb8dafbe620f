//! `hbactl target discover`, and what it shares with `hbactl target portal`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hba::ids::{Host, TargetAddress};
use hba::initiator::ChapAlgorithm;

use super::AdapterArg;
use super::chap::SecretSource;
use super::flash::on_off;

/// Where what is found is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Store {
    /// In an adapter's flash: the adapter asks, and logs in to what it finds
    Flash,
    /// In open-iscsi's database: this host asks, and nobody logs in
    #[default]
    Db,
    /// Nowhere: this host asks
    None,
}

/// `target discover`.
#[derive(Args, Debug)]
pub struct Discover {
    /// Whom to ask (SendTargets), as ADDRESS, ADDRESS:PORT or NAME:PORT, IPv6 in brackets; a name is looked up, and all of its addresses are tried
    #[arg(value_parser = address, required_unless_present_any = ["isns", "firmware"], conflicts_with_all = ["isns", "firmware"])]
    pub portal: Option<TargetAddress>,
    /// Ask this iSNS server instead (port 3205 when left out)
    #[arg(long, value_name = "SERVER", value_parser = server, conflicts_with = "firmware")]
    pub isns: Option<TargetAddress>,
    /// Ask nobody: take what the boot firmware's tables name
    #[arg(long)]
    pub firmware: bool,
    /// Where to keep what is found
    #[arg(long, value_enum, default_value = "db")]
    pub store: Store,
    /// Interface record to ask through, and to make records for; once for each
    #[arg(short = 'I', long, value_name = "NAME")]
    pub iface: Vec<String>,
    /// With what to prove ourselves.
    #[command(flatten)]
    pub account: Account,
    /// Insist on a header digest, or refuse one
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub header_digest: Option<bool>,
    /// Insist on a data digest, or refuse one
    #[arg(long, value_name = "on|off", value_parser = on_off)]
    pub data_digest: Option<bool>,
    /// Remove records that an earlier discovery made and that are not named any more
    #[arg(long)]
    pub remove_gone: bool,
    /// Begin anew with the records that are named: what was set in them is lost
    #[arg(long)]
    pub reset: bool,
    /// Also remove records on which a session stands
    #[arg(long, requires = "remove_gone")]
    pub force: bool,
    /// Which port, for --store flash.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// CHAP entry of the port to prove ourselves with, for --store flash
    #[arg(long, value_name = "INDEX")]
    pub chap: Option<u16>,
}

/// A name and a secret for CHAP. Secrets are never taken from the command line.
#[derive(Args, Debug)]
pub struct Account {
    /// Name to prove ourselves with; its secret is asked for unless a source is named
    #[arg(long, value_name = "NAME")]
    pub chap_user: Option<String>,
    /// The secret.
    #[command(flatten)]
    pub secret: SecretSource,
    /// Name that the other side must prove itself with (mutual CHAP); any when left out
    #[arg(long, value_name = "NAME", requires = "secret_in_file")]
    pub chap_in_user: Option<String>,
    /// Read the other side's secret from a file
    #[arg(long, value_name = "FILE", requires = "chap_user")]
    pub secret_in_file: Option<PathBuf>,
    /// CHAP algorithms, the most wanted first: MD5, SHA1, SHA256, SHA3-256
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = algorithm)]
    pub chap_algs: Vec<ChapAlgorithm>,
}

/// Reads a portal that may be a name.
pub(super) fn address(text: &str) -> Result<TargetAddress, String> {
    text.parse().map_err(|e: hba::ids::BadAddress| e.to_string())
}

/// Reads an iSNS server.
pub(super) fn server(text: &str) -> Result<TargetAddress, String> {
    let read = address(text)?;
    Ok(if says_port(text) {
        read
    } else {
        TargetAddress {
            port: hba::ops::target::PortalKind::Isns.port(),
            ..read
        }
    })
}

/// Whether a port is said behind an address.
pub(crate) fn says_port(text: &str) -> bool {
    // An address without a port reads the same with one behind it.
    let with = match text.parse::<Host>() {
        Ok(Host::Ip(_) | Host::Scoped(..)) => return false,
        _ => text.rsplit_once(',').map_or(text, |(address, _)| address),
    };
    match with.strip_prefix('[') {
        Some(rest) => rest.split_once(']').is_some_and(|(_, port)| !port.is_empty()),
        None => with.contains(':') && with.parse::<Host>().is_err(),
    }
}

fn algorithm(text: &str) -> Result<ChapAlgorithm, String> {
    text.trim()
        .parse()
        .map_err(|_| "expected MD5, SHA1, SHA256 or SHA3-256".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_said_or_that_of_the_protocol() {
        for (text, said) in [
            ("10.0.0.1", false),
            ("10.0.0.1:3205", true),
            ("2001:db8::1", false),
            ("[2001:db8::1]", false),
            ("[2001:db8::1]:1", true),
            ("storage.example", false),
            ("storage.example:3260", true),
            ("storage.example,1", false),
            ("[2001:db8::1],1", false),
            ("fe80::1%eth0", false),
            ("[fe80::1%eth0]:3260", true),
        ] {
            assert_eq!(says_port(text), said, "{text}");
            let server = server(text).expect(text);
            assert_eq!(server.port == 3205, !said || text.ends_with(":3205"), "{text}");
        }
        assert!(address("a b").is_err());
    }
}
