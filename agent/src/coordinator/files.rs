//! Restore as files: the backup's own bytes in a folder, with a JSON file list beside each file.
//!
//! Always holds: a backup file is there whole or not at all; a file that this command did not write
//! is never touched; a command that is run again keeps the steps that it finished before.

use super::command::Run;
use super::overrides::Overrides;
use crate::pipeline::RestoreReader;
use crate::plugin::{RestoreInput, WorkloadError};
use rsvault_domain::backup::{BackupKind, DatabaseFile, Manifest};
use rsvault_domain::id::CommandId;
use rsvault_domain::restore::{RestorePlan, RestoreStep};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

/// The file list beside a backup file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileList {
    /// The command that wrote it.
    command_id: CommandId,
    database: String,
    backup_type: String,
    recovery_point: String,
    backup_files: Vec<String>,
    /// Files of the database at backup time: what to give as moves when it is restored by hand.
    files: Vec<DatabaseFile>,
}

/// Writes every step of the plan into `directory`.
pub(super) async fn write(run: &Run, plan: &RestorePlan, directory: &str, reader: &mut RestoreReader) -> Result<(), WorkloadError> {
    let command = run.id;
    let directory = Path::new(directory);
    if !directory.is_absolute() {
        return Err(WorkloadError::fault(
            "WlExtGenericIOFaultUserError",
            format!("'{}' is not an absolute path on this server.", directory.display()),
        ));
    }
    fs::create_dir_all(directory).await.map_err(|e| WorkloadError::io(format!("creating {}", directory.display()), e))?;
    let overrides = Overrides::read(run.commits.shelf());
    let steps = || plan.steps.iter().enumerate().filter(|(_, step)| !overrides.leaves_out(step.kind));
    if steps().next().is_none() {
        let text = "The server's RecoveryPointTypesToBeExcludedForRestoreAsFiles leaves nothing of it to write.";
        return Err(WorkloadError::fault("WorkloadRestoreFailed", text));
    }
    // Refuse before the first byte, for all steps.
    for (_, step) in steps() {
        ours(command, &directory.join(name(plan, step, None)), &directory.join(list_name(plan, step))).await?;
    }
    for (index, step) in steps() {
        if let Some(bytes) = finished(command, directory, &list_name(plan, step)).await {
            run.progress.expect(bytes);
            run.progress.add(usize::try_from(bytes).unwrap_or(usize::MAX));
            continue;
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let written = async {
                let manifest = reader.open_step(index, step.set_id).await?.clone();
                write_step(command, plan, index, &manifest, directory, reader, &run.lease.stop).await
            };
            match written.await {
                Ok(()) => break,
                Err(error) => run.try_again(index, tries, error)?,
            }
        }
    }
    sync(directory).await
}

/// Bytes of the step that `list` describes, if an earlier attempt of this command finished it.
async fn finished(command: CommandId, directory: &Path, list: &str) -> Option<u64> {
    let list: FileList = serde_json::from_slice(&fs::read(directory.join(list)).await.ok()?).ok()?;
    if list.command_id != command {
        return None;
    }
    let mut bytes = 0;
    for file in &list.backup_files {
        bytes += fs::metadata(directory.join(file)).await.ok()?.len();
    }
    Some(bytes)
}

async fn write_step(
    command: CommandId,
    plan: &RestorePlan,
    index: usize,
    manifest: &Manifest,
    directory: &Path,
    reader: &mut RestoreReader,
    stop: &CancellationToken,
) -> Result<(), WorkloadError> {
    let step = &plan.steps[index];
    let streams = reader.streams(index);
    let names: Vec<String> = (0..streams).map(|n| name(plan, step, (streams > 1).then_some(n))).collect();
    let list = directory.join(list_name(plan, step));
    for name in &names {
        ours(command, &directory.join(name), &list).await?;
    }
    let mut built = Vec::new();
    for (stream, name) in (0..streams).zip(&names) {
        let aside = directory.join(format!(".{name}.{command}.part"));
        let written = copy(index, stream, reader, &aside, stop).await;
        built.push((aside, directory.join(name)));
        if let Err(error) = written {
            for (aside, _) in &built {
                if let Err(e) = fs::remove_file(aside).await {
                    tracing::debug!(file = %aside.display(), error = %e, "not removed");
                }
            }
            return Err(error);
        }
    }
    // The list goes first: it says whose the backup file is, should we be killed between the two.
    let content = FileList {
        command_id: command,
        database: plan.source_database.clone(),
        backup_type: step.kind.as_str().to_owned(),
        recovery_point: step.point.clone(),
        backup_files: names,
        files: manifest.facts.files.clone(),
    };
    let text = serde_json::to_vec_pretty(&content).map_err(|e| WorkloadError::io("writing the file list", e.into()))?;
    let aside = directory.join(format!(".{}.{command}.part", list_name(plan, step)));
    publish_text(&aside, &list, &text).await?;
    for (aside, target) in &built {
        fs::rename(aside, target).await.map_err(|e| WorkloadError::io(format!("renaming to {}", target.display()), e))?;
    }
    sync(directory).await
}

async fn copy(index: usize, stream: u32, reader: &mut RestoreReader, aside: &Path, stop: &CancellationToken) -> Result<(), WorkloadError> {
    let failed = |e| WorkloadError::io(format!("writing {}", aside.display()), e);
    let mut file = fs::File::create(aside).await.map_err(failed)?;
    while let Some(bytes) = reader.read(index, stream).await? {
        if stop.is_cancelled() {
            return Err(WorkloadError::Cancelled);
        }
        file.write_all(&bytes).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)
}

async fn publish_text(aside: &PathBuf, target: &PathBuf, text: &[u8]) -> Result<(), WorkloadError> {
    let failed = |e| WorkloadError::io(format!("writing {}", target.display()), e);
    let mut file = fs::File::create(aside).await.map_err(failed)?;
    file.write_all(text).await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    fs::rename(aside, target).await.map_err(failed)
}

/// Refuses if `target` or its list exists and this command did not write it.
async fn ours(command: CommandId, target: &Path, list: &Path) -> Result<(), WorkloadError> {
    let exists = |path: PathBuf| async move { fs::try_exists(&path).await.unwrap_or(true) };
    if !exists(target.to_owned()).await && !exists(list.to_owned()).await {
        return Ok(());
    }
    let written_by = fs::read(list).await.ok().and_then(|text| serde_json::from_slice::<FileList>(&text).ok()).map(|l| l.command_id);
    if written_by == Some(command) {
        return Ok(());
    }
    Err(WorkloadError::fault("UserErrorRestoreFailedTargetFileAlreadyExists", format!("File: '{}'.", target.display())))
}

async fn sync(directory: &Path) -> Result<(), WorkloadError> {
    let open = fs::File::open(directory).await;
    let synced = match open {
        Ok(folder) => folder.sync_all().await,
        Err(e) => Err(e),
    };
    synced.map_err(|e| WorkloadError::io(format!("syncing {}", directory.display()), e))
}

/// Most bytes of the database's name in the names of its files: those of any name in plain letters. A
/// name of 128 other letters would be longer than a file name may be.
const LONGEST: usize = 128;

/// `<db>_<type>_<point>_<yyyy-MM-dd_HH-mm-ss>`, in UTC, then the number of the stripe (from 1) if there
/// are several, and `.bak`, or `.log` for a log.
fn name(plan: &RestorePlan, step: &RestoreStep, stripe: Option<u32>) -> String {
    let stripe = stripe.map(|n| format!("_{}", n + 1)).unwrap_or_default();
    let extension = if step.kind == BackupKind::Log { "log" } else { "bak" };
    format!("{}{stripe}.{extension}", stem(plan, step))
}

/// Name of the file list beside it.
fn list_name(plan: &RestorePlan, step: &RestoreStep) -> String {
    format!("{}.json", stem(plan, step))
}

fn stem(plan: &RestorePlan, step: &RestoreStep) -> String {
    let safe = |text: &str| text.chars().map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c }).collect::<String>();
    let time = step.time.strftime("%Y-%m-%d_%H-%M-%S");
    let database = safe(&plan.source_database);
    let database = &database[..database.floor_char_boundary(LONGEST)];
    format!("{database}_{}_{}_{time}", step.kind.as_str(), safe(&step.point))
}
