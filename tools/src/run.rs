//! `hbactl` from command line to exit code.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ColorChoice, CommandFactory, Parser};
use driver_sys::endpoint::Endpoint;
use hba::backend::kernel::Kernel;
use hba::backend::state_dir;
use hba::{Ctx, Deadline};

use crate::args::{Cli, Noun};
use crate::output::{Done, Failure, Out};
use crate::{cmd, report};

/// Runs `hbactl` with these arguments (the program's name first).
pub fn hbactl(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // What is wrong there may be a secret: it is not repeated.
    let about_chap = args.iter().any(|arg| arg == "chap");
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            if about_chap && error.kind() == ErrorKind::UnknownArgument {
                report::error(
                    &hba::Error::new(hba::Kind::Invalid, "understand the command line")
                        .answered("there is an argument that this command does not have")
                        .hint("a secret is never taken from the command line: use --secret-file or --secret-stdin"),
                );
            } else {
                report::usage(&error, &args);
            }
            return code.into();
        }
    };
    match cli.global.color {
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        ColorChoice::Auto => {}
    }
    log(cli.global.verbose);
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read us has seen enough.
        Err(Failure::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Stdout(error)) => {
            report::error(&hba::Error::io("write the answer to stdout", &error));
            1.into()
        }
        Err(Failure::Hba(error)) => {
            report::error(&error);
            error.kind().exit_code().into()
        }
        Err(Failure::Answered(code)) => code.into(),
    }
}

fn run(cli: &Cli) -> Done {
    let out = Out::new(cli.global.output);
    match &cli.noun {
        Noun::Schema { name } => return cmd::meta::schema(name.as_deref()),
        Noun::Completions { shell } => return cmd::meta::completions(*shell),
        Noun::Man { dir } => return cmd::meta::man(&Cli::command(), dir),
        Noun::Iface(crate::args::iface::Verb::Params) => return cmd::iface::params(&out),
        Noun::Flash(crate::args::flash::Verb::Params) => return cmd::flash::params(&out),
        _ => {}
    }
    let endpoint: Endpoint = cli.global.endpoint.parse().map_err(|error| {
        hba::Error::new(
            hba::Kind::Invalid,
            format!("use the endpoint {:?}", cli.global.endpoint),
        )
        .answered(format!("{error}"))
    })?;
    let mut backend = Kernel::open(&endpoint)?;
    let mut ctx = Ctx::new(&mut backend, deadline(cli), state_dir(&cli.global.endpoint));
    ctx.dry_run = cli.global.dry_run;
    let done = match &cli.noun {
        Noun::Adapter(verb) => cmd::adapter::run(&mut ctx, &out, verb),
        Noun::Iface(verb) => cmd::iface::run(&mut ctx, &out, verb),
        Noun::Ping(ping) => cmd::iface::ping(&mut ctx, &out, ping),
        Noun::Flash(verb) => cmd::flash::run(&mut ctx, &out, verb),
        Noun::Chap(verb) => cmd::chap::run(&mut ctx, &out, verb),
        Noun::Boot(verb) => cmd::boot::run(&mut ctx, &out, verb),
        Noun::Session(verb) => cmd::session::run(&mut ctx, &out, verb),
        Noun::Lun(verb) => cmd::lun::run(&mut ctx, &out, verb),
        Noun::Stats(verb) => cmd::stats::run(&mut ctx, &out, verb),
        Noun::Event(verb) => cmd::event::run(&mut ctx, &out, verb),
        Noun::Schema { .. } | Noun::Completions { .. } | Noun::Man { .. } => Ok(()),
    };
    for warning in &ctx.warnings {
        report::warning(warning);
    }
    done
}

/// The time limit asked for; else a minute, except where the work itself decides how long it takes.
fn deadline(cli: &Cli) -> Deadline {
    use crate::args::{adapter, event, iface, lun};
    let own_pace = matches!(
        cli.noun,
        Noun::Ping(_)
            | Noun::Iface(iface::Verb::Ping(_))
            | Noun::Lun(lun::Verb::Read(_) | lun::Verb::Write(_))
            | Noun::Adapter(adapter::Verb::Events(_))
            | Noun::Event(event::Verb::Follow(_))
    );
    Deadline::after(match cli.global.timeout {
        Some(seconds) => Duration::from_secs(seconds),
        None if own_pace => Deadline::MAX,
        None => Duration::from_secs(60),
    })
}

fn log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => tracing::Level::INFO,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    let _ = tracing_subscriber::fmt()
        .with_writer(|| report::Log)
        .with_ansi(false)
        .with_max_level(level)
        .without_time()
        .try_init();
}
