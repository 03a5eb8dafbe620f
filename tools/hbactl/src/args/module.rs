//! `hbactl module`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with the driver's parameters.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// What the driver was loaded with: value, range, when a value counts, meaning
    #[command(after_help = "Example: hbactl module show")]
    Show,
    /// Set parameters for the next load of the driver, in a file for modprobe
    #[command(
        after_help = "Example: hbactl module set ql4xsess_recovery_tmo=60 ql4xmaxqdepth=64\n\
                            NAME=* takes a parameter out of the file, so that the driver's default counts."
    )]
    Set(Set),
    /// What parameters of the vendor's drivers are called now, and which are gone
    #[command(after_help = "Example: hbactl module translate ql4xkeepalive=30 ql4xmaxcmds=1152")]
    Translate(Translate),
}

/// `module set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Parameters to set
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// Directory of the file [default: /etc/modprobe.d; DIR/hbactl/modprobe.d of an endpoint that is a directory]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// `module translate`.
#[derive(Args, Debug)]
pub struct Translate {
    /// Old parameters
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}
