//! What a logical unit of a served target is: where its blocks are, and how it behaves.
//!
//! Owns the `--lun` grammar; one table of options serves the parser, the texts and the guide.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the blocks of a logical unit are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LunSource {
    /// A file or block device; its size is the capacity.
    File {
        /// Where.
        path: PathBuf,
        /// Refuse writes.
        read_only: bool,
    },
    /// This many bytes of memory, sparse, zero at the start, gone at the end.
    Size(u64),
    /// The number is left without a logical unit.
    Missing,
}

/// A logical unit to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LunSpec {
    /// Where the blocks are.
    pub source: LunSource,
    /// Refuse writes, whatever the source.
    pub read_only: bool,
    /// START STOP UNIT ejects and loads the medium.
    pub removable: bool,
    /// Fully provisioned: blocks cannot be given up.
    pub full: bool,
    /// A file is read and written past the page cache (O_DIRECT) where its file system can.
    pub direct: bool,
    /// Logical block length in bytes; the target's if left out.
    pub block_size: Option<u32>,
    /// Physical block length in bytes; 4096 if left out.
    pub physical_block: Option<u32>,
    /// Make the file, sparse and of this many bytes, if it is missing.
    pub create: Option<u64>,
    /// Where persistent reservations are kept over a restart. A file that is written keeps them in `FILE.reservations` if this is
    /// left out; memory does not keep any.
    pub reservations: Option<PathBuf>,
}

impl From<LunSource> for LunSpec {
    fn from(source: LunSource) -> Self {
        Self {
            source,
            read_only: false,
            removable: false,
            full: false,
            direct: false,
            block_size: None,
            physical_block: None,
            create: None,
            reservations: None,
        }
    }
}

impl LunSpec {
    /// Where the reservations are kept.
    #[must_use]
    pub fn reservations_file(&self) -> Option<PathBuf> {
        match (&self.reservations, &self.source) {
            (Some(file), _) => Some(file.clone()),
            (
                None,
                LunSource::File {
                    path,
                    read_only: false,
                },
            ) if !self.read_only => {
                let mut name = path.clone().into_os_string();
                name.push(".reservations");
                Some(name.into())
            }
            _ => None,
        }
    }
}

/// The options after a unit's source, with what they mean.
pub const OPTIONS: &[(&str, &str)] = &[
    ("ro", "refuses writes"),
    (
        "removable",
        "the medium can be ejected and loaded (START STOP UNIT)",
    ),
    ("full", "fully provisioned: no UNMAP, no holes"),
    ("thin", "thin provisioning (the default)"),
    (
        "direct",
        "a file is read and written past the page cache (O_DIRECT)",
    ),
    ("block=512|4096", "logical block length"),
    ("physical=BYTES", "physical block length, 4096 unless given"),
    ("create=SIZE", "a missing file is made, sparse and this large"),
    (
        "reservations=FILE",
        "persistent reservations are kept here over a restart",
    ),
];

/// A LUN that cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LunSpecError {
    /// Nothing there.
    #[error("a LUN is a size (64M, 2G) or a file, with :ro for read-only, or `missing`")]
    Empty,
    /// A size that does not fit 63 bits, or is zero.
    #[error("the size of a LUN must be at least 512 bytes and below 8 EiB")]
    Size,
    /// An option with a value that cannot be.
    #[error("block and physical take a power of two from 512 to 65536 bytes, block 512 or 4096")]
    Block,
    /// An option that the source cannot have.
    #[error("only a file can be created or taken past the page cache")]
    NoFile,
}

/// `64M`, `2G`, `1048576`: bytes; `None` if it does not look like a size.
fn size(text: &str) -> Option<Result<u64, LunSpecError>> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.to_ascii_uppercase();
    let shift = match unit.trim_end_matches("IB").trim_end_matches('B') {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    if number.is_empty() {
        return None;
    }
    let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(1 << shift));
    Some(match bytes {
        Some(bytes) if (512..=i64::MAX as u64).contains(&bytes) => Ok(bytes),
        _ => Err(LunSpecError::Size),
    })
}

impl FromStr for LunSource {
    type Err = LunSpecError;

    /// `64M`, `2G`, `1048576` (bytes), `missing` or a path; `path:ro` is read-only. A file whose name looks like a size is `./64M`.
    fn from_str(text: &str) -> Result<Self, LunSpecError> {
        if text.is_empty() || text == ":ro" {
            return Err(LunSpecError::Empty);
        }
        if text == "missing" {
            return Ok(Self::Missing);
        }
        if let Some(bytes) = size(text) {
            return bytes.map(Self::Size);
        }
        let (path, read_only) = match text.strip_suffix(":ro") {
            Some(path) => (path, true),
            None => (text, false),
        };
        Ok(Self::File {
            path: path.into(),
            read_only,
        })
    }
}

impl FromStr for LunSpec {
    type Err = LunSpecError;

    /// A source, then options, each after a comma. A comma that no known option follows belongs to the file's name.
    fn from_str(text: &str) -> Result<Self, LunSpecError> {
        let mut spec = Self::from(LunSource::Missing);
        let mut source = text;
        while let Some((before, option)) = source.rsplit_once(',') {
            if !spec.option(option)? {
                break;
            }
            source = before;
        }
        spec.source = source.parse()?;
        let file = matches!(spec.source, LunSource::File { .. });
        if (spec.create.is_some() || spec.direct) && !file {
            return Err(LunSpecError::NoFile);
        }
        Ok(spec)
    }
}

impl fmt::Display for LunSpec {
    /// As it is typed; a size in bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            LunSource::Missing => f.write_str("missing")?,
            LunSource::Size(bytes) => write!(f, "{bytes}")?,
            LunSource::File { path, read_only } => {
                write!(f, "{}{}", path.display(), if *read_only { ":ro" } else { "" })?;
            }
        }
        for (option, on) in [
            ("ro", self.read_only),
            ("removable", self.removable),
            ("full", self.full),
            ("direct", self.direct),
        ] {
            if on {
                write!(f, ",{option}")?;
            }
        }
        let numbers = [
            ("block", self.block_size.map(u64::from)),
            ("physical", self.physical_block.map(u64::from)),
            ("create", self.create),
        ];
        for (option, value) in numbers {
            if let Some(value) = value {
                write!(f, ",{option}={value}")?;
            }
        }
        match &self.reservations {
            Some(file) => write!(f, ",reservations={}", file.display()),
            None => Ok(()),
        }
    }
}

impl LunSpec {
    /// Takes one option; false if there is none like it.
    fn option(&mut self, option: &str) -> Result<bool, LunSpecError> {
        match option.split_once('=') {
            None => match option {
                "ro" => self.read_only = true,
                "removable" => self.removable = true,
                "full" => self.full = true,
                "thin" => self.full = false,
                "direct" => self.direct = true,
                _ => return Ok(false),
            },
            Some(("block", bytes)) => {
                let bytes = block(bytes)?;
                if bytes != 512 && bytes != 4096 {
                    return Err(LunSpecError::Block);
                }
                self.block_size = Some(bytes);
            }
            Some(("physical", bytes)) => self.physical_block = Some(block(bytes)?),
            Some(("create", bytes)) => self.create = Some(size(bytes).unwrap_or(Err(LunSpecError::Size))?),
            Some(("reservations", file)) if !file.is_empty() => self.reservations = Some(file.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn block(text: &str) -> Result<u32, LunSpecError> {
    let bytes = text.parse().map_err(|_| LunSpecError::Block)?;
    match bytes {
        512..=65536 if u32::is_power_of_two(bytes) => Ok(bytes),
        _ => Err(LunSpecError::Block),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, read_only: bool) -> LunSource {
        LunSource::File {
            path: path.into(),
            read_only,
        }
    }

    #[test]
    fn sizes_and_paths_are_told_apart() {
        for (text, want) in [
            ("64M", LunSource::Size(64 << 20)),
            ("2g", LunSource::Size(2 << 30)),
            ("1MiB", LunSource::Size(1 << 20)),
            ("4096", LunSource::Size(4096)),
            ("missing", LunSource::Missing),
            ("./64M", file("./64M", false)),
            ("disk.img", file("disk.img", false)),
            ("/a/b:ro", file("/a/b", true)),
            ("64Mx", file("64Mx", false)),
            ("a,b", file("a,b", false)),
        ] {
            assert_eq!(text.parse::<LunSpec>(), Ok(LunSpec::from(want)), "{text}");
        }
        for text in ["", ":ro", ",ro"] {
            assert_eq!(text.parse::<LunSpec>(), Err(LunSpecError::Empty), "{text}");
        }
        for text in ["0", "511", "99999999999999999999", "9223372036854775807K"] {
            assert_eq!(text.parse::<LunSpec>(), Err(LunSpecError::Size), "{text}");
        }
    }

    #[test]
    fn options_follow_the_source() {
        let spec: LunSpec =
            "a,b.img,ro,removable,full,direct,block=4096,physical=8192,create=1M,reservations=/r"
                .parse()
                .unwrap();
        assert_eq!(
            spec,
            LunSpec {
                source: file("a,b.img", false),
                read_only: true,
                removable: true,
                full: true,
                direct: true,
                block_size: Some(4096),
                physical_block: Some(8192),
                create: Some(1 << 20),
                reservations: Some("/r".into()),
            }
        );
        for text in ["1M,block=513", "1M,block=8192", "1M,physical=0", "1M,physical=x"] {
            assert_eq!(text.parse::<LunSpec>(), Err(LunSpecError::Block), "{text}");
        }
        for text in ["1M,create=1M", "1M,direct", "missing,direct"] {
            assert_eq!(text.parse::<LunSpec>(), Err(LunSpecError::NoFile), "{text}");
        }
        assert_eq!("f,create=x".parse::<LunSpec>(), Err(LunSpecError::Size));
        for (option, _) in OPTIONS {
            let known = option.split('|').next().unwrap_or_default();
            let known = known
                .replace("BYTES", "4096")
                .replace("SIZE", "1M")
                .replace("FILE", "/r");
            let spec: LunSpec = format!("disk,{known}").parse().unwrap();
            assert_eq!(spec.source, file("disk", false), "{option} is taken for a name");
        }
    }

    #[test]
    fn reservations_are_kept_beside_a_file_that_is_written() {
        let kept = |text: &str| text.parse::<LunSpec>().unwrap().reservations_file();
        assert_eq!(kept("/a/disk"), Some("/a/disk.reservations".into()));
        assert_eq!(kept("/a/disk,reservations=/b"), Some("/b".into()));
        for text in ["/a/disk:ro", "/a/disk,ro", "64M"] {
            assert_eq!(kept(text), None, "{text}");
        }
    }

    #[test]
    fn the_guide_tells_of_every_option() {
        let guide = include_str!("../../../docs/guide/target.md").replace("\\|", "|");
        for (option, _) in OPTIONS {
            assert!(guide.contains(&format!("| `{option}` |")), "{option}");
        }
    }
}
