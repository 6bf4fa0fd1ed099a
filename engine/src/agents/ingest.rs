//! Ingest: open a set, put chunks, read the ledger, give up (design §3).

use super::{leased, own};
use crate::Engine;
use bytes::Bytes;
use rsvault_domain::backup::{BackupSet, CHUNK_SIZE, ChunkRow, DedupeKey, SetState};
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_domain::ports::{PutOutcome, Recipient, Tx};
use rsvault_domain::work::CommandWork;

/// An open set and what the agent needs to fill it.
#[derive(Clone, Debug)]
pub struct OpenedSet {
    /// The set.
    pub set: BackupSet,
    /// Whom to wrap the data key for.
    pub recipient: Recipient,
    /// Chunks that stand already.
    pub present: Vec<ChunkRow>,
}

/// Whether a chunk was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutChunk {
    /// It is new and durable.
    Created,
    /// The same bytes stood already.
    Same,
}

/// Opens the set of a backup command, or gives back the one that is open. A command that was handed
/// out again takes the set over at its own generation; chunks of the older one are garbage.
pub async fn open_set(engine: &Engine, agent: &AgentRecord, id: CommandId, generation: i64) -> Result<OpenedSet> {
    let vault = leased(engine.store.read().await?.as_mut(), agent, id, generation).await?.vault_id;
    let recipient = engine.keys.recipient(vault).await?;
    let mut tx = engine.store.begin().await?;
    let command = leased(tx.as_mut(), agent, id, generation).await?;
    let CommandWork::Backup { item, kind, .. } = &command.work else {
        return Err(Fault::invalid("NotABackup", format!("Command '{id}' is not a backup; only a backup opens a set.")));
    };
    let wanted = BackupSet {
        id: SetId(uuid::Uuid::now_v7()),
        vault_id: command.vault_id,
        item_id: *item,
        command_id: id,
        kind: *kind,
        state: SetState::Open,
        generation,
        dedupe_key: DedupeKey(format!("command/{id}")),
        chunk_size: CHUNK_SIZE,
        key_id: recipient.key_id.clone(),
        key_version: recipient.version,
        opened_at: engine.clock.now(),
        closed_at: None,
        manifest: None,
    };
    let mut set = tx.open_set(&wanted).await?;
    let takes_over = set.generation < generation;
    if takes_over && set.state == SetState::Aborted {
        // The attempt before gave its set up, then the command back (an agent that shuts down).
        tx.move_set(set.id, &[SetState::Aborted], SetState::Open, wanted.opened_at).await?;
        set.state = SetState::Open;
    }
    if takes_over && set.state == SetState::Collecting {
        return Err(Fault::new(
            FaultKind::Unavailable,
            "SetBeingCollected",
            "What an earlier attempt has left is being deleted. Open the set again in a moment.",
        ));
    }
    if takes_over && set.state == SetState::Open {
        set = BackupSet { generation, key_id: wanted.key_id, key_version: wanted.key_version, ..set };
        tx.reopen_set(&set).await?;
    }
    set.accepts(generation)?;
    let present = tx.ledger(set.id, generation).await?;
    tx.commit().await?;
    Ok(OpenedSet { set, recipient, present })
}

/// The set `id`, if it belongs to a command of this agent's server.
pub(super) async fn own_set(tx: &mut dyn Tx, agent: &AgentRecord, id: SetId) -> Result<BackupSet> {
    let missing = || {
        Fault::not_found("SetNotFound", format!("Backup set '{id}' is not one of this agent's. Open a set for the command first."))
            .at("setId")
    };
    let set = tx.set_head(id).await?.ok_or_else(missing)?;
    own(tx, agent, set.command_id).await.map_err(|fault| if fault.kind == FaultKind::NotFound { missing() } else { fault })?;
    Ok(set)
}

/// Stores one chunk: `digest` (BLAKE3) was verified over `bytes` by the edge. Durable when this
/// returns. The same bytes again are fine; other bytes at the same place are refused.
#[allow(clippy::too_many_arguments, reason = "the address of a chunk has five parts")]
pub async fn put_chunk(
    engine: &Engine,
    agent: &AgentRecord,
    id: SetId,
    generation: i64,
    stream: u32,
    seq: u32,
    digest: [u8; 32],
    bytes: Bytes,
) -> Result<PutChunk> {
    let mut tx = engine.store.read().await?;
    let set = own_set(tx.as_mut(), agent, id).await?;
    set.accepts(generation)?;
    let size = u32::try_from(bytes.len()).ok().filter(|s| *s > 0 && *s <= set.chunk_size).ok_or_else(|| {
        Fault::new(FaultKind::TooLarge, "ChunkSize", format!("A chunk has 1 to {} bytes; this one has {}.", set.chunk_size, bytes.len()))
    })?;
    let different = || {
        Fault::conflict(
            "ChunkExists",
            format!("Chunk {seq} of stream {stream} stands with other bytes. A chunk is written once; start a new attempt."),
        )
    };
    if let Some(stands) = tx.chunk(id, generation, stream, seq).await? {
        return if stands.digest == digest { Ok(PutChunk::Same) } else { Err(different()) };
    }
    drop(tx);
    let key = set.chunk_key(stream, seq);
    if engine.objects.put_new(&key, bytes).await? == PutOutcome::Exists {
        // Written before but never acknowledged: it counts only if it is what is sent now.
        let stored = engine.objects.get(&key).await?;
        if blake3::hash(&stored).as_bytes() != &digest {
            return Err(different());
        }
    }
    let mut tx = engine.store.begin().await?;
    own_set(tx.as_mut(), agent, id).await?.accepts(generation)?;
    let row = ChunkRow { stream, seq, size, digest };
    let stands = tx.put_chunk(id, generation, &row).await?;
    tx.commit().await?;
    if stands == row { Ok(PutChunk::Created) } else { Err(different()) }
}

/// Chunks of a set's generation that stand.
pub async fn ledger(engine: &Engine, agent: &AgentRecord, id: SetId, generation: i64) -> Result<Vec<ChunkRow>> {
    let mut tx = engine.store.read().await?;
    own_set(tx.as_mut(), agent, id).await?;
    Ok(tx.ledger(id, generation).await?)
}

/// Gives an open set up; its chunks are collected. Repeating it is fine.
pub async fn abort(engine: &Engine, agent: &AgentRecord, id: SetId, generation: i64) -> Result<()> {
    let mut tx = engine.store.begin().await?;
    let set = own_set(tx.as_mut(), agent, id).await?;
    if set.state == SetState::Open {
        set.accepts(generation)?;
        tx.move_set(id, &[SetState::Open], SetState::Aborted, engine.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}
