//! What the kernel multicasts while the script runs. Source: `iscsi_if.h`, `enum iscsi_nlgroups` there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::{Bytes, Event, HostStats, Message};

use super::Class;
use super::normal::is_wire;

/// The events are over when none came for so long.
const QUIET: Duration = Duration::from_millis(400);
/// Longest wait for quiet.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    last: Option<Instant>,
}

/// A listener to the group of iscsid.
pub(super) struct Listener {
    heard: Arc<Mutex<Heard>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn start(endpoint: &Endpoint, class: Class) -> Result<Self> {
        let mut port = endpoint.open_netlink(class.groups())?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, ended) = (Arc::clone(&heard), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let Ok(packet) = port.recv(Some(Instant::now() + Duration::from_millis(100)), "event") else {
                    continue;
                };
                let line = match Message::decode(&packet) {
                    // The id is whatever the asking process chose.
                    Ok(Message::Event(
                        _,
                        Event::PingComplete {
                            host_no,
                            status,
                            data,
                            ..
                        },
                    )) => {
                        let data = hex(&data);
                        format!("PingComplete {{ host_no: {host_no}, status: {status:?}, data: {data} }}")
                    }
                    Ok(Message::Event(_, Event::HostEvent { host_no, code, data })) => {
                        let data = hex(&data);
                        format!("HostEvent {{ host_no: {host_no}, code: {code:?}, data: {data} }}")
                    }
                    // What a target answers has numbers of its own.
                    Ok(Message::Event(_, Event::RecvPdu { sid, cid, pdu, .. })) => {
                        let opcode = pdu.header.as_slice().first().copied().unwrap_or_default() & 0x3f;
                        format!("RecvPdu {{ sid: {sid}, cid: {cid}, opcode: {opcode:#04x} }}")
                    }
                    // A counter a line.
                    Ok(Message::Event(_, event @ Event::Stats { .. })) => format!("{event:#?}"),
                    Ok(Message::Event(_, Event::HostStats { host_no, stats })) => host_stats(host_no, &stats),
                    Ok(Message::Event(_, event)) => format!("{event:?}"),
                    Ok(Message::Reply(reply)) => format!("a reply that nobody asked for: {:?}", reply.kind),
                    Err(error) => format!("{} bytes that are no message: {error}", packet.len()),
                };
                let mut heard = tell.lock().unwrap_or_else(PoisonError::into_inner);
                heard.lines.push(line);
                heard.last = Some(Instant::now());
            }
        });
        Ok(Self {
            heard,
            stop,
            thread: Some(thread),
        })
    }

    /// Waits until it is quiet, and takes what was heard, in order.
    pub(super) fn take(&self) -> Vec<String> {
        let began = Instant::now();
        loop {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let quiet = heard.last.unwrap_or(began).max(began).elapsed() >= QUIET;
            if quiet || began.elapsed() >= PATIENCE {
                return std::mem::take(&mut heard.lines);
            }
            drop(heard);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The mailboxes that come with an event; they hold nothing that is secret.
fn hex(data: &Bytes) -> String {
    data.as_slice().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The counters that are not zero, one a line.
fn host_stats(host_no: u32, stats: &HostStats) -> String {
    let mut line = format!("HostStats {{ host_no: {host_no}");
    for (name, value) in HostStats::names()
        .zip(stats.counters)
        .filter(|(_, value)| *value > 0)
    {
        let value = if is_wire(name) {
            "PACKETS".to_owned()
        } else {
            value.to_string()
        };
        line.push_str(&format!(",\n    {name}: {value}"));
    }
    line + &format!(",\n    custom: {:?} }}", stats.custom)
}
