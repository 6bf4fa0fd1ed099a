//! How much a vault holds and how often something may be asked of it (rulebook 11), and the faults that
//! say so. A number that the rulebook gives is kept to; what is refused names the number and the cure.

use crate::fault::{Fault, Result};
use jiff::{SignedDuration, Timestamp};

/// Vaults of a subscription in one region.
pub const VAULTS_PER_REGION: i64 = 500;
/// Servers registered to a vault.
pub const SERVERS_PER_VAULT: i64 = 1_000;
/// Databases that a vault protects, soft-deleted ones included.
pub const DATABASES_PER_VAULT: i64 = 2_000;
/// Policies of a vault.
pub const POLICIES_PER_VAULT: i64 = 200;
/// Policies of a vault that may be written within [`WINDOW`].
pub const POLICY_WRITES: i64 = 50;
/// How long a count of requests runs: from the first of them on.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Refuses to add one more to `have` of `limit`. `what` they are ("policies"), in `vault`; `cure`.
pub fn room(code: &'static str, have: i64, limit: i64, what: &str, vault: &str, cure: &str) -> Result<()> {
    if have < limit {
        return Ok(());
    }
    Err(Fault::invalid(code, format!("Vault '{vault}' has {have} {what}, and {limit} is the most it may have. {cure}")))
}

/// How often something was asked for since the count began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// When the first was asked for.
    pub since: Timestamp,
    /// How many since then.
    pub used: i64,
}

impl Quota {
    /// Counts one more at `now`, or says when the count ends if `limit` is reached. `stands`: the count so far.
    pub fn take(stands: Option<Self>, limit: i64, what: &str, now: Timestamp) -> Result<Self> {
        let over = |quota: &Self| now.duration_since(quota.since) >= WINDOW || now < quota.since;
        let Some(quota) = stands.filter(|quota| !over(quota)) else { return Ok(Self { since: now, used: 1 }) };
        if quota.used < limit {
            return Ok(Self { used: quota.used + 1, ..quota });
        }
        let ends = quota.since.saturating_add(WINDOW).unwrap_or(Timestamp::MAX);
        // Not a 429: clients would wait out its Retry-After, hours of it, before they showed anything.
        Err(Fault::invalid(
            "CloudDosAbsoluteLimitReached",
            format!(
                "{what} were asked for {limit} times within 24 hours, which is the most. Ask again after {ends}, or advance the emulator's clock."
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultKind;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    #[test]
    fn so_many_go_through_in_a_day_and_the_next_waits_for_its_end() {
        let mut quota = None;
        for n in 1..=3 {
            quota = Some(Quota::take(quota, 3, "Writes", at(n)).unwrap());
            assert_eq!(quota, Some(Quota { since: at(1), used: n }));
        }
        let fault = Quota::take(quota, 3, "Writes", at(20)).unwrap_err();
        assert_eq!((fault.kind, fault.code.as_ref()), (FaultKind::Invalid, "CloudDosAbsoluteLimitReached"));
        assert!(fault.message.contains("after 1970-01-02T01:00:00Z"), "{fault}");
        assert_eq!(Quota::take(quota, 3, "Writes", at(25)).unwrap(), Quota { since: at(25), used: 1 });
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let ahead = Quota { since: at(100), used: 3 };
        assert_eq!(Quota::take(Some(ahead), 3, "Writes", at(1)).unwrap(), Quota { since: at(1), used: 1 });
    }

    #[test]
    fn room_is_for_as_many_as_the_limit_says() {
        room("Code", 199, 200, "policies", "v", "Delete one.").unwrap();
        let fault = room("Code", 200, 200, "policies", "v", "Delete one.").unwrap_err();
        assert_eq!(fault.message, "Vault 'v' has 200 policies, and 200 is the most it may have. Delete one.");
    }
}
