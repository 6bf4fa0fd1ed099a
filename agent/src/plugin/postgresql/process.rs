//! Client programs of PostgreSQL as child processes. They read the same connection settings and the
//! same password file, so what one may do the other may too; nothing secret is on a command line.
//!
//! Always holds: a child is awaited or killed before the call that made it returns; of its
//! standard error only the last few KiB are kept.

use super::PostgresSettings;
use crate::plugin::WorkloadError;
use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

const KEPT_STDERR: usize = 4096;
/// Bound of a wait for a child that was killed or has closed its output.
const EXIT_WAIT: Duration = Duration::from_secs(30);

/// A client program, not started yet: connection settings in place, never asking for a password.
pub(super) fn client(settings: &PostgresSettings, program: &str) -> Command {
    let mut command = Command::new(settings.program(program));
    command
        .args(["-h", &settings.host, "-p", &settings.port.to_string(), "-U", &settings.user, "-w"])
        .env("PGCONNECT_TIMEOUT", "10")
        .env("PGAPPNAME", "rsvault-agent")
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(passfile) = &settings.passfile {
        command.env("PGPASSFILE", passfile);
    }
    command
}

/// Starts `command`; a program that is not there is a fault that says what to install.
pub(super) fn start(mut command: Command) -> Result<Child, WorkloadError> {
    let program = command.as_std().get_program().to_owned();
    command.spawn().map_err(|e| {
        let program = Path::new(&program).display();
        WorkloadError::fault(
            "UserErrorOpeningSQLConnection",
            format!("Cannot run '{program}': {e}. Install PostgreSQL's client programs, or set bin_dir to their folder."),
        )
    })
}

/// Waits for the end of a child whose output is closed.
pub(super) async fn ended(child: &mut Child) -> Result<ExitStatus, WorkloadError> {
    match tokio::time::timeout(EXIT_WAIT, child.wait()).await {
        Ok(status) => status.map_err(|e| WorkloadError::io("waiting for a PostgreSQL client program", e)),
        Err(_) => {
            kill(child).await;
            Err(WorkloadError::fault(
                "UserErrorGenericSQLUserCorrectableFault",
                "A PostgreSQL client program closed its output but did not end.",
            ))
        }
    }
}

/// Kills a child and waits until it is gone.
pub(super) async fn kill(child: &mut Child) {
    let gone = tokio::time::timeout(EXIT_WAIT, child.kill()).await;
    if !matches!(gone, Ok(Ok(()))) {
        tracing::warn!(pid = child.id(), "a PostgreSQL client program could not be killed");
    }
}

/// The end of what a child wrote to its standard error.
#[derive(Default)]
pub(super) struct Stderr(VecDeque<u8>);

impl Stderr {
    /// Adds what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        let excess = self.0.len().saturating_sub(KEPT_STDERR);
        self.0.drain(..excess);
    }
    /// The text, without blank ends.
    pub(super) fn text(&self) -> String {
        let bytes: Vec<u8> = self.0.iter().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_standard_error_is_kept() {
        let mut stderr = Stderr::default();
        for _ in 0..1000 {
            stderr.push(&[b'x'; 100]);
        }
        stderr.push(b"the last words\n");
        assert!(stderr.text().ends_with("xthe last words"));
        assert!(stderr.text().len() < KEPT_STDERR);
    }
}
