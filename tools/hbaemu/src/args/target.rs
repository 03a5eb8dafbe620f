//! What people type to `hbaemu target`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use emu_array::{AccessState, LunSpec, Portal, UnknownState};
use iscsi::address::TargetAddress;
use iscsi::chap::ChapAlgorithm;
use iscsi::number;

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

fn access(text: &str) -> Result<(u16, AccessState), String> {
    let (tag, state) = text
        .split_once('=')
        .ok_or("say TAG=STATE, for example 2=standby")?;
    let tag = number::parse_tag(tag).ok_or_else(|| format!("{tag:?} is no portal group tag (0 to 65535)"))?;
    let state: AccessState = state.parse().map_err(|error: UnknownState| error.to_string())?;
    Ok((tag, state))
}

/// `hbaemu target`.
#[derive(Args, Debug)]
pub struct Target {
    /// A portal: where to listen (port 0 lets the system choose), its portal group tag (1 when left out), and how many connections it
    /// takes (one more is refused with status 03/02); repeatable. Every portal leads to the same units, and discovery shows all of them
    #[arg(long, required = true, value_name = "ADDR:PORT[,TAG][,connections=N]")]
    pub listen: Vec<Portal>,
    /// A portal that discovery shows and nobody listens on: a name, an address elsewhere, a link-local address with a zone
    /// (storage.example.net:3260,1 or [fe80::1%eth0]:3260,2); repeatable
    #[arg(long, value_name = "HOST[:PORT][,TAG]")]
    pub announce: Vec<TargetAddress>,
    /// Discovery shows what --announce names and nothing else (a target behind an address translation)
    #[arg(long, requires = "announce")]
    pub announce_only: bool,
    /// How well a portal group leads to the units, told to initiators that ask (ALUA): optimized unless given; repeatable
    #[arg(long, value_name = "TAG=optimized|nonoptimized|standby|unavailable", value_parser = access)]
    pub group: Vec<(u16, AccessState)>,
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
    /// Serve N targets with the same logical units, named IQN, IQN.2, IQN.3 and so on
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4096), value_name = "N")]
    pub targets: u16,
    /// An initiator that may see and use the targets; repeatable. Without it everybody may; others are refused with status 02/02
    #[arg(long, value_name = "INITIATOR")]
    pub allow: Vec<String>,
    /// Sessions of one target at once; one more is refused with status 03/02
    #[arg(long, value_name = "N")]
    pub max_sessions: Option<usize>,
    /// CHAP algorithms that the target takes: md5, sha1, sha-256, sha3-256 (or their numbers, 5 to 8); all unless given
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub chap_algorithms: Vec<ChapAlgorithm>,
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
