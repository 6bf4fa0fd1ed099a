//! The full that mends a broken chain, queued when a scheduled backup has failed for a reason that only
//! a full cures (rulebook 3.7).
//!
//! Always holds: a remedial full never queues another one; at most one waits or runs for an item.

use crate::agents::queue;
use crate::{Engine, jobs};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Result;
use rsvault_domain::job::JobKind;
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::work::{CommandWork, Slot};

/// Queues it. `slot` is the slot whose run has failed.
pub(crate) async fn queue_remedial(engine: &Engine, tx: &mut dyn Tx, item: &ProtectedItem, slot: Option<Slot>, code: &str) -> Result<()> {
    let Ok(policy) = item.may_back_up() else { return Ok(()) };
    let (Some(policy), Some(container)) = (tx.policy_by_id(policy).await?, tx.container_by_id(item.container_id).await?) else {
        return Ok(());
    };
    let (Some(server), Some(vault)) = (tx.server_by_id(container.server_id).await?, tx.vault_by_id(item.vault_id).await?) else {
        return Ok(());
    };
    let full_runs = tx
        .open_commands(server.id)
        .await?
        .iter()
        .any(|c| matches!(&c.work, CommandWork::Backup { item: of, kind: BackupKind::Full, .. } if *of == item.id));
    if full_runs {
        return Ok(());
    }
    let job = jobs::scheduled(engine, item, JobKind::Backup(BackupKind::Full), &server.host_name());
    tx.insert_job(&job).await?;
    let spelled = container.inventory.spelled(&item.name);
    let work = CommandWork::Backup {
        item: item.id,
        instance: spelled.instance,
        database: spelled.database,
        kind: BackupKind::Full,
        compress: policy.spec.for_sql(&policy.name)?.compresses(),
        expires_at: None,
        on_demand: false,
        slot,
        remedial: Some(code.to_owned()),
    };
    queue(engine, tx, &server, &vault, Some(item.id), work, Some(job.id), None).await
}
