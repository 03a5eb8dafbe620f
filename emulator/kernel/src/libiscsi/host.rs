//! What user space tells of a host: the names of its network device and of its initiator.
//!
//! Source: `libiscsi.c` (`iscsi_host_get_param`, `iscsi_host_set_param`, `iscsi_conn_get_addr_param`).

use driver_sys::netlink::params::HostParam;
use nix::errno::Errno;

use super::Libiscsi;
use super::show::NULL;

/// The texts of a host.
#[derive(Debug, Clone, Default)]
pub(super) struct HostTexts {
    netdev: Option<String>,
    hwaddress: Option<String>,
    initiatorname: Option<String>,
}

impl HostTexts {
    fn of(&mut self, param: HostParam) -> Option<&mut Option<String>> {
        match param {
            HostParam::NetdevName => Some(&mut self.netdev),
            HostParam::Hwaddress => Some(&mut self.hwaddress),
            HostParam::InitiatorName => Some(&mut self.initiatorname),
            _ => None,
        }
    }
}

impl Libiscsi {
    /// What a parameter of a host reads.
    ///
    /// # Errors
    /// `ENOSYS`: not one of the library's.
    pub(crate) fn host_param(&self, host: u32, param: HostParam) -> Result<String, Errno> {
        let mut texts = self.hosts.get(&host).cloned().unwrap_or_default();
        let text = texts.of(param).ok_or(Errno::ENOSYS)?;
        Ok(text.take().unwrap_or_else(|| NULL.into()))
    }

    /// Sets a parameter of a host.
    ///
    /// # Errors
    /// `ENOSYS`: not one of the library's.
    pub(crate) fn set_host_param(&mut self, host: u32, param: HostParam, text: &[u8]) -> Result<(), Errno> {
        let text = String::from_utf8_lossy(text).into_owned();
        let to = self.hosts.entry(host).or_default().of(param);
        *to.ok_or(Errno::ENOSYS)? = Some(text);
        Ok(())
    }

    /// A host is gone.
    pub(crate) fn forget_host(&mut self, host: u32) {
        self.hosts.remove(&host);
    }
}
