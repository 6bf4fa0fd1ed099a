//! A database server as far as chains go, for tests: it writes, is backed up by the vault and by
//! others, changes its model, is restored over; and it knows what the database was at each moment.
//! Beside it, how a server applies backups, one by one.

use super::{Head, Link};
use crate::backup::{BackupFacts, BackupKind, Lsn, RecoveryModel, RecoveryPointName};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

/// What happens next. Lengths of time are in tenths of a second.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Write(u8),
    /// Minimally logged where the model allows it.
    Bulk(u8),
    Wait(u8),
    Full {
        ours: bool,
        copy_only: bool,
        busy: u8,
    },
    /// A log backup ends while a full runs.
    FullOverLog(u8),
    Differential {
        ours: bool,
        busy: u8,
    },
    /// `keeps`: copy-only, leaves the log to the next.
    Log {
        ours: bool,
        keeps: bool,
    },
    Model(RecoveryModel),
    RestoreOver(u8),
}

pub(super) fn history() -> impl Strategy<Value = Vec<Event>> {
    let ours = prop::bool::weighted(0.85);
    let model = prop::sample::select(vec![RecoveryModel::Full, RecoveryModel::Full, RecoveryModel::Simple, RecoveryModel::BulkLogged]);
    let event = prop_oneof![
        8 => (1u8..25).prop_map(Event::Write),
        2 => (1u8..25).prop_map(Event::Bulk),
        2 => (1u8..25).prop_map(Event::Wait),
        2 => (ours, prop::bool::weighted(0.2), 0u8..20).prop_map(|(ours, copy_only, busy)| Event::Full { ours, copy_only, busy }),
        1 => (1u8..12).prop_map(Event::FullOverLog),
        2 => (ours, 0u8..20).prop_map(|(ours, busy)| Event::Differential { ours, busy }),
        8 => (ours, prop::bool::weighted(0.15)).prop_map(|(ours, keeps)| Event::Log { ours, keeps }),
        1 => model.prop_map(Event::Model),
        1 => (0u8..6).prop_map(Event::RestoreOver),
    ];
    prop::collection::vec(event, 1..60)
}

/// The server.
#[derive(Debug)]
pub(super) struct World {
    tenths: i64,
    lsn: u128,
    fork: u128,
    model: RecoveryModel,
    /// Checkpoint of the last full by anyone.
    differential_base: u128,
    /// From where on the log has not been backed up; None while it is not kept.
    log_start: Option<u128>,
    bulk: bool,
    /// Whether the vault turns away what does not fit its head.
    strict: bool,
    /// What the database was: since when, fork, LSN.
    timeline: Vec<(Timestamp, Uuid, Lsn)>,
    /// What the vault has.
    pub(super) links: Vec<Link>,
    /// What the vault's head said of each differential and log, and what the vault had then.
    pub(super) verdicts: Vec<(Link, bool, Vec<Link>)>,
}

impl World {
    pub(super) fn live(events: &[Event], strict: bool) -> Self {
        let mut world = Self {
            tenths: 1_000_003,
            lsn: 100,
            fork: 1,
            model: RecoveryModel::Full,
            differential_base: 0,
            log_start: None,
            bulk: false,
            strict,
            timeline: Vec::new(),
            links: Vec::new(),
            verdicts: Vec::new(),
        };
        world.note();
        events.iter().for_each(|event| world.step(event));
        world
    }
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.tenths * 100).unwrap()
    }
    /// What the database was at a moment.
    pub(super) fn at(&self, t: Timestamp) -> (Uuid, Lsn) {
        let (_, fork, lsn) = self.timeline[self.timeline.partition_point(|(since, ..)| *since <= t) - 1];
        (fork, lsn)
    }

    fn note(&mut self) {
        self.timeline.push((self.now(), Uuid::from_u128(self.fork), Lsn(self.lsn)));
    }
    fn write(&mut self, tenths: u8) {
        for _ in 0..tenths {
            self.tenths += 1;
            self.lsn += 2;
            self.note();
        }
    }
    fn step(&mut self, event: &Event) {
        match *event {
            Event::Write(tenths) => self.write(tenths),
            Event::Bulk(tenths) => {
                self.bulk |= self.model == RecoveryModel::BulkLogged;
                self.write(tenths);
            }
            Event::Wait(tenths) => self.tenths += i64::from(tenths),
            Event::Full { ours, copy_only, busy } => {
                let kind = if copy_only { BackupKind::CopyOnlyFull } else { BackupKind::Full };
                self.data(kind, ours, |world| world.write(busy));
            }
            Event::FullOverLog(busy) => self.data(BackupKind::Full, true, |world| {
                world.write(busy);
                world.log(true, false);
                world.write(busy);
            }),
            Event::Differential { ours, busy } if self.differential_base > 0 => {
                self.data(BackupKind::Differential, ours, |world| world.write(busy));
            }
            Event::Differential { .. } => {}
            Event::Log { ours, keeps } => self.log(ours, keeps),
            Event::Model(model) => {
                self.model = model;
                if model == RecoveryModel::Simple {
                    (self.log_start, self.bulk) = (None, false);
                }
            }
            // As restored from another server: a fork of its own, no full of which the vault has.
            Event::RestoreOver(back) => {
                self.tenths += 1;
                self.fork += 1;
                self.lsn -= u128::from(back).min(self.lsn - 1);
                self.log_start = (self.model != RecoveryModel::Simple).then_some(self.lsn);
                self.bulk = false;
                self.note();
            }
        }
    }
    fn data(&mut self, kind: BackupKind, ours: bool, meanwhile: impl FnOnce(&mut Self)) {
        let (started_at, checkpoint, base) = (self.now(), self.lsn, self.differential_base);
        if kind != BackupKind::CopyOnlyFull && self.model != RecoveryModel::Simple && self.log_start.is_none() {
            self.log_start = Some(checkpoint);
        }
        meanwhile(self);
        if kind == BackupKind::Full {
            self.differential_base = checkpoint;
        }
        let base = if kind == BackupKind::Differential { base } else { 0 };
        self.keep(kind, ours, started_at, (checkpoint, checkpoint, base), false);
    }
    fn log(&mut self, ours: bool, keeps: bool) {
        let (Some(first), now) = (self.log_start, self.now()) else { return };
        self.keep(BackupKind::Log, ours, now, (first, first, 0), self.bulk);
        if !keeps {
            (self.log_start, self.bulk) = (Some(self.lsn), false);
        }
    }
    fn keep(&mut self, kind: BackupKind, ours: bool, started_at: Timestamp, (first, checkpoint, base): (u128, u128, u128), bulk: bool) {
        if !ours {
            return;
        }
        let facts = BackupFacts {
            started_at,
            consistent_at: self.now(),
            first_lsn: Lsn(first),
            last_lsn: Lsn(self.lsn),
            checkpoint_lsn: Lsn(checkpoint),
            database_backup_lsn: Lsn(base),
            recovery_fork: Uuid::from_u128(self.fork),
            recovery_model: self.model,
            bulk_logged: bulk,
            files: Vec::new(),
            source_bytes: 0,
            engine_version: String::new(),
        };
        let serial = self.verdicts.len() as u128 * 1000 + self.links.len() as u128;
        let link = Link::of(Uuid::from_u128(serial).into(), RecoveryPointName(serial.to_string()), kind, &facts, 1);
        let fits = self.head().fits(kind, &facts).is_ok();
        if matches!(kind, BackupKind::Differential | BackupKind::Log) {
            self.verdicts.push((link.clone(), fits, self.links.clone()));
        }
        if fits || !self.strict {
            self.links.push(link);
        }
    }
    fn head(&self) -> Head {
        let latest = |kind| self.links.iter().rfind(|l| l.kind == kind);
        Head::of(latest(BackupKind::Full), latest(BackupKind::Log)).and_differential(latest(BackupKind::Differential))
    }
}

/// A database being restored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Restored {
    pub(super) fork: Uuid,
    pub(super) lsn: Lsn,
    pub(super) time: Timestamp,
    differential_base: Option<Lsn>,
    takes_logs: bool,
}

impl Restored {
    /// Begins with a full.
    pub(super) fn begin(link: &Link) -> Option<Self> {
        let full = link.kind == BackupKind::Full;
        (full || link.kind == BackupKind::CopyOnlyFull).then_some(Self {
            fork: link.recovery_fork,
            lsn: link.last_lsn,
            time: link.time,
            differential_base: full.then_some(link.checkpoint_lsn),
            takes_logs: full && link.recovery_model != RecoveryModel::Simple,
        })
    }
    /// Applies the next whole.
    pub(super) fn apply(self, link: &Link) -> Option<Self> {
        let next = Self { lsn: link.last_lsn, time: link.time, ..self };
        let simple = link.recovery_model == RecoveryModel::Simple;
        let fits = match link.kind {
            BackupKind::Differential => self.differential_base == Some(link.database_backup_lsn),
            BackupKind::Log => self.takes_logs && !simple && link.first_lsn <= self.lsn && self.lsn <= link.last_lsn,
            BackupKind::Full | BackupKind::CopyOnlyFull => false,
        };
        let takes_logs = if link.kind == BackupKind::Log { self.takes_logs } else { !simple };
        (fits && self.fork == link.recovery_fork).then_some(Self { differential_base: None, takes_logs, ..next })
    }
    /// Whether the log, applied next, can stop at the moment.
    pub(super) fn stops_in(self, log: &Link, t: Timestamp) -> bool {
        log.kind == BackupKind::Log && self.apply(log).is_some() && self.time <= t && (t == log.time || (!log.bulk_logged && t < log.time))
    }
}
