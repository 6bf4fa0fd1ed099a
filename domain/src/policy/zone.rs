//! Time zones by the names that policies use: Windows' own, compared without case, the retired
//! ones under their successors, IANA names as a courtesy.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone},
};
use std::str::FromStr;
use windows_timezones::WindowsTimezone;

/// Names that Windows has retired, which policies may still carry, and what took their place.
const RETIRED: [(&str, &str); 3] =
    [("Kamchatka Standard Time", "Asia/Kamchatka"), ("Mid-Atlantic Standard Time", "Etc/GMT+2"), ("Coordinated Universal Time", "Etc/UTC")];

/// The IANA zone that `name` stands for; None if no zone has this name.
pub fn iana_zone(name: &str) -> Option<String> {
    if let Some((_, iana)) = RETIRED.iter().find(|(retired, _)| retired.eq_ignore_ascii_case(name)) {
        return Some((*iana).to_owned());
    }
    if let Some(zone) = windows_zone(name) {
        return Some(zone.tzdb_id().to_owned());
    }
    let zone = TimeZone::get(name).ok()?;
    zone.iana_name().map(str::to_owned)
}

/// How far `name` is from UTC at `at`; nothing for a name that no zone has (validation refuses those).
pub(super) fn offset(name: &str, at: Timestamp) -> Offset {
    let zone = iana_zone(name).and_then(|iana| TimeZone::get(&iana).ok());
    zone.map_or(Offset::UTC, |zone| zone.to_offset(at))
}

/// The table matches exactly and cannot be listed, so the casings that its names have are tried:
/// every word of a name is either capitalised or all capitals (`SE Asia Standard Time`).
fn windows_zone(name: &str) -> Option<WindowsTimezone> {
    let words: Vec<[String; 2]> = name.split(' ').map(|w| [capitalised(w), w.to_ascii_uppercase()]).collect();
    // No name has more than five words; more would only cost time.
    if words.len() > 6 {
        return None;
    }
    (0..1u32 << words.len()).find_map(|choice| {
        let spelled: Vec<&str> = words.iter().enumerate().map(|(i, w)| w[(choice >> i & 1) as usize].as_str()).collect();
        WindowsTimezone::from_str(&spelled.join(" ")).ok()
    })
}

/// First letter capital, the rest small: `(mexico)` becomes `(Mexico)`.
fn capitalised(word: &str) -> String {
    let first = word.find(|c: char| c.is_ascii_alphabetic());
    word.char_indices().map(|(i, c)| if Some(i) == first { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names_resolve_in_any_case() {
        for (name, iana) in [
            ("UTC", "Etc/UTC"),
            ("utc-11", "Etc/GMT+11"),
            ("pacific standard time", "America/Los_Angeles"),
            ("INDIA STANDARD TIME", "Asia/Kolkata"),
            ("se asia standard time", "Asia/Bangkok"),
            ("pacific standard time (mexico)", "America/Tijuana"),
            ("aus central standard time", "Australia/Darwin"),
            ("aus central w. standard time", "Australia/Eucla"),
            ("w. europe standard time", "Europe/Berlin"),
            ("Mid-Atlantic Standard Time", "Etc/GMT+2"),
        ] {
            let found = iana_zone(name).unwrap_or_else(|| panic!("{name}"));
            let same = |a: &str| TimeZone::get(a).unwrap_or_else(|e| panic!("{a}: {e}"));
            let (a, b) = (same(&found), same(iana));
            let at = Timestamp::from_second(1_770_000_000).unwrap();
            assert_eq!(a.to_offset(at), b.to_offset(at), "{name}: {found} is not {iana}");
        }
    }

    #[test]
    fn iana_names_are_accepted_and_unknown_names_are_not() {
        assert_eq!(iana_zone("Europe/Berlin").as_deref(), Some("Europe/Berlin"));
        for bad in ["", "Moon Standard Time", "+01:00", "a b c d e f g h i j k l m n o p q r s t u v w x y z"] {
            assert_eq!(iana_zone(bad), None, "{bad}");
        }
    }
}
