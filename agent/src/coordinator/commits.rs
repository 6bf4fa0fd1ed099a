//! Fulls whose commit is under way, on the disk: an agent that ends between the vault's commit and
//! the engine's note of it makes up for it before the next backup of that database.
//!
//! Always holds: a full is written down before its commit is sent, and until the engine knows it or
//! the vault has said no. Fulls alone: without one the engine refuses what builds on it, while what
//! another kind leaves unconfirmed is merely repeated by the next.

use super::command::Run;
use super::durable::{Keep, Shelf};
use crate::plugin::{BackupRequest, WorkloadError};
use crate::transport::{Patience, patiently};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::id::SetId;
use rsvault_protocol::messages::CommitSetBody;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::Mutex;

/// Their file.
pub(super) const FILE: &str = "commits.json";
/// How long the vault is asked what became of one. After that the backup goes on without.
const ASK: Duration = Duration::from_secs(10);

/// A commit that may have reached the vault. Asked again, the vault gives the same answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Commit {
    pub(super) set_id: SetId,
    pub(super) instance: String,
    pub(super) database: String,
    pub(super) body: CommitSetBody,
}

pub(super) struct Commits {
    shelf: Shelf,
    open: Mutex<Vec<Commit>>,
}

impl Commits {
    pub(super) fn load(shelf: Shelf) -> Self {
        Self { open: Mutex::new(shelf.load(FILE).unwrap_or_default()), shelf }
    }
    /// The agent's folder, where it has one.
    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }
    /// Writes `commit` down.
    pub(super) async fn note(&self, commit: Commit) {
        let mut open = self.open.lock().await;
        open.push(commit);
        if let Err(error) = self.shelf.save(FILE, &*open, Keep::Durably).await {
            tracing::error!(%error, "a commit cannot be written down; should the agent be killed now, the next full mends it");
        }
    }
    /// What became of `set` is known here.
    pub(super) async fn forget(&self, set: SetId) {
        let mut open = self.open.lock().await;
        let before = open.len();
        open.retain(|commit| commit.set_id != set);
        // One that is forgotten in vain is asked for once more.
        if open.len() != before
            && let Err(error) = self.shelf.save(FILE, &*open, Keep::Loosely).await
        {
            tracing::debug!(%error, "not written down");
        }
    }
    /// Lets the engine know of earlier fulls of the database that have reached the vault.
    pub(super) async fn make_up(&self, run: &Run, request: &BackupRequest) -> Result<(), WorkloadError> {
        let same = |commit: &&Commit| commit.instance == request.instance && commit.database == request.database;
        let left: Vec<Commit> = self.open.lock().await.iter().filter(same).cloned().collect();
        let patience = Patience { give_up: ASK.min(run.flow.patience.give_up), ..run.flow.patience };
        for Commit { set_id, body, .. } in left {
            let answer = tokio::select! {
                biased;
                () = run.lease.stop.cancelled() => return Err(WorkloadError::Cancelled),
                answer = patiently(&patience, || run.vault.commit_set(set_id, &body)) => answer,
            };
            match answer {
                Ok(_) => {
                    let full = BackupRequest { kind: BackupKind::Full, ..request.clone() };
                    run.engines.of(&request.instance).await?.confirm(&full, &body.facts).await?;
                    tracing::info!(set = %set_id, "a full was committed as the agent ended: the engine knows now");
                }
                Err(error) if error.is_retryable() => {
                    tracing::warn!(set = %set_id, %error, "it is not known whether a full was committed");
                    continue;
                }
                Err(error) => tracing::info!(set = %set_id, %error, "a full was not committed as the agent ended"),
            }
            self.forget(set_id).await;
        }
        Ok(())
    }
}
