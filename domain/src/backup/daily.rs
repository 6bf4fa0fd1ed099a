//! How many full backups of a database may be asked for in a day (rulebook 3.7).

use crate::fault::{Fault, Result};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Full backups on demand, attempts included, of one database in one day.
pub const FULLS_A_DAY: i64 = 9;

/// When the day of `now` began, in UTC.
pub fn day_of(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp())
}

/// Refuses one more full on demand of `database` when `asked` were asked for since the day began. The refusal is
/// no 429: clients would ask again within seconds, and the answer would be the same until the day is over.
pub fn may_ask_for_full(asked: i64, database: &str, now: Timestamp) -> Result<()> {
    if asked < FULLS_A_DAY {
        return Ok(());
    }
    let next = day_of(now).to_zoned(TimeZone::UTC).saturating_add(Span::new().days(1)).timestamp();
    Err(Fault::invalid(
        "CloudDosAbsoluteLimitReached",
        format!(
            "{asked} full backups of '{database}' were asked for today, and {FULLS_A_DAY} a day is the most. Ask again from {next} on, take a CopyOnlyFull, or leave it to the schedule."
        ),
    )
    .at("properties.backupType"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_fulls_may_be_asked_for_in_a_day_of_utc() {
        let now: Timestamp = "2026-11-25T23:59:59Z".parse().unwrap();
        assert_eq!(day_of(now), "2026-11-25T00:00:00Z".parse().unwrap());
        may_ask_for_full(8, "sales", now).unwrap();
        let fault = may_ask_for_full(9, "sales", now).unwrap_err();
        assert_eq!(fault.code, "CloudDosAbsoluteLimitReached");
        assert!(fault.message.contains("2026-11-26T00:00:00Z"), "{}", fault.message);
    }
}
