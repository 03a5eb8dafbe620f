//! SG_IO, in both versions, and the descriptor of a netlink socket: what needs `unsafe` for them.
//!
//! Source: `uapi/linux/bsg.h` (`struct sg_io_v4`), `scsi/sg.h` (`struct sg_io_hdr`).
#![allow(unsafe_code, reason = "ioctl has no safe form")]

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use neli::socket::NlSocket;
use nix::errno::Errno;

use super::packet::{Answer, Job, MAX_REPLY};

const SG_IO: libc::Ioctl = 0x2285;
const SG_INFO_OK_MASK: u32 = 1;
const SUBPROTOCOL_SCSI: u32 = 0;
const SUBPROTOCOL_TRANSPORT: u32 = 2;

/// `struct sg_io_v4`; addresses are 64 bits wide.
#[repr(C)]
#[derive(Default)]
struct SgIoV4 {
    guard: i32,
    protocol: u32,
    subprotocol: u32,
    request_len: u32,
    request: u64,
    request_tag: u64,
    request_attr: u32,
    request_priority: u32,
    request_extra: u32,
    max_response_len: u32,
    response: u64,
    dout_iovec_count: u32,
    dout_xfer_len: u32,
    din_iovec_count: u32,
    din_xfer_len: u32,
    dout_xferp: u64,
    din_xferp: u64,
    timeout: u32,
    flags: u32,
    usr_ptr: u64,
    spare_in: u32,
    driver_status: u32,
    transport_status: u32,
    device_status: u32,
    retry_delay: u32,
    info: u32,
    duration: u32,
    response_len: u32,
    din_resid: i32,
    dout_resid: i32,
    generated_tag: u64,
    spare_out: u32,
    padding: u32,
}

const _: () = assert!(size_of::<SgIoV4>() == 160);

/// `struct sg_io_hdr` (version 3).
#[repr(C)]
struct SgIoHdr {
    interface_id: i32,
    dxfer_direction: i32,
    cmd_len: u8,
    mx_sb_len: u8,
    iovec_count: u16,
    dxfer_len: u32,
    dxferp: *mut u8,
    cmdp: *const u8,
    sbp: *mut u8,
    timeout: u32,
    flags: u32,
    pack_id: i32,
    usr_ptr: *mut u8,
    status: u8,
    masked_status: u8,
    msg_status: u8,
    sb_len_wr: u8,
    host_status: u16,
    driver_status: u16,
    resid: i32,
    duration: u32,
    info: u32,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<SgIoHdr>() == 88);

/// What a SCSI ioctl gave back.
#[derive(Debug, Default)]
pub(crate) struct ScsiIo {
    pub(crate) status: u32,
    pub(crate) host_status: u32,
    pub(crate) sense: Vec<u8>,
    pub(crate) residual: u32,
}

/// The descriptor of a netlink socket, which neli gives out as a number only.
pub(crate) fn descriptor(socket: &NlSocket) -> BorrowedFd<'_> {
    // SAFETY: a `NlSocket` owns an open descriptor until it is dropped, which the borrow forbids meanwhile.
    unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) }
}

fn address<T>(pointer: *const T) -> u64 {
    pointer.addr() as u64
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

fn millis(timeout: Duration) -> u32 {
    u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX).max(1)
}

fn v4(file: &File, header: &mut SgIoV4) -> Result<(), Errno> {
    header.guard = i32::from(b'Q');
    // SAFETY: `header` is a valid sg_io_v4 whose request, response and data pointers come from buffers that the
    // callers below keep borrowed across this call, with the lengths given beside them; the kernel writes no further.
    Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), SG_IO, core::ptr::from_mut(header)) }).map(drop)
}

/// Sent along with a request that only wants data back: the block layer hands the one buffer of a one-way request to the driver
/// as what is sent, whatever its direction, and gives it a buffer for the reply only beside another (`block/bsg-lib.c`,
/// `bsg_prepare_job`).
static UNUSED: [u8; 4] = [0; 4];

/// One request of the transport class on a host's bsg node.
pub(crate) fn transport(file: &File, job: &Job, timeout: Duration) -> Answer {
    let mut reply = vec![0u8; MAX_REPLY];
    let mut data = vec![0u8; usize::try_from(job.payload_in_len).unwrap_or(0)];
    let out = if job.payload_out.is_empty() && !data.is_empty() {
        &UNUSED
    } else {
        job.payload_out.as_slice()
    };
    let mut header = SgIoV4 {
        subprotocol: SUBPROTOCOL_TRANSPORT,
        request_len: len(&job.request),
        request: address(job.request.as_ptr()),
        max_response_len: len(&reply),
        response: address(reply.as_mut_ptr()),
        dout_xfer_len: len(out),
        dout_xferp: if out.is_empty() { 0 } else { address(out.as_ptr()) },
        din_xfer_len: len(&data),
        din_xferp: if data.is_empty() {
            0
        } else {
            address(data.as_mut_ptr())
        },
        timeout: millis(timeout),
        ..Default::default()
    };
    let errno = v4(file, &mut header);
    reply.truncate(usize::try_from(header.response_len).unwrap_or(0).min(MAX_REPLY));
    Answer {
        errno,
        reply,
        payload_in: data,
    }
}

/// One SCSI command on a device's bsg node.
pub(crate) fn scsi_bsg(
    file: &File,
    cdb: &[u8],
    out: &[u8],
    data: &mut [u8],
    timeout: Duration,
) -> Result<ScsiIo, Errno> {
    let mut sense = vec![0u8; MAX_REPLY];
    let mut header = SgIoV4 {
        subprotocol: SUBPROTOCOL_SCSI,
        request_len: len(cdb),
        request: address(cdb.as_ptr()),
        max_response_len: len(&sense),
        response: address(sense.as_mut_ptr()),
        dout_xfer_len: len(out),
        dout_xferp: if out.is_empty() { 0 } else { address(out.as_ptr()) },
        din_xfer_len: len(data),
        din_xferp: if data.is_empty() {
            0
        } else {
            address(data.as_mut_ptr())
        },
        timeout: millis(timeout),
        ..Default::default()
    };
    v4(file, &mut header)?;
    sense.truncate(usize::try_from(header.response_len).unwrap_or(0).min(MAX_REPLY));
    let residual = if out.is_empty() {
        header.din_resid
    } else {
        header.dout_resid
    };
    Ok(ScsiIo {
        status: header.device_status,
        host_status: header.transport_status,
        sense,
        residual: u32::try_from(residual).unwrap_or(0),
    })
}

/// One SCSI command on a device's sg node.
pub(crate) fn scsi_sg(
    file: &File,
    cdb: &[u8],
    out: &[u8],
    data: &mut [u8],
    timeout: Duration,
) -> Result<ScsiIo, Errno> {
    const NONE: i32 = -1;
    const TO_DEVICE: i32 = -2;
    const FROM_DEVICE: i32 = -3;
    let mut sense = vec![0u8; MAX_REPLY];
    let (dxfer_direction, dxfer_len, dxferp) = if !out.is_empty() {
        (TO_DEVICE, len(out), out.as_ptr().cast_mut())
    } else if !data.is_empty() {
        (FROM_DEVICE, len(data), data.as_mut_ptr())
    } else {
        (NONE, 0, core::ptr::null_mut())
    };
    let mut header = SgIoHdr {
        interface_id: i32::from(b'S'),
        dxfer_direction,
        cmd_len: u8::try_from(cdb.len()).unwrap_or(u8::MAX),
        mx_sb_len: u8::try_from(sense.len()).unwrap_or(u8::MAX),
        iovec_count: 0,
        dxfer_len,
        dxferp,
        cmdp: cdb.as_ptr(),
        sbp: sense.as_mut_ptr(),
        timeout: millis(timeout),
        flags: 0,
        pack_id: 0,
        usr_ptr: core::ptr::null_mut(),
        status: 0,
        masked_status: 0,
        msg_status: 0,
        sb_len_wr: 0,
        host_status: 0,
        driver_status: 0,
        resid: 0,
        duration: 0,
        info: 0,
    };
    // SAFETY: `header` is a valid sg_io_hdr; the CDB, sense and data buffers live until the end of this function and
    // have the lengths given beside them. Data going to the device is only read by the kernel.
    Errno::result(unsafe { libc::ioctl(file.as_raw_fd(), SG_IO, &raw mut header) })?;
    let written = if header.info & SG_INFO_OK_MASK == 0 {
        0
    } else {
        usize::from(header.sb_len_wr)
    };
    sense.truncate(written.min(MAX_REPLY));
    Ok(ScsiIo {
        status: header.status.into(),
        host_status: header.host_status.into(),
        sense,
        residual: u32::try_from(header.resid).unwrap_or(0),
    })
}
