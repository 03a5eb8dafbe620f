//! A client's socket whose reads and writes have limits: of time, and of the bytes that one message may have.

use std::cell::Cell;
use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::timeout;
use zlink::connection::PassedCredentials;
use zlink::connection::socket::{ReadHalf, ReadResult, Socket, WriteHalf};
use zlink::tokio::unix::Stream;

/// How long a client may say nothing.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// How long a client may take to read an answer.
const WRITE_LIMIT: Duration = Duration::from_secs(5);
/// Bytes between two answers.
const MOST_BYTES: usize = 64 << 10;

/// The socket.
#[derive(Debug)]
pub(super) struct Bounded(pub(super) Stream);

/// What comes in.
#[derive(Debug)]
pub(super) struct Reads<R> {
    half: R,
    read: Rc<Cell<usize>>,
}

/// What goes out.
#[derive(Debug)]
pub(super) struct Writes<W> {
    half: W,
    read: Rc<Cell<usize>>,
}

impl Socket for Bounded {
    type ReadHalf = Reads<<Stream as Socket>::ReadHalf>;
    type WriteHalf = Writes<<Stream as Socket>::WriteHalf>;

    fn split(self) -> (Self::ReadHalf, Self::WriteHalf) {
        let (reads, writes) = self.0.split();
        let read = Rc::new(Cell::new(0));
        let reads = Reads {
            half: reads,
            read: read.clone(),
        };
        (reads, Writes { half: writes, read })
    }
}

impl<R: ReadHalf> ReadHalf for Reads<R> {
    async fn read(&mut self, room: &mut [u8]) -> zlink::Result<ReadResult> {
        let result = timeout(IDLE_LIMIT, self.half.read(room))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        self.read.set(self.read.get().saturating_add(result.bytes_read()));
        if self.read.get() > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long").into());
        }
        Ok(result)
    }
}

impl<W: WriteHalf> WriteHalf for Writes<W> {
    async fn write(
        &mut self,
        bytes: &[u8],
        fds: &[impl AsFd],
        credentials: Option<&PassedCredentials>,
    ) -> zlink::Result<()> {
        self.read.set(0);
        timeout(WRITE_LIMIT, self.half.write(bytes, fds, credentials))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}
