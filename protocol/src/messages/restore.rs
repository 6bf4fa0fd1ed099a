//! Reading a set back.

use rsvault_domain::backup::Manifest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a restore needs to read a set. Given only over the lease of a restore command that names the
/// set. No `Debug`: it carries the data key.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreSetView {
    /// The manifest with every chunk's size and digest.
    #[schema(value_type = Object)]
    pub manifest: Manifest,
    /// The data key, base64 of 32 bytes.
    pub data_key: String,
    /// Chunks in all streams.
    pub chunk_count: u32,
}
