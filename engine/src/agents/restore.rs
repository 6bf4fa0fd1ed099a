//! Restore reads: only over the lease of a Restore command that names the set; every chunk checked
//! against the manifest before it leaves.

use super::leased_any;
use crate::Engine;
use bytes::Bytes;
use rsvault_domain::backup::{BackupSet, Manifest};
use rsvault_domain::discovery::AgentRecord;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_domain::ports::ObjectError;
use rsvault_domain::work::CommandWork;
use zeroize::Zeroizing;

/// What an agent needs to read a set. `Debug` is left out: it holds the data key.
pub struct RestoreSet {
    /// Manifest.
    pub manifest: Manifest,
    /// The unwrapped data key.
    pub data_key: Zeroizing<Vec<u8>>,
}

async fn named_set(engine: &Engine, agent: &AgentRecord, command: CommandId, id: SetId) -> Result<(BackupSet, Manifest)> {
    let mut tx = engine.store.read().await?;
    let command = leased_any(tx.as_mut(), agent, command).await?;
    let refused = || Fault::not_found("SetNotFound", format!("Backup set '{id}' is not part of this restore.")).at("setId");
    match &command.work {
        CommandWork::Restore { plan, .. } if plan.steps.iter().any(|s| s.set_id == id) => {}
        _ => return Err(refused()),
    }
    let set = tx.set(id).await?.ok_or_else(refused)?;
    let manifest = set.manifest.clone().ok_or_else(refused)?;
    Ok((set, manifest))
}

/// Manifest and data key of a set of the plan.
pub async fn restore_set(engine: &Engine, agent: &AgentRecord, command: CommandId, id: SetId) -> Result<RestoreSet> {
    let (set, manifest) = named_set(engine, agent, command, id).await?;
    let data_key = engine.keys.unwrap_key(set.vault_id, &manifest.key).await?;
    Ok(RestoreSet { manifest, data_key })
}

/// One chunk, verified. A chunk that is missing or altered is named and never delivered.
pub async fn read_chunk(engine: &Engine, agent: &AgentRecord, command: CommandId, id: SetId, stream: u32, seq: u32) -> Result<Bytes> {
    let (set, manifest) = named_set(engine, agent, command, id).await?;
    let wanted = manifest
        .streams
        .get(stream as usize)
        .and_then(|s| s.chunk_list.get(seq as usize))
        .ok_or_else(|| Fault::not_found("ChunkNotFound", format!("Set '{id}' has no chunk {seq} in stream {stream}.")).at("seq"))?;
    let corrupt = |what: &str| {
        Fault::conflict(
            "UserErrorRecoveryPointDataCorrupt",
            format!(
                "Chunk {seq} of stream {stream} of backup set {id} {what}. Nothing of it was delivered. Restore another recovery point and check the object store."
            ),
        )
    };
    let key = set.chunk_key(stream, seq);
    let bytes = match engine.objects.get(&key).await {
        Ok(bytes) => bytes,
        Err(ObjectError::NotFound(_)) => return Err(corrupt("is missing from the object store")),
        Err(error) => return Err(error.into()),
    };
    if blake3::hash(&bytes).to_hex().as_str() != wanted.blake3 {
        tracing::error!(%key, "stored chunk differs from its digest");
        return Err(corrupt("differs from its digest"));
    }
    Ok(bytes)
}
