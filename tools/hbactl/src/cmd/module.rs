//! `hbactl module`.

use std::path::{Path, PathBuf};

use files::Dir;
use hba::ops::module;
use hba::{Ctx, Error, Kind, Result};

use crate::args::module::{Set, Translate, Verb};
use crate::output::{Done, Out};
use crate::view;

/// Where modprobe looks.
const MODPROBE: &str = "/etc/modprobe.d";

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb, endpoint: &str) -> Done {
    match verb {
        Verb::Show => {
            let all = module::show(ctx)?;
            out.list("module.show", &all, &ctx.warnings, view::module::table)
        }
        Verb::Set(set) => {
            let wanted = set.params.iter().map(|text| pair(text));
            let wanted = wanted.collect::<Result<Vec<_>>>()?;
            let dir = directory(ctx, set, endpoint)?;
            let change = module::set(ctx, &dir, &wanted)?;
            out.change("module.set", "driver parameters", &change, &ctx.warnings)
        }
        Verb::Translate(translate) => translated(out, translate),
    }
}

/// What became of old parameters; needs no adapter.
pub(crate) fn translated(out: &Out, asked: &Translate) -> Done {
    let all = asked.params.iter().map(|text| module::translate(text));
    let all = all.collect::<Result<Vec<_>>>()?;
    out.list("module.translate", &all, &[], view::module::translations)
}

fn pair(text: &str) -> Result<(String, Option<String>)> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(Error::new(Kind::Invalid, "read a driver parameter").answered("expected NAME=VALUE"));
    };
    Ok((name.to_owned(), (value != "*").then(|| value.to_owned())))
}

/// The directory of the file: that of the machine, or one of the endpoint, which nothing loads a driver from.
fn directory(ctx: &Ctx<'_>, set: &Set, endpoint: &str) -> Result<Dir> {
    let own: PathBuf = ctx.home.state.join("modprobe.d");
    let path = match &set.dir {
        Some(dir) => dir.as_path(),
        None if endpoint == "host" => Path::new(MODPROBE),
        None => own.as_path(),
    };
    let opened = if path == own {
        Dir::private(path)
    } else {
        Dir::ours(path)
    };
    opened.map_err(|e| Error::file(format!("open {}", path.display()), &e))
}
