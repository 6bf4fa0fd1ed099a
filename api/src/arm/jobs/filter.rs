//! What lists and exports of jobs can be filtered by.

use crate::arm::filter::Filter;
use crate::arm::names::job;
use rsvault_domain::fault::Result;
use rsvault_domain::job::JobStatus;
use rsvault_domain::ports::JobFilter;

const KEYS: &[&str] = &["backupManagementType", "status", "operation", "jobId", "startTime", "endTime"];
const STATES: &[&str] = &["InProgress", "Completed", "Failed", "CompletedWithWarnings", "Cancelled", "Cancelling"];
const OPERATIONS: &[&str] = &[
    "Register",
    "UnRegister",
    "ConfigureBackup",
    "Backup",
    "Restore",
    "DisableBackup",
    "DeleteBackupData",
    "CrossRegionRestore",
    "Undelete",
    "UpdateCustomerManagedKey",
    "MoveRecoveryPoint",
    "RestoreWithRehydrate",
];

/// The jobs that a `$filter` asks for; None: those of another workload, of which there are none.
pub(crate) fn wanted(text: Option<&str>) -> Result<Option<JobFilter>> {
    let filter = Filter::parse(text, KEYS)?;
    let workload = filter.admits_workload()?;
    let wanted = JobFilter {
        status: filter.known("status", STATES)?.and_then(JobStatus::parse),
        family: filter.known("operation", OPERATIONS)?.map(str::to_owned),
        from: filter.moment("startTime")?,
        to: filter.moment("endTime")?,
        id: filter.get("jobId").map(job).transpose()?,
    };
    Ok(workload.then_some(wanted))
}
