//! The head of a chain: what the next backup is measured against, from a few rows.

use super::Link;
use crate::backup::{BackupFacts, BackupKind, Lsn, RecoveryModel};
use crate::fault::codes;
use jiff::Timestamp;
use uuid::Uuid;

/// The full that a chain hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its moment.
    pub time: Timestamp,
    /// Its checkpoint LSN: what a differential must name.
    pub checkpoint_lsn: Lsn,
    /// Recovery fork.
    pub fork: Uuid,
    /// Recovery model when it was taken.
    pub recovery_model: RecoveryModel,
}

/// Where the live chain of an item ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Latest full that is not copy-only.
    pub full: Option<Base>,
    /// LSN up to which the live chain is whole; None while nothing carries logs.
    pub log_lsn: Option<Lsn>,
    /// Last moment that the live chain covers.
    pub log_time: Option<Timestamp>,
}

/// What makes a differential or log just taken unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Break {
    /// There is no full to build on.
    NoFull,
    /// A differential on a full of another product.
    ForeignFull,
    /// A log backup of another product lies between.
    ForeignLog,
    /// The database is another one: restored over, or replaced.
    ForkChanged,
    /// The log was cut by a change of the recovery model.
    ModelChanged,
}

impl Break {
    /// The catalogue code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoFull => codes::NO_FULL,
            Self::ForeignFull | Self::ForeignLog => codes::LSN,
            Self::ForkChanged => codes::GUID_CHANGED,
            Self::ModelChanged => codes::MODEL_CHANGED,
        }
    }
}

impl Head {
    /// The head by the latest full (not copy-only) and the latest log of an item. A log of another
    /// fork does not count; one that ends before the full neither.
    pub fn of(latest_full: Option<&Link>, latest_log: Option<&Link>) -> Self {
        let Some(full) = latest_full else { return Self::default() };
        let base =
            Base { time: full.time, checkpoint_lsn: full.checkpoint_lsn, fork: full.recovery_fork, recovery_model: full.recovery_model };
        let carries = full.recovery_model != RecoveryModel::Simple;
        let head = Self { full: Some(base), log_lsn: carries.then_some(full.last_lsn), log_time: carries.then_some(full.time) };
        head.and(latest_log)
    }

    /// The same, with the latest differential: it mends a gap in the log, and starts one anew after
    /// the simple model.
    #[must_use]
    pub fn and_differential(self, latest: Option<&Link>) -> Self {
        let builds_on = self.full.map(|f| f.checkpoint_lsn);
        self.and(latest.filter(|d| builds_on == Some(d.database_backup_lsn) && d.recovery_model != RecoveryModel::Simple))
    }

    fn and(mut self, link: Option<&Link>) -> Self {
        let Some(full) = self.full else { return self };
        let Some(link) = link.filter(|l| l.recovery_fork == full.fork && l.time >= full.time) else { return self };
        if self.log_lsn.is_none_or(|lsn| lsn <= link.last_lsn) {
            self.log_lsn = Some(link.last_lsn);
            self.log_time = self.log_time.max(Some(link.time));
        }
        self
    }

    /// Whether a backup just taken fits. Fulls always do; they start anew.
    pub fn fits(&self, kind: BackupKind, facts: &BackupFacts) -> Result<(), Break> {
        if matches!(kind, BackupKind::Full | BackupKind::CopyOnlyFull) {
            return Ok(());
        }
        let full = self.full.ok_or(Break::NoFull)?;
        if facts.recovery_fork != full.fork {
            return Err(Break::ForkChanged);
        }
        match kind {
            BackupKind::Differential if facts.database_backup_lsn != full.checkpoint_lsn => Err(Break::ForeignFull),
            BackupKind::Log => match self.log_lsn {
                _ if facts.recovery_model == RecoveryModel::Simple => Err(Break::ModelChanged),
                None => Err(Break::ModelChanged),
                Some(end) if facts.first_lsn > end => Err(Break::ForeignLog),
                Some(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }
}
