//! Reading an adapter's memories as they are.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use zeroize::Zeroizing;

use super::place::{Area, port, unless};
use crate::backend::Memory;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::{AdapterId, HostNo};
use crate::message::Message;
use crate::quirks::{Ability, Chip};
use crate::step::Step;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An area of flash.
    Flash(Area),
    /// The NVRAM, whole.
    Nvram,
    /// An address control block that the firmware works with: 0 the first, 1 the second.
    Acb(u32),
    /// The states of the port's four addresses.
    AcbState,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(area) => write!(f, "flash area {area}"),
            Self::Nvram => f.write_str("nvram"),
            Self::Acb(index) => write!(f, "acb {index}"),
            Self::AcbState => f.write_str("acb-state"),
        }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dump {
    /// The port.
    pub host: HostNo,
    /// What it is, as `flash area ifcb`.
    pub memory: String,
    /// Where it begins in that memory, where it has a place.
    pub offset: Option<u32>,
    /// How many bytes.
    pub length: usize,
    /// The bytes, hexadecimal; `None` when they went into a file.
    pub data: Option<String>,
    /// The file that they went into.
    pub file: Option<String>,
}

/// Reads `part`. The CHAP area has secrets: it is read only `with_secrets`.
///
/// # Errors
/// [`Kind::Invalid`] for the CHAP area without the word for it, [`Kind::Unsupported`] where the chip has no such thing.
pub fn dump(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    part: Part,
    with_secrets: bool,
) -> Result<(Dump, Zeroizing<Vec<u8>>)> {
    let doing = format!("read {part}");
    let (key, chip) = port(ctx, id, &doing, Ability::Memory)?;
    let tried = format!("{doing} of {}", key.host);
    if part == Part::Flash(Area::Chap) && !with_secrets {
        return Err(Error::new(Kind::Invalid, tried)
            .answered("this area has the CHAP secrets as they are")
            .hint(
                Message::from("say that they are wanted, and name a file (")
                    .then(Step::WithSecrets)
                    .then("); ")
                    .then(Step::ChapList)
                    .then(" shows the entries without them"),
            ));
    }
    // A command that the driver refuses late is one that some kernels do not survive: it is not sent.
    let why = match part {
        Part::Flash(_) => chip.why_no_areas(),
        Part::Nvram => (chip == Chip::Isp80xx).then_some("80xx adapters have no NVRAM"),
        Part::Acb(_) | Part::AcbState => {
            (chip == Chip::Isp4010).then_some("the driver does not ask an ISP4010 for control blocks")
        }
    };
    unless(&key, &tried, why)?;
    let parts: Vec<Memory> = match part {
        Part::Flash(area) => vec![area.memory()],
        Part::Nvram => vec![Memory::Nvram {
            offset: 0,
            length: nvram_size(chip),
        }],
        Part::Acb(index) => vec![Memory::ControlBlock { index }],
        Part::AcbState => (0..4)
            .map(|address| Memory::AddressState { block: 0, address })
            .collect(),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    for memory in &parts {
        let found = Zeroizing::new(ctx.backend.read_memory(key.host, *memory, ctx.deadline)?);
        bytes.extend_from_slice(&found);
    }
    let offset = match parts.first() {
        Some(Memory::Flash { offset, .. } | Memory::Nvram { offset, .. }) => Some(*offset),
        _ => None,
    };
    let dump = Dump {
        host: key.host,
        memory: part.to_string(),
        offset,
        length: bytes.len(),
        data: None,
        file: None,
    };
    Ok((dump, bytes))
}

/// Bytes of a chip's NVRAM.
fn nvram_size(chip: Chip) -> u32 {
    use driver_sys::hw::nvram::{QL40X2_NVRAM_SIZE, QL4010_NVRAM_SIZE};
    let size = if chip == Chip::Isp4010 {
        QL4010_NVRAM_SIZE
    } else {
        QL40X2_NVRAM_SIZE
    };
    u32::try_from(size).unwrap_or(u32::MAX)
}
