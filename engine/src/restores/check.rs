//! The one check that a restore passes before anything is written: validation asks it too, so that its
//! verdict is the restore's own.

use super::chain::ask;
use super::rehydrate::needed;
use super::request::{Destination, RestoreRequest, Wanted};
use super::target::{same_target_runs, target_of};
use crate::protection::{ItemPath, find_item};
use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::Server;
use rsvault_domain::fault::{Fault, JobFault, Result};
use rsvault_domain::ports::{Page, PointFilter, TieredPoint, Tx};
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::restore::{self, RestorePlan, RestoreTarget};
use rsvault_domain::vault::Vault;

/// A restore that may run.
pub(super) struct Checked {
    /// Vault.
    pub(super) vault: Vault,
    /// Item restored from.
    pub(super) item: ProtectedItem,
    /// Server restored to.
    pub(super) server: Server,
    /// What its job is called after: Log when it stops at a second.
    pub(super) kind: BackupKind,
    /// What the agent is to do.
    pub(super) plan: RestorePlan,
    /// Archived points that it needs.
    pub(super) archived: Vec<TieredPoint>,
    /// The job's `RestoreDestination`.
    pub(super) destination: String,
    /// Why its job would end at once: the database is being restored already.
    pub(super) busy: Option<JobFault>,
}

impl Checked {
    /// The job's `Job Type`.
    pub(super) fn job_type(&self, request: &RestoreRequest) -> &'static str {
        self.plan.target.job_type(request.destination == Destination::Original)
    }
}

/// Checks item, state, target server, instance and overwrite rules, and plans.
pub(super) async fn check(tx: &mut dyn Tx, path: &ItemPath, request: &RestoreRequest, now: Timestamp) -> Result<Checked> {
    let (vault, container, item) = find_item(tx, path).await?;
    item.may_be_used()?;
    let (target_container, target) = target_of(tx, &vault, &container, &item, request).await?;
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
    let busy = same_target_runs(tx, server.id, item.id, &target).await?;
    let (chain, question) = ask(tx, &item, &request.wanted).await?;
    let mut plan = restore::plan(&chain, &question, target, &container.inventory.spelled(&item.name).database)?;
    map_files(tx, &item, &mut plan, request.fallback).await?;
    let archived = needed(tx, &item, &plan, request, now).await?;
    let kind = match &request.wanted {
        Wanted::Time { .. } => BackupKind::Log,
        Wanted::Point(_) => plan.steps.last().map_or(BackupKind::Full, |s| s.kind),
    };
    let busy = busy.map(|code| JobFault::catalogue(code, ""));
    Ok(Checked { vault, item, server, kind, plan, archived, destination, busy })
}

/// Holds the file mappings against the files that the plan's backups have. The newest point counts too: it lends
/// its files to the range, and so to those who ask for a point in time.
pub(crate) async fn map_files(tx: &mut dyn Tx, item: &ProtectedItem, plan: &mut RestorePlan, fallback: bool) -> Result<()> {
    let RestoreTarget::Database { files: mappings, .. } = &mut plan.target else { return Ok(()) };
    if mappings.is_empty() {
        return Ok(());
    }
    let (mut files, mut listed) = (Vec::new(), true);
    let mut points = tx.points(item.id, &PointFilter::default(), &Page { after: None, limit: 1 }).await?.items;
    for step in [plan.steps.first(), plan.steps.last()].into_iter().flatten() {
        points.extend(tx.point_of_set(step.set_id).await?);
    }
    // The last step's come first: a file that was renamed has its name of then.
    for point in points.into_iter().rev() {
        listed &= restore::is_listed(&point.facts.files);
        files.extend(point.facts.files);
    }
    *mappings = restore::mapped(&files, mappings, listed, fallback)?;
    Ok(())
}
