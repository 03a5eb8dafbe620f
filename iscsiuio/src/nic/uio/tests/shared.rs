//! Memory that a ring and a model share.

use std::sync::{Arc, Mutex};

use driver_sys::uio::Outside;

use crate::nic::uio::Memory;

type Once = Box<dyn FnOnce() + Send>;

/// Bytes with the rules of a mapping.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Vec<u8>>>, Arc<Mutex<Option<Once>>>);

impl Shared {
    pub(super) fn new(len: usize) -> Self {
        Self(Arc::new(Mutex::new(vec![0; len])), Arc::default())
    }

    /// What happens while bytes are copied out the next time.
    pub(super) fn meanwhile(&self, happens: impl FnOnce() + Send + 'static) {
        *self.1.lock().unwrap() = Some(Box::new(happens));
    }

    fn get<const N: usize>(&self, at: usize) -> Result<[u8; N], Outside> {
        let bytes = self.0.lock().unwrap();
        let outside = Outside {
            at,
            width: N,
            len: bytes.len(),
        };
        if !at.is_multiple_of(N) {
            return Err(outside);
        }
        let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
        found.copied().ok_or(outside)
    }

    fn put<const N: usize>(&self, at: usize, value: [u8; N]) -> Result<(), Outside> {
        self.get::<N>(at)?;
        self.0.lock().unwrap()[at..at + N].copy_from_slice(&value);
        Ok(())
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Shared").field(&self.len()).finish()
    }
}

impl Memory for Shared {
    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn read8(&self, at: usize) -> Result<u8, Outside> {
        self.get(at).map(u8::from_ne_bytes)
    }

    fn read16(&self, at: usize) -> Result<u16, Outside> {
        self.get(at).map(u16::from_ne_bytes)
    }

    fn read32(&self, at: usize) -> Result<u32, Outside> {
        self.get(at).map(u32::from_ne_bytes)
    }

    fn write8(&self, at: usize, value: u8) -> Result<(), Outside> {
        self.put(at, value.to_ne_bytes())
    }

    fn write16(&self, at: usize, value: u16) -> Result<(), Outside> {
        self.put(at, value.to_ne_bytes())
    }

    fn write32(&self, at: usize, value: u32) -> Result<(), Outside> {
        self.put(at, value.to_ne_bytes())
    }

    fn read(&self, at: usize, to: &mut [u8]) -> Result<(), Outside> {
        let happens = self.1.lock().unwrap().take();
        happens.into_iter().for_each(|happens| happens());
        let bytes = self.0.lock().unwrap();
        let outside = Outside {
            at,
            width: to.len(),
            len: bytes.len(),
        };
        let end = at.checked_add(to.len()).ok_or(outside)?;
        to.copy_from_slice(bytes.get(at..end).ok_or(outside)?);
        Ok(())
    }

    fn write(&self, at: usize, from: &[u8]) -> Result<(), Outside> {
        let mut bytes = self.0.lock().unwrap();
        let outside = Outside {
            at,
            width: from.len(),
            len: bytes.len(),
        };
        let end = at.checked_add(from.len()).ok_or(outside)?;
        bytes.get_mut(at..end).ok_or(outside)?.copy_from_slice(from);
        Ok(())
    }
}
