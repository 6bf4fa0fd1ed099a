//! Full and copy-only full backup: pages as they are read, then the log that makes them one state.
//!
//! Always holds: writers never wait for a backup. A mark with a checkpoint begins it; what changes
//! while pages are copied is in the log between that mark and the end mark, so pages plus log are
//! the state at the end mark exactly. Only a Full moves the differential base, and only after the
//! whole stream was taken. Memory: one section.

use super::catalog::Entry;
use super::database::{Database, Position};
use super::format::{Encoder, Header, LOG_BLOCK, Trailer};
use super::instance::{Instance, Work};
use super::pages::{PAGE_SIZE, RUN_PAGES};
use super::server::blocking;
use super::txlog::Scan;
use crate::plugin::{BackupOutput, BackupRequest, WorkloadError};
use bytes::Bytes;
use rsvault_domain::backup::{BackupFacts, BackupKind, DatabaseFile, FileKind, Lsn};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(
    instance: &Arc<Instance>,
    request: &BackupRequest,
    output: &mut dyn BackupOutput,
    cancel: &CancellationToken,
) -> Result<BackupFacts, WorkloadError> {
    instance.connect()?;
    let (entry, database) = instance.database(&request.database)?;
    refuse_kind(&entry, request.kind)?;
    let _claim = instance
        .claim(Work::Backup, &request.database)
        .ok_or_else(|| WorkloadError::fault("OperationCancelledBecauseConflictingOperationRunningUserError", ""))?;

    let mut out = Sink { output, cancel, bytes: 0 };
    let started_at = instance.clock.now();
    let marked = Arc::clone(&database);
    let start = blocking(move || marked.mark(true)).await?;
    let header = Header {
        kind: request.kind,
        streams: 1,
        stream: 0,
        database: entry.name.clone(),
        recovery_model: entry.recovery_model,
        recovery_fork: start.boot.recovery_fork,
        pages: database.pages,
        started_at,
        checkpoint_lsn: start.receipt.lsn,
        database_backup_lsn: start.boot.database_backup_lsn,
        files: files(&entry, &database),
        engine_version: instance.engine_version(),
    };
    let mut encoder = Encoder::default();
    out.write(encoder.header(&header).map_err(reading)?).await?;

    let mut first = 0;
    while first < database.pages {
        let count = RUN_PAGES.min(database.pages - first);
        let data = Arc::clone(&database.data);
        let run;
        (encoder, run) = blocking(move || {
            let offset = u64::from(first) * PAGE_SIZE as u64;
            let run = encoder.pages(first, count, |content| data.read_exact_at(content, offset)).map_err(reading)?;
            Ok((encoder, run))
        })
        .await?;
        out.write(run).await?;
        first += count;
    }

    let marked = Arc::clone(&database);
    let end = blocking(move || marked.mark(false)).await?;
    let log_records = send_log(&database, &start, &end, &mut encoder, &mut out).await?;
    let trailer = Trailer {
        sections: encoder.sections,
        log_records,
        last_lsn: end.receipt.lsn,
        consistent_at: end.receipt.committed_at,
        state: end.state,
    };
    out.write(encoder.trailer(&trailer).map_err(reading)?).await?;
    let source_bytes = out.bytes;

    if request.kind == BackupKind::Full {
        let base = start.receipt.lsn;
        let moved = Arc::clone(&database);
        blocking(move || moved.update_boot(|boot| boot.database_backup_lsn = base)).await?;
    }
    Ok(BackupFacts {
        started_at,
        consistent_at: end.receipt.committed_at,
        first_lsn: start.receipt.lsn,
        last_lsn: end.receipt.lsn,
        checkpoint_lsn: start.receipt.lsn,
        database_backup_lsn: Lsn(0),
        recovery_fork: start.boot.recovery_fork,
        recovery_model: entry.recovery_model,
        bulk_logged: false,
        files: header.files,
        source_bytes,
        engine_version: header.engine_version,
    })
}

fn refuse_kind(entry: &Entry, kind: BackupKind) -> Result<(), WorkloadError> {
    let why = match kind {
        BackupKind::Full | BackupKind::CopyOnlyFull => return Ok(()),
        kind if !entry.recovery_model.allows(kind, &entry.name) => {
            format!("'{}' has recovery model {}.", entry.name, entry.recovery_model.wire())
        }
        kind => format!("This build of the simulated engine backs up Full and CopyOnlyFull only, not {}.", kind.as_str()),
    };
    Err(WorkloadError::fault("UserErrorSQLPODoesNotSupportBackupType", why))
}

async fn send_log(
    database: &Database,
    start: &Position,
    end: &Position,
    encoder: &mut Encoder,
    out: &mut Sink<'_>,
) -> Result<u64, WorkloadError> {
    let mut scan = database.scan(start.offset, end.offset);
    let mut sent = 0;
    loop {
        let (block, count);
        (scan, block, count) = blocking(move || {
            let (block, count) = log_block(&mut scan).map_err(reading)?;
            Ok((scan, block, count))
        })
        .await?;
        if count == 0 {
            return Ok(sent);
        }
        sent += count;
        out.write(encoder.log(&block).map_err(reading)?).await?;
    }
}

fn log_block(scan: &mut Scan) -> std::io::Result<(Vec<u8>, u64)> {
    let (mut block, mut count) = (Vec::new(), 0);
    while block.len() < LOG_BLOCK {
        let Some(record) = scan.next()? else { break };
        record.encode(&mut block);
        count += 1;
    }
    Ok((block, count))
}

fn files(entry: &Entry, database: &Database) -> Vec<DatabaseFile> {
    let file = |kind, path: &std::path::Path, logical: &str, size| DatabaseFile {
        kind,
        path: path.display().to_string(),
        logical_name: logical.to_owned(),
        size,
    };
    vec![
        file(FileKind::Data, &entry.files.data, &entry.logical_data, database.data_size()),
        file(FileKind::Log, &entry.files.log, &entry.logical_log, database.log_size()),
    ]
}

fn reading(error: std::io::Error) -> WorkloadError {
    WorkloadError::io("read the database", error)
}

/// The output, which a cancel interrupts even while it waits for room.
struct Sink<'a> {
    output: &'a mut dyn BackupOutput,
    cancel: &'a CancellationToken,
    bytes: u64,
}

impl Sink<'_> {
    async fn write(&mut self, bytes: Bytes) -> Result<(), WorkloadError> {
        self.bytes += bytes.len() as u64;
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(WorkloadError::Cancelled),
            written = self.output.write(0, bytes) => written,
        }
    }
}
