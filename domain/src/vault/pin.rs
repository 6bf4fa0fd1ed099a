//! The security PIN of a vault (rulebook 5.5): five minutes long, whoever knows it may do what an agent asks
//! it for. Only a slow hash of it is stored, and only the newest one counts.

use jiff::{SignedDuration, Timestamp};

/// How long a PIN holds.
pub const PIN_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// What is kept of a PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecurityPin {
    /// What the hash was salted with.
    pub salt: [u8; 32],
    /// Hash.
    pub hash: [u8; 32],
    /// When it ends.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for SecurityPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecurityPin").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// `at` as .NET counts: units of 100 ns since the year 1.
pub fn ticks(at: Timestamp) -> i64 {
    const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
    i64::try_from(at.as_nanosecond() / 100).map_or(i64::MAX, |since| UNIX_EPOCH.saturating_add(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_those_of_dotnet() {
        assert_eq!(ticks(Timestamp::UNIX_EPOCH), 621_355_968_000_000_000);
        // (new DateTime(2026, 11, 25, 12, 0, 0)).Ticks
        assert_eq!(ticks("2026-11-25T12:00:00Z".parse().unwrap()), 639_312_048_000_000_000);
    }
}
