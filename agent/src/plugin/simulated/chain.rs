//! The chains of a database: the base of its differentials, and where its next log backup begins.
//!
//! Always holds: both move only when a backup is confirmed, and what they are survives a crash. A
//! log chain begins with a full in a recovery model that keeps the log; it breaks when the model
//! becomes Simple and when the database is overwritten, and nothing but a later full mends it.

use super::database::{Database, Position, WriteReceipt};
use super::txlog::Boot;
use crate::plugin::WorkloadError;
use rsvault_domain::backup::{BackupFacts, BackupKind, Lsn, RecoveryModel};
use rsvault_domain::fault::codes;

/// What a log backup takes.
pub(super) struct LogRange {
    pub(super) first_lsn: Lsn,
    /// Offset of the first record.
    pub(super) from: u64,
    /// The mark that ends it.
    pub(super) end: Position,
    pub(super) bulk_logged: bool,
}

/// Pages of a database that changed.
pub(super) struct Changed(Vec<u64>);

impl Changed {
    fn none(pages: u32) -> Self {
        Self(vec![0; pages.div_ceil(64) as usize])
    }
    fn add(&mut self, page: u32) {
        if let Some(word) = self.0.get_mut((page / 64) as usize) {
            *word |= 1 << (page % 64);
        }
    }
    fn has(&self, page: u32) -> bool {
        self.0.get((page / 64) as usize).is_some_and(|word| word & 1 << (page % 64) != 0)
    }
    /// The next run of changed pages from `page` on, of at most `most`; its first page and length.
    pub(super) fn run(&self, page: u32, most: u32) -> Option<(u32, u32)> {
        let end = u32::try_from(self.0.len() * 64).unwrap_or(u32::MAX);
        let first = (page..end).find(|page| self.has(*page))?;
        let count = (first..end).take(most as usize).take_while(|page| self.has(*page)).count();
        Some((first, count as u32))
    }
}

/// Why there is nothing that a log or differential could follow.
fn no_full(boot: &Boot) -> WorkloadError {
    let code = if boot.restored { codes::AFTER_RESTORE } else { codes::NO_FULL };
    WorkloadError::fault(code, "")
}

impl Database {
    /// The differential base; refused if there is none.
    pub(super) fn differential_base(&self) -> Result<Lsn, WorkloadError> {
        let (core, _) = self.current()?;
        if core.boot.database_backup_lsn == Lsn(0) { Err(no_full(&core.boot)) } else { Ok(core.boot.database_backup_lsn) }
    }

    /// Pages that records after `base` and up to `end` change.
    pub(super) fn changed(&self, base: Lsn, end: &Position) -> Result<Changed, WorkloadError> {
        let context = |e| WorkloadError::io("read the transaction log", e);
        let from = {
            let (core, _) = self.current()?;
            core.log.find(&core.boot, |lsn, _| lsn <= base).map_err(context)?
        };
        let Some(from) = from else {
            return Err(WorkloadError::fault(codes::LSN, format!("The log does not reach back to LSN {base}.")));
        };
        let mut changed = Changed::none(self.pages);
        let mut scan = self.scan(from.offset, end.offset);
        while let Some(record) = scan.next().map_err(context)? {
            record.pages.iter().for_each(|page| changed.add(*page));
        }
        Ok(changed)
    }

    /// Ends the log that a log backup takes with a mark; refused if there is no chain.
    pub(super) fn log_range(&self) -> Result<LogRange, WorkloadError> {
        let (mut core, now) = self.current()?;
        let Some(first_lsn) = core.boot.log_backup_lsn else {
            if core.boot.database_backup_lsn == Lsn(0) {
                return Err(no_full(&core.boot));
            }
            return Err(WorkloadError::fault(codes::MODEL_CHANGED, ""));
        };
        let end = self.mark_on(&mut core, now, false)?;
        let from = core.log.find(&core.boot, |lsn, _| lsn <= first_lsn).map_err(|e| WorkloadError::io("read the transaction log", e))?;
        let Some(from) = from else {
            return Err(WorkloadError::fault(codes::LSN, format!("The log does not reach back to LSN {first_lsn}.")));
        };
        let bulk_logged = core.log.index.bulk_within(first_lsn, end.receipt.lsn);
        Ok(LogRange { first_lsn, from: from.offset, end, bulk_logged })
    }

    /// Refuses a backup whose chain another product broke that gave its name; of one that did not, the
    /// vault finds out by the chain itself.
    pub(super) fn other_product(&self, kind: BackupKind) -> Result<(), WorkloadError> {
        let core = self.core();
        let product = match kind {
            BackupKind::Log => &core.boot.log_taken_by,
            BackupKind::Differential => &core.boot.full_taken_by,
            BackupKind::Full | BackupKind::CopyOnlyFull => &None,
        };
        match product {
            Some(product) => Err(WorkloadError::fault(codes::OTHER_PRODUCT, format!("It is '{product}'."))),
            None => Ok(()),
        }
    }

    /// Takes note of a backup that is safe. `model` is the recovery model now.
    pub(super) fn confirm(&self, kind: BackupKind, facts: &BackupFacts, model: RecoveryModel) -> Result<(), WorkloadError> {
        let (mut core, _) = self.current()?;
        if core.boot.recovery_fork != facts.recovery_fork {
            // The database that was backed up was replaced meanwhile.
            return Ok(());
        }
        let mut next = core.boot.clone();
        next.confirm(kind, facts.first_lsn, facts.last_lsn, model);
        if kind == BackupKind::Full {
            (next.log_taken_by, next.full_taken_by) = (None, None);
        }
        if next == core.boot {
            return Ok(());
        }
        core.change_boot(|boot| *boot = next)
    }

    /// A backup that another product takes, and that is safe at once.
    pub(super) fn foreign(&self, kind: BackupKind, model: RecoveryModel, product: Option<String>) -> Result<WriteReceipt, WorkloadError> {
        let (first, last) = match kind {
            BackupKind::Log => {
                let range = self.log_range()?;
                (range.first_lsn, range.end)
            }
            BackupKind::Differential => (self.differential_base()?, self.mark(false)?),
            BackupKind::Full | BackupKind::CopyOnlyFull => (self.mark(true)?.receipt.lsn, self.mark(false)?),
        };
        self.update_boot(|boot| {
            boot.confirm(kind, first, last.receipt.lsn, model);
            match kind {
                BackupKind::Log => boot.log_taken_by = product.or(boot.log_taken_by.take()),
                BackupKind::Full => boot.full_taken_by = product,
                BackupKind::Differential | BackupKind::CopyOnlyFull => {}
            }
        })?;
        Ok(last.receipt)
    }

    /// The recovery model changes. To Simple breaks the log chain; and a full that began before a
    /// change from Simple does not start one.
    pub(super) fn change_model(&self, from: RecoveryModel, to: RecoveryModel) -> Result<(), WorkloadError> {
        if from != RecoveryModel::Simple && to != RecoveryModel::Simple {
            return Ok(());
        }
        let (mut core, now) = self.current()?;
        let here = self.mark_on(&mut core, now, false)?.receipt.lsn;
        core.change_boot(|boot| {
            boot.log_backup_lsn = None;
            boot.broken_lsn = here;
        })
    }
}

impl Boot {
    /// A backup over these LSNs is safe. Chains never move back: of two that overlapped the later
    /// one counts.
    fn confirm(&mut self, kind: BackupKind, first: Lsn, last: Lsn, model: RecoveryModel) {
        match kind {
            BackupKind::Full => {
                self.database_backup_lsn = self.database_backup_lsn.max(first);
                let starts = model != RecoveryModel::Simple && first > self.broken_lsn;
                if starts && self.log_backup_lsn.is_none() {
                    self.log_backup_lsn = Some(first);
                }
            }
            BackupKind::Log => self.log_backup_lsn = self.log_backup_lsn.map(|end| end.max(last)),
            BackupKind::Differential | BackupKind::CopyOnlyFull => {}
        }
    }
}
