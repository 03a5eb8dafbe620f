//! Read data of one command, in memory of the target's pool.

use iscsi::buffer::Buffer;
use iscsi::pool::{Memory, Pool};
use scsi::DataIn;

/// Takes memory once the command knows how much it has to say.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    pool: &'a Pool,
    memory: Option<Memory>,
}

impl<'a> Reply<'a> {
    pub(super) const fn new(pool: &'a Pool) -> Self {
        Self { pool, memory: None }
    }

    /// The data, if there is any.
    pub(super) fn into_buffer(self) -> Option<Box<dyn Buffer>> {
        let memory = self.memory.filter(|memory| !memory.is_empty())?;
        Some(Box::new(memory))
    }
}

impl DataIn for Reply<'_> {
    fn clear(&mut self) {
        self.memory = None;
    }

    fn room(&mut self, len: usize) -> &mut [u8] {
        self.memory.insert(self.pool.take(len)).bytes_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_becomes_a_buffer() {
        let pool = Pool::default();
        let mut reply = Reply::new(&pool);
        reply.room(700).fill(3);
        reply.room(5).copy_from_slice(b"hello");
        assert_eq!(reply.into_buffer().unwrap().chunk(0), b"hello");
        for len in [0, 9] {
            let mut reply = Reply::new(&pool);
            reply.room(len).fill(0);
            if len > 0 {
                reply.clear();
            }
            assert!(reply.into_buffer().is_none());
        }
    }
}
