//! Vital product data. Source: SPC-4 §7.8, SBC-3 §6.6.

use super::command::{field, hex, number, read_data};
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::model::VpdPage;

const NAMES: &[(u8, &str)] = &[
    (0x00, "supported pages"),
    (0x80, "unit serial number"),
    (0x83, "device identification"),
    (0x86, "extended inquiry data"),
    (0xB0, "block limits"),
    (0xB1, "block device characteristics"),
    (0xB2, "logical block provisioning"),
];

/// Four bytes of header come before the page's data.
const HEADER: usize = 4;
const ALLOCATION: u16 = 4096;

/// One page of vital product data.
///
/// # Errors
/// As [`super::inquiry()`].
pub fn vpd(ctx: &mut Ctx<'_>, lun: Hctl, page: u8) -> Result<VpdPage> {
    let data = fetch(ctx, lun, page)?;
    let fields = match page {
        0x00 => vec![(
            "pages".to_owned(),
            page_list(&data)
                .iter()
                .map(|p| format!("{p:#04x}"))
                .collect::<Vec<_>>()
                .join(" "),
        )],
        0x80 => vec![("serial".to_owned(), field(&data, HEADER, data.len()))],
        0x83 => designators(&data),
        0xB0 => block_limits(&data),
        0xB1 => characteristics(&data),
        0xB2 => provisioning(&data),
        _ => Vec::new(),
    };
    let name = NAMES.iter().find(|n| n.0 == page).map(|n| n.1.to_owned());
    Ok(VpdPage {
        page,
        name,
        fields,
        raw: hex(&data),
    })
}

/// A page's bytes, header included, cut to the length it tells.
pub(super) fn fetch(ctx: &mut Ctx<'_>, lun: Hctl, page: u8) -> Result<Vec<u8>> {
    let tried = format!("read vpd page {page:#04x} of {lun}");
    let [high, low] = ALLOCATION.to_be_bytes();
    let mut data = read_data(
        ctx,
        lun,
        &tried,
        &[0x12, 1, page, high, low, 0],
        usize::from(ALLOCATION),
    )?;
    let length = number(&data, 2, 2).and_then(|n| usize::try_from(n).ok());
    match length {
        Some(length) if data.get(1) == Some(&page) => {
            data.truncate(length.saturating_add(HEADER));
            Ok(data)
        }
        _ => Err(Error::new(Kind::Failed, tried).answered("the device gave another page, or none")),
    }
}

/// The page numbers of page 0.
pub(super) fn page_list(data: &[u8]) -> Vec<u8> {
    data.get(HEADER..).unwrap_or_default().to_vec()
}

fn designators(data: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut at = HEADER;
    while let Some(head) = data.get(at..at + 4) {
        let end = at + 4 + usize::from(head[3]);
        let Some(id) = data.get(at + 4..end) else { break };
        let kind = match head[1] & 15 {
            0 => "vendor",
            1 => "t10",
            2 => "eui64",
            3 => "naa",
            4 => "relative target port",
            5 => "target port group",
            6 => "logical unit group",
            8 => "scsi name",
            _ => "other",
        };
        let about = match (head[1] >> 4) & 3 {
            0 => "unit",
            1 => "port",
            2 => "device",
            _ => "?",
        };
        let text = if matches!(head[0] & 15, 2 | 3) {
            field(id, 0, id.len()).trim_end_matches('\0').to_owned()
        } else {
            hex(id)
        };
        fields.push((format!("{about} {kind}"), text));
        at = end;
    }
    fields
}

fn numbers(data: &[u8], rows: &[(&str, usize, usize)]) -> Vec<(String, String)> {
    rows.iter()
        .filter_map(|(name, at, length)| Some(((*name).to_owned(), number(data, *at, *length)?.to_string())))
        .collect()
}

fn block_limits(data: &[u8]) -> Vec<(String, String)> {
    numbers(
        data,
        &[
            ("optimal transfer granularity (blocks)", 6, 2),
            ("maximum transfer (blocks)", 8, 4),
            ("optimal transfer (blocks)", 12, 4),
            ("maximum unmap (blocks)", 20, 4),
            ("maximum unmap descriptors", 24, 4),
            ("optimal unmap granularity (blocks)", 28, 4),
            ("maximum write same (blocks)", 36, 8),
        ],
    )
}

fn characteristics(data: &[u8]) -> Vec<(String, String)> {
    let rotation = match number(data, 4, 2) {
        None => return Vec::new(),
        Some(0) => "not told".to_owned(),
        Some(1) => "solid state".to_owned(),
        Some(rpm) => format!("{rpm} rpm"),
    };
    vec![("medium".to_owned(), rotation)]
}

fn provisioning(data: &[u8]) -> Vec<(String, String)> {
    let flag = |bit: u8| {
        data.get(5)
            .map(|b| if b & bit == 0 { "no" } else { "yes" }.to_owned())
    };
    let rows = [
        ("unmap", 0x80),
        ("write same (16) unmaps", 0x40),
        ("write same (10) unmaps", 0x20),
    ];
    let mut fields: Vec<_> = rows
        .iter()
        .filter_map(|(n, bit)| Some(((*n).to_owned(), flag(*bit)?)))
        .collect();
    if let Some(kind) = data.get(6) {
        let text = match kind & 7 {
            1 => "resource",
            2 => "thin",
            _ => "full or not told",
        };
        fields.push(("provisioning".to_owned(), text.to_owned()));
    }
    fields
}
