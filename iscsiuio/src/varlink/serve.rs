//! One client, to its end.

use tokio::net::UnixStream;
use tokio::sync::mpsc;
use zlink::tokio::unix::Stream;
use zlink::{ReadyListener, Server};

use super::bounded::Bounded;
use super::service::Service;
use crate::ask::Ask;

/// Serves one client: a server of its own each, so that nobody waits for another.
pub async fn serve(client: UnixStream, asks: mpsc::Sender<Ask>) {
    let outcome = async {
        let client = Bounded(Stream::try_from(client)?);
        Server::new(ReadyListener::new(client), Service::new(asks))
            .run()
            .await
    };
    if let Err(error) = outcome.await {
        tracing::debug!("a varlink client was not served: {error}");
    }
}
