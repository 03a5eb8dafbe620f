//! The CHAP table: pages asked by unicast and answered by multicast, records written as attributes.

use driver_sys::netlink::params::{ChapParam, ChapType};
use driver_sys::netlink::{Attr, Bytes, Event, Request};

use super::Kernel;
use super::netlink::Ask;
use crate::backend::ChapRecord;
use crate::deadline::Deadline;
use crate::error::{Operation, Result};
use crate::ids::HostNo;
use crate::model::ChapDirection;
use crate::secret::Secret;

impl Kernel {
    /// Records from `start` on, at most `max`.
    pub(super) fn read_chap_page(
        &mut self,
        host: HostNo,
        start: u16,
        max: usize,
        deadline: Deadline,
    ) -> Result<Vec<ChapRecord>> {
        let tried = format!("read the chap table of {host}");
        let num_entries = u32::try_from(max).unwrap_or(u32::MAX);
        let request = Request::GetChap {
            host_no: host.0,
            num_entries,
            start,
        };
        let ask = Ask {
            host,
            request,
            operation: Operation::ChapGet,
            tried: &tried,
            deadline,
        };
        let page = self
            .netlink
            .ask_multicast(&self.root, &ask, |event| match event {
                // Whoever asks is answered to everybody: another question's answer says less, or nothing, about the table. One to the same
                // question is as good as ours.
                Event::Chap { page }
                    if page.host_no == host.0 && page.start == start && page.room == num_entries =>
                {
                    Some(page)
                }
                _ => None,
            })?;
        Ok(page
            .records
            .iter()
            .map(|r| ChapRecord {
                index: r.index,
                direction: if r.kind == ChapType::In {
                    ChapDirection::In
                } else {
                    ChapDirection::Out
                },
                username: r.username_lossy().into_owned(),
                secret: Secret::stored(r.secret()),
            })
            .collect())
    }

    /// Writes a record at its index.
    pub(super) fn write_chap(&mut self, host: HostNo, record: &ChapRecord, deadline: Deadline) -> Result<()> {
        let secret = record.secret.expose();
        let kind = match record.direction {
            ChapDirection::Out => ChapType::Out,
            ChapDirection::In => ChapType::In,
        };
        let attrs = vec![
            Attr::new(ChapParam::Index, Bytes::u16(record.index)),
            Attr::new(ChapParam::ChapType, Bytes::u32(kind.raw())),
            Attr::new(ChapParam::Username, Bytes::text(&record.username)),
            Attr::new(ChapParam::Password, Bytes::new(secret)),
            Attr::new(
                ChapParam::PasswordLen,
                Bytes::u8(u8::try_from(secret.len()).unwrap_or(u8::MAX)),
            ),
        ];
        let request = Request::SetChap {
            host_no: host.0,
            attrs,
        };
        self.ask(
            host,
            request,
            Operation::ChapSet,
            &format!("write chap entry {}", record.index),
            deadline,
        )?;
        Ok(())
    }

    /// One record goes.
    pub(super) fn remove_chap(&mut self, host: HostNo, index: u16, deadline: Deadline) -> Result<()> {
        let request = Request::DeleteChap {
            host_no: host.0,
            index,
        };
        self.ask(
            host,
            request,
            Operation::ChapDelete,
            &format!("remove chap entry {index}"),
            deadline,
        )?;
        Ok(())
    }
}
