//! Restore reads: only over the lease of a Restore command that names the set; every chunk checked
//! against the ledger before it leaves.

use super::leased_any;
use crate::{Engine, regions};
use bytes::Bytes;
use rsvault_domain::backup::{BackupSet, Manifest, SetState};
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_domain::ports::{ObjectError, Tx};
use rsvault_domain::work::CommandWork;
use zeroize::Zeroizing;

/// What an agent needs to read a set. `Debug` is left out: it holds the data key.
pub struct RestoreSet {
    /// Manifest.
    pub manifest: Manifest,
    /// The unwrapped data key.
    pub data_key: Zeroizing<Vec<u8>>,
}

/// The committed set `id`, without its manifest, if the leased restore names it; and whether it is read from the
/// secondary region.
async fn named_set(tx: &mut dyn Tx, agent: &AgentRecord, command: CommandId, id: SetId) -> Result<(BackupSet, bool)> {
    let command = leased_any(tx, agent, command).await?;
    let refused = || Fault::not_found("SetNotFound", format!("Backup set '{id}' is not part of this restore.")).at("setId");
    let (step, secondary) = match &command.work {
        CommandWork::Restore { plan, secondary, .. } => (plan.steps.iter().find(|s| s.set_id == id).ok_or_else(refused)?, *secondary),
        _ => return Err(refused()),
    };
    // The point may have gone since the plan was made; that is not the reader's mistake.
    let set = tx.set_head(id).await?.filter(|s| s.state == SetState::Committed).ok_or_else(|| {
        Fault::conflict(
            "UserErrorRecoveryPointDeleted",
            format!(
                "Recovery point '{}' ({} of {}), which this restore needs, was deleted after the restore was planned.",
                step.point,
                step.kind.as_str(),
                step.time
            ),
        )
    })?;
    Ok((set, secondary))
}

/// Manifest and data key of a set of the plan.
pub async fn restore_set(engine: &Engine, agent: &AgentRecord, command: CommandId, id: SetId) -> Result<RestoreSet> {
    let mut tx = engine.store.read().await?;
    named_set(tx.as_mut(), agent, command, id).await?;
    let set = tx.set(id).await?.ok_or_else(|| Fault::internal("a set vanished within a reading transaction"))?;
    drop(tx);
    let manifest = set.manifest.ok_or_else(|| Fault::internal("a committed set has no manifest"))?;
    let data_key = engine.keys.unwrap_key(set.vault_id, &manifest.key).await?;
    Ok(RestoreSet { manifest, data_key })
}

/// One chunk, verified. A chunk that is missing or altered is named and never delivered.
pub async fn read_chunk(engine: &Engine, agent: &AgentRecord, command: CommandId, id: SetId, stream: u32, seq: u32) -> Result<Bytes> {
    let mut tx = engine.store.read().await?;
    let (set, secondary) = named_set(tx.as_mut(), agent, command, id).await?;
    // The ledger's row, not the manifest's: one row, however large the backup is.
    let wanted = tx
        .chunk(id, set.generation, stream, seq)
        .await?
        .ok_or_else(|| Fault::not_found("ChunkNotFound", format!("Set '{id}' has no chunk {seq} in stream {stream}.")).at("seq"))?;
    drop(tx);
    let corrupt = |what: &str| {
        Fault::conflict(
            "UserErrorRecoveryPointDataCorrupt",
            format!(
                "Chunk {seq} of stream {stream} of backup set {id} {what}. Nothing of it was delivered. Restore another recovery point and check the object store."
            ),
        )
    };
    let key = set.chunk_key(stream, seq);
    // A restore across regions does not touch the primary's store, which may be lost.
    let objects = if secondary { &regions::secondary(engine)?.objects } else { &engine.objects };
    let bytes = match objects.get(&key).await {
        Ok(bytes) => bytes,
        Err(ObjectError::NotFound(_)) => return Err(corrupt("is missing from the object store")),
        Err(error) => return Err(error.into()),
    };
    if blake3::hash(&bytes).as_bytes() != &wanted.digest {
        tracing::error!(%key, "stored chunk differs from its digest");
        return Err(corrupt("differs from its digest"));
    }
    Ok(bytes)
}
