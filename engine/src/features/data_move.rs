//! Moving backups to another vault: prepared on the vault they are in, triggered on the one they go to.
//!
//! rsvault moves no backups between vaults (in Azure, too, it is a service of its own that few vaults get). Preparing keeps what
//! was asked for; triggering succeeds where there is nothing to move, and otherwise ends in a failure that says so: an
//! operation never tells that something was moved that was not.

use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, guards};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ArmId, ContainerName, NameKey, OperationId};
use rsvault_domain::operation::{Operation, OperationStatus, Subject};
use rsvault_domain::outcome::{MoveLevel, Outcome, PreparedMove};
use rsvault_domain::ports::Tx;
use rsvault_domain::tenancy::same_region;
use rsvault_domain::vault::Vault;

/// What a request asks for; each of the two names the other vault.
#[derive(Clone, Debug)]
pub struct MoveRequest {
    /// ARM id of the other vault.
    pub other: String,
    /// Region of the other vault.
    pub region: String,
    /// What is moved.
    pub level: MoveLevel,
    /// ARM ids of containers of the source.
    pub containers: Vec<String>,
}

/// The fields of a request, for its errors.
struct Fields {
    id: &'static str,
    region: &'static str,
    action: &'static str,
}
const TARGET: Fields = Fields { id: "targetResourceId", region: "targetRegion", action: "Microsoft.RecoveryServices/vaults/write" };
const SOURCE: Fields = Fields { id: "sourceResourceId", region: "sourceRegion", action: "Microsoft.RecoveryServices/vaults/read" };

/// Prepares a move out of the vault at `path`. The operation's id is the correlation id that the trigger asks for.
pub async fn prepare(engine: &Engine, caller: &Caller, path: &VaultPath, request: &MoveRequest) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    let source = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let target = other(tx.as_mut(), caller, &source, request, &TARGET).await?;
    let prepared = PreparedMove { target: target.arm_id(), level: request.level, containers: request.containers.clone() };
    prepared.check()?;
    for id in &prepared.containers {
        container(tx.as_mut(), &source, id).await?;
    }
    let operation = start(engine, tx.as_mut(), caller, &source, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    tx.put_outcome(operation.id, &Outcome::Prepared(prepared)).await?;
    tx.commit().await?;
    Ok(operation)
}

/// Triggers a prepared move into the vault at `path`.
pub async fn trigger(engine: &Engine, caller: &Caller, path: &VaultPath, request: &MoveRequest, correlation: &str) -> Result<Operation> {
    const CORRELATION: &str = "correlationId";
    let mut tx = engine.store.begin().await?;
    let target = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let source = other(tx.as_mut(), caller, &target, request, &SOURCE).await?;
    let asked = PreparedMove { target: target.arm_id(), level: request.level, containers: request.containers.clone() };
    asked.check()?;
    let unknown = || {
        Fault::invalid(
            "BMSUserErrorDataMoveNotPrepared",
            format!("Property '{CORRELATION}' is '{correlation}', which no prepareDataMove of vault '{}' has answered. Prepare the move there, and send the correlationId of its result.", source.name),
        )
        .at(CORRELATION)
    };
    let id: OperationId = correlation.parse().map_err(|_| unknown())?;
    tx.operation(id).await?.filter(|o| o.vault_id == source.id).ok_or_else(unknown)?;
    let Some(Outcome::Prepared(prepared)) = tx.outcome(id).await? else { return Err(unknown()) };
    let same = |a: &PreparedMove, b: &PreparedMove| {
        let keys = |m: &PreparedMove| m.containers.iter().map(|c| NameKey::new(c)).collect::<std::collections::BTreeSet<_>>();
        NameKey::new(&a.target) == NameKey::new(&b.target) && a.level == b.level && keys(a) == keys(b)
    };
    if !same(&prepared, &asked) {
        return Err(Fault::invalid(
            "BMSUserErrorDataMoveDiffersFromPrepared",
            format!("The move '{correlation}' was prepared for vault '{}' at level {} with {} containers named; this asks for something else. Ask for what was prepared, or prepare anew.", prepared.target, prepared.level.wire(), prepared.containers.len()),
        )
        .at(CORRELATION));
    }
    let counts = tx.vault_counts(source.id, engine.clock.now()).await?;
    let held = counts.servers + counts.items + counts.soft_deleted;
    let mut operation = start(engine, tx.as_mut(), caller, &target, Start { subject: Subject::Nothing, job: None, done: true }).await?;
    if held > 0 {
        operation.status = OperationStatus::Failed;
        operation.error = Some((
            "BMSUserErrorDataMoveNotSupported".to_owned(),
            format!(
                "Nothing was moved: vault '{}' holds {} servers and {} backup items, and backups are not moved between vaults here. Register the servers to vault '{}' and protect their databases there; what '{}' holds stays restorable until it expires.",
                source.name,
                counts.servers,
                counts.items + counts.soft_deleted,
                target.name,
                source.name
            ),
        ));
        tx.update_operation(&operation).await?;
    }
    tx.commit().await?;
    Ok(operation)
}

/// The other vault of a move: it exists, is in the region that the request says, is another one, and the caller may do with it
/// what a move does.
async fn other(tx: &mut dyn Tx, caller: &Caller, own: &Vault, request: &MoveRequest, fields: &Fields) -> Result<Vault> {
    let id = ArmId::parse(&request.other, fields.id)?;
    let name = id.name_of("vaults").filter(|_| id.is("Microsoft.RecoveryServices", "vaults")).ok_or_else(|| {
        Fault::invalid(
            "LinkedInvalidPropertyId",
            format!("Property '{}' is '{}', which is not a Recovery Services vault.", fields.id, request.other),
        )
        .at(fields.id)
    })?;
    guards::holds(tx, caller, fields.action, &request.other, "Have it granted there.").await?;
    let other = tx.vault(id.subscription, &NameKey::new(&id.resource_group), &NameKey::new(name)).await?.ok_or_else(|| {
        Fault::invalid(
            "BMSUserErrorDataMoveVaultNotFound",
            format!("Property '{}' names vault '{}', which does not exist.", fields.id, request.other),
        )
        .at(fields.id)
    })?;
    if other.id == own.id {
        return Err(Fault::invalid("BMSUserErrorInvalidInput", format!("Property '{}' names this vault itself. Name another.", fields.id))
            .at(fields.id));
    }
    if !same_region(&other.location, &request.region) {
        return Err(Fault::invalid(
            "BMSUserErrorDataMoveRegionMismatch",
            format!(
                "Property '{}' is '{}', but vault '{}' is in '{}'. Send its region.",
                fields.region, request.region, other.name, other.location
            ),
        )
        .at(fields.region));
    }
    Ok(other)
}

/// A container of the source that a request names by its ARM id.
async fn container(tx: &mut dyn Tx, source: &Vault, id: &str) -> Result<()> {
    const FIELD: &str = "sourceContainerArmIds";
    let parsed = ArmId::parse(id, FIELD)?;
    let own = parsed.subscription == source.subscription
        && NameKey::new(&parsed.resource_group) == NameKey::new(&source.resource_group)
        && parsed.name_of("vaults").is_some_and(|v| NameKey::new(v) == NameKey::new(&source.name));
    let found = match parsed.name_of("protectionContainers").filter(|_| own) {
        Some(name) => tx.container(source.id, &ContainerName::parse(name)?.key()).await?.is_some(),
        None => false,
    };
    if found {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorContainerObjectNotFound",
        format!("Property '{FIELD}' names '{id}', which is no container of vault '{}'.", source.name),
    )
    .at(FIELD))
}
