//! The capture file: header, records, and what happens when the disk is full.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

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

impl Capture {
    /// Makes the file (mode 0600: CHAP answers and data stand in it), or empties an existing one.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
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
