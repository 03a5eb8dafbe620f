//! `hbactl` from command line to exit code.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ColorChoice, FromArgMatches};
use driver_sys::endpoint::Endpoint;
use hba::backend::kernel::Kernel;
use hba::nodes::Place;
use hba::{Ctx, Deadline};

use crate::args::{self, Cli, Format, Noun};
use crate::home::home;
use crate::output::{Done, Failure, Out};
use crate::{cmd, exit, interactive, interrupt, report, usage, words};

/// Runs `hbactl` with these arguments (the program's name first).
pub fn hbactl(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    let argv: Vec<OsString> = argv.into_iter().collect();
    if interactive::wanted(&argv) {
        return interactive::run();
    }
    let cli = match args::command().try_get_matches_from(&argv) {
        Ok(matches) => {
            if let Some(verb) = args::refused::asked(&matches) {
                return refused(&verb.refusal(), &argv);
            }
            Cli::from_arg_matches(&matches)
        }
        Err(error) => Err(error),
    };
    let cli = match cli {
        Ok(cli) => cli,
        Err(error) => return usage::told(&error, &argv).into(),
    };
    match cli.global.color {
        ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        ColorChoice::Auto => {}
    }
    log(cli.global.verbose);
    let mut warnings = Vec::new();
    let out = Out::new(cli.global.output);
    let done = run(&cli, &out, &mut warnings);
    if cli.global.output != Format::Json {
        warnings.iter().for_each(|warning| terminal::warning(warning));
    } else if !matches!(done, Err(Failure::Hba(_))) && !out.has_remarked() {
        // Neither an answer nor an error for programs has them inside.
        warnings.iter().for_each(|warning| report::warning_json(warning));
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read us has seen enough.
        Err(Failure::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Stdout(error)) => {
            // Whatever kind it is, the operation itself was done.
            let error = hba::Error::io("write the answer to stdout", &error).with_kind(hba::Kind::Failed);
            told(&cli, error, &[])
        }
        Err(Failure::Hba(error)) => told(&cli, error, &warnings),
        Err(Failure::Answered(code)) => code.into(),
    }
}

/// Says why a verb cannot be had.
fn refused(error: &hba::Error, argv: &[OsString]) -> ExitCode {
    let code = exit::code(error.kind());
    if usage::wants_json(argv) {
        report::error_json(error, code, &[]);
    } else {
        report::error(error);
    }
    code.into()
}

/// Prints a failure as it was asked for, and gives the exit code.
fn told(cli: &Cli, error: hba::Error, warnings: &[String]) -> ExitCode {
    let (error, code) = interrupt::told(error);
    if cli.global.output == Format::Json {
        report::error_json(&error, code, warnings);
    } else {
        report::error(&error);
    }
    code.into()
}

fn run(cli: &Cli, out: &Out, warnings: &mut Vec<String>) -> Done {
    match &cli.noun {
        Noun::Schema { name } => return cmd::meta::schema(name.as_deref()),
        Noun::Completions { shell } => return cmd::meta::completions(*shell),
        Noun::Man { dir } => return cmd::meta::man(&args::command(), dir),
        Noun::Iface(crate::args::iface::Verb::Params) => return cmd::iface::params(out),
        Noun::Module(crate::args::module::Verb::Translate(asked)) => {
            return cmd::module::translated(out, asked);
        }
        Noun::Node(crate::args::node::Verb::Keys) => return cmd::node::keys(out),
        Noun::Flash(crate::args::flash::Verb::Params) => return cmd::flash::params(out),
        Noun::Session(crate::args::session::Verb::Policy(of)) if of.sid.is_none() => {
            return cmd::session::policies(out);
        }
        _ => {}
    }
    let endpoint: Endpoint = cli.global.endpoint.parse().map_err(|error| {
        hba::Error::new(
            hba::Kind::Invalid,
            format!("use the endpoint {:?}", cli.global.endpoint),
        )
        .answered(format!("{error}"))
    })?;
    let mut backend = if keeps_records(&cli.noun) {
        Kernel::open_without_adapters(&endpoint)?
    } else {
        Kernel::open(&endpoint)?
    };
    let mut home = home(&cli.global.endpoint);
    if let Some(dir) = &cli.global.db {
        home.records = Place::under(dir);
    }
    let mut ctx = Ctx::new(&mut backend, deadline(cli), home);
    ctx.dry_run = cli.global.dry_run.into();
    if changes(&cli.noun) && !cli.global.dry_run {
        ctx.deadline = ctx.deadline.with_clean_up();
        // Where a secret may have to be read first, the command itself arms: a signal ends the reading at once.
        if !arms_itself(&cli.noun) {
            ctx.deadline = interrupt::arm(ctx.deadline);
        }
    } else {
        // Whoever looks may see what an interrupted change left.
        for text in hba::intent::pending(&ctx) {
            ctx.warn(text);
        }
    }
    let done = match &cli.noun {
        Noun::Adapter(verb) => cmd::adapter::run(&mut ctx, out, verb),
        Noun::Iface(verb) => cmd::iface::run(&mut ctx, out, verb),
        Noun::Ping(ping) => cmd::iface::ping(&mut ctx, out, ping),
        Noun::Flash(verb) => cmd::flash::run(&mut ctx, out, verb),
        Noun::Target(verb) => cmd::target::run(&mut ctx, out, verb),
        Noun::Chap(verb) => cmd::chap::run(&mut ctx, out, verb),
        Noun::Node(verb) => cmd::node::run(&mut ctx, out, verb),
        Noun::Boot(verb) => cmd::boot::run(&mut ctx, out, verb),
        Noun::Session(verb) => cmd::session::run(&mut ctx, out, verb),
        Noun::Lun(verb) => cmd::lun::run(&mut ctx, out, verb, cli.global.dry_run),
        Noun::Stats(verb) => cmd::stats::run(&mut ctx, out, verb),
        Noun::Module(verb) => cmd::module::run(&mut ctx, out, verb, &cli.global.endpoint),
        Noun::Event(verb) => cmd::event::run(&mut ctx, out, verb),
        Noun::Schema { .. } | Noun::Completions { .. } | Noun::Man { .. } => Ok(()),
    };
    *warnings = ctx.warnings.iter().map(words::message).collect();
    done
}

/// Whether a command is about records or this host's own network, which are there without an adapter, too.
fn keeps_records(noun: &Noun) -> bool {
    use crate::args::{iface, target};
    matches!(
        noun,
        Noun::Node(_)
            | Noun::Iface(iface::Verb::Record(_))
            | Noun::Target(
                target::Verb::Discover(_)
                    | target::Verb::Persistent(_)
                    | target::Verb::List(_)
                    | target::Verb::Portal(_)
                    | target::Verb::Refresh(_)
                    | target::Verb::Exclude(_)
            )
    )
}

/// Whether a command can have a secret to read before it begins.
fn arms_itself(noun: &Noun) -> bool {
    use crate::args::target::Verb;
    matches!(noun, Noun::Chap(_))
        || (keeps_records(noun)
            && !matches!(
                noun,
                Noun::Target(Verb::Refresh(_) | Verb::Exclude(_) | Verb::Persistent(_))
            ))
}

/// Whether a command changes an adapter: it cleans up before it ends, when its time is over or a signal comes. The others end at
/// once; so does the writing of blocks, which is a stream.
fn changes(noun: &Noun) -> bool {
    use crate::args::{
        adapter, boot, chap, flash, iface, module, node, persistent, portal, record, session, target,
    };
    match noun {
        Noun::Adapter(verb) => matches!(
            verb,
            adapter::Verb::Reset(_)
                | adapter::Verb::SetName(_)
                | adapter::Verb::Diag(_)
                | adapter::Verb::RestoreDefaults(_)
        ),
        Noun::Iface(verb) => matches!(
            verb,
            iface::Verb::Set(_)
                | iface::Verb::Unset(_)
                | iface::Verb::Apply(_)
                | iface::Verb::Record(
                    record::Verb::Add(_)
                        | record::Verb::Make(_)
                        | record::Verb::Set(_)
                        | record::Verb::Remove(_)
                )
        ),
        Noun::Node(verb) => !matches!(verb, node::Verb::List(_) | node::Verb::Show(_) | node::Verb::Keys),
        Noun::Flash(verb) => !matches!(
            verb,
            flash::Verb::List(_) | flash::Verb::Show(_) | flash::Verb::Params
        ),
        Noun::Target(target::Verb::Persistent(verb)) => !matches!(verb, persistent::Verb::List(_)),
        Noun::Target(target::Verb::Exclude(verb)) => {
            matches!(verb, target::Exclude::Add(_) | target::Exclude::Remove(_))
        }
        Noun::Target(verb) => !matches!(
            verb,
            target::Verb::List(_)
                | target::Verb::Discovery(_)
                | target::Verb::Portal(portal::Verb::List | portal::Verb::Show(_))
        ),
        Noun::Chap(verb) => !matches!(verb, chap::Verb::List(_) | chap::Verb::Show(_)),
        Noun::Boot(verb) => !matches!(verb, boot::Verb::Show(_)),
        Noun::Module(verb) => matches!(verb, module::Verb::Set(_)),
        Noun::Session(verb) => matches!(
            verb,
            session::Verb::Logout(_)
                | session::Verb::Claim(_)
                | session::Verb::Release(_)
                | session::Verb::Rescan(_)
                | session::Verb::Set(_)
                | session::Verb::Watch(_)
        ),
        _ => false,
    }
}

/// The time limit asked for; else a minute, except where the work itself decides how long it takes.
fn deadline(cli: &Cli) -> Deadline {
    use crate::args::{adapter, event, iface, lun, session};
    let own_pace = matches!(
        cli.noun,
        Noun::Ping(_)
            | Noun::Iface(iface::Verb::Ping(_))
            | Noun::Lun(lun::Verb::Read(_) | lun::Verb::Write(_))
            | Noun::Adapter(adapter::Verb::Events(_))
            | Noun::Event(event::Verb::Follow(_))
            | Noun::Session(session::Verb::Watch(_))
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
    terminal::log::in_place(level);
}
