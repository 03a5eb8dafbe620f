//! One client: a request, an answer, the end; each within its time.

use std::io;
use std::time::Duration;

use driver_sys::uip::{Command, Header, Reply, Request, Status, UipError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::wanted::{Unusable, Wanted};
use crate::ask::{Ask, PingAnswer};

/// How long a client may take to say what it wants.
const REQUEST_LIMIT: Duration = Duration::from_secs(5);
/// How long the answer may take; every [`Ask`] ends earlier.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long a client may take to read twelve bytes.
const REPLY_LIMIT: Duration = Duration::from_secs(5);

/// Why a client got no answer, or one that says no.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it sent nothing useful within {} s", REQUEST_LIMIT.as_secs())]
    Stalled,
    #[error(transparent)]
    Message(#[from] UipError),
    #[error(transparent)]
    Record(#[from] Unusable),
    #[error("there was no answer within {} s", ANSWER_LIMIT.as_secs())]
    Unanswered,
    #[error("the daemon is ending")]
    Ending,
    #[error("it did not take its answer")]
    Deaf,
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
}

/// Serves one client to its end.
pub async fn serve(mut stream: UnixStream, asks: mpsc::Sender<Ask>) {
    let mut command = None;
    let outcome = answer(&mut stream, &asks, &mut command).await;
    let refused = match outcome {
        Ok(reply) => send(&mut stream, reply).await,
        Err(why) => {
            // Whoever said what it wants is told; the reason stands in the log.
            let told = match (command, &why) {
                (Some(command), Refused::Message(_) | Refused::Record(_) | Refused::Unanswered) => {
                    send(&mut stream, Reply::new(command, Status::Err)).await
                }
                _ => Ok(()),
            };
            told.and(Err(why))
        }
    };
    match refused {
        Ok(()) => {}
        // It went away without a word: whoever looks whether somebody listens does that.
        Err(Refused::Io(why)) if why.kind() == io::ErrorKind::UnexpectedEof && command.is_none() => {
            tracing::debug!("a client said nothing and left");
        }
        Err(why) => tracing::warn!("a client of the control socket was not served: {why}"),
    }
}

async fn send(stream: &mut UnixStream, reply: Reply) -> Result<(), Refused> {
    timeout(REPLY_LIMIT, stream.write_all(&reply.encode()))
        .await
        .map_err(|_| Refused::Deaf)?
        .map_err(Refused::Io)
}

async fn answer(
    stream: &mut UnixStream,
    asks: &mpsc::Sender<Ask>,
    command: &mut Option<Command>,
) -> Result<Reply, Refused> {
    let request = timeout(REQUEST_LIMIT, read(stream, command))
        .await
        .map_err(|_| Refused::Stalled)??;
    let command = request.command();
    match request {
        Request::Iface(record) => {
            tracing::debug!(
                netdev = record.netdev,
                address = record.ipaddress,
                vlan = record.vlan_id,
                "asked for an interface"
            );
            let (answer, wait) = oneshot::channel();
            let wanted = Wanted::of(&record)?;
            let status = ask(asks, Ask::Iface { wanted, answer }, wait).await?;
            Ok(Reply::new(command, status))
        }
        Request::Ping(ping) => {
            let (answer, wait) = oneshot::channel();
            let wanted = Wanted::of(&ping.iface)?;
            let (to, size) = (ping.to, ping.size);
            let ask_for = Ask::Ping {
                wanted,
                to,
                size,
                answer,
            };
            let PingAnswer { status, ping, .. } = ask(asks, ask_for, wait).await?;
            Ok(Reply {
                command,
                status,
                ping,
            })
        }
    }
}

async fn ask<T>(asks: &mpsc::Sender<Ask>, what: Ask, wait: oneshot::Receiver<T>) -> Result<T, Refused> {
    let through = async {
        asks.send(what).await.map_err(|_| Refused::Ending)?;
        wait.await.map_err(|_| Refused::Ending)
    };
    timeout(ANSWER_LIMIT, through)
        .await
        .map_err(|_| Refused::Unanswered)?
}

/// The request; `command` is what its header names, once that is there. Nothing is read before its size is known to be right.
async fn read(stream: &mut UnixStream, command: &mut Option<Command>) -> Result<Request, Refused> {
    let mut head = [0; Header::SIZE];
    stream.read_exact(&mut head).await?;
    let header = Header::decode(&head)?;
    *command = Some(header.command);
    let mut payload = vec![0; header.check()?];
    stream.read_exact(&mut payload).await?;
    Ok(Request::decode(header.command, &payload)?)
}
