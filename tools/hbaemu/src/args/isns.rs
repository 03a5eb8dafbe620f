//! What people type to `hbaemu isns`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use emu_array::isns::{IsnsFault, IsnsTarget, WORDS};

/// `hbaemu isns`.
#[derive(Args, Debug)]
#[command(after_help = after_help())]
pub struct Isns {
    /// Where to listen (port 0 lets the system choose; iSNS has 3205)
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: SocketAddr,
    /// A target at a portal that is registered from the start; repeatable, a target may have several portals
    #[arg(long, value_name = "IQN,ADDR:PORT[,TAG]")]
    pub target: Vec<IsnsTarget>,
    /// Answer queries of registered nodes only (others get Source Unknown)
    #[arg(long)]
    pub registered_only: bool,
    /// Do something wrong; repeatable
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<IsnsFault>,
    /// Write what goes over the connections to a capture file (for Wireshark)
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
}

fn after_help() -> String {
    format!(
        "Faults:\n  {}\nExample: hbaemu isns --listen 127.0.0.1:3205 --target iqn.2026-11.org.example:disk,127.0.0.1:3260,1",
        WORDS.join("\n  ")
    )
}
