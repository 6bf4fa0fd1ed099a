//! A clock that moves when it is told to.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::ports::Clock;
use tokio::sync::watch;

pub(super) struct ManualClock(watch::Sender<Timestamp>);

impl ManualClock {
    pub(super) fn at(now: &str) -> Self {
        Self(watch::Sender::new(now.parse().unwrap()))
    }
    pub(super) fn set(&self, now: &str) -> Timestamp {
        let now = now.parse().unwrap();
        self.0.send_replace(now);
        now
    }
    pub(super) fn advance(&self, minutes: i64) -> Timestamp {
        self.0.send_modify(|now| *now += SignedDuration::from_mins(minutes));
        *self.0.borrow()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }
    async fn until(&self, at: Timestamp) {
        self.0.subscribe().wait_for(|now| *now >= at).await.unwrap();
    }
}
