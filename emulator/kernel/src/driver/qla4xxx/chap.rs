//! The CHAP table: reading it in pages, setting and deleting entries, whether an entry is in use.
//!
//! Source: `ql4_os.c` (`qla4xxx_get_chap_list`, `qla4xxx_set_chap_entry`, `qla4xxx_delete_chap`, `__qla4xxx_is_chap_active`),
//! `ql4_mbx.c` (`qla4xxx_set_chap`, `qla4xxx_get_chap_index`).

use driver_sys::Secret;
use driver_sys::hw::chap::{
    CHAP_VALID_COOKIE, ChapFlags, MAX_CHAP_NAME_LEN, MAX_CHAP_SECRET_LEN, MAX_RESRV_CHAP_IDX,
};
use driver_sys::hw::raw::ql4_chap_table;
use driver_sys::netlink::params::{ChapParam, ChapType};
use driver_sys::netlink::{Attr, ChapRecord};
use isp4xxx::flash::Area;
use isp4xxx::fw::MboxError;
use nix::errno::Errno;

use super::Qla4xxx;
use crate::transport::{Class, Params};

/// Marks an entry that the driver deleted.
const DELETED: u16 = 0xffff;

/// An entry that proves the initiator.
pub(super) fn is_uni(e: &ql4_chap_table) -> bool {
    e.is_valid() && e.chap_flags().contains(ChapFlags::LOCAL)
}

impl Qla4xxx {
    /// Reads the whole table from flash (`qla4xxx_create_chap_list`).
    pub(super) fn read_chap_list(&mut self, host: usize) {
        let count = self.card.chip().max_chap;
        let list = self.read_records(host, Area::Chap, count);
        if !list.is_empty() {
            self.hosts[host].chap_list.replace(list);
        }
    }

    /// The table as the driver knows it: as it was when it was last read, and what the driver has written since.
    pub(super) fn chap_list(&self, host: usize) -> &[ql4_chap_table] {
        self.hosts[host].chap_list.entries()
    }

    /// Writes an entry to flash and remembers it.
    fn put_chap(&mut self, host: usize, index: u16, entry: ql4_chap_table) -> Result<(), MboxError> {
        self.write_record(host, Area::Chap, index, &entry)?;
        self.hosts[host].chap_list.put(index.into(), entry);
        Ok(())
    }

    /// Name and secret of an initiator's entry (`qla4xxx_get_uni_chap_at_index`).
    pub(super) fn uni_chap(&self, host: usize, index: u16) -> Option<(String, String)> {
        let e = self
            .chap_list(host)
            .get(usize::from(index))
            .filter(|e| is_uni(e))?;
        Some((
            crate::text::cstr(e.name_bytes()),
            crate::text::cstr(e.secret_bytes()),
        ))
    }

    /// The index of an entry with this name and secret.
    pub(super) fn find_chap(&self, host: usize, name: &str, secret: &str, bidi: bool) -> Option<u16> {
        if name.is_empty() || secret.is_empty() {
            return None;
        }
        let flag = if bidi { ChapFlags::PEER } else { ChapFlags::LOCAL };
        let at = self.chap_list(host).iter().position(|e| {
            e.is_valid()
                && e.chap_flags().contains(flag)
                && e.name_bytes() == name.as_bytes()
                && e.secret_bytes() == secret.as_bytes()
        })?;
        u16::try_from(at).ok()
    }

    /// Name and secret to index; a new entry is made when there is none (`qla4xxx_get_chap_index`).
    pub(super) fn chap_index_for(
        &mut self,
        class: &mut Class,
        host: usize,
        name: &str,
        secret: &str,
        bidi: bool,
    ) -> Result<u16, Errno> {
        if let Some(found) = self.find_chap(host, name, secret, bidi) {
            return Ok(found);
        }
        let free = self.free_chap(host).ok_or(Errno::EPERM)?;
        self.write_chap(class, host, free, name.as_bytes(), secret.as_bytes(), bidi)
            .map_err(|_| Errno::EPERM)?;
        Ok(free)
    }

    fn free_chap(&self, host: usize) -> Option<u16> {
        let at = self
            .chap_list(host)
            .iter()
            .enumerate()
            .position(|(i, e)| i > usize::from(MAX_RESRV_CHAP_IDX) && !e.is_valid())?;
        u16::try_from(at).ok()
    }

    /// Whether somebody uses an entry. The driver's test looks only at sessions that are *not* online; that is what
    /// `quirks` reproduces.
    fn chap_in_use(&self, class: &Class, host: usize, index: u16) -> bool {
        let quirks = self.config.quirks;
        self.sessions
            .iter()
            .any(|(sid, s)| s.host == host && s.chap == index && (!quirks || !class.online(*sid)))
    }

    fn write_chap(
        &mut self,
        class: &mut Class,
        host: usize,
        index: u16,
        name: &[u8],
        secret: &[u8],
        bidi: bool,
    ) -> Result<(), Errno> {
        let mut e = ql4_chap_table {
            flags: if bidi { ChapFlags::PEER } else { ChapFlags::LOCAL }.bits(),
            ..Default::default()
        };
        let (name, secret) = (driver_sys::hw::until_nul(name), driver_sys::hw::until_nul(secret));
        let (n, s) = (
            name.len().min(MAX_CHAP_NAME_LEN - 1),
            secret.len().min(MAX_CHAP_SECRET_LEN - 1),
        );
        e.name[..n].copy_from_slice(&name[..n]);
        e.secret[..s].copy_from_slice(&secret[..s]);
        e.secret_len = s as u8;
        e.cookie.set(CHAP_VALID_COOKIE);
        self.put_chap(host, index, e).map_err(|_| Errno::EIO)?;
        self.refresh_flashnodes(class, host);
        Ok(())
    }

    /// A page of the table.
    pub(super) fn chap_page(
        &mut self,
        class: &mut Class,
        no: u32,
        from: u16,
        asked: u32,
    ) -> Result<Vec<ChapRecord>, Errno> {
        let host = self.port_of(no)?;
        // The kernel allocates what is asked for; more than the table holds is never filled.
        if asked as usize > usize::from(self.card.chip().max_chap) * 8 {
            return Err(Errno::ENOMEM);
        }
        self.read_chap_list(host);
        self.refresh_flashnodes(class, host);
        let valid = (0..)
            .zip(self.chap_list(host))
            .skip(from.into())
            .filter(|(_, e)| e.is_valid());
        // With no room asked for the kernel counts on and writes past it; here nothing is written.
        Ok(valid
            .take(asked as usize)
            .map(|(index, e)| record(index, e))
            .collect())
    }

    /// Sets an entry, or a free one when the index names none.
    pub(super) fn set_chap_entry(
        &mut self,
        class: &mut Class,
        no: u32,
        params: Params<'_, Attr<ChapParam>>,
    ) -> Result<(), Errno> {
        let host = self.port_of(no)?;
        let (mut index, mut kind) = (0u16, 0u8);
        let (mut name, mut secret) = (Vec::new(), Vec::new());
        for attr in params.iter() {
            let Attr { param, value } = attr?;
            let bytes = value.as_slice();
            match param {
                ChapParam::Index => index = value.to_u16().unwrap_or(0),
                ChapParam::ChapType => kind = value.to_u8().unwrap_or(0),
                ChapParam::Username => name = bytes[..bytes.len().min(MAX_CHAP_NAME_LEN)].to_vec(),
                ChapParam::Password => secret = bytes[..bytes.len().min(256)].to_vec(),
                ChapParam::PasswordLen => {}
                ChapParam::Unknown(_) => return Err(Errno::ENOSYS),
            }
        }
        let bidi = u32::from(kind) == ChapType::In.raw();
        if index < self.card.chip().max_chap {
            if let Some(old) = self
                .chap_list(host)
                .get(usize::from(index))
                .filter(|e| e.is_valid())
            {
                let old_bidi = !old.chap_flags().contains(ChapFlags::LOCAL);
                if old_bidi != bidi {
                    return Err(Errno::EINVAL);
                }
                if self.chap_in_use(class, host, index) {
                    return Err(Errno::EBUSY);
                }
            }
        } else {
            index = self.free_chap(host).ok_or(Errno::EBUSY)?;
        }
        self.write_chap(class, host, index, &name, &secret, bidi)
    }

    /// Marks an entry as deleted.
    pub(super) fn delete_chap_entry(&mut self, class: &mut Class, no: u32, index: u16) -> Result<(), Errno> {
        let host = self.port_of(no)?;
        if index > self.card.chip().max_chap {
            return Err(Errno::EINVAL);
        }
        if self.chap_in_use(class, host, index) {
            return Err(Errno::EBUSY);
        }
        let entry = self.read_record(host, Area::Chap, index);
        let mut entry: ql4_chap_table = entry.ok_or(Errno::EINVAL)?;
        if !entry.is_valid() {
            return Ok(());
        }
        entry.cookie.set(DELETED);
        self.put_chap(host, index, entry).map_err(|_| Errno::EINVAL)?;
        self.refresh_flashnodes(class, host);
        Ok(())
    }
}

/// An entry as the class hands it out.
fn record(index: u16, e: &ql4_chap_table) -> ChapRecord {
    let peer = e.chap_flags().contains(ChapFlags::PEER);
    let secret = driver_sys::hw::until_nul(&e.secret);
    ChapRecord {
        index,
        kind: if peer { ChapType::In } else { ChapType::Out },
        username: e.name_bytes().to_vec(),
        password: Secret::new(&secret[..secret.len().min(MAX_CHAP_SECRET_LEN - 1)]),
        password_length: e.secret_len,
    }
}
