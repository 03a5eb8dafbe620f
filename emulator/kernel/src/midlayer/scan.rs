//! Finding the logical units of a target: which command comes next, what its answer means.
//!
//! A state machine without I/O: [`ScanJob::next`] names the command, [`ScanJob::answer`] takes the result. Must not know
//! sessions or objects. Source: `scsi_scan.c` (`__scsi_scan_target`, `scsi_probe_lun`), `scsi.c` (`scsi_attach_vpd`), `sd.c`
//! (`sd_read_capacity`).

use std::collections::VecDeque;

use super::capacity::Capacity;
use super::device::scsi_level;

/// A unit that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Number, as in `H:C:T:L`.
    pub(crate) lun: u64,
    /// INQUIRY data.
    pub(crate) inquiry: Vec<u8>,
    /// VPD pages.
    pub(crate) vpd: Vec<(u8, Vec<u8>)>,
    /// Of disks.
    pub(crate) capacity: Option<Capacity>,
}

/// What a scan wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScanNext {
    /// Send this; the answer has at most `len` bytes.
    Command {
        /// Unit to ask.
        lun: u64,
        /// Command.
        cdb: Vec<u8>,
        /// Bytes of the answer.
        len: usize,
    },
    /// A unit is complete.
    Found(Box<Found>),
    /// A known unit was looked at again.
    Again(Box<Found>),
    /// Nothing more to do.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// INQUIRY of LUN 0, to learn whether REPORT LUNS works.
    First,
    Luns,
    Probe,
    Ready(u8),
    VpdList,
    VpdPage(u8),
    Capacity10,
    /// READ CAPACITY(16), and what the ten bytes of (10) had said of the size of a block before.
    Capacity16(Option<u32>),
    Finish,
    Over,
}

/// A scan of one target.
#[derive(Debug, Clone)]
pub(crate) struct ScanJob {
    step: Step,
    known: Vec<u64>,
    only: Option<u64>,
    todo: VecDeque<u64>,
    unit: Found,
    pages: VecDeque<u8>,
    tries: u8,
    /// A known unit is looked at again.
    again: bool,
    /// READ CAPACITY(16) was refused before (10) was tried.
    refused16: bool,
}

/// At most so many units of one target are looked at (`max_luns` of the driver).
const MAX_LUNS: usize = 512;
/// `SCSI_SPC_2`.
const SCSI_SPC_2: u8 = 5;
const INQUIRY_LEN: usize = 96;
const LUNS_LEN: usize = 8 + MAX_LUNS * 8;
const VPD_LEN: usize = 255;

impl ScanJob {
    /// Looks for units that are not `known`; only at one number if `only` is given.
    pub(crate) fn new(known: Vec<u64>, only: Option<u64>) -> Self {
        let (step, todo) = match only {
            Some(lun) => (Step::Probe, VecDeque::from([lun])),
            None => (Step::First, VecDeque::new()),
        };
        let mut job = Self {
            step,
            known,
            only,
            todo,
            unit: Found::default(),
            pages: VecDeque::new(),
            tries: 0,
            again: false,
            refused16: false,
        };
        if only.is_some() {
            job.next_unit();
        }
        job
    }

    /// Looks at a known unit again.
    pub(crate) fn again(lun: u64, inquiry: Option<Vec<u8>>) -> Self {
        let mut job = Self::new(Vec::new(), None);
        job.again = true;
        job.unit.lun = lun;
        job.unit.inquiry = inquiry.unwrap_or_default();
        job.step = if job.unit.inquiry.is_empty() {
            Step::Over
        } else {
            Step::VpdList
        };
        job
    }

    /// What to do now. Asking again gives the same command until it is answered.
    pub(crate) fn next(&mut self) -> ScanNext {
        let lun = self.unit.lun;
        let command = |cdb: &[u8], len: usize| ScanNext::Command {
            lun,
            cdb: cdb.to_vec(),
            len,
        };
        match self.step {
            Step::First => ScanNext::Command {
                lun: 0,
                cdb: inquiry(None, INQUIRY_LEN),
                len: INQUIRY_LEN,
            },
            Step::Luns => {
                let mut cdb = vec![0u8; 12];
                cdb[0] = 0xa0;
                cdb[6..10].copy_from_slice(&(LUNS_LEN as u32).to_be_bytes());
                ScanNext::Command {
                    lun: 0,
                    cdb,
                    len: LUNS_LEN,
                }
            }
            Step::Probe => command(&inquiry(None, INQUIRY_LEN), INQUIRY_LEN),
            Step::Ready(_) => command(&[0; 6], 0),
            Step::VpdList => command(&inquiry(Some(0), VPD_LEN), VPD_LEN),
            Step::VpdPage(page) => command(&inquiry(Some(page), VPD_LEN), VPD_LEN),
            Step::Capacity10 => command(&[0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8),
            Step::Capacity16(_) => {
                let mut cdb = vec![0u8; 16];
                cdb[0] = 0x9e;
                cdb[1] = 0x10;
                cdb[13] = 32;
                ScanNext::Command { lun, cdb, len: 32 }
            }
            Step::Finish => {
                let unit = std::mem::take(&mut self.unit);
                self.next_unit();
                let unit = Box::new(unit);
                if self.again {
                    ScanNext::Again(unit)
                } else {
                    ScanNext::Found(unit)
                }
            }
            Step::Over => ScanNext::Done,
        }
    }

    /// Takes the answer: data on GOOD status, else the sense key (if any).
    pub(crate) fn answer(&mut self, result: Result<&[u8], Option<u8>>) {
        const UNIT_ATTENTION: u8 = 6;
        if result == Err(Some(UNIT_ATTENTION)) && self.tries < 5 {
            self.tries += 1;
            return;
        }
        self.tries = 0;
        let data = result.ok();
        match self.step {
            Step::First => match data {
                // SCSI-3 and later report their units; an older target is probed one by one from 0.
                Some(d) if d.get(2).is_some_and(|v| v & 0x0f >= 3) => self.step = Step::Luns,
                Some(_) => self.take_list((0..8).collect()),
                None => self.step = Step::Over,
            },
            Step::Luns => match data.and_then(parse_luns) {
                Some(list) => self.take_list(list),
                None => self.take_list((0..8).collect()),
            },
            Step::Probe => match data {
                Some(d) if d.len() >= 5 && d[0] >> 5 == 0 && d[0] & 0x1f != 0x1f => {
                    let len = d.len().min(usize::from(d[4]) + 5);
                    self.unit.inquiry = d[..len].to_vec();
                    self.step = Step::Ready(3);
                }
                _ => self.next_unit(),
            },
            Step::Ready(left) => {
                self.step = if data.is_some() || left == 0 {
                    Step::VpdList
                } else {
                    Step::Ready(left - 1)
                };
            }
            Step::VpdList => {
                if let Some(d) = data.filter(|d| d.len() >= 4 && d[1] == 0) {
                    let d = vpd_page(d);
                    let has = |p: u8| d[4..].contains(&p);
                    self.pages = [0x80, 0x83, 0x89, 0xb0, 0xb1, 0xb2]
                        .into_iter()
                        .filter(|p| has(*p))
                        .collect();
                    self.unit.vpd.push((0, d.to_vec()));
                }
                self.next_page();
            }
            Step::VpdPage(page) => {
                if let Some(d) = data.filter(|d| d.len() >= 4 && d[1] == page) {
                    self.unit.vpd.push((page, vpd_page(d).to_vec()));
                }
                self.next_page();
            }
            Step::Capacity10 => match data.and_then(capacity10) {
                Some((u32::MAX, size)) if !self.refused16 => self.step = Step::Capacity16(Some(size)),
                Some((last, size)) => self.capacity(Capacity::new(u64::from(last) + 1, size, size)),
                None => self.capacity(Capacity::default()),
            },
            Step::Capacity16(before) => match (data.and_then(capacity16), before) {
                (Some(capacity), _) => self.capacity(capacity),
                // A very big device that does not tell how big.
                (None, Some(size)) => self.capacity(Capacity::new(1 << 32, size, size)),
                (None, None) => {
                    self.refused16 = true;
                    self.step = Step::Capacity10;
                }
            },
            Step::Finish | Step::Over => {}
        }
    }

    fn capacity(&mut self, capacity: Capacity) {
        self.unit.capacity = Some(capacity);
        self.step = Step::Finish;
    }

    fn next_page(&mut self) {
        self.step = match self.pages.pop_front() {
            Some(page) => Step::VpdPage(page),
            None if self.unit.inquiry.first().is_some_and(|b| b & 0x1f == 0) => {
                // `sd_try_rc16_first`.
                if scsi_level(&self.unit.inquiry) > SCSI_SPC_2 {
                    Step::Capacity16(None)
                } else {
                    Step::Capacity10
                }
            }
            None => Step::Finish,
        };
    }

    fn take_list(&mut self, list: Vec<u64>) {
        let known = &self.known;
        self.todo = list
            .into_iter()
            .filter(|l| !known.contains(l))
            .take(MAX_LUNS)
            .collect();
        self.next_unit();
    }

    fn next_unit(&mut self) {
        self.pages.clear();
        self.refused16 = false;
        self.step = match self.todo.pop_front() {
            Some(lun) if self.known.contains(&lun) && self.only.is_some() => Step::Over,
            Some(lun) => {
                self.unit = Found {
                    lun,
                    ..Found::default()
                };
                Step::Probe
            }
            None => Step::Over,
        };
    }
}

fn inquiry(page: Option<u8>, len: usize) -> Vec<u8> {
    let len = (len as u16).to_be_bytes();
    vec![
        0x12,
        u8::from(page.is_some()),
        page.unwrap_or(0),
        len[0],
        len[1],
        0,
    ]
}

/// A page cut to the length it names.
fn vpd_page(d: &[u8]) -> &[u8] {
    let len = 4 + usize::from(u16::from_be_bytes([d[2], d[3]]));
    &d[..len.min(d.len())]
}

fn capacity10(d: &[u8]) -> Option<(u32, u32)> {
    let last = u32::from_be_bytes(d.get(0..4)?.try_into().ok()?);
    Some((last, u32::from_be_bytes(d.get(4..8)?.try_into().ok()?)))
}

fn capacity16(d: &[u8]) -> Option<Capacity> {
    let last = u64::from_be_bytes(d.get(0..8)?.try_into().ok()?);
    let size = u32::from_be_bytes(d.get(8..12)?.try_into().ok()?);
    let exponent = d.get(13).map_or(0, |b| b & 0x0f);
    Some(Capacity::new(
        last.checked_add(1)?,
        size,
        size.checked_mul(1 << exponent).unwrap_or(size),
    ))
}

fn parse_luns(d: &[u8]) -> Option<Vec<u64>> {
    let len = u32::from_be_bytes(d.get(0..4)?.try_into().ok()?) as usize;
    let list = d.get(8..)?;
    let list = &list[..len.min(list.len())];
    Some(
        list.chunks_exact(8)
            .map(|c| scsilun_to_int(c.try_into().unwrap_or([0; 8])))
            .collect(),
    )
}

/// `scsilun_to_int`: two bytes a level, the first level lowest.
pub(crate) fn scsilun_to_int(b: [u8; 8]) -> u64 {
    (0..4).fold(0, |l, i| {
        l | u64::from(u16::from_be_bytes([b[2 * i], b[2 * i + 1]])) << (16 * i)
    })
}

/// `int_to_scsilun`.
pub(crate) fn lun_bytes(lun: u64) -> [u8; 8] {
    let mut b = [0; 8];
    for i in 0..4 {
        b[2 * i..2 * i + 2].copy_from_slice(&((lun >> (16 * i)) as u16).to_be_bytes());
    }
    b
}

#[cfg(test)]
mod tests;
