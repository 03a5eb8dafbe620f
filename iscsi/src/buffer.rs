//! Payload buffers: whoever submits a command owns the memory, the engines lend slices of it to the I/O shell.
//!
//! Must not know PDUs. Source: the payload seam in docs/architecture.md.

/// Memory of one SCSI task. Scatter/gather memory (guest pages) and plain vectors look the same.
pub trait Buffer: Send {
    /// Length in bytes.
    fn len(&self) -> usize;

    /// True if the buffer holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The longest contiguous bytes at `offset` (scatter/gather memory returns the rest of one segment); empty at or beyond the end.
    fn chunk(&self, offset: usize) -> &[u8];

    /// As [`Buffer::chunk`], writable.
    fn chunk_mut(&mut self, offset: usize) -> &mut [u8];

    /// Gives up the memory as one vector.
    fn into_vec(self: Box<Self>) -> Vec<u8>;
}

impl Buffer for Vec<u8> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn chunk(&self, offset: usize) -> &[u8] {
        self.get(offset..).unwrap_or_default()
    }

    fn chunk_mut(&mut self, offset: usize) -> &mut [u8] {
        self.get_mut(offset..).unwrap_or_default()
    }

    fn into_vec(self: Box<Self>) -> Vec<u8> {
        *self
    }
}

/// The task buffers of an engine, by the token that the engine gave to the framer.
///
/// Tokens must be unique among buffers that the framer may still refer to.
pub trait Buffers {
    /// The buffer of `token`, if the task still lives.
    fn buffer(&self, token: u32) -> Option<&dyn Buffer>;
    /// As [`Buffers::buffer`], writable.
    fn buffer_mut(&mut self, token: u32) -> Option<&mut dyn Buffer>;
}

/// No task buffers at all (login phase, discovery).
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBuffers;

impl Buffers for NoBuffers {
    fn buffer(&self, _token: u32) -> Option<&dyn Buffer> {
        None
    }

    fn buffer_mut(&mut self, _token: u32) -> Option<&mut dyn Buffer> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_ends_where_it_ends() {
        let mut v = vec![1u8, 2, 3];
        assert_eq!(v.chunk(1), &[2, 3]);
        assert!(v.chunk(3).is_empty());
        assert!(v.chunk(usize::MAX).is_empty());
        v.chunk_mut(2)[0] = 9;
        assert!(v.chunk_mut(4).is_empty());
        assert_eq!(Buffer::len(&v), 3);
        assert_eq!(Box::new(v).into_vec(), [1, 2, 9]);
    }
}
