//! Logical units and what they answer.

use hba::model::{Capacity, Inquiry, Lun, ReportedLun, VpdPage};
use hba::ops::in_use::{Standing, Use};

use crate::output::{Details, Table, flag, known, yes};

/// For pipes: what came later stands behind what scripts count on.
pub(crate) fn columns(all: &[Lun]) -> Table {
    let mut table = table(all);
    for row in &mut table.rows {
        let kind = row.remove(TYPE);
        row.push(kind);
    }
    table
}

/// Where the table has the type.
const TYPE: usize = 2;

pub(crate) fn table(all: &[Lun]) -> Table {
    let rows = all.iter().map(|l| {
        vec![
            l.address.clone(),
            known(l.sid),
            l.device_type.map_or_else(
                || "n/a".to_owned(),
                |kind| type_name(kind).map_or_else(|| kind.to_string(), str::to_owned),
            ),
            known(l.vendor.as_ref()),
            known(l.model.as_ref()),
            known(l.revision.as_ref()),
            match (&l.unusable, l.size_bytes) {
                (Some(_), _) => "unusable".to_owned(),
                (None, bytes) => bytes.map_or_else(|| "n/a".to_owned(), size),
            },
            known(l.block_device.as_ref()),
            known(l.state.as_ref()),
        ]
    });
    Table {
        heads: &[
            "LUN", "SESSION", "TYPE", "VENDOR", "MODEL", "REV", "SIZE", "DEVICE", "STATE",
        ],
        rows: rows.collect(),
    }
}

pub(crate) fn uses(all: &[Use]) -> Table {
    let rows = all.iter().map(|one| {
        let what = match &one.what {
            Standing::Mounted { point, file_system } => format!("mounted at {point} ({file_system})"),
            Standing::Swap => "swap space".to_owned(),
            Standing::Device => "in use as a part".to_owned(),
            Standing::Claimed => "held by somebody".to_owned(),
        };
        let through = if one.through.is_empty() {
            "-".to_owned()
        } else {
            one.through.join(", ")
        };
        vec![
            one.address.clone(),
            known(one.sid),
            one.disk.clone(),
            what,
            through,
        ]
    });
    Table {
        heads: &["LUN", "SESSION", "DEVICE", "USE", "THROUGH"],
        rows: rows.collect(),
    }
}

pub(crate) fn inquiry(i: &Inquiry) -> Details {
    let pages: Vec<String> = i.vpd_pages.iter().map(|page| format!("0x{page:02x}")).collect();
    vec![
        ("Vendor".to_owned(), i.vendor.clone()),
        ("Product".to_owned(), i.product.clone()),
        ("Revision".to_owned(), i.revision.clone()),
        ("Device type".to_owned(), device_type(i.device_type)),
        ("Connected".to_owned(), yes(i.qualifier == 0).to_owned()),
        ("SPC version".to_owned(), i.version.to_string()),
        ("Removable".to_owned(), yes(i.removable).to_owned()),
        (
            "VPD pages".to_owned(),
            if pages.is_empty() {
                "none".to_owned()
            } else {
                pages.join(" ")
            },
        ),
    ]
}

pub(crate) fn vpd(page: &VpdPage) -> Details {
    let mut rows = vec![
        ("Page".to_owned(), format!("0x{:02x}", page.page)),
        ("Name".to_owned(), known(page.name.as_ref())),
    ];
    rows.extend(page.fields.iter().cloned());
    rows.push(("Bytes".to_owned(), page.raw.clone()));
    rows
}

pub(crate) fn reported(all: &[ReportedLun]) -> Table {
    let rows = all
        .iter()
        .map(|r| vec![r.lun.to_string(), r.raw.clone(), yes(r.attached).to_owned()]);
    Table {
        heads: &["LUN", "BYTES", "ATTACHED"],
        rows: rows.collect(),
    }
}

pub(crate) fn capacity(c: &Capacity) -> Details {
    vec![
        ("Size".to_owned(), size(c.bytes)),
        ("Bytes".to_owned(), c.bytes.to_string()),
        ("Blocks".to_owned(), c.blocks.to_string()),
        ("Block length (bytes)".to_owned(), c.block_length.to_string()),
        (
            "Answered by".to_owned(),
            format!("READ CAPACITY({})", if c.long_form { 16 } else { 10 }),
        ),
        ("Thin provisioned".to_owned(), flag(c.thin)),
        ("Usable by Linux".to_owned(), yes(c.usable).to_owned()),
    ]
}

/// Bytes in the largest binary unit that leaves a whole part.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"].into_iter();
    let mut unit = units.next().unwrap_or("B");
    for next in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value.fract() == 0.0 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

fn device_type(number: u8) -> String {
    match type_name(u32::from(number)) {
        Some(name) => format!("{number} ({name})"),
        None => number.to_string(),
    }
}

/// The name of a peripheral device type (SPC-4, table 138).
const fn type_name(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "disk",
        1 => "tape",
        3 => "processor",
        5 => "cd/dvd",
        8 => "medium changer",
        12 => "array controller",
        13 => "enclosure",
        14 => "simple disk",
        20 => "zoned disk",
        31 => "none",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_use_binary_units() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(512), "512 B");
        assert_eq!(size(64 << 20), "64 MiB");
        assert_eq!(size((3 << 30) / 2), "1.5 GiB");
        assert_eq!(size(u64::MAX), "16384 PiB");
    }
}
