//! Backups: one blocking thread per stream packs, seals and cuts; one task sends chunks.

use super::pack::Packer;
use super::pool::{Buffer, Pool};
use super::{Flow, Progress, Stop, unsealed};
use crate::plugin::{BackupOutput, WorkloadError};
use crate::transport::{ChunkPlace, Vault, VaultError, patiently};
use async_trait::async_trait;
use bytes::Bytes;
use rsvault_domain::backup::{StreamSummary, WrappedKey};
use rsvault_protocol::messages::OpenSetView;
use rsvault_protocol::seal::{Chunk, Chunker, DataKey, Sealer, associated_data, wrap_key};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Writes of a plugin that may wait in front of a stream's thread.
const QUEUE: usize = 2;

/// A set whose chunks are all durable.
pub struct SealedSet {
    /// The data key, wrapped for the vault.
    pub key: WrappedKey,
    /// What each stream holds.
    pub streams: Vec<StreamSummary>,
}

/// Takes a plugin's bytes and makes a set of them.
pub struct BackupPipeline {
    inputs: Vec<mpsc::Sender<Bytes>>,
    sealing: JoinSet<Result<StreamSummary, WorkloadError>>,
    sending: JoinSet<Result<(), WorkloadError>>,
    pool: Arc<Pool>,
    key: WrappedKey,
    progress: Arc<Progress>,
    stop: CancellationToken,
}

/// A chunk on its way.
struct Outgoing {
    stream: u32,
    seq: u32,
    digest: [u8; 32],
    bytes: Bytes,
}

impl BackupPipeline {
    /// Starts on an open set. `stop` ends all of it at once.
    pub fn start(
        vault: Arc<dyn Vault>,
        set: &OpenSetView,
        streams: u32,
        compress: bool,
        flow: Flow,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Result<Self, WorkloadError> {
        let key = DataKey::generate().map_err(unsealed)?;
        let wrapped = wrap_key(&key, &set.recipient.public_key_pem).map_err(unsealed)?;
        let wrapped = WrappedKey { key_id: set.recipient.key_id.clone(), version: set.recipient.version, wrapped };
        // One buffer for each stream to fill, the window in flight.
        let pool = Pool::new(flow.window.max(1) + streams as usize, set.chunk_size as usize);
        // Unbounded in name only: each element holds a buffer of the pool.
        let (chunks, outgoing) = mpsc::unbounded_channel();
        let (mut sealing, mut sending, mut inputs) = (JoinSet::new(), JoinSet::new(), Vec::new());
        for stream in 0..streams {
            let (input, queue) = mpsc::channel(QUEUE);
            inputs.push(input);
            let sealer = Sealer::new(&key, &associated_data(&set.associated_data_prefix, stream)).map_err(unsealed)?;
            let output = Output {
                stream,
                chunker: Chunker::new(set.chunk_size),
                buffer: None,
                pool: Arc::clone(&pool),
                chunks: chunks.clone(),
                runtime: Handle::current(),
            };
            sealing.spawn_blocking(move || seal_stream(queue, Packer::new(compress), sealer, output));
        }
        let place = ChunkPlace { set: set.set_id, generation: set.generation, stream: 0, seq: 0 };
        sending.spawn(send_all(vault, place, outgoing, flow, stop.clone()));
        Ok(Self { inputs, sealing, sending, pool, key: wrapped, progress, stop })
    }

    /// Ends all streams and waits until every chunk is durable.
    pub async fn finish(mut self) -> Result<SealedSet, WorkloadError> {
        self.inputs.clear();
        let mut streams = Vec::new();
        while let Some(sealed) = self.sealing.join_next().await {
            match sealed.map_err(died).and_then(|s| s) {
                Ok(summary) => streams.push(summary),
                Err(error) => return Err(self.why(error).await),
            }
        }
        self.settle().await?;
        streams.sort_by_key(|s| s.stream);
        Ok(SealedSet { key: self.key.clone(), streams })
    }

    /// Waits for the sender, which ends when all streams have.
    async fn settle(&mut self) -> Result<(), WorkloadError> {
        while let Some(sent) = self.sending.join_next().await {
            sent.map_err(died).and_then(|s| s)?;
        }
        Ok(())
    }

    /// The first cause: a stream ends early mostly because sending did.
    async fn why(&mut self, seen: WorkloadError) -> WorkloadError {
        self.inputs.clear();
        self.pool.close();
        while let Some(sealed) = self.sealing.join_next().await {
            if let Ok(Err(error)) = sealed {
                tracing::debug!(%error, "a stream ended early");
            }
        }
        match self.settle().await {
            Err(cause) => cause,
            Ok(()) => seen,
        }
    }
}

impl Drop for BackupPipeline {
    fn drop(&mut self) {
        // Lets the blocking threads go; tasks end with their sets.
        self.pool.close();
    }
}

#[async_trait]
impl BackupOutput for BackupPipeline {
    async fn write(&mut self, stream: u32, bytes: Bytes) -> Result<(), WorkloadError> {
        let Some(input) = self.inputs.get(stream as usize) else {
            return Err(WorkloadError::fault(
                "WlExtGenericIOFaultUserError",
                format!("The engine wrote stream {stream}, but only {} were opened.", self.inputs.len()),
            ));
        };
        let size = bytes.len();
        let sent = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(WorkloadError::Cancelled),
            sent = input.send(bytes) => sent.is_ok(),
        };
        if sent {
            self.progress.add(size);
            return Ok(());
        }
        Err(self.why(WorkloadError::Transport("the stream ended early".into())).await)
    }
}

/// Where sealed bytes go: into buffers, and full buffers to the sender.
struct Output {
    stream: u32,
    chunker: Chunker,
    /// The lent slot whose bytes the chunker is filling.
    buffer: Option<Buffer>,
    pool: Arc<Pool>,
    chunks: mpsc::UnboundedSender<Outgoing>,
    runtime: Handle,
}

impl Stop {
    fn of_sealing(self) -> WorkloadError {
        match self {
            Self::Work(error) => error,
            Self::Seal(error) => unsealed(error),
        }
    }
}

impl Output {
    fn seal(&mut self, sealer: &mut Sealer, packed: &[u8]) -> Result<(), WorkloadError> {
        sealer.push(packed, &mut |sealed| self.write(sealed).map_err(Stop::Work)).map_err(Stop::of_sealing)
    }
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), WorkloadError> {
        while !bytes.is_empty() {
            if self.chunker.needs_buffer() {
                let mut buffer = self.runtime.block_on(self.pool.take()).ok_or(WorkloadError::Cancelled)?;
                self.chunker.provide(std::mem::take(&mut buffer.bytes));
                self.buffer = Some(buffer);
            }
            let (taken, chunk) = self.chunker.push(bytes);
            bytes = &bytes[taken..];
            if let Some(chunk) = chunk {
                self.send(chunk)?;
            }
        }
        Ok(())
    }
    fn send(&mut self, chunk: Chunk) -> Result<(), WorkloadError> {
        let mut buffer = self.buffer.take().ok_or(WorkloadError::Cancelled)?;
        buffer.bytes = chunk.bytes;
        let outgoing = Outgoing { stream: self.stream, seq: chunk.seq, digest: chunk.digest, bytes: Bytes::from_owner(buffer) };
        self.chunks.send(outgoing).map_err(|_| WorkloadError::Cancelled)
    }
}

/// One stream, on its own thread.
fn seal_stream(
    mut queue: mpsc::Receiver<Bytes>,
    mut packer: Packer,
    mut sealer: Sealer,
    mut output: Output,
) -> Result<StreamSummary, WorkloadError> {
    while let Some(bytes) = queue.blocking_recv() {
        packer.push(&bytes, &mut |packed| output.seal(&mut sealer, packed))?;
    }
    packer.finish(&mut |packed| output.seal(&mut sealer, packed))?;
    sealer.finish(&mut |sealed| output.write(sealed).map_err(Stop::Work)).map_err(Stop::of_sealing)?;
    if let Some(chunk) = output.chunker.finish() {
        output.send(chunk)?;
    }
    Ok(StreamSummary {
        stream: output.stream,
        chunks: output.chunker.chunks(),
        sealed_bytes: output.chunker.total(),
        packed_bytes: packer.packed_bytes,
        source_bytes: packer.source_bytes,
        digest: output.chunker.stream_digest(),
        compression: packer.compression().to_owned(),
    })
}

/// Sends chunks, `window` at a time, until all streams have ended.
async fn send_all(
    vault: Arc<dyn Vault>,
    set: ChunkPlace,
    mut chunks: mpsc::UnboundedReceiver<Outgoing>,
    flow: Flow,
    stop: CancellationToken,
) -> Result<(), WorkloadError> {
    let mut flying: JoinSet<Result<(), WorkloadError>> = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Err(WorkloadError::Cancelled),
            Some(sent) = flying.join_next() => sent.map_err(died).and_then(|s| s)?,
            next = chunks.recv(), if flying.len() < flow.window.max(1) => {
                let Some(chunk) = next else { break };
                let (vault, place) = (Arc::clone(&vault), ChunkPlace { stream: chunk.stream, seq: chunk.seq, ..set });
                flying.spawn(async move {
                    patiently(&flow.patience, || vault.put_chunk(place, chunk.digest, chunk.bytes.clone())).await.map_err(VaultError::into_work)
                });
            }
        }
    }
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Err(WorkloadError::Cancelled),
            sent = flying.join_next() => match sent {
                Some(sent) => sent.map_err(died).and_then(|s| s)?,
                None => return Ok(()),
            },
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a mapper of errors takes them whole")]
fn died(error: tokio::task::JoinError) -> WorkloadError {
    WorkloadError::fault("WlExtGenericIOFaultUserError", format!("A worker of the pipeline ended: {error}."))
}
