//! The account that restored files belong to.

use super::PostgresSettings;
use crate::plugin::WorkloadError;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

/// User and group of restored files; none = the agent's own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owner(Option<(u32, u32)>);

impl Owner {
    /// The owner that the settings ask for.
    pub(super) async fn of(settings: &PostgresSettings) -> Result<Self, WorkloadError> {
        let root = std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0);
        let account = match &settings.owner {
            Some(account) => account.as_str(),
            None if root => "postgres",
            None => return Ok(Self(None)),
        };
        Ok(Self(Some((id("-u", account).await?, id("-g", account).await?))))
    }

    /// Gives `path` to the owner.
    pub(super) fn give(self, path: &Path) -> Result<(), WorkloadError> {
        let Some((user, group)) = self.0 else { return Ok(()) };
        chown(path, Some(user), Some(group)).map_err(|e| WorkloadError::io(format!("giving '{}' to its owner", path.display()), e))
    }
}

/// Asks `id`, which knows every source of accounts that the system has.
async fn id(flag: &str, account: &str) -> Result<u32, WorkloadError> {
    let asked = Command::new("id").args([flag, "--", account]).kill_on_drop(true).output();
    let answer = tokio::time::timeout(Duration::from_secs(10), asked).await.ok().and_then(Result::ok);
    answer.filter(|a| a.status.success()).and_then(|a| String::from_utf8(a.stdout).ok()?.trim().parse().ok()).ok_or_else(|| {
        let why = format!("There is no account '{account}' to own the restored files: set 'owner' to the account that the server runs as.");
        WorkloadError::fault("UserErrorGenericSQLUserCorrectableFault", why)
    })
}
