//! Retries with jittered backoff, bounded in time.

use super::VaultError;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

/// How long and how often a call is repeated.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Wait after the first failure; doubles from there.
    pub first: Duration,
    /// Longest wait.
    pub most: Duration,
    /// Time in all after which the last error stands. By habit the lease: beyond it the work is
    /// another's anyway.
    pub give_up: Duration,
}

impl Patience {
    /// The habit: 0.1 s doubling to 3 s, for as long as `lease`.
    pub fn within(lease: Duration) -> Self {
        Self { first: Duration::from_millis(100), most: Duration::from_secs(3), give_up: lease }
    }
    /// Wait before attempt `failures + 1`: half of the step at least, all of it at most.
    pub fn wait(&self, failures: u32) -> Duration {
        let step = self.first.saturating_mul(2_u32.saturating_pow(failures.min(16).saturating_sub(1))).min(self.most);
        // Version 4 uuids are 122 random bits: enough to spread agents out, without a further crate.
        let spread = (uuid::Uuid::new_v4().as_u128() & 0xFFFF) as u32;
        step / 2 + step.mul_f64(f64::from(spread) / 131_072.0)
    }
}

/// Calls `attempt` until it succeeds, is refused, or patience ends. The caller stops it by dropping.
pub async fn patiently<T, F>(patience: &Patience, mut attempt: impl FnMut() -> F) -> Result<T, VaultError>
where
    F: Future<Output = Result<T, VaultError>>,
{
    let last = Mutex::new(None);
    let repeat = async {
        let mut failures = 0;
        loop {
            match attempt().await {
                Err(error) if error.is_retryable() => {
                    failures += 1;
                    let asked = if let VaultError::Unavailable { after, .. } = &error { *after } else { None };
                    tracing::debug!(%error, failures, "asking the vault again");
                    if let Ok(mut last) = last.lock() {
                        *last = Some(error);
                    }
                    tokio::time::sleep(patience.wait(failures).max(asked.unwrap_or_default().min(patience.give_up))).await;
                }
                done => return done,
            }
        }
    };
    match tokio::time::timeout(patience.give_up, repeat).await {
        Ok(done) => done,
        Err(_) => {
            let last = last.into_inner().ok().flatten();
            Err(last.unwrap_or_else(|| VaultError::unavailable(format!("no answer within {:?}", patience.give_up))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const QUICK: Patience =
        Patience { first: Duration::from_millis(1), most: Duration::from_millis(4), give_up: Duration::from_millis(200) };

    #[tokio::test]
    async fn what_is_away_is_asked_again_and_what_is_refused_is_not() {
        let calls = AtomicU32::new(0);
        let answer = patiently(&QUICK, || async {
            if calls.fetch_add(1, Ordering::Relaxed) < 3 { Err(VaultError::unavailable("away")) } else { Ok(7) }
        });
        assert_eq!(answer.await.unwrap(), 7);
        assert_eq!(calls.load(Ordering::Relaxed), 4);
        let calls = AtomicU32::new(0);
        let answer: Result<(), _> = patiently(&QUICK, || async {
            calls.fetch_add(1, Ordering::Relaxed);
            Err(VaultError::Stale("gone".into()))
        })
        .await;
        assert!(matches!(answer, Err(VaultError::Stale(_))));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn patience_ends_with_the_last_error() {
        let answer: Result<(), _> = patiently(&QUICK, || async { Err(VaultError::unavailable("still away")) }).await;
        assert!(answer.unwrap_err().to_string().contains("still away"));
    }

    #[test]
    fn waits_grow_to_their_bound() {
        let patience = Patience::within(Duration::from_secs(30));
        for failures in 1..40 {
            assert!(patience.wait(failures) <= patience.most);
        }
        assert!(patience.wait(20) >= patience.most / 2);
    }
}
