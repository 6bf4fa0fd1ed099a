//! PUT of a protected item: enable, change policy, resume, stop, suspend, undelete. The change is checked
//! here, in front of the caller; a task carries it out and ends job and operation.

use super::{ItemPath, lock};
use crate::discovery::find_container;
use crate::operations::{Start, repeated, start};
use crate::policies::{find_policy, keeps_shorter, may_follow};
use crate::vaults::find;
use crate::{Caller, Engine, guards, intents, jobs};
use rsvault_domain::availability::Group;
use rsvault_domain::discovery::{Container, DatabaseInventory, Registration};
use rsvault_domain::fault::{Fault, FaultKind, Result};
use rsvault_domain::guard::Critical;
use rsvault_domain::id::{ArmId, ItemId, ItemName, NameKey, PolicyId, TaskId};
use rsvault_domain::job::JobKind;
use rsvault_domain::limits;
use rsvault_domain::naming;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::policy::Policy;
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::protection::{ItemState, ProtectedItem, Track};
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{AT_ONCE, ProtectionChange, TaskKind};
use uuid::Uuid;

/// What the body of the PUT asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Protect with the policy of this ARM id.
    Enable {
        /// `properties.policyId`.
        policy_id: String,
    },
    /// Stop, keep data for ever.
    Stop,
    /// Stop, keep data as the policy says.
    Suspend,
    /// Undelete.
    Undelete,
}

/// Starts the change.
pub async fn put(engine: &Engine, caller: &Caller, path: &ItemPath, change: &Change) -> Result<Operation> {
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let mut vault = find(tx.as_mut(), &path.vault).await?;
    let container = find_container(tx.as_mut(), &vault, &path.container).await.map_err(|fault| match fault.kind {
        FaultKind::NotFound => Fault::invalid("BMSUserErrorInvalidConfigureProtectionRequest", fault.message).at("containerName"),
        _ => fault,
    })?;
    let stands = tx.item(container.id, &path.item.key()).await?;
    if let Some(item) = &stands {
        lock::free(tx.as_mut(), container.server_id, item).await?;
    }
    let (item, task, kind, properties) = match change {
        Change::Enable { policy_id } => {
            container.group().map_or(Ok(()), Group::may_protect)?;
            let policy = policy_of(tx.as_mut(), &vault, policy_id).await?;
            let item = match stands {
                Some(mut item) => {
                    registered(&container, &[Registration::Registered, Registration::Registering])?;
                    let has_full = tx.point_summary(item.id).await?.fulls > 0;
                    item.clone().enable(policy.id, has_full, now)?;
                    may_follow(tx.as_mut(), &vault, &item, &policy, engine.trusted_now()).await?;
                    if vault.settings.guard.is_some() && keeps_shorter(tx.as_mut(), &item, &policy, engine.trusted_now()).await? {
                        guards::require(tx.as_mut(), caller, &vault, Critical::ShortenProtection).await?;
                    }
                    item.updated_at = now;
                    item
                }
                None => first_time(tx.as_mut(), path, &container, policy.id, now).await?,
            };
            let properties = vec![("Policy Name", policy.name), ("ContainerUniqueName", container.name.short())];
            (item, ProtectionChange::Enable { policy: policy.id, etag: Some(policy.etag) }, JobKind::ConfigureBackup, properties)
        }
        Change::Stop => {
            let item = stands.ok_or_else(|| nothing_to_change(path))?;
            item.clone().stop(now)?;
            (item, ProtectionChange::Stop, JobKind::DisableBackup, vec![("ContainerUniqueName", container.name.short())])
        }
        Change::Suspend => {
            let item = stands.ok_or_else(|| nothing_to_change(path))?;
            may_suspend(&vault)?;
            item.clone().suspend(now)?;
            (item, ProtectionChange::Suspend, JobKind::DisableBackup, vec![("ContainerUniqueName", container.name.short())])
        }
        Change::Undelete => {
            let item = stands.ok_or_else(|| nothing_to_change(path))?;
            item.clone().undelete(now)?;
            (item, ProtectionChange::Undelete, JobKind::Undelete, vec![("ContainerUniqueName", container.name.short())])
        }
    };
    if matches!(change, Change::Enable { .. }) && !vault.used {
        vault.used = true;
        tx.update_vault(&vault).await?;
    }
    let mut job = jobs::new(engine, caller, &vault, Some(item.id), kind, item.name.database.clone());
    for (key, value) in properties {
        job.set_property(key, value);
    }
    let job_id = job.id;
    let operation =
        start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Item(item.id), job: Some(job), done: false }).await?;
    let task = TaskKind::Protect { item: item.id, operation: operation.id, job: job_id, change: task };
    tx.enqueue(TaskId(Uuid::now_v7()), &task, AT_ONCE).await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Schedules);
    engine.wake.ring(Bell::Tasks);
    Ok(operation)
}

/// Data is kept as per policy in an immutable vault only (rulebook 5.1): elsewhere nothing would hold the
/// policy to its word.
pub(crate) fn may_suspend(vault: &Vault) -> Result<()> {
    if vault.settings.immutability.is_on() {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorBackupsSuspendedNeedsImmutableVault",
        format!(
            "Property 'protectionState' is 'BackupsSuspended', which keeps the data as the policy says; that is offered in an immutable vault only, and '{}' is not one. Send ProtectionStopped to keep the data for ever, or make the vault immutable first (securitySettings.immutabilitySettings.state Unlocked).",
            vault.name
        ),
    )
    .at("properties.protectionState"))
}

fn nothing_to_change(path: &ItemPath) -> Fault {
    Fault::not_found(
        "BMSUserErrorDataSourceObjectNotFound",
        format!("'{}' is not a protected item of container '{}'.", path.item, path.container),
    )
    .at("protectedItemName")
}

/// The SQL policy that `policyId` names; it must be of this vault.
pub(crate) async fn policy_of(tx: &mut dyn Tx, vault: &Vault, policy_id: &str) -> Result<Policy> {
    let field = "properties.policyId";
    let id = ArmId::parse(policy_id, field)?;
    let same_vault = id.subscription == vault.subscription
        && NameKey::new(&id.resource_group) == NameKey::new(&vault.resource_group)
        && id.name_of("vaults").is_some_and(|v| NameKey::new(v) == NameKey::new(&vault.name));
    let name = id.name_of("backupPolicies").filter(|_| same_vault).ok_or_else(|| {
        Fault::invalid(
            "BMSUserErrorInvalidConfigureProtectionRequest",
            format!(
                "Property 'policyId' does not name a policy of vault '{}': '{policy_id}'. Send '{}/backupPolicies/<name>'.",
                vault.name,
                vault.arm_id()
            ),
        )
        .at(field)
    })?;
    let policy = find_policy(tx, vault, name).await.map_err(|fault| match fault.kind {
        FaultKind::NotFound => Fault::invalid("BMSUserErrorInvalidConfigureProtectionRequest", fault.message).at(field),
        _ => fault,
    })?;
    policy.spec.for_sql(&policy.name).map_err(|fault| fault.at(field))?;
    Ok(policy)
}

/// Refuses to protect on a container that is in none of these states.
fn registered(container: &Container, states: &[Registration]) -> Result<()> {
    if states.contains(&container.registration) {
        return Ok(());
    }
    Err(Fault::conflict(
        "BMSUserErrorContainerNotRegistered",
        format!("Container '{}' is {}. Register it, then protect its databases.", container.name, container.registration.as_str()),
    ))
}

/// Writes the item of a database that was never protected: it shows as IRPending at once and leaves
/// the list of protectable items.
async fn first_time(
    tx: &mut dyn Tx,
    path: &ItemPath,
    container: &Container,
    policy: PolicyId,
    now: jiff::Timestamp,
) -> Result<ProtectedItem> {
    registered(container, &[Registration::Registered])?;
    let held = tx.held(container.vault_id).await?.items;
    let cure = "Delete items that are not needed any more, or protect the database in another vault.";
    limits::room("UserErrorProtectionQuotaExceeded", held, limits::DATABASES_PER_VAULT, "protected databases", &path.vault.name, cure)?;
    let instance = container.inventory.instance(&path.item.instance);
    let key = NameKey::new(&path.item.database);
    let found = instance.and_then(|i| Some((i, i.databases.iter().find(|d| NameKey::new(&d.name) == key)?)));
    let Some((instance, database)) = found else {
        return Err(Fault::invalid(
            "BMSUserErrorInvalidConfigureProtectionRequest",
            format!("Database '{}' on instance '{}' was not found on '{}'. Rediscover the databases (inquire), then take the name of a protectable item.", path.item.database, path.item.instance, container.name.server),
        )
        .at("protectedItemName"));
    };
    naming::may_configure(instance, &database.name)?;
    intents::may_take(tx, container, &path.item).await?;
    let item = new_item(container, path.item.clone(), database, policy, now);
    tx.insert_item(&item).await?;
    Ok(item)
}

/// The item of a database that is protected for the first time.
pub(crate) fn new_item(
    container: &Container,
    name: ItemName,
    database: &DatabaseInventory,
    policy: PolicyId,
    now: jiff::Timestamp,
) -> ProtectedItem {
    let id = ItemId(Uuid::new_v4());
    ProtectedItem {
        id,
        vault_id: container.vault_id,
        container_id: container.id,
        name,
        policy_id: Some(policy),
        state: ItemState::IRPending,
        data_source_id: format!("{}", 100_000_000_000_000 + id.0.as_u64_pair().1 % 900_000_000_000_000),
        recovery_model: database.recovery_model,
        last_backup: None,
        soft_deleted: None,
        track: Track { scheduled_since: Some(now), ..Track::default() },
        reap_at: None,
        watch_at: Some(now),
        created_at: now,
        updated_at: now,
    }
}
