//! What an edit of a policy, or the swap of an item's policy, does to the points that are there.

use super::effective::{FOREVER, claim, until};
use super::needs::Needs;
use super::rules::{Rules, Tag};
use crate::backup::{BackupKind, PointMark};
use crate::policy::SqlPolicy;
use crate::protection::SoftDeleted;
use jiff::{SignedDuration, Timestamp, civil::date};

/// Gives the points of an item the time that `rules` say, forwards and backwards (rulebook 3.6); those
/// that changed. A full or copy-only full on demand keeps what was asked.
///
/// A full or differential that would now go earlier than it was to go becomes soft-deleted when it
/// would go, for `soft_delete_days` (those of the vault; None: soft delete is off, and no mark is set) or until it was to go,
/// whichever is first. The mark is set ahead: it is in force from its `at` on. Until its `purge_at` the point stays
/// restorable and keeps what it needs. A later, longer retention takes the mark away once it gives at
/// least as much; less than the mark gave is never left. Logs are not soft-deleted.
pub fn reapply(rules: &Rules, points: &[PointMark], soft_delete_days: Option<u32>, now: Timestamp) -> Vec<PointMark> {
    let needs = Needs::of(points);
    let before = until(&needs, &points.iter().map(claim).collect::<Vec<_>>());
    let own: Vec<Option<Timestamp>> = points.iter().map(|point| own(rules, point)).collect();
    let after = until(&needs, &own.iter().map(|own| own.unwrap_or(FOREVER)).collect::<Vec<_>>());
    let marked = points.iter().enumerate().map(|(i, point)| {
        let soft_deleted = match soft_delete_days {
            Some(_) if asked_for(point) => point.soft_deleted,
            Some(days) if point.link.kind != BackupKind::Log => soft_deletion(point, before[i], after[i], days, now),
            Some(_) => None,
            None => point.soft_deleted.filter(|mark| mark.purge_at > after[i]),
        };
        PointMark { expires_at: own[i], soft_deleted, ..point.clone() }
    });
    marked.zip(points).filter(|(new, old)| new != *old).map(|(new, _)| new).collect()
}

fn asked_for(point: &PointMark) -> bool {
    point.on_demand && matches!(point.link.kind, BackupKind::Full | BackupKind::CopyOnlyFull)
}
fn own(rules: &Rules, point: &PointMark) -> Option<Timestamp> {
    if asked_for(point) { point.expires_at } else { Some(rules.expiry(point.link.kind, point.link.time)) }
}

fn soft_deletion(point: &PointMark, before: Timestamp, after: Timestamp, days: u32, now: Timestamp) -> Option<SoftDeleted> {
    let gone = after.max(now);
    let waits = gone.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(FOREVER);
    // What is soft-deleted already has been since then.
    let at = point.soft_deleted.filter(|mark| mark.at <= now && after <= now).map_or(gone, |mark| mark.at);
    let purge_at = waits.min(before);
    (after < before && gone < purge_at).then_some(SoftDeleted { at, purge_at })
}

/// Whether `new` could keep some backup shorter than `old` does, and by which field. Immutable vaults
/// refuse such an edit or swap, others warn (rulebook 5.3, 7.1). Fulls are compared day by day over
/// the 28 years in which the calendar repeats itself, so that a tag that takes over another's days is
/// no loss if it keeps as long.
pub fn shortens(old: &SqlPolicy, new: &SqlPolicy) -> Option<String> {
    // One moment for both: that one was saved in winter and one in summer is no difference.
    let at = Timestamp::UNIX_EPOCH;
    let (old_rules, new_rules) = (Rules::of(old, at), Rules::of(new, at));
    let fulls = || shortened_full(&old_rules, &new_rules).map(|part| field(new, BackupKind::Full, &part));
    let simple = |kind: BackupKind| {
        old.sub_policy(kind)?;
        let shorter = new_rules.simple(kind).days() < old_rules.simple(kind).days();
        shorter.then(|| field(new, kind, "retentionPolicy.retentionDuration"))
    };
    fulls().or_else(|| simple(BackupKind::Differential)).or_else(|| simple(BackupKind::Log))
}

/// The path of a part of the sub-policy of `kind`; of all sub-policies if there is none.
fn field(policy: &SqlPolicy, kind: BackupKind, part: &str) -> String {
    let place = policy.sub_policies.iter().position(|s| s.policy_type.as_str() == kind.as_str());
    place.map_or_else(|| "properties.subProtectionPolicy".into(), |i| format!("properties.subProtectionPolicy[{i}].{part}"))
}

fn shortened_full(old: &Rules, new: &Rules) -> Option<String> {
    if old.offset() == new.offset() && old.long_term() == new.long_term() {
        return None;
    }
    // Where the offsets differ, a backup near midnight belongs to another day.
    let hours: &[i8] = if old.offset() == new.offset() { &[12] } else { &[0, 6, 12, 18, 23] };
    let mut day = date(2000, 1, 1);
    while day < date(2028, 1, 1) {
        for hour in hours {
            let time = old.offset().to_timestamp(day.at(*hour, 0, 0, 0)).ok()?;
            if new.expiry(BackupKind::Full, time) < old.expiry(BackupKind::Full, time) {
                let longest = old.tags(time).max_by_key(|(_, duration)| old.after(time, *duration));
                return Some(part(longest.map_or(Tag::Base, |(tag, _)| tag), old, new, time));
            }
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// The field that took the time away: the tag's duration, or its days if the duration is the same.
fn part(tag: Tag, old: &Rules, new: &Rules, time: Timestamp) -> String {
    let (schedule, old_duration, new_duration) = match tag {
        Tag::Base if old.long_term().daily.is_some() => {
            let of = |r: &Rules| r.long_term().daily.as_ref().and_then(|d| d.duration);
            ("dailySchedule", of(old), of(new))
        }
        Tag::Base | Tag::Weekly => {
            let of = |r: &Rules| r.long_term().weekly.as_ref().and_then(|w| w.duration);
            ("weeklySchedule", of(old), of(new))
        }
        Tag::Monthly => {
            let of = |r: &Rules| r.long_term().monthly.as_ref().and_then(|m| m.duration);
            ("monthlySchedule", of(old), of(new))
        }
        Tag::Yearly => {
            let of = |r: &Rules| r.long_term().yearly.as_ref().and_then(|y| y.duration);
            ("yearlySchedule", of(old), of(new))
        }
    };
    let shorter = old_duration.zip(new_duration).is_some_and(|(old_d, new_d)| new.after(time, new_d) < old.after(time, old_d));
    format!("retentionPolicy.{schedule}{}", if shorter { ".retentionDuration" } else { "" })
}
