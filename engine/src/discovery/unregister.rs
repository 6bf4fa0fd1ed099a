//! Unregistering a server (rulebook 5.6).

use super::find_container;
use crate::operations::{Start, repeated, start};
use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, alerts, groups, intents, jobs, outcome};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::id::ContainerName;
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{Operation, Subject};
use rsvault_domain::ports::{About, ItemFilter, Page};

/// Gives the server up: refused while items are protected or kept; with only soft-deleted items left
/// the container stays as SoftDeleted until they are purged.
pub async fn unregister(engine: &Engine, caller: &Caller, path: &VaultPath, name: &ContainerName) -> Result<Operation> {
    let mut tx = engine.store.begin().await?;
    if let Some(operation) = repeated(tx.as_mut(), caller).await? {
        return Ok(operation);
    }
    let vault = find(tx.as_mut(), path).await?;
    let container = find_container(tx.as_mut(), &vault, name).await?;
    if container.group().is_some_and(|group| group.nodes().next().is_some()) {
        groups::of_a_server(name)?;
    }
    let mut page = Page::default();
    let (mut active, mut soft_deleted) = (Vec::new(), false);
    loop {
        let slice = tx.items(vault.id, &ItemFilter { container_id: Some(container.id), policy_id: None }, &page).await?;
        for item in slice.items {
            if item.soft_deleted.is_some() { soft_deleted = true } else { active.push(item.name.to_string()) }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    if !active.is_empty() {
        active.truncate(20);
        return Err(Fault::invalid(
            "BMSUserErrorContainerHasDatasources",
            format!("Container '{name}' cannot be unregistered: it has protected or retained items ({}). Stop their protection with deletion of the data first.", active.join(", ")),
        )
        .at("containerName"));
    }
    if !container.name.is_group() {
        groups::may_leave(tx.as_mut(), &container).await?;
        outcome::end_work_of_server(engine, tx.as_mut(), vault.id, container.server_id, true).await?;
        for seen in &container.inventory.groups {
            groups::leave(engine, tx.as_mut(), &container, &seen.group).await?;
        }
    }
    intents::end_all(engine, tx.as_mut(), container.id).await?;
    let server = About::Subject(&container.name.server);
    alerts::resolve(engine, tx.as_mut(), vault.id, server, AlertKind::WorkloadExtensionUnhealthy).await?;
    let mut job = jobs::new(engine, caller, &vault, None, JobKind::UnRegister, container.name.server.clone());
    job.end(JobStatus::Completed, Vec::new(), engine.clock.now());
    let operation = start(engine, tx.as_mut(), caller, &vault, Start { subject: Subject::Nothing, job: Some(job), done: true }).await?;
    if soft_deleted {
        tx.update_container(&Container { registration: Registration::SoftDeleted, updated_at: engine.clock.now(), ..container }).await?;
    } else {
        tx.delete_container(container.id).await?;
    }
    tx.commit().await?;
    Ok(operation)
}
