//! Restores: per stream one task fetches chunks ahead, in order, and one blocking thread checks,
//! opens and unpacks them.

use super::pool::{Buffer, Pool};
use super::unpack::Unpacker;
use super::{Flow, Progress, Stop, unsealed};
use crate::plugin::{RestoreInput, WorkloadError};
use crate::transport::{ChunkPlace, Vault, VaultError, patiently};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::{StreamExt, stream};
use rsvault_domain::backup::{Manifest, ManifestChunk};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_protocol::seal::{DataKey, Opener, associated_data, associated_data_prefix, chunk_digest};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Gives a plan's bytes to a plugin, one step at a time.
pub struct RestoreReader {
    vault: Arc<dyn Vault>,
    command: CommandId,
    flow: Flow,
    progress: Arc<Progress>,
    stop: CancellationToken,
    step: Option<OpenStep>,
}

/// The set being read.
struct OpenStep {
    index: usize,
    manifest: Manifest,
    key: Zeroizing<Vec<u8>>,
    readers: HashMap<u32, StreamReader>,
}

/// A stream being read. Dropping it ends its task and, through the channel, its thread.
struct StreamReader {
    pieces: mpsc::Receiver<Result<Piece, WorkloadError>>,
    ended: bool,
    _work: JoinSet<()>,
}

/// What a stream's thread hands on. Only `End` is the end: a closed channel alone is a failure.
enum Piece {
    Data(Bytes),
    End,
}

impl RestoreReader {
    /// For a restore command. `stop` ends every read.
    pub fn new(vault: Arc<dyn Vault>, command: CommandId, flow: Flow, progress: Arc<Progress>, stop: CancellationToken) -> Self {
        Self { vault, command, flow, progress, stop, step: None }
    }

    /// Opens the set of step `index`; what was read of an earlier step is let go.
    pub async fn open_step(&mut self, index: usize, set: SetId) -> Result<&Manifest, WorkloadError> {
        self.step = None;
        let ask = patiently(&self.flow.patience, || self.vault.restore_set(self.command, set));
        let view = tokio::select! {
            () = self.stop.cancelled() => return Err(WorkloadError::Cancelled),
            view = ask => view.map_err(VaultError::into_work)?,
        };
        let manifest = view.manifest;
        if manifest.set_id != set || manifest.streams.iter().any(|s| s.chunk_list.len() != s.summary.chunks as usize) {
            return Err(WorkloadError::fault(
                "UserErrorRecoveryPointDataCorrupt",
                format!("The manifest of set {set} does not fit the set."),
            ));
        }
        let view_key = Zeroizing::new(view.data_key);
        let key = STANDARD
            .decode(view_key.as_bytes())
            .map_err(|_| WorkloadError::fault("BMSUserErrorKeyUnavailable", "The data key is not base64."))?;
        self.progress.expect(manifest.streams.iter().map(|s| s.summary.source_bytes).sum());
        Ok(&self.step.insert(OpenStep { index, manifest, key: Zeroizing::new(key), readers: HashMap::new() }).manifest)
    }

    fn start(&self, step: &OpenStep, stream: u32) -> Result<StreamReader, WorkloadError> {
        let set = step.manifest.set_id;
        let Some(listed) = step.manifest.streams.get(stream as usize) else {
            return Err(WorkloadError::fault("WorkloadRestoreFailed", format!("Set {set} has no stream {stream}.")));
        };
        let window = (self.flow.window / step.manifest.streams.len().max(1)).max(2);
        let pool = Pool::new(window, step.manifest.chunk_size as usize);
        let opener = Opener::new(DataKey::from_slice(&step.key).map_err(unsealed)?, &associated_data(&associated_data_prefix(set), stream));
        let unpacker = Unpacker::new(&listed.summary.compression)?;
        let (to_thread, fetched) = mpsc::channel(1);
        let (to_plugin, pieces) = mpsc::channel(2);
        let mut work = JoinSet::new();
        let place = ChunkPlace { set, generation: step.manifest.generation, stream, seq: 0 };
        let fetch = Fetch { vault: Arc::clone(&self.vault), command: self.command, place, flow: self.flow, pool };
        work.spawn(fetch.all(listed.chunk_list.clone(), window, to_thread));
        let delivery = Delivery { place, chunks: listed.summary.chunks, to_plugin };
        work.spawn_blocking(move || delivery.run(fetched, opener, unpacker));
        Ok(StreamReader { pieces, ended: false, _work: work })
    }
}

#[async_trait]
impl RestoreInput for RestoreReader {
    fn streams(&self, step: usize) -> u32 {
        self.step.as_ref().filter(|s| s.index == step).map_or(0, |s| s.manifest.streams.len() as u32)
    }

    async fn read(&mut self, step: usize, stream: u32) -> Result<Option<Bytes>, WorkloadError> {
        let Some(open) = self.step.as_ref().filter(|s| s.index == step) else {
            return Err(WorkloadError::fault("WorkloadRestoreFailed", format!("Step {step} is not open.")));
        };
        if !open.readers.contains_key(&stream) {
            let reader = self.start(open, stream)?;
            if let Some(open) = &mut self.step {
                open.readers.insert(stream, reader);
            }
        }
        let Some(reader) = self.step.as_mut().and_then(|s| s.readers.get_mut(&stream)) else { return Ok(None) };
        if reader.ended {
            return Ok(None);
        }
        let piece = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(WorkloadError::Cancelled),
            piece = reader.pieces.recv() => piece,
        };
        match piece {
            Some(Ok(Piece::Data(bytes))) => {
                self.progress.add(bytes.len());
                Ok(Some(bytes))
            }
            Some(Ok(Piece::End)) => {
                reader.ended = true;
                Ok(None)
            }
            Some(Err(error)) => Err(error),
            None => Err(WorkloadError::fault("WlExtGenericIOFaultUserError", "A worker of the pipeline ended.")),
        }
    }
}

/// Fetches the chunks of one stream.
struct Fetch {
    vault: Arc<dyn Vault>,
    command: CommandId,
    place: ChunkPlace,
    flow: Flow,
    pool: Arc<Pool>,
}

type Fetched = (u32, ManifestChunk, Result<Buffer, WorkloadError>);

impl Fetch {
    async fn all(self, chunks: Vec<ManifestChunk>, window: usize, to_thread: mpsc::Sender<Fetched>) {
        let this = &self;
        let mut ahead = stream::iter((0u32..).zip(chunks))
            .map(|(seq, chunk)| async move {
                let buffer = this.one(seq, chunk.size as usize).await;
                (seq, chunk, buffer)
            })
            .buffered(window);
        while let Some(fetched) = ahead.next().await {
            let failed = fetched.2.is_err();
            if to_thread.send(fetched).await.is_err() || failed {
                return;
            }
        }
    }
    async fn one(&self, seq: u32, size: usize) -> Result<Buffer, WorkloadError> {
        let place = ChunkPlace { seq, ..self.place };
        let buffer = tokio::sync::Mutex::new(self.pool.take().await.ok_or(WorkloadError::Cancelled)?);
        let read = patiently(&self.flow.patience, || async {
            let mut buffer = buffer.lock().await;
            self.vault.read_chunk(self.command, place, size, &mut buffer.bytes).await?;
            // A connection that ends early looks like a short chunk: ask again.
            if buffer.bytes.len() < size { Err(VaultError::unavailable("the answer was cut")) } else { Ok(()) }
        });
        match read.await {
            Ok(()) => Ok(buffer.into_inner()),
            Err(VaultError::Refused { status, code, detail }) if status == 404 || code == "UserErrorRecoveryPointDataCorrupt" => {
                Err(corrupt(place, &detail))
            }
            Err(error) => Err(error.into_work()),
        }
    }
}

fn corrupt(place: ChunkPlace, why: &str) -> WorkloadError {
    WorkloadError::fault(
        "UserErrorRecoveryPointDataCorrupt",
        format!("Stream {}, chunk {} of set {}: {why}", place.stream, place.seq, place.set),
    )
}

/// One stream, on its own thread.
struct Delivery {
    place: ChunkPlace,
    chunks: u32,
    to_plugin: mpsc::Sender<Result<Piece, WorkloadError>>,
}

impl Delivery {
    fn run(self, fetched: mpsc::Receiver<Fetched>, opener: Opener, unpacker: Unpacker) {
        let last = self.deliver(fetched, opener, unpacker).map(|()| Piece::End);
        // Nobody listens any more if the restore has ended: nothing to tell then.
        let _ = self.to_plugin.blocking_send(last);
    }
    fn deliver(&self, mut fetched: mpsc::Receiver<Fetched>, mut opener: Opener, mut unpacker: Unpacker) -> Result<(), WorkloadError> {
        let mut hand_on = |bytes: &[u8]| {
            let piece = Piece::Data(Bytes::copy_from_slice(bytes));
            self.to_plugin.blocking_send(Ok(piece)).map_err(|_| WorkloadError::Cancelled)
        };
        for seq in 0..self.chunks {
            let place = ChunkPlace { seq, ..self.place };
            let (got, listed, buffer) = fetched.blocking_recv().ok_or(WorkloadError::Cancelled)?;
            let buffer = buffer?;
            if got != seq || hex::encode(chunk_digest(&buffer.bytes)) != listed.blake3 {
                return Err(corrupt(place, "its digest is not the one that was committed."));
            }
            opener
                .push(&buffer.bytes, &mut |plain| unpacker.push(plain, &mut hand_on).map_err(Stop::Work))
                .map_err(|stop| stop.at(place))?;
        }
        let end = ChunkPlace { seq: self.chunks.saturating_sub(1), ..self.place };
        opener.finish(&mut |plain| unpacker.push(plain, &mut hand_on).map_err(Stop::Work)).map_err(|stop| stop.at(end))?;
        unpacker.finish()
    }
}

impl Stop {
    /// In the words of the job: a failed tag is a corrupt chunk.
    fn at(self, place: ChunkPlace) -> WorkloadError {
        match self {
            Self::Work(error) => error,
            Self::Seal(error) => corrupt(place, &format!("{error}.")),
        }
    }
}
