//! Netlink requests of the runner's own, and their answers. Source: `scsi_transport_iscsi.c`, `iscsi_if_recv_msg`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::{Bytes, Message, Request};

use super::Class;

const PATIENCE: Duration = Duration::from_secs(60);

/// Sends the request of this name and writes its answer down: the result, or the errno.
pub(super) fn ask(endpoint: &Endpoint, class: Class, name: &str, numbers: &[u32]) -> Result<String> {
    let request = request(name, numbers)?;
    let transport = endpoint
        .sysfs_path()
        .join("class/iscsi_transport")
        .join(class.name());
    let handle = std::fs::read_to_string(transport.join("handle"))?;
    let handle = handle.trim().parse().context("not a transport handle")?;
    // Successful GET_STATS, GET_CHAP and GET_HOST_STATS are answered to the group only.
    let mut port = endpoint.open_netlink(1)?;
    port.send(&request.encode(handle, port.pid()))?;
    let until = Instant::now() + PATIENCE;
    loop {
        let packet = port.recv(Some(until), "answer")?;
        match Message::decode(&packet)? {
            Message::Reply(reply) => {
                let ours = if reply.kind == request.kind() {
                    ""
                } else {
                    " (to another request)"
                };
                return Ok(format!("{:?}{ours}: {:?}", reply.kind, reply.result()));
            }
            Message::Event(_, event) if event.kind() == u32::from(request.kind().raw()) => {
                return Ok(format!("{:?}: answered to the group", request.kind()));
            }
            Message::Event(..) => {}
        }
    }
}

fn request(name: &str, numbers: &[u32]) -> Result<Request> {
    let short = |n: u32| u16::try_from(n).context("above 65535");
    Ok(match (name, numbers) {
        ("get-chap", &[host_no, start, num_entries]) => Request::GetChap {
            host_no,
            num_entries,
            start: short(start)?,
        },
        ("delete-chap", &[host_no, index]) => Request::DeleteChap {
            host_no,
            index: short(index)?,
        },
        ("new-flashnode-of-unknown-type", &[host_no]) => Request::NewFlashnode {
            host_no,
            portal_type: Bytes::c_text("ipv5"),
        },
        ("del-flashnode", &[host_no, index]) => Request::DelFlashnode { host_no, index },
        ("login-flashnode", &[host_no, index]) => Request::LoginFlashnode { host_no, index },
        ("logout-flashnode", &[host_no, index]) => Request::LogoutFlashnode { host_no, index },
        ("logout-sid", &[host_no, sid]) => Request::LogoutFlashnodeSid { host_no, sid },
        ("get-host-stats", &[host_no]) => Request::GetHostStats { host_no },
        ("get-stats", &[sid, cid]) => Request::GetStats { sid, cid },
        ("create-unbound-session", &[]) => Request::CreateSession {
            initial_cmdsn: 1,
            cmds_max: 128,
            queue_depth: 32,
        },
        ("create-session", &[endpoint]) => Request::CreateBoundSession {
            endpoint: endpoint.into(),
            initial_cmdsn: 1,
            cmds_max: 128,
            queue_depth: 32,
        },
        ("bind-connection", &[sid, cid, endpoint]) => Request::BindConn {
            sid,
            cid,
            endpoint: endpoint.into(),
            is_leading: true,
        },
        ("poll-endpoint", &[endpoint]) => Request::EpPoll {
            endpoint: endpoint.into(),
            timeout_ms: 1,
        },
        _ => bail!("there is no request {name} with {} numbers", numbers.len()),
    })
}
