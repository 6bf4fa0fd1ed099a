//! Doorbells within one process.
//!
//! Always holds: who waits when a bell rings is woken, all of them; a ring without waiters is lost,
//! as the port says, and waiters look on a timer too.

use rsvault_domain::ports::{Bell, Wake};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::Notify;

/// One [`Notify`] per bell.
#[derive(Debug, Default)]
pub(crate) struct Bells {
    tasks: Notify,
    commands: Notify,
    operations: Notify,
    schedules: Notify,
}

impl Bells {
    fn of(&self, bell: Bell) -> &Notify {
        match bell {
            Bell::Tasks => &self.tasks,
            Bell::Commands => &self.commands,
            Bell::Operations => &self.operations,
            Bell::Schedules => &self.schedules,
        }
    }
}

impl Wake for Bells {
    fn ring(&self, bell: Bell) {
        self.of(bell).notify_waiters();
    }
    /// Not an `async fn`: the waiter stands from the call on, so that one may take it, look at the
    /// database, and await it without missing a ring in between.
    fn wait<'a, 'f>(&'a self, bell: Bell, at_most: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>>
    where
        'a: 'f,
    {
        let rung = self.of(bell).notified();
        Box::pin(async move {
            let _ = tokio::time::timeout(at_most, rung).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ring_wakes_every_waiter_of_its_bell() {
        let bells = Bells::default();
        let mut waiters: Vec<_> = (0..3).map(|_| bells.wait(Bell::Tasks, Duration::from_secs(60))).collect();
        for waiter in &mut waiters {
            assert!(futures::poll!(waiter).is_pending());
        }
        bells.ring(Bell::Tasks);
        for waiter in &mut waiters {
            assert!(futures::poll!(waiter).is_ready());
        }
    }

    #[tokio::test]
    async fn a_waiter_made_before_the_ring_is_woken_even_if_it_is_polled_after() {
        let bells = Bells::default();
        let mut waiter = bells.wait(Bell::Operations, Duration::from_secs(60));
        bells.ring(Bell::Operations);
        assert!(futures::poll!(waiter.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn another_bell_does_not_wake_and_the_wait_ends_in_time() {
        let bells = Bells::default();
        let mut waiter = bells.wait(Bell::Commands, Duration::from_millis(20));
        assert!(futures::poll!(waiter.as_mut()).is_pending());
        bells.ring(Bell::Tasks);
        assert!(futures::poll!(waiter.as_mut()).is_pending());
        waiter.await;
    }
}
