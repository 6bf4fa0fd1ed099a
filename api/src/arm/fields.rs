//! Reading words and moments of a body: what is missing, unknown or unreadable is refused by the name
//! of its field.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rsvault_domain::fault::Result;
use rsvault_domain::{Fault, FaultKind};

/// Azure's code for a body it cannot use.
pub(crate) const INVALID: &str = "BMSUserErrorInvalidInput";

/// The value, or a fault that names the missing field.
pub(crate) fn required<T>(value: Option<T>, field: &str) -> Result<T> {
    value.ok_or_else(|| Fault::invalid(INVALID, format!("Property '{field}' is missing. Send it.")).at(field))
}

/// The value that `word` stands for, or a fault that names the field and the words it takes.
pub(crate) fn word<T>(text: &str, field: &str, allowed: &[&str], parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    parse(text).ok_or_else(|| {
        Fault::invalid(INVALID, format!("Property '{field}' is '{text}', which is not known. Allowed: {}.", allowed.join(", "))).at(field)
    })
}

/// One of `allowed`, compared without case; gives the spelling of the list.
pub(crate) fn one_of<'a>(text: &str, field: &str, allowed: &[&'a str]) -> Result<&'a str> {
    word(text, field, allowed, |t| allowed.iter().copied().find(|a| a.eq_ignore_ascii_case(t)))
}

/// A moment: RFC 3339, or without a zone (UTC then).
pub(crate) fn moment(text: &str, field: &str) -> Result<Timestamp> {
    let zoneless = || text.parse::<DateTime>().ok().and_then(|d| d.to_zoned(TimeZone::UTC).ok()).map(|z| z.timestamp());
    text.parse::<Timestamp>().ok().or_else(zoneless).ok_or_else(|| {
        Fault::invalid(
            INVALID,
            format!(
                "Property '{field}' is '{text}', which is not a date. Write it as ISO 8601 in UTC, for instance '2026-11-23T23:59:59Z'."
            ),
        )
        .at(field)
    })
}

/// The fault for a part of Azure's surface that is not served yet.
pub(crate) fn unsupported(what: &str, field: &str, cure: &str) -> Fault {
    Fault::new(FaultKind::Unsupported, "NotSupportedYet", format!("{what} is not supported yet. {cure}")).at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_and_without_zone() {
        let noon: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        for text in [
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00:00.000Z",
            "2026-11-23T12:00:00.0000000Z",
            "2026-11-23T13:00:00+01:00",
            "2026-11-23T12:00:00",
        ] {
            assert_eq!(moment(text, "f").unwrap(), noon, "{text}");
        }
        assert_eq!(moment("yesterday", "properties.pointInTime").unwrap_err().target.as_deref(), Some("properties.pointInTime"));
    }
}
