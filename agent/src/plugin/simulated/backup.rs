//! Backups: pages as they are read, then the log that makes them one state; or log alone.
//!
//! Always holds: writers never wait for a backup. A mark with a checkpoint begins a full or a
//! differential; what changes while pages are copied is in the log between that mark and the end mark,
//! so pages plus log are the state at the end mark exactly. A log takes everything from the end of the
//! last confirmed one to its own mark. Nothing moves in the engine until the backup is confirmed: one
//! that got lost on the way leaves no gap in the log, and differentials on the base that the vault has.
//! Memory: one section.

use super::catalog::Entry;
use super::chain::Changed;
use super::database::{Database, Position};
use super::format::{Encoder, Header, LOG_BLOCK, Trailer};
use super::instance::{Instance, Work};
use super::pages::{PAGE_SIZE, RUN_PAGES};
use super::server::blocking;
use super::txlog::Scan;
use crate::plugin::{BackupOutput, BackupRequest, WorkloadError};
use bytes::Bytes;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupFacts, BackupKind, DatabaseFile, FileKind, Lsn};
use rsvault_domain::fault::codes;
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
    instance.may_back_up(&entry.name)?;
    // A full and a copy-only full of one database do not run side by side.
    let (work, beside) = match request.kind {
        BackupKind::Full => (Work::Full, Some(Work::CopyOnly)),
        BackupKind::CopyOnlyFull => (Work::CopyOnly, Some(Work::Full)),
        BackupKind::Differential => (Work::Differential, None),
        BackupKind::Log => (Work::Log, None),
    };
    let _claim = instance
        .claim(work, &request.database)
        .ok_or_else(|| WorkloadError::fault("OperationCancelledBecauseConflictingOperationRunningUserError", ""))?;
    if beside.is_some_and(|other| instance.claimed(other, &request.database)) {
        return Err(WorkloadError::fault("UserErrorBackupOperationInProgress", format!("Database '{}'.", entry.name)));
    }
    let asked = Arc::clone(&database);
    let kind = request.kind;
    blocking(move || asked.other_product(kind)).await?;
    instance.backups_go_on(&entry.name, cancel).await?;
    let out = Sink { output, cancel, bytes: 0 };
    let backup =
        Backup { instance, entry, database, kind: request.kind, started_at: instance.clock.now(), encoder: Encoder::default(), out };
    match request.kind {
        BackupKind::Log => backup.log().await,
        BackupKind::Differential => {
            let database = Arc::clone(&backup.database);
            let base = blocking(move || database.differential_base()).await?;
            backup.pages(Some(base)).await
        }
        BackupKind::Full | BackupKind::CopyOnlyFull => backup.pages(None).await,
    }
}

pub(super) fn refuse_kind(entry: &Entry, kind: BackupKind) -> Result<(), WorkloadError> {
    let full = matches!(kind, BackupKind::Full | BackupKind::CopyOnlyFull);
    let why = if !entry.recovery_model.allows(kind, &entry.name) {
        format!("'{}' has recovery model {}.", entry.name, entry.recovery_model.wire())
    } else if entry.read_only && !full {
        format!("'{}' is read-only.", entry.name)
    } else {
        return Ok(());
    };
    Err(WorkloadError::fault(codes::UNSUPPORTED_TYPE, why))
}

/// A backup at work.
struct Backup<'a> {
    instance: &'a Arc<Instance>,
    entry: Entry,
    database: Arc<Database>,
    kind: BackupKind,
    started_at: Timestamp,
    encoder: Encoder,
    out: Sink<'a>,
}

impl Backup<'_> {
    /// A full, or with a base the pages that changed since then.
    async fn pages(mut self, base: Option<Lsn>) -> Result<BackupFacts, WorkloadError> {
        let marked = Arc::clone(&self.database);
        let (start, changed) = blocking(move || {
            let start = marked.mark(true)?;
            let changed = base.map(|base| marked.changed(base, &start)).transpose()?;
            Ok((start, changed))
        })
        .await?;
        let base = base.unwrap_or(Lsn(0));
        let header = Header { checkpoint_lsn: start.receipt.lsn, database_backup_lsn: base, ..self.header(&start) };
        self.out.write(self.encoder.header(&header).map_err(reading)?).await?;
        let mut next = 0;
        while let Some((first, count)) = self.next_run(next, changed.as_ref()) {
            let (data, mut encoder) = (Arc::clone(&self.database.data), std::mem::take(&mut self.encoder));
            let run;
            (self.encoder, run) = blocking(move || {
                let offset = u64::from(first) * PAGE_SIZE as u64;
                let run = encoder.pages(first, count, |content| data.read_exact_at(content, offset)).map_err(reading)?;
                Ok((encoder, run))
            })
            .await?;
            self.out.write(run).await?;
            next = first + count;
        }
        let marked = Arc::clone(&self.database);
        let end = blocking(move || marked.mark(false)).await?;
        self.finish(header, start.offset, &end, start.receipt.lsn, false).await
    }

    fn next_run(&self, from: u32, changed: Option<&Changed>) -> Option<(u32, u32)> {
        match changed {
            Some(changed) => changed.run(from, RUN_PAGES),
            None => (from < self.database.pages).then(|| (from, RUN_PAGES.min(self.database.pages - from))),
        }
    }

    /// The log since the last confirmed log backup.
    async fn log(mut self) -> Result<BackupFacts, WorkloadError> {
        let marked = Arc::clone(&self.database);
        let range = blocking(move || marked.log_range()).await?;
        let header = Header {
            first_lsn: Some(range.first_lsn),
            only_to: range.bulk_logged.then_some(range.end.receipt.committed_at),
            ..self.header(&range.end)
        };
        self.out.write(self.encoder.header(&header).map_err(reading)?).await?;
        self.finish(header, range.from, &range.end, range.first_lsn, range.bulk_logged).await
    }

    fn header(&self, at: &Position) -> Header {
        Header {
            kind: self.kind,
            streams: 1,
            stream: 0,
            database: self.entry.name.clone(),
            recovery_model: self.entry.recovery_model,
            recovery_fork: at.boot.recovery_fork,
            pages: self.database.pages,
            started_at: self.started_at,
            checkpoint_lsn: at.boot.checkpoint_lsn,
            database_backup_lsn: at.boot.database_backup_lsn,
            first_lsn: None,
            only_to: None,
            read_only: self.entry.read_only,
            files: files(&self.entry, &self.database),
            engine_version: self.instance.engine_version(),
            certificate: self.entry.certificate.clone(),
        }
    }

    /// Sends the log from an offset to the end mark, and the trailer.
    async fn finish(
        mut self,
        header: Header,
        from: u64,
        end: &Position,
        first_lsn: Lsn,
        bulk_logged: bool,
    ) -> Result<BackupFacts, WorkloadError> {
        let log_records = send_log(&self.database, from, end.offset, &mut self.encoder, &mut self.out).await?;
        let trailer = Trailer {
            sections: self.encoder.sections,
            log_records,
            last_lsn: end.receipt.lsn,
            consistent_at: end.receipt.committed_at,
            state: end.state,
        };
        self.out.write(self.encoder.trailer(&trailer).map_err(reading)?).await?;
        Ok(BackupFacts {
            started_at: self.started_at,
            consistent_at: end.receipt.committed_at,
            first_lsn,
            last_lsn: end.receipt.lsn,
            checkpoint_lsn: header.checkpoint_lsn,
            database_backup_lsn: header.database_backup_lsn,
            recovery_fork: header.recovery_fork,
            recovery_model: header.recovery_model,
            bulk_logged,
            files: header.files,
            source_bytes: self.out.bytes,
            engine_version: header.engine_version,
        })
    }
}

async fn send_log(database: &Database, from: u64, to: u64, encoder: &mut Encoder, out: &mut Sink<'_>) -> Result<u64, WorkloadError> {
    let mut scan = database.scan(from, to);
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
