//! `hbaemu lun`: logical units of a running target, through its control socket.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use emu_array::control;
use emu_array::{LunSource, LunSpec};
use serde_json::{Value, json};

use super::args::Lun;
use super::{document, ready};

/// Carries out the order.
pub(super) fn run(args: &Lun) -> Result<()> {
    match args {
        Lun::Add { target, number, unit } => {
            let unit = here(unit.clone()).context("cannot tell where this directory is")?;
            let number = control::add_unit(target, *number, &unit)
                .with_context(|| format!("cannot add {unit} to the target at {}", target.display()))?;
            ready(&format!("done: logical unit {number}"))
        }
        Lun::Remove { target, number } => {
            control::remove_unit(target, *number).with_context(|| {
                format!(
                    "cannot remove logical unit {number} of the target at {}",
                    target.display()
                )
            })?;
            ready(&format!("done: logical unit {number} is gone"))
        }
        Lun::List { target, json } => list(target, *json),
    }
}

fn list(target: &Path, as_json: bool) -> Result<()> {
    let units = control::units(target)
        .with_context(|| format!("cannot list the units of the target at {}", target.display()))?;
    if as_json {
        let units: Vec<Value> = units
            .iter()
            .map(|unit| {
                json!({
                    "lun": unit.number,
                    "blockSize": unit.block_size,
                    "blocks": unit.blocks,
                    "readOnly": unit.read_only,
                    "unit": unit.spec,
                })
            })
            .collect();
        return document(&units);
    }
    let mut text = "LUN    BLOCK  BLOCKS        MODE  UNIT".to_owned();
    for unit in &units {
        let mode = if unit.read_only { "ro" } else { "rw" };
        text.push_str(&format!(
            "\n{:<5}  {:<5}  {:<12}  {mode:<4}  {}",
            unit.number,
            unit.block_size,
            unit.blocks,
            terminal::printable::text(&unit.spec.to_string())
        ));
    }
    ready(&text)
}

/// The target may run in another directory: file names become absolute.
fn here(mut unit: LunSpec) -> std::io::Result<LunSpec> {
    let absolute = |path: &mut PathBuf| std::path::absolute(&*path).map(|full| *path = full);
    if let LunSource::File { path, .. } = &mut unit.source {
        absolute(path)?;
    }
    if let Some(path) = &mut unit.reservations {
        absolute(path)?;
    }
    Ok(unit)
}
