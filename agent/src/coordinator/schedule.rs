//! The schedule keeper: what to back up and when, as the vault last said it.
//!
//! Always holds: a schedule is on the disk before the vault is told that the agent has it; while the
//! vault is away, the last one goes on.

use super::durable::{Keep, Shelf};
use super::poll::{AWAY, BREATH};
use crate::transport::Vault;
use rsvault_protocol::messages::{ScheduleBody, ScheduleView};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The schedule's file.
pub(super) const FILE: &str = "schedule.json";

/// The schedule to go by.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// None before the first.
    pub(super) schedule: Option<Arc<ScheduleView>>,
    /// Newest request for a fresh one that this is the answer to.
    pub(super) seen: u64,
}

/// Keeps the plan fresh.
pub(super) struct Keeper {
    pub(super) vault: Arc<dyn Vault>,
    pub(super) shelf: Shelf,
    pub(super) plan: watch::Sender<Plan>,
    /// Counts up when someone wants to be sure of the newest.
    pub(super) asked: watch::Receiver<u64>,
    pub(super) wait_seconds: u32,
    pub(super) shutdown: CancellationToken,
}

impl Keeper {
    /// Follows the vault's schedule until shutdown.
    pub(super) async fn keep(mut self) {
        let mut have = self.plan.borrow().schedule.as_ref().map(|s| s.revision.clone());
        let mut failures = 0;
        loop {
            let asked = *self.asked.borrow_and_update();
            let hurry = asked > self.plan.borrow().seen;
            let ask = ScheduleBody { have: have.clone(), wait_seconds: if hurry { 0 } else { self.wait_seconds } };
            let answer = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return,
                asked = self.asked.changed(), if !hurry => if asked.is_ok() { continue } else { return },
                answer = self.vault.next_schedule(&ask) => answer,
            };
            let kept = match answer {
                Ok(None) => {
                    self.publish(None, asked);
                    Ok(())
                }
                Ok(Some(schedule)) => {
                    let saved = self.shelf.save(FILE, &schedule, Keep::Durably).await;
                    tracing::info!(revision = schedule.revision, databases = schedule.items.len(), "the schedule has changed");
                    if saved.is_ok() {
                        have = Some(schedule.revision.clone());
                    }
                    self.publish(Some(Arc::new(schedule)), asked);
                    saved.map_err(|e| format!("the schedule cannot be kept on disk: {e}"))
                }
                Err(error) => Err(error.to_string()),
            };
            match kept {
                Ok(()) => {
                    failures = 0;
                    if !hurry {
                        tokio::select! {
                            () = self.shutdown.cancelled() => return,
                            asked = self.asked.changed() => if asked.is_err() { return },
                            () = tokio::time::sleep(BREATH) => {}
                        }
                    }
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 || failures % 20 == 0 {
                        tracing::warn!(error, failures, "asking for the schedule failed; going by the last one");
                    }
                    tokio::select! {
                        () = self.shutdown.cancelled() => return,
                        () = tokio::time::sleep(AWAY.wait(failures)) => {}
                    }
                }
            }
        }
    }

    fn publish(&self, schedule: Option<Arc<ScheduleView>>, seen: u64) {
        self.plan.send_if_modified(|plan| {
            let news = schedule.is_some() || plan.seen != seen;
            plan.seen = seen;
            if schedule.is_some() {
                plan.schedule = schedule;
            }
            news
        });
    }
}
