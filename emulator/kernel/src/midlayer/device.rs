//! One logical unit: what is known of it and the objects that show it.
//!
//! Must not send commands. Source: `scsi_sysfs.c` (`scsi_sysfs_add_sdev`, `wwid_show`), `sd.c`, `sg.c`.

use super::attrs::{BLOCK, DEVICE, DISK, Row};
use super::capacity::Capacity;
use super::counts::Counts;
use crate::text::{cstr, hex};
use crate::tree::Object;

/// State of a logical unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceState {
    /// Commands flow.
    Running,
    /// Commands wait for the session.
    Blocked,
    /// The session did not come back in time; commands fail.
    TransportOffline,
    /// Switched off by hand.
    Offline,
}

impl DeviceState {
    /// As the `state` attribute reads.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Blocked => "blocked",
            Self::TransportOffline => "transport-offline",
            Self::Offline => "offline",
        }
    }
}

/// The disk of a logical unit of type 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disk {
    /// Number: `sda` is 0.
    pub(crate) index: u32,
    /// Sequence number.
    pub(crate) seq: u64,
    /// How big it is.
    pub(crate) capacity: Capacity,
}

impl Disk {
    /// `sda`, …, `sdz`, `sdaa`, ….
    pub(crate) fn name(&self) -> String {
        let mut letters = Vec::new();
        let mut n = u64::from(self.index) + 1;
        while n > 0 {
            letters.push(b'a' + ((n - 1) % 26) as u8);
            n = (n - 1) / 26;
        }
        letters.reverse();
        format!("sd{}", String::from_utf8_lossy(&letters))
    }

    /// `(major, minor)` of the whole disk.
    fn dev(&self) -> (u32, u32) {
        const MAJORS: [u32; 16] = [
            8, 65, 66, 67, 68, 69, 70, 71, 128, 129, 130, 131, 132, 133, 134, 135,
        ];
        let major = MAJORS.get((self.index / 16) as usize % 16).copied().unwrap_or(8);
        (major, (self.index % 16) * 16)
    }

    /// Size in the kernel's 512-byte sectors.
    pub(crate) fn sectors(&self) -> u64 {
        self.capacity.sectors()
    }

    /// The sizes of a block as its queue shows them.
    pub(crate) fn queue_sizes(&self) -> [(&'static str, u32); 4] {
        let Capacity {
            logical, physical, ..
        } = self.capacity;
        [
            ("queue/hw_sector_size", logical),
            ("queue/logical_block_size", logical),
            ("queue/physical_block_size", physical),
            ("queue/minimum_io_size", physical),
        ]
    }
}

/// A logical unit.
pub(crate) struct Device {
    /// `H:C:T:L`.
    pub(crate) name: String,
    /// State.
    pub(crate) state: DeviceState,
    /// Commands that took too long (`iotmo_cnt`).
    pub(crate) timeouts: u32,
    /// What it was sent and answered.
    pub(super) counts: Counts,
    /// Commands that it took at once when it came.
    pub(crate) depth: u32,
    /// INQUIRY data.
    pub(crate) inquiry: Vec<u8>,
    /// Vital product data pages by number.
    pub(crate) vpd: Vec<(u8, Vec<u8>)>,
    /// Number of its `sg`.
    pub(crate) sg: u32,
    /// The disk, for type 0.
    pub(crate) disk: Option<Disk>,
    /// Path of its object.
    pub(crate) path: String,
}

impl Device {
    fn bytes(&self, from: usize, to: usize) -> String {
        let b = self
            .inquiry
            .get(from..to.min(self.inquiry.len()))
            .unwrap_or_default();
        // The kernel pads and replaces what is not printable.
        let mut s: String = b
            .iter()
            .map(|c| if (0x20..0x7f).contains(c) { *c as char } else { ' ' })
            .collect();
        while s.len() < to - from {
            s.push(' ');
        }
        s
    }

    /// Peripheral device type.
    pub(crate) fn kind(&self) -> u8 {
        self.inquiry.first().map_or(0x1f, |b| b & 0x1f)
    }

    fn page(&self, code: u8) -> Option<&[u8]> {
        self.vpd
            .iter()
            .find(|(c, _)| *c == code)
            .map(|(_, d)| d.as_slice())
    }

    /// The world-wide identifier as `wwid` reads; none without a usable designator. Source: `scsi_lib.c` (`scsi_vpd_lun_id`).
    pub(crate) fn wwid(&self) -> Option<String> {
        let page = self.page(0x83)?;
        let mut best: Option<(u8, usize, String)> = None;
        let mut at = 4;
        while let Some(head) = page.get(at..at + 4) {
            let len = usize::from(head[3]);
            let Some(id) = page.get(at + 4..at + 4 + len) else {
                break;
            };
            // Those of the unit by rank; the last one of a rank counts, among texts the last that is no shorter.
            let kind = head[1] & 0x0f;
            let rank = match (kind, id.first().map(|byte| byte >> 4), len) {
                _ if head[1] & 0x30 != 0 => 0,
                (8, Some(_), _) => 9,
                (3, Some(6), _) => 8,
                (2, _, 16) => 7,
                (2, _, 12) => 6,
                (3, Some(5), _) => 5,
                (3, Some(4), _) => 4,
                (2, _, 8) => 3,
                (3, Some(3), _) | (1, Some(_), _) => 1,
                _ => 0,
            };
            let known = best.as_ref().map_or((0, 0), |(rank, len, _)| (*rank, *len));
            let shorter = matches!(kind, 1 | 8) && known.1 > len;
            if rank > 0 && rank >= known.0 && !shorter {
                let text = match kind {
                    1 => format!("t10.{}", String::from_utf8_lossy(id)),
                    2 => format!("eui.{}", hex(id)),
                    3 => format!("naa.{}", hex(id)),
                    _ => cstr(id),
                };
                best = Some((rank, len, text));
            }
            at += 4 + len;
        }
        best.map(|(_, _, text)| text)
    }

    /// The objects of the unit, parents first.
    pub(crate) fn objects(&self) -> Vec<Object> {
        let path = &self.path;
        let name = &self.name;
        let kind = self.kind();
        let modalias = format!("scsi:t-0x{kind:02x}");
        let mut device = Object::bus(path.clone(), "scsi", "scsi_device");
        if self.disk.is_some() {
            device = device.env("DRIVER", "sd").link("driver", "bus/scsi/drivers/sd");
        }
        device = with_rows(device.env("MODALIAS", &modalias), DEVICE)
            .ro("vendor", self.bytes(8, 16))
            .ro("model", self.bytes(16, 32))
            .ro("rev", self.bytes(32, 36))
            .ro("type", kind.to_string())
            .ro("scsi_level", scsi_level(&self.inquiry).to_string())
            .ro("modalias", &modalias)
            .rw("queue_depth", self.depth.to_string())
            .rw("state", self.state.name())
            .raw("inquiry", 0o444, self.inquiry.clone())
            .link("generic", format!("{path}/scsi_generic/sg{}", self.sg));
        device = match self.wwid() {
            Some(wwid) => device.ro("wwid", wwid),
            None => device.refused("wwid", 0o444),
        };
        for (code, data) in &self.vpd {
            device = device.raw(&format!("vpd_pg{code:x}"), 0o444, data.clone());
        }
        let sg = format!("sg{}", self.sg);
        let mut out = vec![
            device,
            Object::class(format!("{path}/scsi_device/{name}"), "scsi_device", Some(path)),
            numbered(
                Object::class(format!("{path}/scsi_generic/{sg}"), "scsi_generic", Some(path)),
                21,
                self.sg,
                &sg,
            )
            .ro("dev", format!("21:{}", self.sg)),
            numbered(
                Object::class(format!("{path}/bsg/{name}"), "bsg", Some(path)),
                248,
                self.sg + 16,
                &format!("bsg/{name}"),
            )
            .ro("dev", format!("248:{}", self.sg + 16)),
        ];
        if let Some(disk) = &self.disk {
            out.push(with_rows(
                Object::class(format!("{path}/scsi_disk/{name}"), "scsi_disk", Some(path)),
                DISK,
            ));
            out.push(self.block_object(disk));
        }
        out
    }

    /// Path of the block object.
    pub(crate) fn block_path(&self) -> Option<String> {
        self.disk
            .as_ref()
            .map(|d| format!("{}/block/{}", self.path, d.name()))
    }

    fn block_object(&self, disk: &Disk) -> Object {
        let sd = disk.name();
        let (major, minor) = disk.dev();
        let object = Object::class(format!("{}/block/{sd}", self.path), "block", Some(&self.path));
        let object = numbered(object, major, minor, &sd)
            .env("DEVTYPE", "disk")
            .env("DISKSEQ", &disk.seq.to_string())
            .devtype("disk")
            .subdir("holders")
            .subdir("slaves")
            .subdir("trace")
            .subdir("mq/0/cpu0")
            .link("bdi", format!("devices/virtual/bdi/{major}:{minor}"))
            .ro("dev", format!("{major}:{minor}"))
            .ro("size", disk.sectors().to_string())
            .ro("diskseq", disk.seq.to_string());
        let sizes = disk.queue_sizes();
        let object = with_rows(object, BLOCK);
        sizes
            .iter()
            .fold(object, |o, (n, size)| o.ro(n, size.to_string()))
    }
}

fn with_rows(object: Object, rows: &[Row]) -> Object {
    rows.iter().fold(object, |o, (name, mode, value)| match value {
        Some(value) => o.raw(name, *mode, value.as_bytes().to_vec()),
        None if *mode & 0o444 == 0 => o.wo(name),
        None => o.refused(name, *mode),
    })
}

fn numbered(object: Object, major: u32, minor: u32, name: &str) -> Object {
    object
        .env("MAJOR", &major.to_string())
        .env("MINOR", &minor.to_string())
        .env("DEVNAME", name)
}

/// The kernel's numbering: the INQUIRY version plus one from SCSI-2 on.
pub(crate) fn scsi_level(inquiry: &[u8]) -> u8 {
    let version = inquiry.get(2).copied().unwrap_or(0) & 0x0f;
    let format = inquiry.get(3).copied().unwrap_or(0) & 0x0f;
    if version >= 2 || (version == 1 && format == 1) {
        version + 1
    } else {
        version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(index: u32) -> Disk {
        Disk {
            index,
            seq: 1,
            capacity: Capacity::new(8, 4096, 4096),
        }
    }

    #[test]
    fn disks_are_named_and_numbered_as_sd_does() {
        assert_eq!(disk(0).name(), "sda");
        assert_eq!(disk(25).name(), "sdz");
        assert_eq!(disk(26).name(), "sdaa");
        assert_eq!(disk(701).name(), "sdzz");
        assert_eq!(disk(702).name(), "sdaaa");
        assert_eq!(disk(1).dev(), (8, 16));
        assert_eq!(disk(16).dev(), (65, 0));
        assert_eq!(disk(0).sectors(), 64);
    }

    #[test]
    fn the_best_designator_of_the_unit_is_its_wwid() {
        let mut device = Device {
            name: "1:0:0:0".into(),
            state: DeviceState::Running,
            timeouts: 0,
            depth: 32,
            counts: Counts::default(),
            inquiry: vec![0; 36],
            vpd: vec![],
            sg: 0,
            disk: None,
            path: "x".into(),
        };
        assert_eq!(device.wwid(), None);
        let page = [
            &[0u8, 0x83, 0, 0][..],
            &[0x02, 0x01, 0, 3, b'a', b'b', b'c'],
            &[0x01, 0x03, 0, 8, 0x60, 0, 0, 0, 0, 0, 0, 1],
            &[0x01, 0x13, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, 2],
            &[0x01, 0x03, 0, 200, 0],
        ]
        .concat();
        device.vpd = vec![(0x83, page)];
        assert_eq!(device.wwid().as_deref(), Some("naa.6000000000000001"));
        // A locally assigned NAA name ranks with the T10 name, and the later one counts.
        let local = [
            &[0u8, 0x83, 0, 0][..],
            &[0x01, 0x03, 0, 8, 0x30, 0, 0, 0, 0, 0, 0, 1],
            &[0x02, 0x01, 0, 12],
            b"VENDOR  disk",
        ]
        .concat();
        device.vpd = vec![(0x83, local)];
        assert_eq!(device.wwid().as_deref(), Some("t10.VENDOR  disk"));
    }

    #[test]
    fn unprintable_inquiry_text_becomes_spaces() {
        let mut inquiry = vec![0; 20];
        inquiry[8..12].copy_from_slice(b"A\0B\x7f");
        let device = Device {
            name: String::new(),
            state: DeviceState::Running,
            timeouts: 0,
            depth: 32,
            counts: Counts::default(),
            inquiry,
            vpd: vec![],
            sg: 0,
            disk: None,
            path: String::new(),
        };
        assert_eq!(device.bytes(8, 16), "A B     ");
        assert_eq!(device.bytes(32, 36), "    ");
    }
}
