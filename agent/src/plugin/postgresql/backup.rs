//! A base backup of a cluster: one tar stream made by the server, log included.
//!
//! `-X fetch` takes the log after the files, in the same stream. The server must still have it then:
//! on a server that writes much, `wal_keep_size` must cover what is written during one backup.

use super::server::Server;
use super::tar_scan::{Positions, TarScan};
use super::{CLUSTER, PostgresSettings, process};
use crate::plugin::{BackupOutput, WorkloadError};
use bytes::BytesMut;
use jiff::Timestamp;
use rsvault_domain::backup::{BackupFacts, DatabaseFile, FileKind, Lsn, RecoveryModel};
use rsvault_domain::ports::Clock;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PIECE: usize = 512 * 1024;
/// A server that sends nothing for this long is stuck.
const STALL: Duration = Duration::from_secs(600);

/// Streams a base backup into `output` and reports its facts.
pub(super) async fn run(
    settings: &PostgresSettings,
    clock: &dyn Clock,
    output: &mut dyn BackupOutput,
    cancel: &CancellationToken,
) -> Result<BackupFacts, WorkloadError> {
    let server = Server::ask(settings).await?;
    server.check_rights(&settings.user)?;
    check_tablespaces(&server)?;
    let started_at = clock.now();
    let mut command = process::client(settings, "pg_basebackup");
    command.args(["-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast", "-l", "rsvault"]);
    let mut child = process::start(command)?;
    let passed = pass_on(&mut child, clock, output, cancel).await;
    if passed.is_err() {
        process::kill(&mut child).await;
    }
    let passed = passed?;
    let status = process::ended(&mut child).await?;
    if !status.success() {
        return Err(failed(&passed.stderr.text()));
    }
    let Some(positions) = passed.scan.positions() else {
        return Err(failed("The stream of pg_basebackup lacks its label or manifest; a client of version 13 or newer is needed."));
    };
    let consistent_at = passed.log_reached_at.unwrap_or_else(|| clock.now());
    Ok(facts(&server, positions, passed.bytes, started_at, consistent_at))
}

struct Passed {
    scan: TarScan,
    stderr: process::Stderr,
    bytes: u64,
    log_reached_at: Option<Timestamp>,
}

/// Copies the child's output until its end. Returns early, the child still running, on a failure.
async fn pass_on(
    child: &mut Child,
    clock: &dyn Clock,
    output: &mut dyn BackupOutput,
    cancel: &CancellationToken,
) -> Result<Passed, WorkloadError> {
    let (Some(mut stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(WorkloadError::Transport("pg_basebackup started without its pipes".into()));
    };
    let mut passed = Passed { scan: TarScan::new(), stderr: process::Stderr::default(), bytes: 0, log_reached_at: None };
    let mut errors = [0u8; 1024];
    let mut errors_open = true;
    let mut piece = BytesMut::with_capacity(PIECE);
    loop {
        let more = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(WorkloadError::Cancelled),
            read = stderr.read(&mut errors), if errors_open => {
                let n = read.map_err(|e| WorkloadError::io("reading the errors of pg_basebackup", e))?;
                errors_open = n > 0;
                passed.stderr.push(&errors[..n]);
                continue;
            }
            read = fill(&mut stdout, &mut piece) => read?,
            () = tokio::time::sleep(STALL) => {
                return Err(failed(&format!("The server sent nothing for {} minutes.", STALL.as_secs() / 60)));
            }
        };
        if more && piece.len() < PIECE {
            continue;
        }
        if !piece.is_empty() {
            let full = std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE)).freeze();
            passed.scan.push(&full);
            passed.bytes += full.len() as u64;
            if passed.scan.log_reached() && passed.log_reached_at.is_none() {
                passed.log_reached_at = Some(clock.now());
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(WorkloadError::Cancelled),
                written = output.write(0, full) => written?,
            }
        }
        if !more {
            break;
        }
    }
    // What was said before the output closed may still be in the pipe.
    let rest = async {
        while let Ok(n @ 1..) = stderr.read(&mut errors).await {
            passed.stderr.push(&errors[..n]);
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), rest).await;
    Ok(passed)
}

/// Reads once into what room `piece` has; false at the end.
async fn fill(from: &mut (impl AsyncRead + Unpin), piece: &mut BytesMut) -> Result<bool, WorkloadError> {
    let room = PIECE - piece.len();
    let n = from.take(room as u64).read_buf(piece).await.map_err(|e| WorkloadError::io("reading the output of pg_basebackup", e))?;
    Ok(n > 0)
}

fn check_tablespaces(server: &Server) -> Result<(), WorkloadError> {
    if server.tablespaces.is_empty() {
        return Ok(());
    }
    let names = server.tablespaces.join(", ");
    Err(WorkloadError::fault(
        "UserErrorGenericSQLUserCorrectableFault",
        format!(
            "The cluster has tablespaces outside its data directory ({names}). A backup is one stream of one directory: move their tables to pg_default and drop them."
        ),
    ))
}

fn failed(said: &str) -> WorkloadError {
    let log_gone = said.contains("WAL") && ["removed", "could not find", "missing"].iter().any(|w| said.contains(w));
    let cure = if log_gone {
        " The server recycled log that the backup needed: raise wal_keep_size above what is written during one backup."
    } else {
        ""
    };
    WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", format!("{said}{cure}"))
}

fn facts(server: &Server, positions: Positions, source_bytes: u64, started_at: Timestamp, consistent_at: Timestamp) -> BackupFacts {
    let fork = format!("postgresql/{}/{}", server.system_identifier, positions.timeline);
    BackupFacts {
        started_at,
        consistent_at,
        first_lsn: positions.start,
        last_lsn: positions.end,
        checkpoint_lsn: positions.checkpoint,
        database_backup_lsn: Lsn(0),
        recovery_fork: Uuid::new_v5(&Uuid::NAMESPACE_OID, fork.as_bytes()),
        recovery_model: RecoveryModel::Simple,
        bulk_logged: false,
        files: vec![DatabaseFile {
            kind: FileKind::Data,
            path: server.data_directory.clone().unwrap_or_default(),
            logical_name: CLUSTER.into(),
            size: server.size,
        }],
        source_bytes,
        engine_version: server.version.clone(),
    }
}
