//! `hbaemu loopback`: what one TCP connection over loopback carries, for comparison.
//!
//! One thread asks with 48 bytes, another answers with as many as told; so many requests are under way at once. Either every message
//! has its own write, or all that are due go out together. The threads stand on the first two processors that this process may use.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::args::Loopback;
use super::load::processor_time;
use super::ready;

const REQUEST: usize = 48;

/// Runs the measurement and prints one line of JSON.
pub(super) fn run(args: &Loopback) -> Result<()> {
    ensure!(
        (1..=1024).contains(&args.depth) && (1..=1 << 24).contains(&args.reply),
        "depth or reply out of range"
    );
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    let cpus: Vec<usize> = (0..CpuSet::count())
        .filter(|cpu| allowed.is_set(*cpu).unwrap_or(false))
        .collect();
    let (first, last) = (*cpus.first().context("no processor")?, *cpus.get(1).unwrap_or(&0));

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (reply, batched) = (args.reply, args.batched);
    let answering = std::thread::spawn(move || {
        pin(first)?;
        match answer(server, reply, batched) {
            // The asking side leaves with replies under way.
            Err(error) if !GONE.contains(&error.kind()) => Err(anyhow::Error::from(error)),
            _ => Ok(()),
        }
    });
    pin(last)?;
    let time = Duration::try_from_secs_f64(args.seconds)?;
    let (before, start) = (processor_time()?, Instant::now());
    let operations = ask(client, args, start + time)?;
    let (seconds, cpu) = (start.elapsed(), processor_time()?.saturating_sub(before));
    answering
        .join()
        .map_err(|_| anyhow::anyhow!("the answering thread panicked"))??;
    let line = serde_json::json!({
        "operations": operations,
        "bytes": operations * args.reply as u64,
        "seconds": seconds.as_secs_f64(),
        "cpu_seconds": cpu.as_secs_f64(),
    });
    ready(&line.to_string())
}

fn pin(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

fn answer(mut stream: TcpStream, reply: usize, batched: bool) -> io::Result<()> {
    let mut requests = vec![0; 64 << 10];
    let replies = vec![0; reply * if batched { BATCH } else { 1 }];
    let mut partial = 0;
    loop {
        let n = stream.read(&mut requests)?;
        if n == 0 {
            return Ok(());
        }
        let mut due = (partial + n) / REQUEST;
        partial = (partial + n) % REQUEST;
        while due > 0 {
            let now = if batched { due.min(BATCH) } else { 1 };
            stream.write_all(replies.get(..now * reply).unwrap_or_default())?;
            due -= now;
        }
    }
}

/// Keeps `depth` requests under way until `end`; how many were answered.
fn ask(mut stream: TcpStream, args: &Loopback, end: Instant) -> Result<u64> {
    let requests = vec![0; REQUEST * args.depth];
    let mut replies = vec![0; 256 << 10];
    let send = |stream: &mut TcpStream, mut count: usize| -> io::Result<()> {
        while count > 0 {
            let now = if args.batched { count } else { 1 };
            stream.write_all(requests.get(..now * REQUEST).unwrap_or_default())?;
            count -= now;
        }
        Ok(())
    };
    send(&mut stream, args.depth)?;
    let (mut done, mut partial) = (0, 0);
    while Instant::now() < end {
        let n = stream.read(&mut replies)?;
        ensure!(n > 0, "the answering thread is gone");
        let whole = (partial + n) / args.reply;
        partial = (partial + n) % args.reply;
        done += whole as u64;
        send(&mut stream, whole)?;
    }
    Ok(done)
}

const GONE: [io::ErrorKind; 2] = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
/// Replies of one write.
const BATCH: usize = 32;
