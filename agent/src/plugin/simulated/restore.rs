//! Restores: a full, then a differential and logs, built aside step by step, proven, then swapped in.
//!
//! Always holds: until the swap nothing that existed has changed; a first step that fails, is
//! cancelled or dropped removes what it built, a later one leaves what the steps before it built, and
//! may be run again; what is swapped in hashes, as read back from its file, to the state that the last
//! backup recorded, or that its log recorded for the moment to stop at.

use super::apply::{Site, Step, apply};
use super::aside::Aside;
use super::catalog::{Built, Entry, Files, Origin, Standing};
use super::database::{Database, WriteReceipt};
use super::instance::{Instance, Work, lock};
use super::server::{SimulatedServer, blocking};
use crate::plugin::{RestoreInput, WorkloadError};
use rsvault_domain::backup::{BackupKind, FileKind};
use rsvault_domain::id::{NameKey, SetId};
use rsvault_domain::restore::{FileMapping, RestorePlan, RestoreTarget};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A restore that may begin: the target's instance and files.
pub(super) struct Target<'a> {
    pub(super) instance: Arc<Instance>,
    database: &'a str,
    overwrite: bool,
    recover: bool,
    mappings: &'a [FileMapping],
    files: Files,
}

/// Checks a plan against what is on the server now.
pub(super) fn check<'a>(server: &SimulatedServer, plan: &'a RestorePlan) -> Result<Target<'a>, WorkloadError> {
    let refuse = |detail: String| WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", detail);
    let RestoreTarget::Database { instance, database, overwrite, files: mappings, recover } = &plan.target else {
        return Err(refuse("Restoring as files writes the streams as they are; the engine has no part in it.".into()));
    };
    let kinds: Vec<BackupKind> = plan.steps.iter().map(|step| step.kind).collect();
    let ([BackupKind::Full | BackupKind::CopyOnlyFull, BackupKind::Differential, logs @ ..]
    | [BackupKind::Full | BackupKind::CopyOnlyFull, logs @ ..]) = kinds.as_slice()
    else {
        return Err(refuse("A restore begins with a Full or CopyOnlyFull.".into()));
    };
    if logs.iter().any(|kind| *kind != BackupKind::Log) {
        return Err(refuse("After the full comes at most one Differential, then logs.".into()));
    }
    if let Some(group) = server.groups().iter().find(|group| NameKey::new(&group.name) == NameKey::new(instance)) {
        return Err(refuse(format!(
            "'{}' is an availability group; restore to an instance, then add the database to the group.",
            group.name
        )));
    }
    let instance = server.instance(instance)?;
    instance.connect()?;
    if let Some(group) = server.group_of(&instance.name, database) {
        return Err(refuse(format!("Database '{database}' is in availability group '{}' and cannot be restored over.", group.name)));
    }
    let existing = instance.lookup(database).map(|(entry, _)| entry);
    if existing.is_some() && !overwrite {
        return Err(WorkloadError::fault(
            "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
            format!("Database '{database}' on instance '{}'.", instance.name),
        ));
    }
    instance.may_restore(existing.as_ref().map(|entry| entry.name.as_str()))?;
    let mut files = existing.as_ref().map_or_else(|| instance.default_files(database), |entry| entry.files.clone());
    for kind in [FileKind::Data, FileKind::Log] {
        let mut given = mappings.iter().filter(|mapping| mapping.kind == kind);
        let Some(mapping) = given.next() else { continue };
        if given.next().is_some() {
            return Err(refuse(format!("A simulated database has one {} file; the mapping names several.", kind.as_str())));
        }
        let path = target_path(&mapping.target_path)?;
        match kind {
            FileKind::Data => files.data = path,
            FileKind::Log => files.log = path,
        }
    }
    if files.data == files.log {
        return Err(WorkloadError::fault("UserErrorDatabaseFileCollision", format!("Data and log both go to {}.", files.data.display())));
    }
    for path in files.iter() {
        let owner = server.owner(path);
        let own =
            owner.as_ref().is_some_and(|(at, name)| *at == NameKey::new(&instance.name) && NameKey::new(name) == NameKey::new(database));
        if let Some((_, owner)) = owner
            && !own
        {
            return Err(WorkloadError::fault(
                "UserErrorDatabaseFileCollision",
                format!("{} belongs to database '{owner}'.", path.display()),
            ));
        }
        if path.is_dir() || (path.exists() && !overwrite) {
            return Err(WorkloadError::fault("UserErrorDatabaseFileCollision", format!("{} exists.", path.display())));
        }
    }
    Ok(Target { instance, database, overwrite: *overwrite, recover: *recover, mappings, files })
}

/// A path that a restore may write: absolute and plain. Like SQL Server it may lie anywhere that the
/// account can write.
fn target_path(text: &str) -> Result<PathBuf, WorkloadError> {
    let path = Path::new(text);
    let plain = path.is_absolute() && path.file_name().is_some() && !path.components().any(|c| matches!(c, Component::ParentDir));
    if plain && !text.ends_with('/') {
        return Ok(path.components().collect());
    }
    Err(WorkloadError::fault(
        "UserErrorGenericSQLUserCorrectableFault",
        format!("The target path '{text}' is not usable: give the absolute path of a file, without '..'."),
    ))
}

/// How many steps of the restore `id` are done and stand.
pub(super) fn steps_done(server: &SimulatedServer, id: Uuid, plan: &RestorePlan) -> usize {
    let RestoreTarget::Database { instance, database, .. } = &plan.target else { return 0 };
    let Ok(instance) = server.instance(instance) else { return 0 };
    if instance.lookup(database).is_some_and(|(entry, _)| entry.restored_by == Some(id)) {
        return plan.steps.len();
    }
    let fits = |standing: &Standing| NameKey::new(&standing.database) == NameKey::new(database) && sets(plan).starts_with(&standing.sets);
    instance.standing(id).filter(fits).map_or(0, |standing| standing.sets.len())
}

fn sets(plan: &RestorePlan) -> Vec<SetId> {
    plan.steps.iter().map(|step| step.set_id).collect()
}

/// Runs step `index`.
pub(super) async fn run(
    server: &SimulatedServer,
    id: Uuid,
    plan: &RestorePlan,
    index: usize,
    input: &mut dyn RestoreInput,
    cancel: &CancellationToken,
) -> Result<(), WorkloadError> {
    let target = check(server, plan)?;
    let claim = target
        .instance
        .claim(Work::Restore, target.database)
        .ok_or_else(|| WorkloadError::fault("UserErrorRestoreOperationInProgress", format!("Database '{}'.", target.database)))?;
    let (built, aside) = if index == 0 {
        let reserved = (Arc::clone(&target.instance), target.files.clone());
        (None, blocking(move || Aside::reserve(&reserved.0, &reserved.1)).await?)
    } else {
        let standing = target.instance.standing(id).filter(|standing| sets(plan)[..index.min(plan.steps.len())] == standing.sets);
        let Some(standing) = standing else {
            return Err(WorkloadError::fault(
                "WorkloadRestoreFailed",
                format!("Step {index} is due, but the steps before it do not stand on the server."),
            ));
        };
        (Some(standing.built), Aside::standing(&target.instance, standing.files))
    };
    let Some(kind) = plan.steps.get(index).map(|step| step.kind) else {
        return Err(WorkloadError::fault("WorkloadRestoreFailed", format!("The plan has no step {index}.")));
    };
    target.instance.restores_go_on(cancel).await?;
    let last = index + 1 == plan.steps.len();
    let untouched = lock(&target.instance.untouched).remove(&id);
    let site = Arc::new(Site { aside, claim });
    let step = Step { index, kind, mappings: target.mappings, stop_at: plan.stop_at, last, untouched };
    let built = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(WorkloadError::Cancelled),
        built = apply(&site, built, &step, input, cancel) => built?,
    };
    let instance = Arc::clone(&target.instance);
    if !last {
        let database = target.database.to_owned();
        let sets = sets(plan)[..=index].to_vec();
        return blocking(move || {
            let files = site.aside.files.clone();
            instance.stand(Standing { id, database, sets, files, built, touched_at: instance.clock.now() })
        })
        .await;
    }
    let entry = Entry {
        name: target.database.to_owned(),
        origin: Origin::Restored,
        recovery_model: built.recovery_model,
        files: target.files.clone(),
        logical_data: built.logical_data.clone(),
        logical_log: built.logical_log.clone(),
        restoring: !target.recover,
        read_only: built.read_only,
        certificate: built.certificate.clone(),
        restored_by: Some(id),
        since: instance.clock.now(),
        past: vec![],
        pending: None,
    };
    let (overwrite, recover) = (target.overwrite, target.recover);
    blocking(move || {
        let site = Arc::into_inner(site).ok_or_else(|| writing(std::io::Error::other("the files are still in use")))?;
        let _claim = site.claim;
        begin_log(&site.aside.files.log, &built, recover).map_err(writing)?;
        site.aside.install(entry, overwrite)
    })
    .await
}

/// The log of the restored database. A recovered one goes its own way from here; one in NORECOVERY
/// still follows its source.
fn begin_log(path: &Path, built: &Built, recover: bool) -> std::io::Result<()> {
    let fork = if recover { Uuid::new_v4() } else { built.recovery_fork };
    let base = WriteReceipt { lsn: built.lsn, committed_at: built.committed_at };
    Database::create_log(path, built.pages, fork, base, built.state, true)
}

fn writing(error: std::io::Error) -> WorkloadError {
    WorkloadError::io("write the restored database", error)
}
