//! Restore of a full backup: built aside, checked against its trailer, then swapped in.
//!
//! Always holds: until the swap nothing that existed has changed; a failure, a cancel or a dropped
//! future removes what was built; what is swapped in hashes, as read back from its file, to the
//! state the backup ended with.

use super::aside::Aside;
use super::catalog::{Entry, Files, Origin};
use super::database::{Database, WriteReceipt, hash_file, redo};
use super::format::{Decoder, Header, Section, Trailer, corrupt};
use super::instance::{Instance, Work};
use super::pages::PAGE_SIZE;
use super::server::{SimulatedServer, blocking};
use super::txlog::Record;
use crate::plugin::{RestoreInput, WorkloadError};
use rsvault_domain::backup::{BackupKind, FileKind, Lsn};
use rsvault_domain::id::NameKey;
use rsvault_domain::restore::{FileMapping, RestorePlan, RestoreTarget};
use std::fs::File;
use std::os::unix::fs::FileExt;
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
    if let [step] = plan.steps.as_slice()
        && matches!(step.kind, BackupKind::Full | BackupKind::CopyOnlyFull)
        && plan.stop_at.is_none()
    {
    } else {
        return Err(refuse("This build of the simulated engine restores one Full or CopyOnlyFull, to its end.".into()));
    }
    let instance = server.instance(instance)?;
    instance.connect()?;
    let existing = instance.lookup(database).map(|(entry, _)| entry);
    if existing.is_some() && !overwrite {
        return Err(WorkloadError::fault(
            "UserErrorCannotRestoreExistingDBWithoutForceOverwrite",
            format!("Database '{database}' on instance '{}'.", instance.name),
        ));
    }
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

pub(super) async fn run(
    server: &SimulatedServer,
    plan: &RestorePlan,
    step: usize,
    input: &mut dyn RestoreInput,
    cancel: &CancellationToken,
) -> Result<(), WorkloadError> {
    let target = check(server, plan)?;
    let claim = target
        .instance
        .claim(Work::Restore, target.database)
        .ok_or_else(|| WorkloadError::fault("UserErrorRestoreOperationInProgress", format!("Database '{}'.", target.database)))?;
    let reserved = (Arc::clone(&target.instance), target.files.clone());
    let aside = Arc::new(blocking(move || Aside::reserve(&reserved.0, &reserved.1)).await?);
    let (header, trailer) = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(WorkloadError::Cancelled),
        built = build(&aside, &target, step, input, cancel) => built?,
    };
    let entry = Entry {
        name: target.database.to_owned(),
        origin: Origin::Restored,
        recovery_model: header.recovery_model,
        files: target.files.clone(),
        logical_data: logical(&header, FileKind::Data),
        logical_log: logical(&header, FileKind::Log),
        restoring: !target.recover,
        pending: None,
    };
    // A recovered database goes its own way from here; one in NORECOVERY still follows its source.
    let fork = if target.recover { Uuid::new_v4() } else { header.recovery_fork };
    let base = WriteReceipt { lsn: trailer.last_lsn, committed_at: trailer.consistent_at };
    let overwrite = target.overwrite;
    blocking(move || {
        let _claim = claim;
        Database::create_log(&aside.files.log, header.pages, fork, base, trailer.state).map_err(writing)?;
        Arc::into_inner(aside).ok_or_else(|| writing(std::io::Error::other("the files are still in use")))?.install(entry, overwrite)
    })
    .await
}

fn logical(header: &Header, kind: FileKind) -> String {
    header.files.iter().find(|file| file.kind == kind).map_or_else(|| header.database.clone(), |file| file.logical_name.clone())
}

/// Writes pages and log into the files aside and proves the result.
async fn build(
    aside: &Arc<Aside>,
    target: &Target<'_>,
    step: usize,
    input: &mut dyn RestoreInput,
    cancel: &CancellationToken,
) -> Result<(Header, Trailer), WorkloadError> {
    if input.streams(step) != 1 {
        return Err(corrupt(format!("The backup has {} streams; the simulated engine writes one.", input.streams(step))));
    }
    let mut decoder = Decoder::open(input, step).await?;
    let Section::Header(header) = decoder.next().await? else { return Err(corrupt("The first section is not the header.")) };
    check_logical_names(&header, target.mappings)?;
    let pages = header.pages;
    let held = Arc::clone(aside);
    let data = blocking(move || {
        let file = File::options().read(true).write(true).create_new(true).open(&held.files.data).map_err(writing)?;
        file.set_len(u64::from(pages) * PAGE_SIZE as u64).map_err(writing)?;
        Ok(Arc::new(file))
    })
    .await?;

    let (mut next_page, mut log_records, mut last_lsn) = (0, 0_u64, header.checkpoint_lsn);
    let trailer = loop {
        match decoder.next().await? {
            Section::Header(_) => return Err(corrupt("There is a second header.")),
            Section::Pages { first, content } => {
                let count = (content.len() / PAGE_SIZE) as u32;
                if first != next_page || count > pages - next_page || log_records > 0 {
                    return Err(corrupt(format!("A page run begins at page {first} where page {next_page} of {pages} is due.")));
                }
                let file = Arc::clone(&data);
                blocking(move || file.write_all_at(&content, u64::from(first) * PAGE_SIZE as u64).map_err(writing)).await?;
                next_page += count;
            }
            Section::Log(records) => {
                if next_page != pages {
                    return Err(corrupt(format!("The log begins where page {next_page} of {pages} is due.")));
                }
                log_records += records.len() as u64;
                last_lsn = follow(last_lsn, &records)?;
                let file = Arc::clone(&data);
                blocking(move || records.iter().try_for_each(|record| redo(&file, pages, record)).map_err(writing)).await?;
            }
            Section::Trailer(trailer) => break trailer,
        }
    };
    if next_page != pages || trailer.log_records != log_records || trailer.last_lsn != last_lsn || trailer.sections + 1 != decoder.sections
    {
        return Err(corrupt("The trailer does not fit what came before it."));
    }
    decoder.end().await?;
    let stop = cancel.clone();
    let state = blocking(move || {
        let state = hash_file(&data, pages, || stop.is_cancelled()).map_err(writing)?;
        data.sync_data().map_err(writing)?;
        Ok(state)
    })
    .await?;
    if state != trailer.state {
        return Err(corrupt("The restored pages do not hash to the state in the trailer."));
    }
    Ok((*header, trailer))
}

fn follow(mut last: Lsn, records: &[Record]) -> Result<Lsn, WorkloadError> {
    for record in records {
        if record.lsn <= last {
            return Err(corrupt(format!("The log record with LSN {} follows LSN {last}.", record.lsn)));
        }
        last = record.lsn;
    }
    Ok(last)
}

fn check_logical_names(header: &Header, mappings: &[FileMapping]) -> Result<(), WorkloadError> {
    for mapping in mappings {
        let known = header
            .files
            .iter()
            .any(|file| file.kind == mapping.kind && NameKey::new(&file.logical_name) == NameKey::new(&mapping.logical_name));
        if !known && !mapping.logical_name.is_empty() {
            return Err(WorkloadError::fault(
                "UserErrorGenericSQLUserCorrectableFault",
                format!(
                    "Logical {} file '{}' is not part of the backup of '{}'.",
                    mapping.kind.as_str(),
                    mapping.logical_name,
                    header.database
                ),
            ));
        }
    }
    Ok(())
}

fn writing(error: std::io::Error) -> WorkloadError {
    WorkloadError::io("write the restored database", error)
}
