//! Log lines to stderr.
//!
//! A server's lines go through a thread of their own and a bounded queue (`Lines`): a stderr that is full, closed or not read
//! by anybody neither stops nor ends the program. What does not fit is counted, and told when there is room again. A command's lines
//! are written in place ([`in_place`]); what stderr refuses is left out. Colours only where somebody sees them. Must not know what is
//! logged.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{DefaultFields, Format};
use tracing_subscriber::fmt::{MakeWriter, SubscriberBuilder};

use crate::message;

/// Lines that wait for stderr at most.
const MOST_LINES: usize = 1024;
/// Bytes of a line at most.
const LONGEST: usize = 4096;
/// How soon a stderr that refused is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long the end of the program waits for stderr to take the last lines.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Logs lines of `level` and above through a thread, until the guard goes.
#[must_use]
pub fn through_a_thread(level: tracing::Level) -> Option<Guard> {
    let (lines, guard) = Lines::start(io::stderr()).ok()?;
    let _ = to(lines, level).with_ansi(colours()).without_time().try_init();
    Some(guard)
}

/// As [`through_a_thread`], each line with its time (UTC): for a stderr that is a file, which nobody stamps.
#[must_use]
pub fn stamped(level: tracing::Level) -> Option<Guard> {
    let (lines, guard) = Lines::start(io::stderr()).ok()?;
    let _ = to(lines, level).with_ansi(false).try_init();
    Some(guard)
}

fn to(lines: Lines, level: tracing::Level) -> SubscriberBuilder<DefaultFields, Format, LevelFilter, Lines> {
    tracing_subscriber::fmt()
        .with_writer(lines)
        .with_max_level(level)
        .log_internal_errors(false)
}

/// Logs lines of `level` and above as they come.
pub fn in_place(level: tracing::Level) {
    let _ = tracing_subscriber::fmt()
        .with_writer(|| message::Log)
        .with_max_level(level)
        // What is logged quotes others: nothing in it may reach a terminal as it is.
        .with_ansi(false)
        // Else an error of stderr is printed to stderr, and that panics.
        .log_internal_errors(false)
        .without_time()
        .try_init();
}

/// Whether stderr shows colours: a terminal, no NO_COLOR, or `--color`.
fn colours() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Where log lines are left; never waits.
#[derive(Clone)]
struct Lines {
    queue: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
}

/// Keeps the thread; when it goes, the last lines get a moment to leave.
#[derive(Debug)]
pub struct Guard {
    stop: Option<SyncSender<Vec<u8>>>,
    ended: Receiver<()>,
}

impl Lines {
    /// Starts the thread that writes to `out`.
    fn start(out: impl Write + Send + 'static) -> io::Result<(Self, Guard)> {
        let (queue, lines) = sync_channel(MOST_LINES);
        let (end, ended) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let seen = dropped.clone();
        // Signals are for the thread that waits for them on a descriptor.
        let mut before = SigSet::empty();
        pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut before))?;
        let started = std::thread::Builder::new()
            .name("log".into())
            .stack_size(128 << 10)
            .spawn(move || {
                write_all(out, &lines, &seen);
                let _ = end.send(());
            });
        pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
        started?;
        let stop = Some(queue.clone());
        Ok((Self { queue, dropped }, Guard { stop, ended }))
    }
}

/// Writes lines until an empty one says that it is over.
fn write_all(mut out: impl Write, lines: &Receiver<Vec<u8>>, dropped: &AtomicU64) {
    loop {
        let line = match lines.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {
                // What was lost came behind all that was in the queue.
                tell_lost(&mut out, dropped);
                let again = if dropped.load(Ordering::Relaxed) == 0 {
                    Duration::MAX
                } else {
                    TRY_AGAIN
                };
                match lines.recv_timeout(again) {
                    Ok(line) => line,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        if line.is_empty() {
            return tell_lost(&mut out, dropped);
        }
        if out.write_all(&line).is_err() {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn tell_lost(out: &mut impl Write, dropped: &AtomicU64) {
    let lost = dropped.swap(0, Ordering::Relaxed);
    if lost > 0
        && writeln!(
            out,
            " WARN {lost} log messages were lost: stderr did not take them"
        )
        .is_err()
    {
        dropped.fetch_add(lost, Ordering::Relaxed);
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            lines: self,
            bytes: Vec::new(),
        }
    }
}

/// One line in the making; it is handed over when it goes.
struct Line<'a> {
    lines: &'a Lines,
    bytes: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let mut line = std::mem::take(&mut self.bytes);
        if line.is_empty() {
            return;
        }
        if line.len() == LONGEST {
            line.truncate(LONGEST - 4);
            line.extend_from_slice(b"...\n");
        }
        if self.lines.queue.try_send(line).is_err() {
            self.lines.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(stop) = self.stop.take() else { return };
        // A full queue is one that nobody takes.
        if stop.try_send(Vec::new()).is_ok() {
            match self.ended.recv_timeout(LAST_WORDS) {
                Ok(()) | Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    /// What was written, by turns refused.
    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut out = self.0.lock().unwrap();
            if out.1 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            out.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(lines: &Lines, text: &str) {
        let mut line = lines.make_writer();
        writeln!(line, "{text}").unwrap();
    }

    #[test]
    fn what_a_broken_stderr_did_not_take_is_counted_and_told_later() {
        let out = Out::default();
        out.0.lock().unwrap().1 = true;
        let (lines, guard) = Lines::start(out.clone()).unwrap();
        for n in 0..3 {
            log(&lines, &format!("refused {n}"));
        }
        let limit = Instant::now() + Duration::from_secs(20);
        while lines.dropped.load(Ordering::Relaxed) < 3 {
            assert!(Instant::now() < limit, "not written");
            std::thread::yield_now();
        }
        out.0.lock().unwrap().1 = false;
        log(&lines, "taken");
        drop(guard);
        let text = String::from_utf8(out.0.lock().unwrap().0.clone()).unwrap();
        assert!(
            text.contains("3 log messages were lost") && text.contains("taken\n"),
            "{text}"
        );
    }

    #[test]
    fn a_stderr_that_nobody_reads_stops_nobody() {
        let (near, far) = UnixStream::pair().unwrap();
        let (lines, guard) = Lines::start(near).unwrap();
        let begin = Instant::now();
        let long = "x".repeat(2 * LONGEST);
        for _ in 0..3 * MOST_LINES {
            log(&lines, &long);
        }
        assert!(lines.dropped.load(Ordering::Relaxed) > 0);
        drop(guard);
        assert!(begin.elapsed() < Duration::from_secs(20));
        drop(far);
    }
}
