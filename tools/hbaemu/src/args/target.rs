//! What people type to `hbaemu target`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use emu_array::LunSpec;

/// Which digests to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Digests {
    /// What the initiator prefers
    Initiator,
    /// CRC32C only
    Require,
    /// None only
    Forbid,
}

/// What to trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// Task management functions and the commands that they end
    Tmf,
    /// Every request
    Requests,
}

/// Where logins are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The portal.
    pub to: SocketAddr,
    /// The target has moved for good.
    pub permanent: bool,
}

fn redirect(text: &str) -> Result<Redirect, String> {
    let (permanent, to) = match text.split_once(':') {
        Some(("temporary", to)) => (false, to),
        Some(("permanent", to)) => (true, to),
        _ => return Err("say temporary:ADDR:PORT or permanent:ADDR:PORT".to_owned()),
    };
    let to = to
        .parse()
        .map_err(|_| format!("{to:?} is no address with a port"))?;
    Ok(Redirect { to, permanent })
}

/// `hbaemu target`.
#[derive(Args, Debug)]
pub struct Target {
    /// Where to listen; port 0 lets the system choose; repeatable
    #[arg(long, required = true, value_name = "ADDR:PORT")]
    pub listen: Vec<SocketAddr>,
    /// The target's name
    #[arg(long)]
    pub iqn: String,
    /// A logical unit: a size (64M, 2G; memory), a file (FILE:ro is read-only) or `missing`, with options after commas: ro,
    /// removable, full, direct, block=512|4096, physical=BYTES, create=SIZE, reservations=FILE; repeatable, numbered from 0
    #[arg(long, value_name = "FILE|SIZE[,OPTION]", num_args = 1..)]
    pub lun: Vec<LunSpec>,
    /// CHAP accounts: lines `name:secret` (initiators) and `mutual:name:secret` (the target itself)
    #[arg(long, value_name = "FILE")]
    pub chap_file: Option<PathBuf>,
    /// Discovery needs CHAP too
    #[arg(long, requires = "chap_file")]
    pub discovery_auth: bool,
    /// Which digests to agree to
    #[arg(long, value_enum, default_value = "initiator")]
    pub digests: Digests,
    /// Print the states of requests as pairs [protocol side, SCSI side]: connection, initiator task tag, pair
    #[arg(long, value_enum)]
    pub trace: Option<Trace>,
    /// Manage tasks as the UNH target's description has it: ABORT TASK and nothing else
    #[arg(long)]
    pub strict_unh: bool,
    /// Logins under way at once from one address; one more takes the place of the oldest
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024), value_name = "N")]
    pub half_open: u16,
    /// Further target names with the same logical units; repeatable
    #[arg(long, value_name = "IQN")]
    pub also: Vec<String>,
    /// Send every login elsewhere, for this time or for good; `hbaemu fault … clear` ends it
    #[arg(long, value_name = "temporary|permanent:ADDR:PORT", value_parser = redirect)]
    pub redirect: Option<Redirect>,
    /// A unix socket that `hbaemu fault --target` and `hbaemu lun` talk to
    #[arg(long, value_name = "SOCKET")]
    pub control: Option<PathBuf>,
    /// Write what goes over the connections to a capture file (for Wireshark); CHAP answers and data stand in it
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
}
