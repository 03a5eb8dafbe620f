//! Setting parameters for the next load of the driver: a file of ours below modprobe.d, replaced as a whole and read back.

use files::Dir;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::write::{Done, Plan, as_it_is};
use super::fragment::{self, Options};
use crate::Change;
use crate::change::Difference;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::HostNo;
use crate::quirks::module::{Counts, LEGACY, PARAMS, param};
use crate::step::Step;
use crate::writer::Scope;

/// Our file.
const FILE: &str = "hbactl-qla4xxx.conf";
const LONGEST: u64 = 1 << 16;

/// What the driver is loaded with from the next time on, as far as our file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ModuleOptions {
    /// The file.
    pub file: String,
    /// Options by name.
    pub options: Options,
}

/// Sets parameters in the file of ours in `dir`; a parameter without a value is taken out, so that the driver's default counts.
///
/// # Errors
/// [`Kind::Invalid`] for a name or value that the driver does not honour; the file cannot be read or written; [`Kind::VerifyFailed`].
pub fn set(
    ctx: &mut Ctx<'_>,
    dir: &Dir,
    wanted: &[(String, Option<String>)],
) -> Result<Change<ModuleOptions>> {
    let path = dir.path().join(FILE);
    let tried = format!("set driver parameters in {}", path.display());
    let checked = wanted.iter().map(|(name, value)| checked(name, value.as_deref()));
    let checked = checked.collect::<Result<Vec<_>>>()?;
    // The file is the machine's, not an adapter's.
    let _turn = ctx.turn(Scope::Stage, HostNo(0), "module set", &tried)?;
    let before = load(dir, &tried)?;
    let mut after = before.clone();
    for (name, value) in &checked {
        match value {
            Some(value) => after.insert(name.clone(), value.clone()),
            None => after.remove(name),
        };
    }
    for (file, name) in others(dir) {
        if after.contains_key(&name) {
            ctx.warn(format!(
                "{name} is set in {file} too: modprobe takes both, and the last one counts"
            ));
        }
    }
    let shown = |options: &Options| ModuleOptions {
        file: path.display().to_string(),
        options: options.clone(),
    };
    if after == before {
        return Ok(as_it_is(Some(shown(&before))));
    }
    ctx.warn("counts when the driver is loaded next; where it is loaded from an initramfs, build that anew (dracut -f, update-initramfs -u)");
    for (name, value) in &checked {
        let at_once = param(name).is_some_and(|p| p.counts == Counts::AtOnce);
        if let (Some(value), true) = (value, at_once) {
            ctx.warn(format!(
                "to have it now: echo {value} > /sys/module/qla4xxx/parameters/{name}"
            ));
        }
    }
    let plan = Plan {
        diff: difference(&before, &after),
        before: Some(shown(&before)),
        after: Some(shown(&after)),
    };
    plan.carry_out(ctx, |_, _| {
        dir.replace(FILE, fragment::write(&after).as_bytes())
            .map_err(|e| Error::file(tried.clone(), &e))?;
        if load(dir, &tried)? != after {
            return Err(Error::new(Kind::VerifyFailed { rolled_back: false }, tried)
                .answered("read back, the file is another: somebody else writes it")
                .hint("look at the file, then try again"));
        }
        Ok(Done::AsPlanned)
    })
}

/// A name and a value that the driver honours, as they are written.
fn checked(name: &str, value: Option<&str>) -> Result<(String, Option<String>)> {
    let Some(param) = param(name) else {
        let names: Vec<&str> = PARAMS.iter().map(|p| p.name).collect();
        let error = Error::new(
            Kind::Invalid,
            format!("set driver parameter {}", name.escape_debug()),
        )
        .answered("the driver has no such parameter");
        return Err(if LEGACY.iter().any(|old| old.name == name) {
            error.hint(Step::ModuleTranslate.then(" tells what became of it"))
        } else {
            error.hint(format!("there are {}", names.join(", ")))
        });
    };
    let Some(text) = value else {
        return Ok((name.to_owned(), None));
    };
    match param.read(text) {
        Some(value) => Ok((name.to_owned(), Some(param.write(value)))),
        None => Err(
            Error::new(Kind::Invalid, format!("set {name} to {}", text.escape_debug()))
                .answered(format!("expected {}", param.takes)),
        ),
    }
}

fn load(dir: &Dir, tried: &str) -> Result<Options> {
    let found = dir.read(FILE, LONGEST).map_err(|e| Error::file(tried, &e))?;
    let Some(bytes) = found else {
        return Ok(Options::new());
    };
    fragment::parse(&String::from_utf8_lossy(&bytes)).map_err(|line| {
        Error::new(Kind::Failed, tried)
            .answered(format!(
                "the file has a line that is not ours: {}",
                line.escape_debug()
            ))
            .hint("put that line into a file of its own")
    })
}

/// What other files of the directory set for the driver.
fn others(dir: &Dir) -> Vec<(String, String)> {
    let names = dir.names().unwrap_or_default();
    let mut all = Vec::new();
    for name in names.iter().filter_map(|name| name.to_str()) {
        if name == FILE || !name.ends_with(".conf") {
            continue;
        }
        if let Ok(Some(bytes)) = dir.read(name, LONGEST) {
            let mentioned = fragment::mentioned(&String::from_utf8_lossy(&bytes));
            all.extend(mentioned.into_iter().map(|option| (name.to_owned(), option)));
        }
    }
    all
}

fn difference(before: &Options, after: &Options) -> Vec<Difference> {
    let names = PARAMS.iter().map(|p| p.name);
    names
        .map(|name| Difference::new(name, before.get(name).cloned(), after.get(name).cloned()))
        .filter(|d| d.before != d.after)
        .collect()
}
