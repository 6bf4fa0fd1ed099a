//! Jobs and operations of the secondary region: those of cross-region restores, asked of the region by the
//! ARM id of the vault restored from.

use super::{check_region, enabled_in};
use crate::Engine;
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::id::{ArmId, JobId, NameKey, OperationId, SubscriptionId};
use rsvault_domain::job::{Job, JobKind};
use rsvault_domain::operation::Operation;
use rsvault_domain::ports::{JobFilter, Page, Slice, Tx};
use rsvault_domain::region;
use rsvault_domain::vault::Vault;

/// Whose jobs: a vault by its ARM id, as a request below `subscription` to `region` names it.
#[derive(Clone, Debug)]
pub struct Whose {
    /// Subscription of the request.
    pub subscription: SubscriptionId,
    /// Region of the request.
    pub region: String,
    /// ARM id of the vault.
    pub resource: String,
}

/// Cross-region restores of a vault, newest first.
pub async fn jobs(engine: &Engine, whose: &Whose, filter: &JobFilter, page: &Page) -> Result<(Vault, Slice<Job>)> {
    let mut tx = engine.store.read().await?;
    let vault = vault(engine, tx.as_mut(), whose).await?;
    if filter.family.as_deref().is_some_and(|family| family != JobKind::CROSS_REGION) {
        return Ok((vault, Slice { items: Vec::new(), next: None }));
    }
    let filter = JobFilter { family: Some(JobKind::CROSS_REGION.to_owned()), ..filter.clone() };
    let slice = tx.jobs(vault.id, &filter, page).await?;
    Ok((vault, slice))
}

/// One of them.
pub async fn job(engine: &Engine, whose: &Whose, id: JobId) -> Result<(Vault, Job)> {
    let mut tx = engine.store.read().await?;
    let vault = vault(engine, tx.as_mut(), whose).await?;
    let job = tx.job(vault.id, id).await?.filter(|job| matches!(job.kind, JobKind::CrossRegionRestore(_))).ok_or_else(|| {
        Fault::not_found(
            "BMSUserErrorJobNotFound",
            format!(
                "Job '{id}' is no cross-region restore of vault '{}'. List the jobs of region '{}' for the ids.",
                vault.name, whose.region
            ),
        )
        .at("jobName")
    })?;
    Ok((vault, job))
}

async fn vault(engine: &Engine, tx: &mut dyn Tx, whose: &Whose) -> Result<Vault> {
    check_region(engine, &whose.region)?;
    let id = ArmId::parse(&whose.resource, "resourceId")?;
    let name = id.name_of("vaults").unwrap_or_default();
    let found = match id.subscription == whose.subscription {
        true => tx.vault(id.subscription, &NameKey::new(&id.resource_group), &NameKey::new(name)).await?,
        // Whoever may read the jobs of one subscription may not read those of another.
        false => None,
    };
    let vault = found.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "ResourceNotFound",
            format!("Property 'resourceId' is '{}', which is no vault of this subscription. Send the ARM id of the vault that was restored from.", whose.resource),
        )
        .at("resourceId")
    })?;
    enabled_in(engine, &vault, &whose.region)?;
    Ok(vault)
}

/// The operation of a cross-region restore in `region`.
pub async fn operation(engine: &Engine, subscription: SubscriptionId, name: &str, id: OperationId) -> Result<Operation> {
    check_region(engine, name)?;
    let mut tx = engine.store.read().await?;
    let missing = || {
        Fault::not_found(
            "BMSUserErrorOperationNotFound",
            format!("Operation '{id}' is no cross-region restore in region '{name}'. Use the id from the Azure-AsyncOperation or Location header."),
        )
        .at("operationId")
    };
    let operation = tx.operation(id).await?.ok_or_else(missing)?;
    let vault = tx.vault_by_id(operation.vault_id).await?.filter(|vault| vault.subscription == subscription).ok_or_else(missing)?;
    let job = match operation.job_id {
        Some(job) => tx.job(vault.id, job).await?,
        None => None,
    };
    let here = job.is_some_and(|job| matches!(job.kind, JobKind::CrossRegionRestore(_)))
        && super::region_of(engine, &vault)? == region::folded(name);
    if here { Ok(operation) } else { Err(missing()) }
}
