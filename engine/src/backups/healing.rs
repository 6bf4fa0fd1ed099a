//! What follows a scheduled backup that has failed: the full that mends its chain, or the same backup
//! again after an upgrade of the agent (rulebook 3.7).
//!
//! Always holds: a remedial full never queues another one; at most one backup of a kind waits or runs for
//! an item.

use crate::agents::queue;
use crate::{Engine, groups, jobs};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Result;
use rsvault_domain::job::JobKind;
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::work::{CommandWork, Slot};

/// Queues a backup of `kind` for the slot whose run has failed. `because`: the catalogue code of the
/// failure that a full mends.
pub(crate) async fn queue_healing(
    engine: &Engine,
    tx: &mut dyn Tx,
    item: &ProtectedItem,
    kind: BackupKind,
    slot: Option<Slot>,
    because: Option<&str>,
) -> Result<()> {
    let Ok(policy) = item.may_back_up() else { return Ok(()) };
    let (Some(policy), Some(container)) = (tx.policy_by_id(policy).await?, tx.container_by_id(item.container_id).await?) else {
        return Ok(());
    };
    let Ok(holder) = groups::holder(tx, &container, kind).await? else { return Ok(()) };
    let (Some(server), Some(vault)) = (holder, tx.vault_by_id(item.vault_id).await?) else { return Ok(()) };
    let runs = |work: &CommandWork| matches!(work, CommandWork::Backup { item: of, kind: other, .. } if *of == item.id && *other == kind);
    if groups::open_commands(tx, &container).await?.iter().any(|c| runs(&c.work)) {
        return Ok(());
    }
    let job = match kind {
        BackupKind::Log => None,
        _ => Some(jobs::scheduled(engine, item, JobKind::Backup(kind), &groups::host_of(&container, &server))),
    };
    if let Some(job) = &job {
        tx.insert_job(job).await?;
    }
    let spelled = container.inventory.spelled(&item.name);
    let work = CommandWork::Backup {
        item: item.id,
        instance: spelled.instance,
        database: spelled.database,
        kind,
        compress: policy.spec.for_sql(&policy.name)?.compresses(),
        expires_at: None,
        on_demand: false,
        slot,
        remedial: because.map(str::to_owned),
    };
    queue(engine, tx, &server, &vault, Some(item.id), work, job.map(|j| j.id), None).await
}
