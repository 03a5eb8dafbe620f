//! One varlink call: connect, ask, read one answer, close.
//!
//! Owns the frame (JSON and a NUL) and its limits. Must not know methods. Source: varlink.org, "Service".

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use files::Dir;
use serde::Deserialize;
use serde_json::{Value, json};

/// The most bytes of an answer: every table of the helper is bounded, and all of them together are less.
pub(super) const MOST: u64 = 16 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nobody listens.
    Nobody,
    /// Whoever listens does not let us ask.
    Refused,
    /// No answer in time.
    Late,
    /// The socket failed.
    Io(io::Error),
    /// The answer is none.
    Nonsense(String),
    /// The service answered with an error of its interface: the last part of its name.
    Answered(String),
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    parameters: Value,
    error: Option<String>,
}

/// Calls a method of the service behind the socket `name` in `dir`.
pub(super) fn call(
    dir: &Path,
    name: &str,
    method: &str,
    parameters: &Value,
    limit: Duration,
) -> Result<Value, Fault> {
    let begin = Instant::now();
    let dir = Dir::open(dir).map_err(|e| match e.io_kind() {
        io::ErrorKind::NotFound => Fault::Nobody,
        io::ErrorKind::PermissionDenied => Fault::Refused,
        _ => Fault::Io(io::Error::other(e)),
    })?;
    let mut socket = UnixStream::connect(dir.through(name))?;
    let left = || {
        let left = limit.saturating_sub(begin.elapsed());
        if left.is_zero() {
            Err(Fault::Late)
        } else {
            Ok(Some(left))
        }
    };
    let mut message = json!({"method": method, "parameters": parameters})
        .to_string()
        .into_bytes();
    message.push(0);
    socket.set_write_timeout(left()?)?;
    socket.write_all(&message).map_err(hung_up)?;
    socket.set_read_timeout(left()?)?;
    let mut answer = Vec::new();
    BufReader::new(socket.take(MOST))
        .read_until(0, &mut answer)
        .map_err(hung_up)?;
    match answer.pop() {
        Some(0) => read(&answer),
        // It closes on those who may not ask, without a word.
        None => Err(Fault::Refused),
        Some(_) => Err(Fault::Nonsense(format!(
            "no end after {} bytes",
            answer.len() + 1
        ))),
    }
}

fn hung_up(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Fault::Refused,
        _ => Fault::from(error),
    }
}

fn read(answer: &[u8]) -> Result<Value, Fault> {
    let reply: Reply = serde_json::from_slice(answer).map_err(|e| Fault::Nonsense(e.to_string()))?;
    match reply.error {
        None => Ok(reply.parameters),
        Some(name) => Err(Fault::Answered(
            name.rsplit('.').next().unwrap_or_default().to_owned(),
        )),
    }
}
