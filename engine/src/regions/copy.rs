//! The copy of one set: a task that makes the secondary equal to the primary, some chunks at a time.
//!
//! Always holds: a chunk is compared with the ledger before it is written and, if one stands there
//! already, that one is; the replica becomes visible in the transaction that finds it whole; nothing is
//! written for a set that was given up so long ago that its objects may have been collected.

use super::Secondary;
use crate::Engine;
use bytes::Bytes;
use futures::{StreamExt, stream};
use rsvault_domain::backup::{BackupSet, ChunkRow, Replica, ReplicaState, SetState};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ItemId, SetId, TaskId};
use rsvault_domain::ports::{EventKind, ObjectError, ObjectStore, PutOutcome, Tx};
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{Task, TaskKind};

/// Chunks copied in one go; then the task goes back to the end of the queue, for others are waiting too.
const BATCH: u32 = 16;
/// Chunks in memory at once.
const WINDOW: usize = 4;
/// Objects deleted in one go.
const SWEEP: usize = 1000;

/// Notes that a set is to be copied, if its vault asks for it and there is a second region.
pub(crate) async fn queue_copy(engine: &Engine, tx: &mut dyn Tx, vault: &Vault, item: ItemId, set: SetId) -> Result<()> {
    if engine.secondary.is_none() || !vault.settings.cross_region_restore {
        return Ok(());
    }
    if tx.put_replica(&Replica::pending(set, vault.id, item)).await? {
        enqueue(engine, tx, set).await?;
    }
    Ok(())
}

/// The set is gone for good: so is its copy, as soon as the secondary can be reached.
pub(crate) async fn doom(engine: &Engine, tx: &mut dyn Tx, set: SetId) -> Result<()> {
    let Some(mut replica) = tx.replica(set).await? else { return Ok(()) };
    replica.doom();
    tx.update_replica(&replica).await?;
    enqueue(engine, tx, set).await
}

pub(super) async fn enqueue(engine: &Engine, tx: &mut dyn Tx, set: SetId) -> Result<()> {
    Ok(tx.enqueue(TaskId(uuid::Uuid::now_v7()), &TaskKind::Replicate { set }, engine.clock.now()).await?)
}

/// What a step came to.
enum Step {
    /// There is more to do.
    More(Replica),
    /// This is where it stands for good.
    Settled(Replica),
    /// The record goes.
    Remove,
    /// Nothing to do, or not now: whoever changes that queues the task again.
    Leave,
}

/// Runs the task.
pub(crate) async fn run(engine: &Engine, owner: &str, task: &Task, id: SetId) -> Result<()> {
    let mut tx = engine.store.read().await?;
    let (replica, set) = (tx.replica(id).await?, tx.set_head(id).await?);
    drop(tx);
    let step = match (&engine.secondary, replica, set) {
        (Some(secondary), Some(replica), _) if replica.state == ReplicaState::Doomed => sweep(secondary, replica).await?,
        (Some(secondary), Some(replica), Some(set)) if replica.state == ReplicaState::Pending && set.state == SetState::Committed => {
            copy(engine, secondary, replica, &set).await?
        }
        _ => Step::Leave,
    };
    let mut tx = engine.store.begin().await?;
    let ours = match &step {
        Step::More(_) => tx.release_task(task.id, owner, task.attempt, engine.clock.now(), "more to do").await?,
        _ => tx.finish_task(task.id, owner, task.attempt).await?,
    };
    if !ours {
        return Ok(()); // Somebody else holds it now.
    }
    // The set may have been given up meanwhile: what was doomed stays so.
    let stands = tx.replica(id).await?.map(|replica| replica.state);
    let mut arrived = None;
    match step {
        Step::More(replica) | Step::Settled(replica) if stands == Some(ReplicaState::Pending) => {
            tx.update_replica(&replica).await?;
            arrived = replica.visible_at;
        }
        Step::Remove if stands == Some(ReplicaState::Doomed) => tx.remove_replica(id).await?,
        _ => {}
    }
    tx.commit().await?;
    if let Some(at) = arrived {
        engine.note(
            EventKind::Replication,
            id.to_string(),
            format!("Backup set copied to the secondary region; shown there from {at} on."),
        );
    }
    Ok(())
}

/// Copies the next chunks; with the last of them the manifest, and the replica is whole.
async fn copy(engine: &Engine, secondary: &Secondary, mut replica: Replica, set: &BackupSet) -> Result<Step> {
    let rows = engine.store.read().await?.ledger_from(set.id, set.generation, replica.next, BATCH).await?;
    let full = rows.len() == BATCH as usize;
    let mut chunks = stream::iter(rows).map(|row| chunk(engine, secondary, set, row)).buffered(WINDOW);
    while let Some(done) = chunks.next().await {
        match done? {
            Chunk::There(row) => replica.next = (row.stream, row.seq.saturating_add(1)),
            Chunk::GivenUp => return Ok(Step::Leave),
            Chunk::Unreadable(why) => {
                tracing::error!(set = %set.id, why, "a backup set cannot be copied to the secondary region");
                replica.state = ReplicaState::Broken;
                return Ok(Step::Settled(replica));
            }
        }
    }
    drop(chunks);
    if full {
        return Ok(Step::More(replica));
    }
    let manifest = engine.store.read().await?.set(set.id).await?.and_then(|set| set.manifest);
    let Some(manifest) = manifest else { return Ok(Step::Leave) };
    let bytes = Bytes::from(serde_json::to_vec_pretty(&manifest).map_err(Fault::internal)?);
    drop(manifest);
    if !committed(engine, set.id).await? {
        return Ok(Step::Leave);
    }
    put(secondary.objects.as_ref(), &set.manifest_key(), bytes).await?;
    replica.hold(set.closed_at.unwrap_or(set.opened_at), secondary.lag, engine.clock.now());
    Ok(Step::Settled(replica))
}

enum Chunk {
    /// Durable in the secondary.
    There(ChunkRow),
    /// The set is no point any more.
    GivenUp,
    /// The primary has it no more, or altered.
    Unreadable(String),
}

async fn chunk(engine: &Engine, secondary: &Secondary, set: &BackupSet, row: ChunkRow) -> Result<Chunk> {
    let key = set.chunk_key(row.stream, row.seq);
    let bytes = match engine.objects.get(&key).await {
        Ok(bytes) if blake3::hash(&bytes).as_bytes() == &row.digest => bytes,
        Ok(_) if committed(engine, set.id).await? => return Ok(Chunk::Unreadable(format!("{key} differs from its digest"))),
        Err(ObjectError::NotFound(_)) if committed(engine, set.id).await? => return Ok(Chunk::Unreadable(format!("{key} is missing"))),
        Ok(_) | Err(ObjectError::NotFound(_)) => return Ok(Chunk::GivenUp),
        Err(error) => return Err(error.into()),
    };
    // Asked right before the write, which is bounded: what a collector may already have gone through is
    // not written any more.
    if !committed(engine, set.id).await? {
        return Ok(Chunk::GivenUp);
    }
    put(secondary.objects.as_ref(), &key, bytes).await?;
    Ok(Chunk::There(row))
}

async fn committed(engine: &Engine, set: SetId) -> Result<bool> {
    Ok(engine.store.read().await?.set_head(set).await?.is_some_and(|set| set.state == SetState::Committed))
}

/// Writes an object, or finds the same one there; another one in its place, which nobody has seen yet,
/// is replaced.
async fn put(objects: &dyn ObjectStore, key: &str, bytes: Bytes) -> Result<()> {
    if objects.put_new(key, bytes.clone()).await? == PutOutcome::Created || objects.get(key).await? == bytes {
        return Ok(());
    }
    tracing::warn!(key, "an object of the secondary region was altered; it is written again");
    objects.delete(key).await?;
    match objects.put_new(key, bytes).await? {
        PutOutcome::Created => Ok(()),
        PutOutcome::Exists => Err(ObjectError::Unavailable(format!("{key} was written by somebody else meanwhile")).into()),
    }
}

/// Deletes what the secondary has of a set, whatever its generation.
async fn sweep(secondary: &Secondary, replica: Replica) -> Result<Step> {
    let all = format!("vaults/{}/items/{}/sets/{}/", replica.vault_id, replica.item_id, replica.set_id);
    let keys = secondary.objects.list(&all, None, SWEEP).await?;
    for key in &keys {
        secondary.objects.delete(key).await?;
    }
    Ok(if keys.len() == SWEEP { Step::More(replica) } else { Step::Remove })
}
