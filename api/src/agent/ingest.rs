//! Takes in one chunk: bounded, counted, hashed while it comes in.
//!
//! Always holds: at most [`CHUNKS`] chunks are in memory in the whole server, whoever sends them.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use rsvault_domain::backup::CHUNK_SIZE;
use rsvault_domain::{Fault, FaultKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Chunks in flight.
const CHUNKS: usize = 16;
/// How long a request waits for its turn before it is sent away.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a chunk may take to come in.
const ARRIVAL: Duration = Duration::from_secs(120);

/// Turns to hold a chunk in memory.
#[derive(Clone)]
pub(super) struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CHUNKS)))
    }
}

impl Gate {
    /// Waits for a turn, a bounded time.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, Fault> {
        match timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Fault::new(
                FaultKind::Throttled,
                "TooManyChunks",
                format!("The vault holds {CHUNKS} chunks in flight already. Send this one again after a moment."),
            )),
        }
    }
}

/// Reads a chunk and its BLAKE3. `announced` is the Content-Length, if there is one.
pub(super) async fn receive(body: Body, announced: Option<u64>) -> Result<(Bytes, [u8; 32]), Fault> {
    let limit = CHUNK_SIZE as usize;
    let too_large = || Fault::new(FaultKind::TooLarge, "ChunkSize", format!("A chunk has at most {limit} bytes."));
    let expected = usize::try_from(announced.unwrap_or(0)).ok().filter(|n| *n <= limit).ok_or_else(too_large)?;
    let arrive = async {
        let (mut buffer, mut hasher, mut pieces) = (BytesMut::with_capacity(expected), blake3::Hasher::new(), body.into_data_stream());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|e| Fault::invalid("BodyCut", "The body broke off. Send the chunk again.").because(e))?;
            if buffer.len() + piece.len() > limit {
                return Err(too_large());
            }
            hasher.update(&piece);
            buffer.extend_from_slice(&piece);
        }
        Ok((buffer.freeze(), *hasher.finalize().as_bytes()))
    };
    timeout(ARRIVAL, arrive)
        .await
        .unwrap_or_else(|_| Err(Fault::invalid("BodyTooSlow", "The chunk did not arrive in time. Send it again.")))
}
