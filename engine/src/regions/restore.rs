//! A restore in the secondary region (rulebook 4.5): from the copies that are there, to a server that is
//! registered to a vault there.
//!
//! Always holds: the plan is made of what the secondary shows; the job belongs to the vault restored from;
//! the database goes to another place, never over its own.

use super::access::may_leave;
use super::enabled_in;
use super::read::chain;
use crate::agents::queue;
use crate::operations::{Start, repeated, start};
use crate::restores::chain::question;
use crate::restores::{Destination, RestoreRequest, Wanted, map_files, same_target_runs, target_of};
use crate::{Caller, Engine, jobs};
use jiff::Timestamp;
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::Container;
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result};
use rsvault_domain::id::{ArmId, ItemId, NameKey, SubscriptionId, VaultId};
use rsvault_domain::job::{JOB_TYPE, JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::region;
use rsvault_domain::restore::{self, RestorePlan, RestoreTarget};
use rsvault_domain::vault::Vault;
use rsvault_domain::work::CommandWork;

/// What a verified access token lets its holder restore, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Vault.
    pub vault: VaultId,
    /// Item.
    pub item: ItemId,
    /// Region restored in.
    pub region: String,
}

/// Starts a restore in region `asked`, a request below `subscription`.
pub async fn trigger(
    engine: &Engine,
    caller: &Caller,
    subscription: SubscriptionId,
    asked: &str,
    ticket: &Ticket,
    request: &RestoreRequest,
) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let gone = || {
        Fault::not_found("ResourceNotFound", "The vault or the item that the access token names is gone. Ask for a token of another point.")
    };
    let vault = tx.vault_by_id(ticket.vault).await?.filter(|vault| vault.soft_deleted.is_none()).ok_or_else(gone)?;
    let item = tx.item_by_id(ticket.item).await?.filter(|item| item.vault_id == vault.id).ok_or_else(gone)?;
    let container = tx.container_by_id(item.container_id).await?.ok_or_else(gone)?;
    enabled_in(engine, &vault, asked)?;
    may_leave(&vault)?;
    item.may_be_used()?;
    if vault.subscription != subscription {
        return Err(across_subscriptions("The access token is of a vault of another subscription than the request's"));
    }
    let other = target_vault(tx.as_mut(), &vault, asked, &request.destination).await?;
    let (target_container, target) = target_of(tx.as_mut(), &other, &container, &item, request).await?;
    let server = tx.server_by_id(target_container.server_id).await?.ok_or_else(|| {
        let text = format!("The server of container '{}' does not exist any more. Choose another target.", target_container.name);
        Fault::conflict("WorkloadExtensionNotReachable", text)
    })?;
    let destination = match &target {
        RestoreTarget::Files { directory } => directory.clone(),
        RestoreTarget::Database { instance, database, .. } => format!("{}/{instance}/{database}", server.host_name().to_lowercase()),
    };
    let busy = same_target_runs(tx.as_mut(), server.id, item.id, &target).await?;
    let job_type = target.job_type(false);
    let (chain, wanted) = question(chain(engine, tx.as_mut(), &item).await?, &item, &request.wanted)?;
    let mut plan = restore::plan(&chain, &wanted, target, &container.inventory.spelled(&item.name).database)?;
    map_files(tx.as_mut(), &item, &mut plan, request.fallback).await?;
    not_archived(tx.as_mut(), &item, &plan, request, engine.clock.now()).await?;
    let kind = match &request.wanted {
        Wanted::Time { .. } => BackupKind::Log,
        Wanted::Point(_) => plan.steps.last().map_or(BackupKind::Full, |step| step.kind),
    };
    let host = tx.server_by_id(container.server_id).await?.map_or_else(|| container.name.server.clone(), |server| server.host_name());
    let name = format!("{} [{host}]", item.name.database);
    let mut job = jobs::new(engine, caller, &vault, Some(item.id), JobKind::CrossRegionRestore(kind), name);
    job.set_property(JOB_TYPE, job_type.to_owned());
    for (key, value) in places(&vault, &container, &other, &target_container) {
        job.set_property(key, value);
    }
    if let Some(code) = busy {
        job.end(JobStatus::Failed, vec![JobFault::catalogue(code, "")], engine.clock.now());
    }
    let job_id = job.id;
    let what = Start { subject: Subject::Item(item.id), job: Some(job), done: true };
    let operation = start(engine, tx.as_mut(), caller, &vault, what).await?;
    if busy.is_none() {
        let work = CommandWork::Restore { item: item.id, plan, destination, secondary: true };
        queue(engine, tx.as_mut(), &server, &vault, Some(item.id), work, Some(job_id), None).await?;
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    Ok(operation)
}

/// From where and whereto, as the job tells it (wire-facts 7).
fn places(vault: &Vault, container: &Container, other: &Vault, target: &Container) -> [(&'static str, String); 8] {
    [
        ("Original VM Name", container.name.server.clone()),
        ("Target VM Name", target.name.server.clone()),
        ("Target resource group", target.name.resource_group.clone()),
        ("Subscription Id of the vault", vault.subscription.to_string()),
        ("Resource Group Name of the vault", vault.resource_group.clone()),
        ("Vault name", vault.name.clone()),
        ("Resource Group Name of the target vault", other.resource_group.clone()),
        ("Target vault name", other.name.clone()),
    ]
}

/// The vault of the secondary region that the target server is registered to.
async fn target_vault(tx: &mut dyn Tx, vault: &Vault, asked: &str, destination: &Destination) -> Result<Vault> {
    let field = "properties.targetInfo.containerId";
    let refused = |text: String| Fault::invalid("BMSUserErrorInvalidRestoreRequest", text).at(field);
    let container = match destination {
        Destination::Original => {
            return Err(Fault::invalid(
                "BMSUserErrorInvalidRestoreRequest",
                "Property 'recoveryType' is 'OriginalLocation'; in the secondary region a database is restored to another server. Send AlternateLocation and a 'targetInfo'.",
            )
            .at("properties.recoveryType"));
        }
        Destination::Alternate { container, .. } | Destination::Files { container, .. } => container.as_deref().unwrap_or_default(),
    };
    if !container.starts_with('/') {
        return Err(refused(format!(
            "Property 'containerId' is '{container}'; it must be the ARM id of a container that is registered to a vault in '{asked}'."
        )));
    }
    let id = ArmId::parse(container, field)?;
    if id.subscription != vault.subscription {
        return Err(across_subscriptions("The target server is registered to a vault of another subscription").at(field));
    }
    let name = id.name_of("vaults").unwrap_or_default();
    let other = tx.vault(id.subscription, &NameKey::new(&id.resource_group), &NameKey::new(name)).await?;
    let other = other.ok_or_else(|| {
        refused(format!(
            "Property 'containerId' names vault '{name}', which does not exist. Register the target server to a vault in '{asked}'."
        ))
    })?;
    if region::folded(&other.location) != region::folded(asked) {
        return Err(refused(format!(
            "Property 'containerId' names vault '{name}' in '{}'; a restore in region '{asked}' goes to a server that is registered to a vault there.",
            other.location
        )));
    }
    Ok(other)
}

/// What is in the archive tier is not restored in another region, unless a copy of it is back.
async fn not_archived(tx: &mut dyn Tx, item: &ProtectedItem, plan: &RestorePlan, request: &RestoreRequest, now: Timestamp) -> Result<()> {
    let refused = |text: String| {
        Err(Fault::new(FaultKind::Unsupported, "BMSUserErrorCrossRegionRestoreNotSupported", text).at("properties.objectType"))
    };
    if request.rehydrate.is_some() {
        return refused("A restore in the secondary region rehydrates nothing. Send AzureWorkloadSQLRestoreRequest without recoveryPointRehydrationInfo.".to_owned());
    }
    let tiered = tx.tiered_points(item.id).await?;
    let cold = tiered.iter().filter(|point| plan.steps.iter().any(|step| step.set_id == point.set_id));
    match cold.into_iter().find(|point| matches!(point.tier.at(now), Tier::Archived { .. } | Tier::Rehydrating { .. })) {
        Some(point) => refused(format!(
            "Recovery point '{}' is in the archive tier, which has no copy in the secondary region. Rehydrate it by a restore in the vault's own region first, or choose another point.",
            point.name
        )),
        None => Ok(()),
    }
}

fn across_subscriptions(what: &str) -> Fault {
    Fault::invalid(
        "BMSUserErrorInvalidRestoreRequest",
        format!(
            "{what}. A restore across regions and one across subscriptions cannot be combined: choose a target in the vault's own subscription."
        ),
    )
}
