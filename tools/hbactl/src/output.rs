//! How answers reach stdout: the same data as table, JSON or plain columns.
//!
//! Owns the three formats, and that nothing reaches a terminal from here that is not printable. It must not know what a noun looks
//! like: views give rows.

use std::cell::Cell;
use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table as Comfy, presets};
use hba::{Change, Message};
use serde::Serialize;
use terminal::{printable, stdout};

use crate::args::Format;
use crate::envelope::Envelope;
use crate::words;

/// Rows with headings.
pub(crate) struct Table {
    pub(crate) heads: &'static [&'static str],
    pub(crate) rows: Vec<Vec<String>>,
}

/// Names and values of one object, in order; a value "" prints the name as a heading.
pub(crate) type Details = Vec<(String, String)>;

/// Why a command did not end well.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The operation failed.
    Hba(hba::Error),
    /// Stdout is gone or full.
    Stdout(io::Error),
    /// The answer was given and stands for a failure (no ping answered, for example).
    Answered(u8),
}

impl From<hba::Error> for Failure {
    fn from(error: hba::Error) -> Self {
        Self::Hba(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stdout(error)
    }
}

/// What every command returns.
pub(crate) type Done = Result<(), Failure>;

/// Writes answers.
#[derive(Clone, Debug)]
pub(crate) struct Out {
    format: Format,
    /// Whether an answer has carried the remarks.
    remarked: Cell<bool>,
}

impl Out {
    pub(crate) const fn new(format: Format) -> Self {
        Self {
            format,
            remarked: Cell::new(false),
        }
    }

    /// Whether an answer has carried the remarks of the operation, so that they need not be told beside it.
    pub(crate) fn has_remarked(&self) -> bool {
        self.remarked.get()
    }

    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// A list of objects.
    pub(crate) fn list<T: Serialize>(
        &self,
        kind: &str,
        items: &[T],
        warnings: &[Message],
        view: fn(&[T]) -> Table,
    ) -> Done {
        match self.format {
            Format::Json => self.json(kind, &items, warnings),
            Format::Plain => plain(&view(items)),
            Format::Table if items.is_empty() => {
                if let Some((_, note)) = NOTHING.iter().find(|(known, _)| *known == kind) {
                    terminal::note(note);
                }
                Ok(())
            }
            Format::Table => table(view(items)),
        }
    }

    /// One object.
    pub(crate) fn one<T: Serialize>(
        &self,
        kind: &str,
        item: &T,
        warnings: &[Message],
        view: fn(&T) -> Details,
    ) -> Done {
        match self.format {
            Format::Json => self.json(kind, item, warnings),
            _ => self.details(&view(item)),
        }
    }

    /// Rows for people and pipes.
    pub(crate) fn table(&self, rows: Table) -> Done {
        match self.format {
            Format::Plain => plain(&rows),
            _ => table(rows),
        }
    }

    /// What a changing command did, or would do.
    pub(crate) fn change<T: Serialize>(
        &self,
        kind: &str,
        subject: &str,
        change: &Change<T>,
        warnings: &[Message],
    ) -> Done {
        if self.format == Format::Json {
            return self.json(kind, change, warnings);
        }
        let mut out = stdout();
        let subject = printable::text(subject);
        let (verdict, diff) = match change {
            Change::Unchanged { .. } => ("unchanged", &[][..]),
            Change::Planned { diff, .. } => ("would change", diff.as_slice()),
            Change::Changed { diff, .. } => ("changed", diff.as_slice()),
        };
        if self.format == Format::Plain {
            writeln!(out, "{}\t{subject}", verdict.replace(' ', "-"))?;
        } else {
            writeln!(out, "{subject}: {verdict}")?;
        }
        for difference in diff {
            let before = printable::text(difference.before.as_deref().unwrap_or("-"));
            let after = printable::text(difference.after.as_deref().unwrap_or("-"));
            if self.format == Format::Plain {
                writeln!(out, "{}\t{before}\t{after}", difference.field)?;
            } else {
                writeln!(out, "  {:<28} {before} → {after}", difference.field)?;
            }
        }
        Ok(out.flush()?)
    }

    /// Names and values.
    pub(crate) fn details(&self, details: &Details) -> Done {
        let mut out = stdout();
        let width = details.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in details {
            let (name, value) = (printable::text(name), printable::text(value));
            match (self.format, value.is_empty()) {
                (Format::Plain, true) => {}
                (Format::Plain, false) => writeln!(out, "{name}\t{value}")?,
                (_, true) => writeln!(out, "\n{name}")?,
                (_, false) => writeln!(out, "{name:<width$}  {value}")?,
            }
        }
        Ok(out.flush()?)
    }

    /// The envelope.
    pub(crate) fn json<T: Serialize + ?Sized>(&self, kind: &str, data: &T, warnings: &[Message]) -> Done {
        let mut envelope = Envelope::new(kind, data);
        envelope.warnings = warnings.iter().map(words::message).collect();
        self.remarked.set(true);
        let text = serde_json::to_string_pretty(&envelope).map_err(io::Error::from)?;
        json(&text)
    }

    /// One envelope on one line, for answers that come one by one.
    pub(crate) fn json_line<T: Serialize>(&self, kind: &str, data: &T) -> Done {
        let text = serde_json::to_string(&Envelope::new(kind, data)).map_err(io::Error::from)?;
        json(&text)
    }
}

/// Writes a finished document.
pub(crate) fn json(document: &str) -> Done {
    let mut out = stdout();
    writeln!(out, "{}", printable::json(document))?;
    Ok(out.flush()?)
}

/// What an empty list tells people, on stderr.
const NOTHING: &[(&str, &str)] = &[
    ("adapter.list", "There is no iSCSI adapter here."),
    ("iface.list", "There are no interfaces."),
    (
        "adapter.portals",
        "No interface has an address; hbactl iface set gives it one.",
    ),
    (
        "flash.list",
        "There are no flash targets; hbactl flash add makes one.",
    ),
    (
        "target.list",
        "No target is known; hbactl flash discover finds some, hbactl target login adds one.",
    ),
    (
        "target.portal.list",
        "Nobody is asked for targets; hbactl target discover asks a portal and keeps it, hbactl target portal add writes one down.",
    ),
    (
        "chap.list",
        "There are no CHAP entries; hbactl chap add makes one.",
    ),
    (
        "target.exclude.list",
        "Nothing is excluded; hbactl target exclude add lays down a rule.",
    ),
    ("boot.show", "No adapter here has a boot configuration."),
    (
        "lun.list",
        "There are no logical units; hbactl session list shows the sessions.",
    ),
    (
        "node.list",
        "There are no node records; hbactl target discover finds targets, hbactl node add makes a record.",
    ),
    (
        "target.persistent.list",
        "Nothing is logged in to by itself; hbactl target persistent add keeps a target.",
    ),
    ("lun.uses", "Nothing stands on the disks."),
    ("lun.report", "The target reports no logical units."),
];

fn plain(table: &Table) -> Done {
    let mut out = stdout();
    for row in &table.rows {
        let cells: Vec<_> = row.iter().map(|cell| printable::text(cell)).collect();
        writeln!(out, "{}", cells.join("\t"))?;
    }
    Ok(out.flush()?)
}

fn table(table: Table) -> Done {
    let mut out = stdout();
    if !table.rows.is_empty() {
        let mut comfy = Comfy::new();
        comfy
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        comfy.set_header(table.heads);
        for row in &table.rows {
            comfy.add_row(row.iter().map(|cell| printable::text(cell)));
        }
        // The preset pads every cell on both sides; a line then begins and ends with blanks nobody needs.
        for line in comfy.to_string().lines() {
            writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line).trim_end())?;
        }
    }
    Ok(out.flush()?)
}

/// A value that may be unknown.
pub(crate) fn known<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "n/a".to_owned(), |value| value.to_string())
}

/// A flag that may be unknown.
pub(crate) fn flag(value: Option<bool>) -> String {
    known(value.map(yes))
}

/// A flag.
pub(crate) const fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
