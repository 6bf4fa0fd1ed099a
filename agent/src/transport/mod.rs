//! What the agent needs of a vault, as a trait, so that the pipeline can be tested without one.
//!
//! Always holds: every call has a time limit; every call may be repeated with the same effect; an
//! error says whether repeating makes sense.

#[cfg(test)]
pub(crate) mod fake;
mod http;
mod retry;

pub use http::{HttpVault, enroll};
pub use retry::{Patience, patiently};

use async_trait::async_trait;
use bytes::Bytes;
use rsvault_domain::id::{CommandId, SetId};
use rsvault_protocol::messages::{
    AbortSetBody, CommandView, CommitSetBody, CommittedView, HeartbeatBody, HeartbeatView, NextCommandBody, OpenSetBody, OpenSetView,
    RestoreSetView, ResultBody, ScheduleBody, ScheduleView, SlotBody, SlotView,
};
use std::time::Duration;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Another attempt has taken over: stop, clean up, say nothing more about this lease.
    #[error("the lease is another's: {0}")]
    Stale(String),
    /// The vault will not do it, however often it is asked.
    #[error("the vault refused ({status} {code}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Stable machine word.
        code: String,
        /// What the vault said.
        detail: String,
    },
    /// Away, full or busy: ask again.
    #[error("the vault cannot be reached: {detail}")]
    Unavailable {
        /// What happened.
        detail: String,
        /// How long the vault asks to wait.
        after: Option<Duration>,
    },
}

impl VaultError {
    /// Away, without a hint of when it will be back.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::Unavailable { detail: detail.into(), after: None }
    }
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Where a chunk belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkPlace {
    /// Set.
    pub set: SetId,
    /// Generation of the set; a read takes the one that was committed.
    pub generation: i64,
    /// Stream.
    pub stream: u32,
    /// Position.
    pub seq: u32,
}

/// The vault as an agent sees it.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// Waits for work.
    async fn next_command(&self, ask: &NextCommandBody) -> Result<Option<CommandView>, VaultError>;
    /// Waits for another schedule than the one we have.
    async fn next_schedule(&self, ask: &ScheduleBody) -> Result<Option<ScheduleView>, VaultError>;
    /// Offers a slot whose time has come.
    async fn offer_slot(&self, slot: &SlotBody) -> Result<SlotView, VaultError>;
    /// Extends a lease.
    async fn heartbeat(&self, command: CommandId, beat: &HeartbeatBody) -> Result<HeartbeatView, VaultError>;
    /// Ends a command.
    async fn report(&self, command: CommandId, result: &ResultBody) -> Result<(), VaultError>;
    /// Opens the set of a backup command.
    async fn open_set(&self, command: CommandId, body: &OpenSetBody) -> Result<OpenSetView, VaultError>;
    /// Sends a chunk. Returns when it is durable.
    async fn put_chunk(&self, place: ChunkPlace, digest: [u8; 32], bytes: Bytes) -> Result<(), VaultError>;
    /// Makes a set a recovery point.
    async fn commit_set(&self, set: SetId, body: &CommitSetBody) -> Result<CommittedView, VaultError>;
    /// Gives a set up.
    async fn abort_set(&self, set: SetId, body: &AbortSetBody) -> Result<(), VaultError>;
    /// What is needed to read a set, for a restore command.
    async fn restore_set(&self, command: CommandId, set: SetId) -> Result<RestoreSetView, VaultError>;
    /// Reads a chunk of `size` bytes into `buffer` (emptied first; never grows beyond `size`).
    async fn read_chunk(&self, command: CommandId, place: ChunkPlace, size: usize, buffer: &mut Vec<u8>) -> Result<(), VaultError>;
}
