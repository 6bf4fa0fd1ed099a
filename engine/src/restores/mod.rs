//! Restores: checked in front of the caller, planned, then run by the agent of the target server.

use crate::agents::queue;
use crate::backups;
use crate::discovery::find_container;
use crate::operations::{Start, repeated, start};
use crate::protection::{ItemPath, find_item};
use crate::{Caller, Engine, jobs};
use rsvault_domain::backup::RecoveryPointName;
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::{Fault, FaultKind, JobFault, Result};
use rsvault_domain::id::{ArmId, ContainerName, NameKey, ServerId};
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::restore::{FileMapping, RestorePlan, RestoreStep, RestoreTarget};
use rsvault_domain::vault::Vault;
use rsvault_domain::work::CommandWork;

/// Where to restore to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Over the original database.
    Original,
    /// Another name, instance or server: `targetInfo.databaseName` is `INSTANCE/name`.
    Alternate {
        /// `targetInfo.containerId` or `containerName`; None = the item's own server.
        container: Option<String>,
        /// `INSTANCE/name`.
        database: String,
    },
    /// Files in a folder.
    Files {
        /// As for Alternate.
        container: Option<String>,
        /// `targetInfo.targetDirectoryForFileRestore`.
        directory: String,
    },
}

/// What the body asks for.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// Recovery point.
    pub point: String,
    /// Where to.
    pub destination: Destination,
    /// `overwriteOption eq Overwrite`.
    pub overwrite: bool,
    /// `alternateDirectoryPaths`.
    pub files: Vec<FileMapping>,
    /// `isNonRecoverable`: leave in NORECOVERY.
    pub no_recovery: bool,
}

/// Starts a restore of a full.
pub async fn trigger(engine: &Engine, caller: &Caller, path: &ItemPath, request: &RestoreRequest) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let (vault, container, item) = find_item(tx.as_mut(), path).await?;
    item.may_be_used()?;
    if request.point == rsvault_domain::backup::DEFAULT_RANGE {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "OperationNotSupportedYet",
            "Restore to a point in time is not supported yet by rsvault: log chains come later. Restore a full recovery point by its name.",
        )
        .at("recoveryPointId"));
    }
    let point =
        tx.point(item.id, &RecoveryPointName(request.point.clone())).await?.ok_or_else(|| backups::not_found(&item, &request.point))?;
    let (target_container, target) = target_of(tx.as_mut(), &vault, &container, &item, request).await?;
    let server = tx.server_by_id(target_container.server_id).await?.ok_or_else(|| {
        Fault::conflict(
            "WorkloadExtensionNotReachable",
            format!("The server of container '{}' does not exist any more. Choose another target.", target_container.name),
        )
    })?;
    let destination = match &target {
        RestoreTarget::Files { directory } => directory.clone(),
        RestoreTarget::Database { instance, database, .. } => format!("{}/{instance}/{database}", server.host_name().to_lowercase()),
    };
    let original = request.destination == Destination::Original;
    let mut job = jobs::new(
        engine,
        caller,
        &vault,
        Some(item.id),
        JobKind::Restore(point.kind),
        format!("{} [{}]", item.name.database, server.host_name()),
    );
    job.set_property("Job Type", target.job_type(original).to_owned());
    let busy = same_target_runs(tx.as_mut(), server.id, &target).await?;
    if busy {
        job.end(JobStatus::Failed, vec![JobFault::catalogue("UserErrorRestoreOperationInProgress", "")], engine.clock.now());
    }
    let job_id = job.id;
    let operation =
        start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Item(item.id), job: Some(job), done: true }).await?;
    if !busy {
        let plan = RestorePlan {
            source_database: container.inventory.spelled(&item.name).database,
            steps: vec![RestoreStep { set_id: point.set_id, kind: point.kind, point: point.name.to_string(), time: point.time }],
            stop_at: None,
            target,
        };
        queue(
            engine,
            tx.as_mut(),
            &server,
            &vault,
            Some(item.id),
            CommandWork::Restore { item: item.id, plan, destination },
            Some(job_id),
            None,
        )
        .await?;
    }
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    Ok(operation)
}

/// Whether a restore over the same database runs on the server (rulebook 4.3).
async fn same_target_runs(tx: &mut dyn Tx, server: ServerId, target: &RestoreTarget) -> Result<bool> {
    let RestoreTarget::Database { instance, database, .. } = target else { return Ok(false) };
    let (instance, database) = (NameKey::new(instance), NameKey::new(database));
    Ok(tx.open_commands(server).await?.iter().any(|c| match &c.work {
        CommandWork::Restore { plan, .. } => {
            matches!(&plan.target, RestoreTarget::Database { instance: i, database: d, .. } if NameKey::new(i) == instance && NameKey::new(d) == database)
        }
        _ => false,
    }))
}

async fn target_of(
    tx: &mut dyn Tx,
    vault: &Vault,
    own: &Container,
    item: &ProtectedItem,
    request: &RestoreRequest,
) -> Result<(Container, RestoreTarget)> {
    match &request.destination {
        Destination::Original => {
            usable(own)?;
            let spelled = own.inventory.spelled(&item.name);
            let target = RestoreTarget::Database {
                instance: spelled.instance,
                database: spelled.database,
                overwrite: true,
                files: request.files.clone(),
                recover: !request.no_recovery,
            };
            Ok((own.clone(), target))
        }
        Destination::Alternate { container, database } => {
            let container = container_of(tx, vault, own, container.as_deref()).await?;
            let field = "properties.targetInfo.databaseName";
            let (instance, name) = database.split_once('/').filter(|(i, d)| !i.is_empty() && !d.trim().is_empty()).ok_or_else(|| {
                Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!("Property 'databaseName' is '{database}'; it must read '<instance>/<database>'."),
                )
                .at(field)
            })?;
            let instance = container.inventory.instance(instance).ok_or_else(|| {
                Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!(
                        "Instance '{instance}' was not found on server '{}'. Rediscover it, or name another instance.",
                        container.name.server
                    ),
                )
                .at(field)
            })?;
            let original = container.id == own.id
                && NameKey::new(&instance.name) == NameKey::new(&item.name.instance)
                && NameKey::new(name) == NameKey::new(&item.name.database);
            if original && !request.overwrite {
                return Err(Fault::invalid(
                    "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
                    format!("Database '{name}' exists on '{}'. Choose another name, or set overwriteOption to Overwrite.", instance.name),
                )
                .at("properties.targetInfo.overwriteOption"));
            }
            let target = RestoreTarget::Database {
                instance: instance.name.clone(),
                database: name.to_owned(),
                overwrite: request.overwrite,
                files: request.files.clone(),
                recover: !request.no_recovery,
            };
            Ok((container, target))
        }
        Destination::Files { container, directory } => {
            if directory.trim().is_empty() {
                return Err(Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    "Property 'targetDirectoryForFileRestore' is empty. Name a folder on the target server.",
                )
                .at("properties.targetInfo.targetDirectoryForFileRestore"));
            }
            let container = container_of(tx, vault, own, container.as_deref()).await?;
            Ok((container, RestoreTarget::Files { directory: directory.clone() }))
        }
    }
}

/// The target container by ARM id or name; it must be registered to this vault and reachable.
async fn container_of(tx: &mut dyn Tx, vault: &Vault, own: &Container, text: Option<&str>) -> Result<Container> {
    let container = match text.filter(|t| !t.is_empty()) {
        None => own.clone(),
        Some(text) => {
            let name = if text.starts_with('/') {
                let id = ArmId::parse(text, "properties.targetInfo.containerId")?;
                let same_vault = id.subscription == vault.subscription
                    && NameKey::new(&id.resource_group) == NameKey::new(&vault.resource_group)
                    && id.name_of("vaults").is_some_and(|v| NameKey::new(v) == NameKey::new(&vault.name));
                if !same_vault {
                    return Err(Fault::invalid(
                        "BMSUserErrorInvalidRestoreRequest",
                        format!("Property 'containerId' names no container of vault '{}': '{text}'. The target server must be registered to this vault.", vault.name),
                    )
                    .at("properties.targetInfo.containerId"));
                }
                id.name_of("protectionContainers").map(str::to_owned).ok_or_else(|| {
                    Fault::invalid(
                        "BMSUserErrorInvalidRestoreRequest",
                        format!("Property 'containerId' does not name a protection container: '{text}'."),
                    )
                    .at("properties.targetInfo.containerId")
                })?
            } else {
                text.to_owned()
            };
            find_container(tx, vault, &ContainerName::parse(&name)?).await.map_err(|fault| match fault.kind {
                FaultKind::NotFound => Fault::invalid(
                    "BMSUserErrorInvalidRestoreRequest",
                    format!("The target server is not registered to this vault: '{name}'. Register it first."),
                )
                .at("properties.targetInfo.containerId"),
                _ => fault,
            })?
        }
    };
    usable(&container)?;
    Ok(container)
}

fn usable(container: &Container) -> Result<()> {
    if container.registration == Registration::Registered {
        return Ok(());
    }
    Err(Fault::conflict(
        "BMSUserErrorContainerNotRegistered",
        format!(
            "Container '{}' is {}; a restore needs a registered server. Register it, then restore.",
            container.name,
            container.registration.as_str()
        ),
    ))
}
