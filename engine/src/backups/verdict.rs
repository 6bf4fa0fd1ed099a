//! Whether a backup that is asked for, by a schedule or by a user, may run as it is: what the log chain
//! says, and what runs on the database already. One place for both, and for their validation.

use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::backup::chain::{Head, Link};
use rsvault_domain::backup::heal::{self, Decision};
use rsvault_domain::fault::{Result, codes};
use rsvault_domain::ports::Tx;
use rsvault_domain::protection::ProtectedItem;
use rsvault_domain::work::{AgentCommand, CommandWork};

/// Conflict of two backups of one kind on one database (rulebook 3.7).
const CONFLICT: &str = "OperationCancelledBecauseConflictingOperationRunningUserError";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Kind.
    pub(crate) kind: BackupKind,
    /// By a schedule, not by a user.
    pub(crate) scheduled: bool,
    /// When.
    pub(crate) now: Timestamp,
}

/// What becomes of it. `open` are the commands of the item's server that have not ended.
pub(crate) async fn verdict(tx: &mut dyn Tx, item: &ProtectedItem, asked: Asked, open: &[AgentCommand]) -> Result<Decision> {
    let running = |wanted: &dyn Fn(BackupKind, bool) -> bool| {
        open.iter().any(|command| match &command.work {
            CommandWork::Backup { item: of, kind, remedial, .. } => *of == item.id && wanted(*kind, remedial.is_some()),
            _ => false,
        })
    };
    let head = head_of(tx, item).await?;
    let request = heal::Request { kind: asked.kind, scheduled: asked.scheduled, now: asked.now };
    let state = heal::State {
        head: &head,
        needs_full: item.track.needs_full.as_deref(),
        recovery_model: item.recovery_model,
        read_only: item.track.read_only,
        database: &item.name.database,
        remedial_running: running(&|_, remedial| remedial),
    };
    let decision = match heal::decide(&request, &state) {
        Decision::Run(kind) | Decision::Convert { to: kind, .. } if running(&|other, _| other == kind) => Decision::Fail { code: CONFLICT },
        // The full that would mend it runs already.
        Decision::FailAndHeal { .. } if running(&|other, _| other == BackupKind::Full) => Decision::Fail { code: CONFLICT },
        decision => decision,
    };
    Ok(match decision {
        // The next log covers what this one would have.
        Decision::Fail { code } if asked.scheduled && asked.kind == BackupKind::Log && [CONFLICT, codes::REMEDIAL_RUNS].contains(&code) => {
            Decision::Skip { code }
        }
        decision => decision,
    })
}

/// What the next backup of an item is measured against.
pub(crate) async fn head_of(tx: &mut dyn Tx, item: &ProtectedItem) -> Result<Head> {
    let mut latest = [None, None, None];
    for (place, kind) in latest.iter_mut().zip([BackupKind::Full, BackupKind::Differential, BackupKind::Log]) {
        *place = tx.latest_point(item.id, kind).await?.as_ref().map(Link::from);
    }
    let [full, differential, log] = &latest;
    Ok(Head::of(full.as_ref(), log.as_ref()).and_differential(differential.as_ref()))
}
