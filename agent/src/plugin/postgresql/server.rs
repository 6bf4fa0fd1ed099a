//! What the server says of itself, asked through `psql`: it stands beside `pg_basebackup`, connects
//! in the very same way, and saves a client library.

use super::{PostgresSettings, process};
use crate::plugin::WorkloadError;
use serde::Deserialize;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// Bound of one question.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// An answer is one small JSON object.
const ANSWER_MAX: u64 = 64 * 1024;
/// Exit code of `psql` when there is no connection.
const NO_CONNECTION: i32 = 2;

const QUESTION: &str = "select json_build_object(
  'version', version(),
  'data_directory', (select setting from pg_settings where name = 'data_directory'),
  'size', (select coalesce(sum(pg_database_size(oid)), 0)::bigint from pg_database where has_database_privilege(oid, 'connect')),
  'may_replicate', (select rolreplication or rolsuper from pg_roles where rolname = current_user),
  'tablespaces', (select coalesce(json_agg(spcname order by spcname), '[]') from pg_tablespace where spcname not in ('pg_default', 'pg_global')),
  'system_identifier', (select system_identifier::text from pg_control_system()))";

/// A running cluster.
#[derive(Debug, Deserialize)]
pub(super) struct Server {
    /// Version text.
    pub(super) version: String,
    /// Data directory; unknown to roles without pg_read_all_settings.
    pub(super) data_directory: Option<String>,
    /// Bytes of all databases.
    pub(super) size: u64,
    /// Whether the role may take base backups.
    pub(super) may_replicate: bool,
    /// Tablespaces outside the data directory.
    pub(super) tablespaces: Vec<String>,
    /// Identity of the cluster since its initdb.
    pub(super) system_identifier: String,
}

impl Server {
    /// Asks the server. A server that is down or refuses is `UserErrorOpeningSQLConnection`.
    pub(super) async fn ask(settings: &PostgresSettings) -> Result<Self, WorkloadError> {
        let mut command = process::client(settings, "psql");
        command.args(["-X", "-q", "-A", "-t", "-d", "postgres", "-c", QUESTION]);
        let mut child = process::start(command)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(WorkloadError::Transport("psql started without its pipes".into()));
        };
        let (mut answer, mut errors) = (Vec::new(), Vec::new());
        let (mut stdout, mut stderr) = (stdout.take(ANSWER_MAX), stderr.take(ANSWER_MAX));
        let read = async { tokio::try_join!(stdout.read_to_end(&mut answer), stderr.read_to_end(&mut errors)).map(drop) };
        match tokio::time::timeout(ANSWER_WAIT, read).await {
            Ok(read) => read.map_err(|e| WorkloadError::io("reading the answer of psql", e))?,
            Err(_) => {
                process::kill(&mut child).await;
                let seconds = ANSWER_WAIT.as_secs();
                return Err(WorkloadError::fault(
                    "UserErrorOpeningSQLConnection",
                    format!("The server did not answer within {seconds} seconds."),
                ));
            }
        }
        let status = process::ended(&mut child).await?;
        if !status.success() {
            let mut kept = process::Stderr::default();
            kept.push(&errors);
            let code = if status.code() == Some(NO_CONNECTION) {
                "UserErrorOpeningSQLConnection"
            } else {
                "UserErrorGenericSQLUserCorrectableFault"
            };
            return Err(WorkloadError::fault(code, kept.text()));
        }
        serde_json::from_slice(&answer).map_err(|e| {
            WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", format!("The server's answer is not understood: {e}."))
        })
    }

    /// Refuses a role that may not take base backups.
    pub(super) fn check_rights(&self, user: &str) -> Result<(), WorkloadError> {
        if self.may_replicate {
            return Ok(());
        }
        Err(WorkloadError::fault(
            "UserErrorSQLNoSysadminMembership",
            format!(
                "On PostgreSQL the right is REPLICATION, and role '{user}' lacks it: run ALTER ROLE \"{user}\" REPLICATION, and allow it replication connections in pg_hba.conf."
            ),
        ))
    }
}
