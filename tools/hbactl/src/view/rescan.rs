//! What a rescan found, a unit a line.

use std::io::{self, Write};

use hba::Change;
use hba::model::{Rescan, UnitChange, UnitFate};
use terminal::printable;

use super::lun::size;

/// Writes the verdict and the units. For pipes a unit is `fate address session device bytes-before bytes`.
pub(crate) fn write(out: &mut dyn Write, done: &Rescan, plain: bool) -> io::Result<()> {
    let units = &done.units;
    let verdict = match &done.change {
        Change::Planned { diff, .. } if !diff.is_empty() => "would change",
        Change::Changed { .. } => "changed",
        _ if units.is_empty() => "unchanged",
        _ => "as they were, but not as their targets tell",
    };
    if plain {
        writeln!(out, "{}\tlogical units", verdict.replace(' ', "-"))?;
    } else {
        let sessions = match done.scanned.len() {
            1 => "1 session".to_owned(),
            many => format!("{many} sessions"),
        };
        writeln!(out, "logical units of {sessions}: {verdict}")?;
    }
    for unit in units {
        let device = printable::text(unit.block_device.as_deref().unwrap_or("-"));
        if plain {
            let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
            let (before, now) = (bytes(unit.bytes_before), bytes(unit.bytes));
            writeln!(
                out,
                "{}\t{}\t{}\t{device}\t{before}\t{now}",
                unit.fate.as_str(),
                unit.address,
                unit.sid
            )?;
        } else {
            let line = format!(
                "  {:<9}  {:<12}  {device:<6}  {}",
                unit.fate.as_str(),
                unit.address,
                what(unit)
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

fn what(unit: &UnitChange) -> String {
    let known = |bytes: Option<u64>| bytes.map_or_else(|| "n/a".to_owned(), size);
    match unit.fate {
        UnitFate::Found => unit.bytes.map_or_else(String::new, size),
        UnitFate::Gone => "its target lists it no more; --remove takes it out".to_owned(),
        UnitFate::Removed => "its target lists it no more".to_owned(),
        UnitFate::Grown | UnitFate::Shrunk => {
            format!("{} → {}", known(unit.bytes_before), known(unit.bytes))
        }
        UnitFate::NotTaken => "listed by its target, not taken by the operating system".to_owned(),
        UnitFate::Stale => format!(
            "{} in the operating system, {} at the target",
            known(unit.bytes_before),
            known(unit.bytes)
        ),
    }
}
