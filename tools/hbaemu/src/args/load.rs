//! What people type to `hbaemu load` and `hbaemu loopback`.

use std::net::SocketAddr;

use clap::Args;

/// `hbaemu load`.
#[derive(Args, Debug)]
pub struct Load {
    /// The portal
    pub portal: SocketAddr,
    /// The target's name
    pub iqn: String,
    /// Logical unit
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=16383))]
    pub lun: u16,
    /// Sessions at once
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub sessions: u32,
    /// Commands at once, in each session
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub depth: u32,
    /// Bytes a command
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(512..=1 << 24))]
    pub size: u32,
    /// How long
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Stop after so many commands in each session
    #[arg(long, default_value_t = u64::MAX, hide_default_value = true)]
    pub commands: u64,
    /// Write instead of reading; what stood there is lost
    #[arg(long)]
    pub write: bool,
    /// With header and data digests
    #[arg(long)]
    pub digests: bool,
    /// Say `ready` once all sessions are logged in, and hold them idle until standard input ends
    #[arg(long)]
    pub hold: bool,
    /// Measure this many whole sessions one after the other (connect, login, one command, logout) instead
    #[arg(long, conflicts_with_all = ["sessions", "hold"])]
    pub logins: Option<u32>,
}

/// `hbaemu loopback`.
#[derive(Args, Debug)]
pub struct Loopback {
    /// Bytes of a reply
    #[arg(long, default_value_t = 4144)]
    pub reply: usize,
    /// Requests at once
    #[arg(long, default_value_t = 32)]
    pub depth: usize,
    /// Many messages a system call, instead of one
    #[arg(long)]
    pub batched: bool,
    /// How long
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
}
