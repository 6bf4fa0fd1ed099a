//! What a state folder says of the backups to come, for people: read by `rsvault-agent status` beside
//! a running agent.

use super::durable::Shelf;
use super::marks::{Mark, next_of};
use super::{commits, schedule, slots};
use jiff::Timestamp;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::policy::Timetable;
use rsvault_protocol::messages::ScheduleView;
use serde::Serialize;
use std::{fs, io, path::Path};

/// The schedule of a server.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outlook {
    /// Revision of the schedule.
    pub revision: String,
    /// Its databases.
    pub databases: Vec<DatabaseOutlook>,
}

/// The schedule of a database.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseOutlook {
    /// Instance.
    pub instance: String,
    /// Database.
    pub database: String,
    /// What is scheduled.
    pub kinds: Vec<KindOutlook>,
}

/// The schedule of a kind of backup.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindOutlook {
    /// Kind.
    pub kind: BackupKind,
    /// When it is due next.
    pub next: Option<Timestamp>,
    /// A slot that was due and waits, or is worked on.
    pub pending: Option<Timestamp>,
}

/// Reads what `state` says at `now`; None if the vault has not yet given a schedule.
pub fn outlook(state: &Path, now: Timestamp) -> Option<Outlook> {
    let shelf = Shelf(Some(state.to_owned()));
    let schedule: ScheduleView = shelf.load(schedule::FILE)?;
    let marks: Vec<Mark> = shelf.load(slots::FILE).unwrap_or_default();
    let databases = schedule.items.iter().map(|item| {
        let kinds = Timetable::KINDS.into_iter().filter(|kind| item.timetable.schedules(*kind)).map(|kind| KindOutlook {
            kind,
            next: next_of(item, kind, now),
            pending: marks.iter().find(|m| m.open && m.key() == (item.item_id, kind)).map(|m| m.slot),
        });
        DatabaseOutlook { instance: item.instance.clone(), database: item.database.clone(), kinds: kinds.collect() }
    });
    Some(Outlook { databases: databases.collect(), revision: schedule.revision })
}

/// Forgets what an earlier enrolment left in `state`.
pub fn forget(state: &Path) -> io::Result<()> {
    for file in [schedule::FILE, slots::FILE, commits::FILE] {
        match fs::remove_file(state.join(file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
