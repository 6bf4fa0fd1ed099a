//! The listener: one port for TLS and plain HTTP, HTTP/1.1 and HTTP/2.
//!
//! Always holds: a connection that says nothing is closed in time; there are never more than the
//! allowed connections; at the soft end no connection is accepted, idle ones are closed, and running
//! requests finish.

mod detect;

use crate::lifecycle::Lifecycle;
use axum::Router;
use detect::{Spoken, first_byte};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Time to say the first byte, and again for the TLS handshake.
const HELLO: Duration = Duration::from_secs(10);
/// Time to send the head of a request (also how long an idle HTTP/1.1 connection lives).
const HEAD: Duration = Duration::from_secs(90);
/// Pause after an accept error such as "too many open files".
const BACKOFF: Duration = Duration::from_millis(100);

/// A bound port and what is served on it.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Arc<rustls::ServerConfig>,
    pub(crate) app: Router,
    pub(crate) max_connections: u32,
}

impl Listener {
    /// Serves until the soft end. Connections are tasks of `life`.
    pub(crate) async fn run(self, life: Lifecycle) {
        let soft = life.soft();
        let permits = Arc::new(Semaphore::new(self.max_connections as usize));
        let acceptor = TlsAcceptor::from(self.tls);
        loop {
            let permit = tokio::select! {
                permit = permits.clone().acquire_owned() => permit,
                () = soft.cancelled() => return,
            };
            let Ok(permit) = permit else { return };
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = soft.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = Connection { peer, acceptor: acceptor.clone(), app: self.app.clone(), life: life.clone(), permit };
                    life.spawn(connection.serve(stream));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(BACKOFF).await;
                }
            }
        }
    }
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    acceptor: TlsAcceptor,
    app: Router,
    life: Lifecycle,
    permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        let soft = self.life.soft();
        let _ = stream.set_nodelay(true);
        let spoken = tokio::select! {
            spoken = tokio::time::timeout(HELLO, first_byte(&stream)) => spoken,
            () = soft.cancelled() => return,
        };
        match spoken {
            Ok(Ok(Some(Spoken::Tls))) => match tokio::time::timeout(HELLO, self.acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream, "https").await,
                Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(peer = %self.peer, "TLS handshake took too long"),
            },
            Ok(Ok(Some(Spoken::Http))) => self.speak(stream, "http").await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "connection lost"),
            Err(_) => tracing::debug!(peer = %self.peer, "connection said nothing"),
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, scheme: &'static str) {
        let soft = self.life.soft();
        let peer = self.peer;
        let service = self.app.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
            mark(request.extensions_mut(), scheme, peer);
            request.map(axum::body::Body::new)
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30)).max_concurrent_streams(256);
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = soft.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %self.peer, %error, "connection ended early");
        }
        drop(self.permit);
    }
}

/// Tells the api how the request came.
fn mark(extensions: &mut http::Extensions, scheme: &'static str, peer: SocketAddr) {
    let scheme = if scheme == "https" { http::uri::Scheme::HTTPS } else { http::uri::Scheme::HTTP };
    extensions.insert(scheme);
    extensions.insert(axum::extract::ConnectInfo(peer));
}

#[cfg(test)]
mod tests;
