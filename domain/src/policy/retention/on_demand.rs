//! How long a backup on demand is kept (rulebook 3.4).
//!
//! Fulls: what was asked, between 45 days and 99 years, 45 days if nothing was asked. Copy-only fulls:
//! any moment to come, 30 days if nothing was asked. Differentials and logs: what the policy says
//! for their kind, whatever was asked; without a sub-policy of the kind, as long as its fulls, held
//! within the limits of the kind.

use super::super::{RetentionDuration, SqlPolicy};
use super::rules::of_kind;
use crate::backup::BackupKind;
use crate::fault::{Fault, Result};
use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};

const FULL_MIN_DAYS: i64 = 45;
const FULL_MAX_YEARS: i64 = 99;
const COPY_ONLY_DAYS: i64 = 30;

/// When a backup on demand taken at `now` expires.
pub fn on_demand_expiry(kind: BackupKind, requested: Option<Timestamp>, now: Timestamp, policy: &SqlPolicy) -> Result<Timestamp> {
    match kind {
        BackupKind::Full => full(requested, now),
        BackupKind::CopyOnlyFull => copy_only(requested, now),
        BackupKind::Differential | BackupKind::Log => after(now, of_kind(policy, kind)),
    }
}

/// Clients ask for a day, at midnight: the limits are compared by day.
fn full(requested: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    let Some(asked) = requested else { return days_after(now, FULL_MIN_DAYS) };
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = asked.to_zoned(TimeZone::UTC).date();
    let first = today.saturating_add(Span::new().days(FULL_MIN_DAYS));
    let last = today.saturating_add(Span::new().years(FULL_MAX_YEARS));
    if day < first {
        return Err(refused(format!(
            "{day} is too early: a full backup on demand is kept for at least {FULL_MIN_DAYS} days. Ask for {first} or later, or take a CopyOnlyFull."
        )));
    }
    if day > last {
        return Err(refused(format!(
            "{day} is too late: a full backup on demand is kept for at most {FULL_MAX_YEARS} years. Ask for {last} or earlier."
        )));
    }
    Ok(asked)
}

fn copy_only(requested: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    match requested {
        None => days_after(now, COPY_ONLY_DAYS),
        Some(asked) if asked > now => Ok(asked),
        Some(asked) => Err(refused(format!(
            "{asked} has passed. Ask for a moment to come, or leave the field out to keep the backup for {COPY_ONLY_DAYS} days."
        ))),
    }
}

fn after(now: Timestamp, duration: RetentionDuration) -> Result<Timestamp> {
    duration.after(now).ok_or_else(|| Fault::internal(format!("retention {duration:?} from {now} is out of range")))
}
fn days_after(now: Timestamp, days: i64) -> Result<Timestamp> {
    now.checked_add(SignedDuration::from_hours(24 * days)).map_err(Fault::internal)
}
fn refused(message: impl std::fmt::Display) -> Fault {
    Fault::invalid("BMSUserErrorInvalidRecoveryPointExpiryTime", format!("recoveryPointExpiryTimeInUTC {message}"))
        .at("properties.recoveryPointExpiryTimeInUTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{DurationUnit, PolicySpec, Retention, defaults};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn hourly() -> SqlPolicy {
        match defaults(at("2026-01-01T10:00:00Z")) {
            [(_, PolicySpec::Sql(policy)), ..] => policy,
            _ => unreachable!(),
        }
    }

    #[test]
    fn a_full_on_demand_is_kept_45_days_to_99_years() {
        let now = at("2026-01-01T10:20:30Z");
        let ask = |t: Option<&str>| on_demand_expiry(BackupKind::Full, t.map(at), now, &hourly());
        assert_eq!(ask(None).unwrap(), at("2026-02-15T10:20:30Z"));
        assert_eq!(ask(Some("2026-02-15T00:00:00Z")).unwrap(), at("2026-02-15T00:00:00Z"));
        assert_eq!(ask(Some("2125-01-01T23:00:00Z")).unwrap(), at("2125-01-01T23:00:00Z"));
        for bad in ["2026-02-14T23:59:59Z", "2025-01-01T00:00:00Z", "2125-01-02T00:00:00Z"] {
            let fault = ask(Some(bad)).unwrap_err();
            assert_eq!(fault.target.as_deref(), Some("properties.recoveryPointExpiryTimeInUTC"), "{bad}");
        }
    }

    #[test]
    fn a_copy_only_full_is_kept_until_any_moment_to_come() {
        let now = at("2026-01-01T10:20:30Z");
        let ask = |t: Option<&str>| on_demand_expiry(BackupKind::CopyOnlyFull, t.map(at), now, &hourly());
        assert_eq!(ask(None).unwrap(), at("2026-01-31T10:20:30Z"));
        assert_eq!(ask(Some("2026-01-01T10:20:31Z")).unwrap(), at("2026-01-01T10:20:31Z"));
        assert!(ask(Some("2026-01-01T10:20:30Z")).is_err());
    }

    #[test]
    fn logs_and_differentials_follow_the_policy_whatever_was_asked() {
        let now = at("2026-01-01T10:20:30Z");
        let mut policy = hourly();
        let far = Some(at("2099-01-01T00:00:00Z"));
        assert_eq!(on_demand_expiry(BackupKind::Log, far, now, &policy).unwrap(), at("2026-01-31T10:20:30Z"));
        assert_eq!(on_demand_expiry(BackupKind::Differential, far, now, &policy).unwrap(), at("2026-01-31T10:20:30Z"));
        policy.sub_policies.truncate(1);
        if let Some(Retention::LongTerm(long)) = &mut policy.sub_policies[0].retention {
            long.daily.as_mut().unwrap().duration = Some(RetentionDuration { count: 9999, unit: DurationUnit::Days });
        }
        assert_eq!(on_demand_expiry(BackupKind::Log, far, now, &policy).unwrap(), at("2026-02-05T10:20:30Z"));
        assert_eq!(on_demand_expiry(BackupKind::Differential, far, now, &policy).unwrap(), at("2026-06-30T10:20:30Z"));
    }
}
