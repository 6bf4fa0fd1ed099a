//! How work ends: the one place where an agent's outcome becomes the end of a job, an operation, a
//! registration or a backup set.
//!
//! Always holds: ending what has ended changes nothing, so outcomes may be repeated.

use crate::alerts::{self, Cause};
use crate::health::{self, Ended};
use crate::{Engine, groups, intents};
use rsvault_domain::alert::AlertKind;
use rsvault_domain::backup::heal::{self, After};
use rsvault_domain::backup::{BackupKind, RecoveryModel, SetState};
use rsvault_domain::discovery::{Inventory, Registration};
use rsvault_domain::fault::{JobFault, Result, codes};
use rsvault_domain::health::HealthMetric;
use rsvault_domain::id::{ContainerId, ItemId, ItemName, JobId, OperationId, ServerId, VaultId};
use rsvault_domain::job::JobStatus;
use rsvault_domain::naming;
use rsvault_domain::operation::OperationStatus;
use rsvault_domain::ports::{About, Bell, Tx};
use rsvault_domain::protection::{LastBackup, ProtectedItem};
use rsvault_domain::restore::{RestorePlan, RestoreTarget};
use rsvault_domain::work::{AgentCommand, CommandState, CommandWork, InquiryPurpose};
use std::result::Result as StdResult;

/// What an agent made of a command.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An inquiry saw this.
    Inquired(Inventory),
    /// The backup was committed.
    BackedUp,
    /// The restore is done; bytes delivered.
    Restored {
        /// Bytes that came from the vault.
        bytes: u64,
    },
    /// It failed.
    Failed(JobFault),
    /// It was cancelled on request.
    Cancelled,
}

/// Ends a job. `properties` are set first.
pub(crate) async fn end_job(
    engine: &Engine,
    tx: &mut dyn Tx,
    vault: VaultId,
    id: JobId,
    status: JobStatus,
    faults: Vec<JobFault>,
    properties: &[(&str, String)],
) -> Result<()> {
    engine.progress.clear(id);
    let Some(mut job) = tx.job(vault, id).await? else { return Ok(()) };
    if job.status.is_final() {
        return Ok(());
    }
    for (key, value) in properties {
        job.set_property(key, value.clone());
    }
    job.end(status, faults, engine.clock.now());
    Ok(tx.update_job(&job).await?)
}

/// Ends an operation.
pub(crate) async fn end_operation(engine: &Engine, tx: &mut dyn Tx, id: OperationId, result: StdResult<(), &JobFault>) -> Result<()> {
    let Some(mut operation) = tx.operation(id).await? else { return Ok(()) };
    if operation.status != OperationStatus::InProgress {
        return Ok(());
    }
    operation.ended_at = Some(engine.clock.now());
    match result {
        Ok(()) => operation.status = OperationStatus::Succeeded,
        Err(fault) => {
            operation.status = OperationStatus::Failed;
            operation.error = Some((fault.code.clone(), fault.message.clone()));
        }
    }
    Ok(tx.update_operation(&operation).await?)
}

/// Bytes as jobs show them: MB with four decimals (wire-facts 7).
pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths_of_kb = u128::from(bytes) * 10_000 / (1024 * 1024);
    format!("{}.{:04}", tenths_of_kb / 10_000, tenths_of_kb % 10_000)
}

/// Ends a command with its outcome and everything that hangs on it.
pub(crate) async fn conclude(engine: &Engine, tx: &mut dyn Tx, mut command: AgentCommand, outcome: &Outcome) -> Result<()> {
    if command.state == CommandState::Done {
        return Ok(());
    }
    if let Outcome::Failed(fault) = outcome
        && groups::hand_over(engine, tx, &command, fault).await?
    {
        return Ok(());
    }
    command.state = CommandState::Done;
    command.lease_expires_at = None;
    tx.update_command(&command).await?;
    match &command.work {
        CommandWork::Inquire { container, purpose } => inquiry_ended(engine, tx, *container, *purpose, outcome).await?,
        CommandWork::Backup { item, .. } => backup_ended(engine, tx, &command, *item, outcome).await?,
        CommandWork::Restore { plan, .. } => restore_ended(engine, tx, &command, plan, outcome).await?,
    }
    let fault = match outcome {
        Outcome::Failed(fault) => Some(fault.clone()),
        Outcome::Cancelled => Some(JobFault::catalogue("UserErrorJobSuccessfullyCancelled", "")),
        _ => None,
    };
    if let Some(job) = command.job_id {
        let status = match outcome {
            Outcome::Failed(_) => JobStatus::Failed,
            Outcome::Cancelled => JobStatus::Cancelled,
            _ => JobStatus::Completed,
        };
        let properties = match (outcome, &command.work) {
            (Outcome::Restored { bytes }, CommandWork::Restore { plan, destination, .. }) => vec![
                ("Data Transferred (in MB)", megabytes(*bytes)),
                ("RestoreRecoveryPointTime", plan.stop_at.or(plan.steps.last().map(|s| s.time)).map(restore_time).unwrap_or_default()),
                ("RestoreDestination", destination.clone()),
            ],
            _ => Vec::new(),
        };
        end_job(engine, tx, command.vault_id, job, status, fault.clone().into_iter().collect(), &properties).await?;
    }
    if let Some(operation) = command.operation_id {
        end_operation(engine, tx, operation, fault.as_ref().map_or(Ok(()), Err)).await?;
    }
    Ok(())
}

/// Deletes an item for good, and with its last item a soft-deleted container, whose name is the answer. Work on it ends first: nothing may read or write sets that are about to
/// be collected.
pub(crate) async fn remove_item(engine: &Engine, tx: &mut dyn Tx, id: ItemId) -> Result<Option<String>> {
    let gone = Outcome::Failed(JobFault::catalogue("UserErrorRecoveryPointDeleted", ""));
    end_restores(engine, tx, id, &gone).await?;
    end_backups(engine, tx, id).await?;
    let container = tx.item_by_id(id).await?.map(|item| item.container_id);
    tx.delete_item(id, engine.clock.now()).await?;
    match container {
        Some(container) => crate::discovery::drop_if_empty(tx, container).await,
        None => Ok(None),
    }
}

/// Cancels the running backups of an item: a deleted item takes no further points. They are found by
/// their server and not by their jobs, because a scheduled log has none.
pub(crate) async fn end_backups(engine: &Engine, tx: &mut dyn Tx, id: ItemId) -> Result<()> {
    let Some(item) = tx.item_by_id(id).await? else { return Ok(()) };
    let Some(container) = tx.container_by_id(item.container_id).await? else { return Ok(()) };
    for command in groups::open_commands(tx, &container).await? {
        if matches!(&command.work, CommandWork::Backup { item, .. } if *item == id) {
            conclude(engine, tx, command, &Outcome::Cancelled).await?;
        }
    }
    Ok(())
}

/// Ends the restores from an item, on whichever server they run; each has a job.
async fn end_restores(engine: &Engine, tx: &mut dyn Tx, id: ItemId, outcome: &Outcome) -> Result<()> {
    for job in tx.running_jobs(id).await? {
        if let Some(command) = tx.command_of_job(job.id).await?.filter(|c| matches!(c.work, CommandWork::Restore { .. })) {
            conclude(engine, tx, command, outcome).await?;
        }
    }
    Ok(())
}

/// Fails what a vault has a server's agent doing, because the server is registered anew or given up
/// (rulebook 2.1). Inquiries go on through a registration, and end with the container.
pub(crate) async fn end_work_of_server(engine: &Engine, tx: &mut dyn Tx, vault: VaultId, server: ServerId, inquiries: bool) -> Result<()> {
    let interrupted = Outcome::Failed(JobFault::catalogue("UserErrorJobInterruptedByRegistration", ""));
    for command in tx.open_commands(server).await? {
        let inquiry = matches!(command.work, CommandWork::Inquire { .. });
        // What a vault of another region restores here has no other way to hear of it.
        let foreign = matches!(command.work, CommandWork::Restore { secondary: true, .. });
        if (command.vault_id == vault || foreign) && (inquiries || !inquiry) {
            conclude(engine, tx, command, &interrupted).await?;
        }
    }
    Ok(())
}

/// `2024-05-14 13:37:39Z` (wire-facts 1).
pub(crate) fn restore_time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

async fn inquiry_ended(engine: &Engine, tx: &mut dyn Tx, id: ContainerId, purpose: InquiryPurpose, outcome: &Outcome) -> Result<()> {
    let Some(mut container) = tx.container_by_id(id).await? else { return Ok(()) };
    if container.registration == Registration::SoftDeleted {
        return Ok(()); // Given up meanwhile; a late answer must not bring it back.
    }
    container.updated_at = engine.clock.now();
    container.discover_at = container.updated_at.saturating_add(crate::reconcile::discover::EVERY).ok();
    match outcome {
        Outcome::Inquired(inventory) => {
            let of_groups = groups::seen(engine, tx, &container, inventory).await?;
            if inventory.groups.iter().any(|seen| seen.group.is_resolving()) {
                container.discover_at = container.updated_at.saturating_add(groups::FAILOVER).ok();
            }
            container.inventory = naming::listed(inventory.clone());
            container.healthy = true;
            container.registration = Registration::Registered;
            tx.update_container(&container).await?;
            let server = About::Subject(&container.name.server);
            alerts::resolve(engine, tx, container.vault_id, server, AlertKind::WorkloadExtensionUnhealthy).await?;
            refresh_models(tx, &container.vault_id, id, inventory).await?;
            for group in &of_groups {
                refresh_models(tx, &group.vault_id, group.id, &group.inventory).await?;
            }
            let mut protected = 0;
            for container in of_groups.iter().chain([&container]) {
                protected += intents::apply(engine, tx, container).await?;
            }
            if protected > 0 {
                engine.wake.ring(Bell::Tasks);
            }
            engine.wake.ring(Bell::Schedules);
            return Ok(());
        }
        _ if purpose == InquiryPurpose::Register && container.registration == Registration::Registering => {
            let used = !tx
                .items(
                    container.vault_id,
                    &rsvault_domain::ports::ItemFilter { container_id: Some(id), policy_id: None },
                    &rsvault_domain::ports::Page { after: None, limit: 1 },
                )
                .await?
                .items
                .is_empty();
            let again = tx
                .open_commands(container.server_id)
                .await?
                .iter()
                .any(|c| matches!(c.work, CommandWork::Inquire { container, purpose: InquiryPurpose::Register } if container == id));
            if again {
                return Ok(()); // Registered once more meanwhile: that attempt decides.
            }
            if !used && container.inventory.instances.is_empty() {
                // A first registration that failed leaves nothing behind: the server is discoverable again.
                tx.delete_container(id).await?;
                return Ok(());
            }
            container.registration = Registration::Registered;
            container.healthy = false;
        }
        _ => container.healthy = false,
    }
    Ok(tx.update_container(&container).await?)
}

/// Items show the recovery model that discovery last saw.
async fn refresh_models(tx: &mut dyn Tx, vault: &VaultId, container: ContainerId, inventory: &Inventory) -> Result<()> {
    let filter = rsvault_domain::ports::ItemFilter { container_id: Some(container), policy_id: None };
    let mut page = rsvault_domain::ports::Page::default();
    loop {
        let slice = tx.items(*vault, &filter, &page).await?;
        for mut item in slice.items {
            let seen = inventory
                .instance(&item.name.instance)
                .and_then(|i| i.databases.iter().find(|d| d.name.eq_ignore_ascii_case(&item.name.database)));
            if let Some(database) = seen.filter(|d| d.recovery_model != item.recovery_model || d.read_only != item.track.read_only) {
                model_seen(&mut item, database.recovery_model);
                item.track.read_only = database.read_only;
                tx.update_item(&item).await?;
            }
        }
        match slice.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The recovery model as it was seen now. One that kept no log breaks the chain (rulebook 3.7).
pub(crate) fn model_seen(item: &mut ProtectedItem, model: RecoveryModel) {
    if item.recovery_model == RecoveryModel::Simple && model != RecoveryModel::Simple {
        item.track.needs_full = Some(codes::MODEL_CHANGED.to_owned());
    }
    item.recovery_model = model;
}

/// A backup that ended without a commit: its set is given up, the item remembers the failure, and a
/// failed scheduled one that only a full can cure is followed by that full.
async fn backup_ended(engine: &Engine, tx: &mut dyn Tx, command: &AgentCommand, id: ItemId, outcome: &Outcome) -> Result<()> {
    if matches!(outcome, Outcome::BackedUp) {
        return Ok(());
    }
    if let Some(set) = tx.set_of_command(command.id).await? {
        tx.move_set(set.id, &[SetState::Open], SetState::Aborted, engine.clock.now()).await?;
    }
    let CommandWork::Backup { kind, on_demand, slot, remedial, .. } = &command.work else { return Ok(()) };
    let (Outcome::Failed(fault), Some(mut item)) = (outcome, tx.item_by_id(id).await?) else { return Ok(()) };
    item.last_backup = Some(LastBackup { at: command.created_at, fault: Some(fault.clone()) });
    backup_failed(engine, tx, &mut item, *kind, command.job_id, fault).await?;
    if heal::heals(&fault.code) && *kind != BackupKind::Full {
        item.track.needs_full = Some(fault.code.clone());
    }
    tx.update_item(&item).await?;
    let times = item.track.trouble.as_ref().map_or(0, |t| t.times);
    let next = match heal::after_failure(*kind, !*on_demand, &fault.code) {
        After::RemedialFull if remedial.is_none() => Some((BackupKind::Full, Some(fault.code.as_str()))),
        After::Again if times <= MOST_UPGRADES => Some((*kind, remedial.as_deref())),
        _ => None,
    };
    if let Some((kind, because)) = next {
        // Boxed: on a stopped server what is queued ends at once, here.
        Box::pin(crate::backups::queue_healing(engine, tx, &item, kind, *slot, because)).await?;
        engine.wake.ring(Bell::Commands);
    }
    Ok(())
}

/// How often in a row a backup is begun again because the agent was upgraded meanwhile.
const MOST_UPGRADES: u32 = 3;

/// What a failed backup leaves on its item, beside the record of the failure: trouble that counts, and
/// an alert (rulebook 7.1: each failure is one). The caller writes the item.
pub(crate) async fn backup_failed(
    engine: &Engine,
    tx: &mut dyn Tx,
    item: &mut ProtectedItem,
    kind: BackupKind,
    job: Option<JobId>,
    fault: &JobFault,
) -> Result<()> {
    item.updated_at = engine.clock.now();
    let trouble = health::again(item.track.trouble.take(), fault);
    let ended = Ended { vault: item.vault_id, item: item.id, job, metric: HealthMetric::Backup, trouble: Some(&trouble) };
    health::note(engine, tx, ended).await?;
    item.track.trouble = Some(trouble);
    let cause = Cause {
        vault: item.vault_id,
        item: Some(item.id),
        subject: item.name.to_string(),
        kind: AlertKind::BackupFailure,
        code: Some(fault.code.clone()),
        text: format!("{} backup of '{}' failed. {} {}", kind.as_str(), item.name, fault.message, fault.recommendations.join(" ")),
        job,
    };
    alerts::raise(engine, tx, cause).await
}

/// One health event a restore; the item it came from remembers a failure, so that the next one like it
/// is known as persistent.
async fn restore_health(engine: &Engine, tx: &mut dyn Tx, command: &AgentCommand, outcome: &Outcome) -> Result<()> {
    let Some(mut item) = (match command.item_id {
        Some(id) => tx.item_by_id(id).await?,
        None => None,
    }) else {
        return Ok(());
    };
    let before = item.track.restore_trouble.take();
    item.track.restore_trouble = match outcome {
        Outcome::Failed(fault) => Some(health::again(before.clone(), fault)),
        Outcome::Restored { .. } => None,
        _ => return Ok(()),
    };
    let trouble = item.track.restore_trouble.as_ref();
    let ended = Ended { vault: item.vault_id, item: item.id, job: command.job_id, metric: HealthMetric::Restore, trouble };
    health::note(engine, tx, ended).await?;
    if item.track.restore_trouble != before {
        tx.update_item(&item).await?;
    }
    Ok(())
}

/// A database that a restore has put in place of a protected one needs a full before anything else
/// (rulebook 4.3); a restore that failed is an alert.
async fn restore_ended(engine: &Engine, tx: &mut dyn Tx, command: &AgentCommand, plan: &RestorePlan, outcome: &Outcome) -> Result<()> {
    restore_health(engine, tx, command, outcome).await?;
    match (outcome, &plan.target) {
        (Outcome::Restored { .. }, RestoreTarget::Database { instance, database, .. }) => {
            let Some(container) = tx.container_of_server(command.server_id).await? else { return Ok(()) };
            if let Some(mut item) = tx.item(container.id, &ItemName::new(instance, database).key()).await? {
                item.track.needs_full = Some(codes::AFTER_RESTORE.to_owned());
                tx.update_item(&item).await?;
            }
            Ok(())
        }
        (Outcome::Failed(fault), _) => {
            let cause = Cause {
                vault: command.vault_id,
                item: command.item_id,
                subject: plan.source_database.clone(),
                kind: AlertKind::RestoreFailure,
                code: Some(fault.code.clone()),
                text: format!("Restore of '{}' failed. {} {}", plan.source_database, fault.message, fault.recommendations.join(" ")),
                job: command.job_id,
            };
            alerts::raise(engine, tx, cause).await
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn megabytes_have_four_decimals() {
        assert_eq!(super::megabytes(0), "0.0000");
        assert_eq!(super::megabytes(1024 * 1024 * 3 / 2), "1.5000");
        assert_eq!(super::megabytes(21_091_792), "20.1147");
    }
}
