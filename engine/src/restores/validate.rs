//! Validation of a restore before it is asked for: the verdict of [`check`](super::check) itself.

use super::check::check;
use super::request::RestoreRequest;
use crate::operations::{Start, repeated, start};
use crate::protection::ItemPath;
use crate::vaults::find;
use crate::{Caller, Engine};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::Tx;

/// What a restore would be answered now: None, it would start; else the code and the text of its refusal.
pub type Verdict = Option<(String, String)>;

/// Validates.
pub async fn validate(engine: &Engine, path: &ItemPath, request: &RestoreRequest) -> Result<Verdict> {
    let mut tx = engine.store.read().await?;
    find(tx.as_mut(), &path.vault).await?;
    verdict(engine, tx.as_mut(), path, request).await
}

/// Validates by an operation, whose result is the verdict.
pub async fn trigger_validation(engine: &Engine, caller: &Caller, path: &ItemPath, request: &RestoreRequest) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let vault = find(tx.as_mut(), &path.vault).await?;
    let verdict = verdict(engine, tx.as_mut(), path, request).await?;
    let mut operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Validation, job: None, done: true }).await?;
    operation.error = verdict;
    tx.update_operation(&operation).await?;
    tx.commit().await?;
    Ok(operation)
}

async fn verdict(engine: &Engine, tx: &mut dyn Tx, path: &ItemPath, request: &RestoreRequest) -> Result<Verdict> {
    match check(tx, path, request, engine.clock.now()).await {
        Ok(checked) => Ok(checked.busy.map(|fault| (fault.code, fault.message))),
        // That the vault cannot tell now is no verdict.
        Err(fault) if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable | FaultKind::Throttled) => Err(fault),
        Err(Fault { code, message, .. }) => Ok(Some((code.into_owned(), message))),
    }
}
