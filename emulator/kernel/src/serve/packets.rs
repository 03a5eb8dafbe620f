//! What a packet on each socket asks of the kernel.
//!
//! Owns the framing of docs/architecture.md ("Seam A"); must not know what a request does.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::Server;
use super::listen::Kind;
use crate::kernel::{BsgRequest, ClientId, Out, Waiting};

/// Largest transfer of a command or payload.
const MAX_DATA: usize = 256 * 1024;

impl Server {
    /// Handles a packet; `false` when the client has to go.
    pub(super) fn packet(
        &mut self,
        now: Instant,
        id: ClientId,
        packet: &[u8],
        descriptor: Option<OwnedFd>,
    ) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        match client.kind.clone() {
            Kind::Netlink => match client.portid {
                None => {
                    // sockaddr_nl: family, pad, pid, groups.
                    let Ok(address) = <[u8; 12]>::try_from(packet) else {
                        return false;
                    };
                    let word = |at: usize| {
                        u32::from_ne_bytes([address[at], address[at + 1], address[at + 2], address[at + 3]])
                    };
                    client.portid = Some(if word(4) == 0 {
                        0x8000_0000 | id.0 as u32
                    } else {
                        word(4)
                    });
                    client.groups = word(8);
                    self.count_listeners();
                }
                Some(portid) => self.kernel.netlink(now, id, portid, packet, descriptor),
            },
            Kind::Store => {
                let mut parts = packet.splitn(2, |b| *b == 0);
                let path = parts
                    .next()
                    .map(|p| String::from_utf8_lossy(p).into_owned())
                    .unwrap_or_default();
                match parts.next() {
                    Some(value) => return self.kernel.store(now, id, &path, value),
                    None => {
                        let code = Errno::EINVAL as i32;
                        self.kernel.push(Out::To(id, code.to_ne_bytes().to_vec()));
                    }
                }
            }
            Kind::Bsg(no) => return self.bsg_packet(id, no, packet),
            Kind::Sg(name) => return self.sg_packet(now, id, &name, packet),
            Kind::Control => {
                let answer = self.control(now, &String::from_utf8_lossy(packet));
                self.kernel.push(Out::To(id, answer.into_bytes()));
            }
            Kind::L2(host) => self.frame_out(host, packet),
            // Listeners have nothing to say.
            Kind::Uevent => {}
        }
        true
    }

    fn bsg_packet(&mut self, id: ClientId, no: u32, packet: &[u8]) -> bool {
        let Some((head, rest)) = words::<3>(packet) else {
            return false;
        };
        let [request, out, room] = head.map(|v| v as usize);
        if room > MAX_DATA || request.checked_add(out) != Some(rest.len()) {
            return false;
        }
        let (request, payload) = rest.split_at(request);
        let answer = self.kernel.bsg(
            no,
            &BsgRequest {
                request,
                payload,
                room,
            },
        );
        let mut out = Vec::with_capacity(12 + answer.reply.len() + answer.payload.len());
        out.extend_from_slice(&answer.errno.to_ne_bytes());
        out.extend_from_slice(&(answer.reply.len() as u32).to_ne_bytes());
        out.extend_from_slice(&(answer.payload.len() as u32).to_ne_bytes());
        out.extend_from_slice(&answer.reply);
        out.extend_from_slice(&answer.payload);
        self.kernel.push(Out::To(id, out));
        true
    }

    fn sg_packet(&mut self, now: Instant, id: ClientId, name: &str, packet: &[u8]) -> bool {
        let Some(([cdb, direction, data, timeout], rest)) = words::<4>(packet) else {
            return false;
        };
        let (cdb, len) = (cdb as usize, data as usize);
        if cdb > rest.len() || cdb > 260 || len > MAX_DATA {
            return false;
        }
        let (cdb, outgoing) = rest.split_at(cdb);
        let data = match direction {
            1 if outgoing.len() == len => outgoing.to_vec(),
            2 if outgoing.is_empty() => vec![0; len],
            0 if outgoing.is_empty() => Vec::new(),
            _ => return false,
        };
        // A timeout of 0 means the default of a minute, as in SG_IO.
        let ms = if timeout == 0 { 60_000 } else { timeout };
        let until = now + Duration::from_millis(u64::from(ms));
        let waiting = Waiting {
            client: id,
            lun: 0,
            cdb: cdb.to_vec(),
            direction,
            data,
            until,
        };
        self.kernel.sg(now, name, waiting);
        true
    }
}

fn words<const N: usize>(packet: &[u8]) -> Option<([u32; N], &[u8])> {
    let head = packet.get(..4 * N)?;
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(head.chunks_exact(4)) {
        *to = u32::from_ne_bytes([from[0], from[1], from[2], from[3]]);
    }
    Some((out, &packet[4 * N..]))
}
