//! Registering a server: the agent is asked what lives on it, then the container is Registered.

use super::find_container;
use crate::agents::queue;
use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, groups, jobs, outcome};
use rsvault_domain::discovery::{Container, Inventory, Registration, Server};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::{ArmId, ContainerId, ContainerName, NameKey};
use rsvault_domain::job::JobKind;
use rsvault_domain::limits;
use rsvault_domain::naming;
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{Bell, Tx};
use rsvault_domain::tenancy::same_region;
use rsvault_domain::vault::Vault;
use rsvault_domain::work::{CommandWork, InquiryPurpose};

/// What registering started.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Operation.
    pub operation: Operation,
    /// Container as it stands now (Registering).
    pub container: Container,
}

/// Registers (or re-registers) the server named by the container.
pub async fn register(
    engine: &Engine,
    caller: &Caller,
    path: &VaultPath,
    name: &ContainerName,
    source_resource_id: Option<&str>,
) -> Result<Registered> {
    let now = engine.clock.now();
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        let container = find_container(tx.as_mut(), &vault, name).await?;
        return Ok(Registered { operation, container });
    }
    groups::of_a_server(name)?;
    let server = server_of(tx.as_mut(), &vault, name, source_resource_id).await?;
    naming::server_fits(&server.resource_group, &server.name)?;
    if !same_region(&server.location, &vault.location) {
        return Err(Fault::invalid(
            "BMSUserErrorInvalidInput",
            format!(
                "Server '{}' is in '{}', vault '{}' in '{}'. A server is protected by a vault of its own region.",
                server.name, server.location, vault.name, vault.location
            ),
        )
        .at("containerName"));
    }
    if let Some(other) = tx.container_of_server(server.id).await?.filter(|c| c.vault_id != vault.id) {
        let elsewhere = tx.vault_by_id(other.vault_id).await?.map_or_else(|| other.vault_id.to_string(), |v| v.name);
        return Err(Fault::conflict(
            "BMSUserErrorContainerAlreadyRegistered",
            format!(
                "Server '{}' is registered to vault '{elsewhere}'. A server belongs to one vault: unregister it there first.",
                server.name
            ),
        ));
    }
    let container = match tx.container(vault.id, &name.key()).await? {
        Some(stands) => {
            outcome::end_work_of_server(engine, tx.as_mut(), vault.id, stands.server_id, false).await?;
            let container = Container { server_id: server.id, registration: Registration::Registering, updated_at: now, ..stands };
            tx.update_container(&container).await?;
            container
        }
        None => {
            let held = tx.held(vault.id).await?.containers;
            let cure = "Unregister one, or register the server to another vault.";
            limits::room("BMSUserErrorContainerQuotaExceeded", held, limits::SERVERS_PER_VAULT, "registered servers", &vault.name, cure)?;
            let container = Container {
                id: ContainerId(uuid::Uuid::new_v4()),
                vault_id: vault.id,
                server_id: server.id,
                name: server.container_name(),
                source_resource_id: server.vm_id(),
                registration: Registration::Registering,
                healthy: true,
                inventory: Inventory::default(),
                discover_at: None,
                updated_at: now,
            };
            tx.insert_container(&container).await?;
            tx.mark_registered(vault.id).await?;
            container
        }
    };
    let job = jobs::new(engine, caller, &vault, None, JobKind::Register, server.name.clone());
    let job_id = job.id;
    let operation =
        start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Container(container.id), job: Some(job), done: false })
            .await?;
    queue(
        engine,
        tx.as_mut(),
        &server,
        &vault,
        None,
        CommandWork::Inquire { container: container.id, purpose: InquiryPurpose::Register },
        Some(job_id),
        Some(operation.id),
    )
    .await?;
    tx.commit().await?;
    engine.wake.ring(Bell::Commands);
    Ok(Registered { operation, container })
}

/// The server that the container name means; the body's `sourceResourceId` (VM id or protectable
/// container id, rulebook 2.1) must agree with it.
async fn server_of(tx: &mut dyn Tx, vault: &Vault, name: &ContainerName, source_resource_id: Option<&str>) -> Result<Server> {
    let (mut group, mut vm) = (name.resource_group.clone(), name.server.clone());
    if let Some(id) = source_resource_id.filter(|s| !s.is_empty()) {
        let id = ArmId::parse(id, "properties.sourceResourceId")?;
        if id.is("Microsoft.Compute", "virtualMachines") {
            group = id.resource_group.clone();
            vm = id.name_of("virtualMachines").unwrap_or_default().to_owned();
        } else if let Some(container) = id.name_of("protectableContainers").or_else(|| id.name_of("protectionContainers")) {
            let named = ContainerName::parse(container)?;
            (group, vm) = (named.resource_group, named.server);
        }
        if NameKey::new(&vm) != NameKey::new(&name.server) || NameKey::new(&group) != NameKey::new(&name.resource_group) {
            return Err(Fault::invalid(
                "BMSUserErrorInvalidInput",
                format!("Property 'sourceResourceId' names server '{vm}' of group '{group}', but the container is '{name}'. Both must name the same server."),
            )
            .at("properties.sourceResourceId"));
        }
    }
    tx.server(vault.subscription, &NameKey::new(&group), &NameKey::new(&vm)).await?.ok_or_else(|| {
        Fault::invalid(
            "BMSUserErrorContainerObjectNotFound",
            format!("No server '{vm}' in resource group '{group}' is known to rsvault. Enrol its agent (or add it to the emulator), refresh the containers, then register."),
        )
        .at("containerName")
    })
}
