//! The listener: one port for TLS and plain HTTP, HTTP/1.1 and HTTP/2.
//!
//! Always holds: a connection that says nothing is closed in time; there are never more than the
//! allowed connections; at the soft end no connection is accepted, idle ones are closed, and running
//! requests finish, or are answered 503 if they are still waiting after [`PATIENCE`] (long polls).

mod detect;

use crate::lifecycle::Lifecycle;
use axum::Router;
use axum::response::{IntoResponse, Response};
use detect::{Spoken, first_byte};
use http::uri::Scheme;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Time to say the first byte, and again for the TLS handshake.
const HELLO: Duration = Duration::from_secs(10);
/// Time to send the head of a request (also how long an idle HTTP/1.1 connection lives).
const HEAD: Duration = Duration::from_secs(90);
/// Pause after an accept error such as "too many open files".
const BACKOFF: Duration = Duration::from_millis(100);

/// How long a request may go on after the soft end before it is answered 503.
const PATIENCE: Duration = Duration::from_millis(1500);

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
                Ok(Ok(stream)) => self.speak(stream, Scheme::HTTPS).await,
                Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "TLS handshake failed"),
                Err(_) => tracing::debug!(peer = %self.peer, "TLS handshake took too long"),
            },
            Ok(Ok(Some(Spoken::Http))) => self.speak(stream, Scheme::HTTP).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "connection lost"),
            Err(_) => tracing::debug!(peer = %self.peer, "connection said nothing"),
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, scheme: Scheme) {
        let soft = self.life.soft();
        let (app, peer, ending) = (self.app, self.peer, soft.clone());
        let service = tower::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(scheme.clone());
            request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
            answer(app.clone(), request, ending.clone())
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
            tracing::debug!(%peer, %error, "connection ended early");
        }
        drop(self.permit);
    }
}

/// The app's answer, or 503 when the server ends before there is one.
async fn answer(app: Router, request: axum::extract::Request, ending: CancellationToken) -> Result<Response, Infallible> {
    let too_late = async {
        ending.cancelled().await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        biased;
        answer = app.oneshot(request) => answer,
        () = too_late => Ok((http::StatusCode::SERVICE_UNAVAILABLE, [(http::header::RETRY_AFTER, "1"), (http::header::CONNECTION, "close")]).into_response()),
    }
}

#[cfg(test)]
mod tests;
