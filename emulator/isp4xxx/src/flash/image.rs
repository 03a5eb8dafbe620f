//! The bytes of a card's flash in memory: the areas of every port, nothing else.
//!
//! Owns reading and changing of bytes by the port's addresses. It must not know what the bytes mean.

use zerocopy::FromBytes;
use zeroize::Zeroize;

use super::layout::{Area, Layout};
use super::store::Loaded;

/// The areas of every port.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    layout: &'static Layout,
    ports: Vec<[Vec<u8>; 4]>,
}

impl Image {
    /// An erased image.
    #[must_use]
    pub fn erased(layout: &'static Layout, ports: usize) -> Self {
        let area = |area: Area| vec![0xFF; layout.place(area).size];
        Self {
            layout,
            ports: (0..ports).map(|_| Area::ALL.map(area)).collect(),
        }
    }

    /// Takes the areas out of what a store loaded; the first missing one is named in the error.
    ///
    /// # Errors
    /// Port and area that are missing or have another length.
    pub fn from_loaded(
        layout: &'static Layout,
        loaded: &Loaded,
        ports: usize,
    ) -> Result<Self, (usize, Area)> {
        let mut image = Self::erased(layout, ports);
        for (port, areas) in image.ports.iter_mut().enumerate() {
            for (area, room) in Area::ALL.into_iter().zip(areas) {
                let found = loaded
                    .areas
                    .iter()
                    .find(|(offset, _)| *offset == layout.position(area, port));
                match found {
                    Some((_, bytes)) if bytes.len() == room.len() => room.clone_from(bytes),
                    _ => return Err((port, area)),
                }
            }
        }
        Ok(image)
    }

    /// As a store would load it.
    #[must_use]
    pub fn to_loaded(&self, nvram: &[u8]) -> Loaded {
        let areas = self
            .areas()
            .map(|(offset, bytes)| (offset, bytes.to_vec()))
            .collect();
        Loaded {
            areas,
            flash_len: self.layout.image_len(self.ports()),
            nvram: nvram.to_vec(),
        }
    }

    /// How many ports.
    #[must_use]
    pub fn ports(&self) -> usize {
        self.ports.len()
    }

    /// Every area: offset in the card's image, bytes.
    pub fn areas(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let layout = self.layout;
        self.ports.iter().enumerate().flat_map(move |(port, areas)| {
            Area::ALL
                .into_iter()
                .zip(areas)
                .map(move |(area, bytes)| (layout.position(area, port), bytes.as_slice()))
        })
    }

    /// One area of a port; empty for a port that is not there.
    #[must_use]
    pub fn area(&self, port: usize, area: Area) -> &[u8] {
        self.ports
            .get(port)
            .map_or(&[], |areas| areas[area as usize].as_slice())
    }

    /// One area of a port, to be changed.
    pub fn area_mut(&mut self, port: usize, area: Area) -> &mut [u8] {
        self.ports
            .get_mut(port)
            .map_or(&mut [], |areas| areas[area as usize].as_mut_slice())
    }

    /// Bytes at an address of the port's view; what lies outside of the areas is erased. `None` beyond the view.
    #[must_use]
    pub fn read(&self, port: usize, offset: u32, len: usize) -> Option<Vec<u8>> {
        let end = u64::from(offset).checked_add(len as u64)?;
        if end > self.layout.stride || port >= self.ports() {
            return None;
        }
        let mut out = vec![0xFF; len];
        for area in Area::ALL {
            let place = self.layout.place(area);
            let base = u64::from(place.offset);
            let from = u64::from(offset).max(base);
            let to = end.min(base + place.size as u64);
            if from < to {
                let source = &self.area(port, area)[(from - base) as usize..(to - base) as usize];
                out[(from - u64::from(offset)) as usize..(to - u64::from(offset)) as usize]
                    .copy_from_slice(source);
            }
        }
        Some(out)
    }

    /// Record `index` of an area as a struct; `None` beyond the table.
    #[must_use]
    pub fn record<T: FromBytes>(&self, port: usize, area: Area, index: usize) -> Option<T> {
        let at = index.checked_mul(area.record())?;
        let bytes = self.area(port, area).get(at..at.checked_add(size_of::<T>())?)?;
        T::read_from_bytes(bytes).ok()
    }
}

impl Drop for Image {
    /// The CHAP tables hold secrets.
    fn drop(&mut self) {
        for areas in &mut self.ports {
            areas[Area::Chap as usize].zeroize();
        }
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("ports", &self.ports())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::ISP40XX;
    use super::*;

    #[test]
    fn reads_cross_the_borders_of_areas_and_stop_at_the_end_of_the_view() {
        let mut image = Image::erased(&ISP40XX, 2);
        image.area_mut(1, Area::Ddb)[..4].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(image.read(1, 0x04FF_FFFE, 4).unwrap(), [0xFF, 0xFF, 1, 2]);
        assert_eq!(image.read(0, 0x04FF_FFFE, 4).unwrap(), [0xFF; 4]);
        assert_eq!(image.read(0, 0x07FF_FFFF, 1).unwrap(), [0xFF]);
        assert_eq!(image.read(0, 0x07FF_FFFF, 2), None);
        assert_eq!(image.read(0, u32::MAX, usize::MAX), None);
        assert_eq!(image.read(2, 0x0500_0000, 1), None);
    }

    #[test]
    fn a_missing_area_is_named() {
        let image = Image::erased(&ISP40XX, 2);
        let mut loaded = image.to_loaded(&[]);
        assert_eq!(Image::from_loaded(&ISP40XX, &loaded, 2), Ok(image));
        loaded
            .areas
            .retain(|(offset, _)| *offset != ISP40XX.position(Area::Chap, 1));
        assert_eq!(Image::from_loaded(&ISP40XX, &loaded, 2), Err((1, Area::Chap)));
    }
}
