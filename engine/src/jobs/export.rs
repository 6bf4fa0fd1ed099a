//! Exports of jobs: a list that is fetched page by page over a URL with a secret in it, for an hour.
//!
//! Always holds: an export shows the jobs that had started when it was asked for, as they are when they are
//! fetched; who knows neither the operation nor its secret reads nothing; no transaction is open between pages.

use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, secret};
use jiff::SignedDuration;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::OperationId;
use rsvault_domain::job::Job;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{JobExport, JobFilter, Page, Slice};
use rsvault_domain::vault::Vault;

/// How long an export can be fetched.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Makes an export of the jobs that `filter` lets through.
pub async fn export(engine: &Engine, caller: &Caller, path: &VaultPath, filter: JobFilter) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let vault = find(tx.as_mut(), path).await?;
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Export, job: None, done: true }).await?;
    let now = operation.started_at;
    let export = JobExport {
        operation: operation.id,
        vault_id: vault.id,
        filter: JobFilter { to: Some(filter.to.map_or(now, |to| to.min(now))), ..filter },
        secret: secret::generate()?,
        expires_at: now.saturating_add(LIFE).map_err(Fault::internal)?,
    };
    tx.insert_export(&export).await?;
    tx.commit().await?;
    Ok(operation)
}

/// The export that an operation made.
pub async fn export_of(engine: &Engine, operation: OperationId) -> Result<Option<JobExport>> {
    Ok(engine.store.read().await?.export(operation).await?)
}

/// A page of an export, for whoever has its secret.
pub async fn exported(engine: &Engine, operation: OperationId, given: &str, page: &Page) -> Result<(Vault, Slice<Job>)> {
    let mut tx = engine.store.read().await?;
    let refused = || {
        Fault::new(
            FaultKind::Forbidden,
            "AuthenticationFailed",
            "The export is not there, its key is wrong, or its time is over. Export the jobs again and fetch blobUrl with blobSasKey appended, within the hour.",
        )
    };
    let export = tx.export(operation).await?.ok_or_else(refused)?;
    let open = secret::matches(given, &secret::hash(&export.secret)) && engine.clock.now() < export.expires_at;
    let vault = tx.vault_by_id(export.vault_id).await?.filter(|_| open).ok_or_else(refused)?;
    let jobs = tx.jobs(vault.id, &export.filter, page).await?;
    Ok((vault, jobs))
}
