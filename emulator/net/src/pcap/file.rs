//! The capture file: header, records, and what happens when the disk is full.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

/// Time stamps have nanoseconds.
const MAGIC: u32 = 0xa1b2_3c4d;
const LINKTYPE_ETHERNET: u32 = 1;
const SNAP_LEN: u32 = 262_144;
/// Bytes that wait for the file at most.
const BUFFER: usize = 64 << 10;

/// A capture file that any number of links write to.
#[derive(Debug, Clone)]
pub struct Capture(Arc<Mutex<Output>>);

#[derive(Debug)]
struct Output {
    file: BufWriter<File>,
    /// A write failed: nothing more is captured.
    broken: bool,
}

/// The file, empty and its owner's alone.
fn empty(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)?;
    let meta = file.metadata()?;
    let mut magic = [0; 4];
    let capture = meta.is_file()
        && (meta.len() == 0 || file.read_exact_at(&mut magic, 0).is_ok() && magic == MAGIC.to_le_bytes());
    if !capture {
        let why = "there is something that is no capture; it was left alone";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    Ok(file)
}

impl Capture {
    /// Makes the file (mode 0600: CHAP answers and data stand in it), or empties an older capture.
    ///
    /// # Errors
    /// What the file system answers; there is something else of that name (a link, too), which is left alone.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::into_file(empty(path)?)
    }

    pub(super) fn into_file(file: File) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(BUFFER, file);
        let mut header = Vec::with_capacity(24);
        header.extend_from_slice(&MAGIC.to_le_bytes());
        header.extend_from_slice(&2u16.to_le_bytes());
        header.extend_from_slice(&4u16.to_le_bytes());
        header.extend_from_slice(&[0; 8]);
        header.extend_from_slice(&SNAP_LEN.to_le_bytes());
        header.extend_from_slice(&LINKTYPE_ETHERNET.to_le_bytes());
        file.write_all(&header)?;
        file.flush()?;
        let output = Output { file, broken: false };
        Ok(Self(Arc::new(Mutex::new(output))))
    }

    /// Adds one frame, given in two parts. A failure ends the capture, with one warning; the links go on.
    pub(super) fn frame(&self, head: &[u8], payload: &[u8]) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let len = u32::try_from(head.len().saturating_add(payload.len())).unwrap_or(u32::MAX);
        let mut record = [0; 16];
        let fields = [since.as_secs() as u32, since.subsec_nanos(), len, len];
        for (to, field) in record.chunks_exact_mut(4).zip(fields) {
            to.copy_from_slice(&field.to_le_bytes());
        }
        self.with(|file| {
            file.write_all(&record)?;
            file.write_all(head)?;
            file.write_all(payload)
        });
    }

    /// Hands what waits to the file, so that a reader sees whole records.
    pub(super) fn flush(&self) {
        self.with(BufWriter::flush);
    }

    fn with(&self, act: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if output.broken {
            return;
        }
        if let Err(error) = act(&mut output.file) {
            output.broken = true;
            tracing::warn!(%error, "the capture file takes no more; the capture ends");
        }
    }
}
