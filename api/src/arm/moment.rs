//! How moments and durations are spelled on the wire (wire-facts 1).

use jiff::{SignedDuration, Timestamp};

/// What the service shows as the end of what has not ended.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

/// To the fraction it has, at most six digits (what the databases keep), trailing zeros trimmed.
pub(crate) fn full(at: Timestamp) -> String {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at).to_string()
}

/// To the second: recovery points.
pub(crate) fn second(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// With seven fraction digits: `expiryTime` of a recovery point.
pub(crate) fn seven_digits(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string()
}

/// ISO 8601, to the microsecond: `PT1M12.027365S`.
pub(crate) fn duration(length: SignedDuration) -> String {
    let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    SignedDuration::from_micros(micros.max(0)).to_string()
}

/// .NET's `d.hh:mm:ss.fffffff`: `deferredDeleteTimeRemaining`.
pub(crate) fn day_clock(length: SignedDuration) -> String {
    let length = length.max(SignedDuration::ZERO);
    let s = length.as_secs();
    format!("{}.{:02}:{:02}:{:02}.{:07}", s / 86_400, s % 86_400 / 3600, s % 3600 / 60, s % 60, length.subsec_nanos() / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_the_recorded_ones() {
        let at: Timestamp = "2024-05-14T13:37:39.730965012Z".parse().unwrap();
        assert_eq!(full(at), "2024-05-14T13:37:39.730965Z");
        assert_eq!(second(at), "2024-05-14T13:37:39Z");
        assert_eq!(seven_digits(at), "2024-05-14T13:37:39.0000000Z");
        assert_eq!(duration(SignedDuration::new(72, 27_365_000)), "PT1M12.027365S");
        assert_eq!(day_clock(SignedDuration::new(13 * 86_400 + 22 * 3600 + 13 * 60 + 16, 665_420_800)), "13.22:13:16.6654208");
    }
}
