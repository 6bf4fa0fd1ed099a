//! Auto-heal: whether a backup that is due runs as it is, becomes a full, fails, or is left out
//! (rulebook 3.7).
//!
//! Always holds: only scheduled backups heal, one asked for on demand fails with the reason; a full or
//! copy-only full never heals, it is the cure; what a database cannot do at all is never attempted.

use super::chain::Head;
use super::{BackupKind, RecoveryModel};
use crate::fault::codes;
use jiff::{SignedDuration, Timestamp};

/// A full older than this carries no further differentials or logs.
pub const FULL_GROWS_OLD: SignedDuration = SignedDuration::from_hours(15 * 24);

/// A backup that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Kind.
    pub kind: BackupKind,
    /// By the policy's schedule; otherwise a user asked for it.
    pub scheduled: bool,
    /// Now.
    pub now: Timestamp,
}

/// What is known of the database.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// Where its chain ends.
    pub head: &'a Head,
    /// Why nothing but a full may follow, as `Track::needs_full` keeps it.
    pub needs_full: Option<&'a str>,
    /// Recovery model now.
    pub recovery_model: RecoveryModel,
    /// Whether it is read-only.
    pub read_only: bool,
    /// Name: `master` takes only fulls.
    pub database: &'a str,
    /// Whether a remedial full of it runs.
    pub remedial_running: bool,
}

/// What becomes of the request. The codes are the catalogue's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It runs as asked.
    Run(BackupKind),
    /// Scheduled: this run is a remedial full instead.
    Convert {
        /// The kind to run.
        to: BackupKind,
        /// Why.
        because: &'static str,
    },
    /// Scheduled: this run fails, and a remedial full follows at once.
    FailAndHeal {
        /// Why.
        code: &'static str,
    },
    /// It fails and nothing follows.
    Fail {
        /// Why.
        code: &'static str,
    },
    /// Scheduled, and the database cannot do it: no run, no job, a warning "Unsupported backup type".
    Skip {
        /// Why.
        code: &'static str,
    },
}

/// What follows a backup that ran and failed or was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Nothing,
    /// A remedial full.
    RemedialFull,
    /// The same backup again, when the agent is back.
    Again,
}

/// Reasons that a full heals, as they are kept and shown.
const HEALS: [&str; 7] =
    [codes::LSN, codes::OTHER_PRODUCT, codes::NO_FULL, codes::FULL_OLD, codes::MODEL_CHANGED, codes::GUID_CHANGED, codes::AFTER_RESTORE];

/// Whether a failure with this code is healed by a full.
pub fn heals(code: &str) -> bool {
    HEALS.contains(&code)
}

/// Decides on a backup that is due.
pub fn decide(request: &Request, state: &State<'_>) -> Decision {
    let Request { kind, scheduled, .. } = *request;
    if !possible(kind, state) {
        let code = codes::UNSUPPORTED_TYPE;
        return if scheduled { Decision::Skip { code } } else { Decision::Fail { code } };
    }
    if state.remedial_running {
        return Decision::Fail { code: codes::REMEDIAL_RUNS };
    }
    let Some(code) = broken(request, state) else { return Decision::Run(kind) };
    match code {
        code if !scheduled => Decision::Fail { code },
        codes::AFTER_RESTORE => Decision::FailAndHeal { code },
        because => Decision::Convert { to: BackupKind::Full, because },
    }
}

/// Decides on what follows a backup of this kind that ended with this code.
pub fn after_failure(kind: BackupKind, scheduled: bool, code: &str) -> After {
    match code {
        _ if !scheduled => After::Nothing,
        codes::UPGRADED => After::Again,
        code if heals(code) && needs_base(kind) => After::RemedialFull,
        _ => After::Nothing,
    }
}

/// Whether the database can do the kind at all.
fn possible(kind: BackupKind, state: &State<'_>) -> bool {
    state.recovery_model.allows(kind, state.database) && !(state.read_only && needs_base(kind))
}

fn needs_base(kind: BackupKind) -> bool {
    matches!(kind, BackupKind::Differential | BackupKind::Log)
}

/// Why a differential or log would be useless now.
fn broken(request: &Request, state: &State<'_>) -> Option<&'static str> {
    if !needs_base(request.kind) {
        return None;
    }
    if let Some(code) = state.needs_full {
        // A reason that this build does not know is a broken chain all the same.
        return Some(HEALS.into_iter().find(|known| *known == code).unwrap_or(codes::LSN));
    }
    let Some(full) = &state.head.full else { return Some(codes::NO_FULL) };
    if request.now.duration_since(full.time) > FULL_GROWS_OLD {
        return Some(codes::FULL_OLD);
    }
    // Taken in the simple model, the full carries no logs; the model is another now.
    (request.kind == BackupKind::Log && state.head.log_lsn.is_none()).then_some(codes::MODEL_CHANGED)
}

#[cfg(test)]
#[path = "heal_tests.rs"]
mod tests;
