//! What a vault holds, counted, and what it may hold (rulebook 11).

use crate::limits::{DATABASES_PER_VAULT, POLICIES_PER_VAULT, SERVERS_PER_VAULT};

/// Counts of a vault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultCounts {
    /// Servers that are or become registered.
    pub servers: i64,
    /// Items that are not soft-deleted, stopped ones included.
    pub items: i64,
    /// Of them, those that wait for their first full.
    pub initial: i64,
    /// Of them, those whose protection was stopped or suspended.
    pub stopped: i64,
    /// Soft-deleted items.
    pub soft_deleted: i64,
    /// Policies.
    pub policies: i64,
    /// Jobs that run.
    pub running_jobs: i64,
    /// Jobs of the last day that failed.
    pub failed_jobs: i64,
}

/// One line of a list of usages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Machine word.
    pub name: &'static str,
    /// For people.
    pub text: &'static str,
    /// How many there are.
    pub current: i64,
    /// How many there may be; None, any number.
    pub limit: Option<i64>,
    /// Whether it counts the last day only.
    pub of_a_day: bool,
}

impl Usage {
    const fn new(name: &'static str, text: &'static str, current: i64, limit: Option<i64>) -> Self {
        Self { name, text, current, limit, of_a_day: false }
    }
}

impl VaultCounts {
    /// The usages of the vault, under Azure's names where it has one.
    pub fn usages(&self) -> Vec<Usage> {
        vec![
            Usage::new("ManagedInstances", "Protected Instances", self.servers, Some(SERVERS_PER_VAULT)),
            Usage::new("ProtectedItemCount", "Backup items", self.items, Some(DATABASES_PER_VAULT)),
            Usage::new("ProtectedItemWarningCount", "Warning", self.initial + self.stopped, None),
            Usage::new("SoftDeletedItemCount", "Soft-deleted items", self.soft_deleted, None),
            Usage::new("BackupPolicyCount", "Backup policies", self.policies, Some(POLICIES_PER_VAULT)),
            Usage { of_a_day: true, ..Usage::new("InProgressJobsCount", "In progress", self.running_jobs, None) },
            Usage { of_a_day: true, ..Usage::new("FailedJobsCount", "Failed", self.failed_jobs, None) },
        ]
    }
    /// The summary of protected items.
    pub fn item_summary(&self) -> Usage {
        Usage::new("AzureWorkload", "SQL in Azure VM", self.items, Some(DATABASES_PER_VAULT))
    }
    /// The summary of servers.
    pub fn container_summary(&self) -> Usage {
        Usage::new("AzureWorkload", "SQL in Azure VM", self.servers, Some(SERVERS_PER_VAULT))
    }
}
