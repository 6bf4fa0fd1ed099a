//! Backup sets: open, send chunks, commit or abort.

use jiff::Timestamp;
use rsvault_domain::backup::{BackupFacts, StreamSummary, WrappedKey};
use rsvault_domain::id::SetId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Opens the set of a backup command; the same command and generation give the same set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenSetBody {
    /// Generation of the command's lease.
    pub generation: i64,
    /// Streams the backup will have.
    pub streams: u32,
}

/// The key that the set's data key is to be wrapped for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecipientView {
    /// Key id.
    pub key_id: String,
    /// Version.
    pub version: u32,
    /// RSA public key, SubjectPublicKeyInfo PEM.
    pub public_key_pem: String,
}

/// How chunks reach the object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum UploadMode {
    /// Through the vault.
    Proxied,
}

/// A durable chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChunkEntry {
    /// Stream.
    pub stream: u32,
    /// Position.
    pub seq: u32,
    /// BLAKE3 of it, hex.
    pub digest: String,
}

/// An open set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenSetView {
    /// Id.
    #[schema(value_type = uuid::Uuid)]
    pub set_id: SetId,
    /// Generation of the set; part of every chunk's path.
    pub generation: i64,
    /// Bytes of every chunk but the last of a stream.
    pub chunk_size: u32,
    /// Key to wrap for.
    pub recipient: RecipientView,
    /// Associated data of stream `n` is this followed by `n`.
    pub associated_data_prefix: String,
    /// How chunks travel.
    pub upload_mode: UploadMode,
    /// Chunks of this generation that are durable already.
    #[serde(default)]
    pub present: Vec<ChunkEntry>,
}

/// The ledger of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LedgerView {
    /// Durable chunks by stream and position.
    pub chunks: Vec<ChunkEntry>,
}

/// Makes a set a recovery point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommitSetBody {
    /// Generation of the set.
    pub generation: i64,
    /// What the engine reported of the backup.
    #[schema(value_type = Object)]
    pub facts: BackupFacts,
    /// The wrapped data key.
    #[schema(value_type = Object)]
    pub key: WrappedKey,
    /// What each stream holds.
    #[schema(value_type = Vec<Object>)]
    pub streams: Vec<StreamSummary>,
}

/// The recovery point that a commit made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommittedView {
    /// Name of the recovery point.
    pub recovery_point: String,
    /// When it was committed.
    #[schema(value_type = String, format = DateTime)]
    pub committed_at: Timestamp,
}

/// Gives a set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AbortSetBody {
    /// Generation of the set.
    pub generation: i64,
}
