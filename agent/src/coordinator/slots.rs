//! The slot runner: when a slot's time comes, it is written down, offered to the vault, and worked on
//! if the vault says so.
//!
//! Always holds: a slot is on the disk before it is offered, and stays open until the vault does not
//! want it or the work on it has ended; one that was offered may be offered again (a crash between),
//! since the vault runs it once; nothing is offered without a seat to work on it.

use super::durable::{Keep, Shelf};
use super::floor::{Floor, Seat};
use super::marks::{Aside, Begun, Key, Mark, Marks, next_due};
use super::poll::AWAY;
use super::schedule::Plan;
use super::watch::State;
use crate::transport::{Vault, VaultError};
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use rsvault_domain::ports::Clock;
use rsvault_protocol::messages::{ScheduleView, SlotBody, SlotView};
use std::future::pending;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The marks' file.
pub(super) const FILE: &str = "pending.json";

pub(super) struct Runner {
    pub(super) vault: Arc<dyn Vault>,
    pub(super) floor: Arc<Floor>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) shelf: Shelf,
    pub(super) plan: watch::Receiver<Plan>,
    pub(super) state: Arc<watch::Sender<State>>,
    pub(super) shutdown: CancellationToken,
    pub(super) marks: Marks,
}

/// What became of an offer.
enum Offered {
    /// It is worked on until the token says so.
    Runs(CancellationToken),
    /// Not wanted.
    Over,
    /// The vault was away; the pause is over.
    Away(VaultError),
}

/// A look at schedule and clock. Going through thousands of timetables whenever anything moves would
/// cost more than the backups do.
struct Look {
    schedule: Option<Arc<ScheduleView>>,
    at: Timestamp,
    due: Option<Timestamp>,
}

impl Look {
    /// Whether another look would see the same.
    fn holds(&self, schedule: Option<&Arc<ScheduleView>>, now: Timestamp) -> bool {
        let same = self.schedule.as_ref().map(Arc::as_ptr) == schedule.map(Arc::as_ptr);
        same && self.at <= now && self.due.is_none_or(|due| now < due)
    }
}

/// The slots at work, beside the runner's loop.
#[derive(Default)]
struct Desk {
    look: Option<Look>,
    begun: Begun,
    aside: Aside,
    ends: JoinSet<(Key, Timestamp)>,
    line: Option<Seat>,
    offer: Option<BoxFuture<'static, (Mark, Offered)>>,
    failures: u32,
    /// Closed marks are not on the disk yet.
    unsaved: bool,
}

impl Runner {
    /// Runs slots until shutdown.
    pub(super) async fn run(mut self) {
        let mut desk = Desk::default();
        loop {
            let plan = self.plan.borrow_and_update().clone();
            let due = self.look(&mut desk, plan.schedule.as_ref()).await;
            if desk.unsaved && self.marks.open() == 0 {
                desk.unsaved = false;
                self.save(Keep::Loosely).await;
            }
            self.publish(due, plan.seen, &desk);
            let next = if desk.offer.is_none() { self.marks.next(&desk.begun, &desk.aside) } else { None };
            // A place in the line is kept as long as there is something to sit down with.
            match next {
                Some(_) if desk.line.is_none() => desk.line = Some(self.floor.line_up().await),
                Some(_) => {}
                None => desk.line = None,
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => break,
                Some(Ok((key, slot))) = desk.ends.join_next() => {
                    desk.begun.remove(&key);
                    self.marks.close(key, slot);
                    desk.unsaved = true;
                }
                changed = self.plan.changed() => if changed.is_err() { break },
                (mark, offered) = maybe(&mut desk.offer) => {
                    desk.offer = None;
                    self.answered(&mut desk, mark, offered);
                }
                seat = maybe(&mut desk.line) => {
                    desk.line = None;
                    if let (Some(mark), Some(seat)) = (next, seat) {
                        if desk.aside.contains(&mark.item_id) {
                            desk.aside.clear(); // Nothing else is left: another round.
                        }
                        desk.offer = Some(self.offer(mark, seat, desk.failures));
                    }
                }
                () = until(&*self.clock, due) => {}
            }
        }
        if desk.unsaved {
            self.save(Keep::Loosely).await;
        }
    }

    /// Opens what is due now, and gives the first slot that is to come.
    async fn look(&mut self, desk: &mut Desk, schedule: Option<&Arc<ScheduleView>>) -> Option<Timestamp> {
        let now = self.clock.now();
        if let Some(look) = desk.look.as_ref().filter(|look| look.holds(schedule, now)) {
            return look.due;
        }
        let items = schedule.map_or(&[][..], |s| &s.items);
        if schedule.is_some() && self.marks.note(items, now) {
            desk.unsaved = false;
            self.save(Keep::Durably).await;
        }
        let due = next_due(items, now);
        desk.look = Some(Look { schedule: schedule.cloned(), at: now, due });
        due
    }

    /// Offers `mark`; its seat is given back if the vault is away.
    fn offer(&self, mark: Mark, seat: OwnedSemaphorePermit, failures: u32) -> BoxFuture<'static, (Mark, Offered)> {
        let (vault, floor) = (Arc::clone(&self.vault), Arc::clone(&self.floor));
        let body = SlotBody { item_id: mark.item_id, backup: mark.kind, slot: mark.slot };
        async move {
            let offered = match vault.offer_slot(&body).await {
                Ok(SlotView::Run { command }) => floor.take(command, Some(seat)).await.map_or(Offered::Over, Offered::Runs),
                Ok(SlotView::Done {}) => Offered::Over,
                Ok(SlotView::Refused { fault }) => {
                    tracing::warn!(item = %body.item_id, kind = body.backup.as_str(), slot = %body.slot, code = fault.code, message = fault.message, "the vault refused a slot");
                    Offered::Over
                }
                Err(error) if is_final(&error) => {
                    tracing::warn!(item = %body.item_id, kind = body.backup.as_str(), slot = %body.slot, %error, "the vault does not take a slot");
                    Offered::Over
                }
                Err(error) => {
                    drop(seat);
                    tokio::time::sleep(AWAY.wait(failures + 1)).await;
                    Offered::Away(error)
                }
            };
            (mark, offered)
        }
        .boxed()
    }

    fn answered(&mut self, desk: &mut Desk, mark: Mark, offered: Offered) {
        match offered {
            Offered::Runs(ended) => {
                desk.begun.insert(mark.key(), self.clock.now());
                desk.ends.spawn(async move {
                    ended.cancelled().await;
                    (mark.key(), mark.slot)
                });
            }
            Offered::Over => {
                self.marks.close(mark.key(), mark.slot);
                desk.unsaved = true;
            }
            Offered::Away(error) => {
                desk.failures += 1;
                desk.aside.insert(mark.item_id);
                if desk.failures == 1 || desk.failures.is_multiple_of(20) {
                    tracing::warn!(%error, failures = desk.failures, open = self.marks.open(), "slots cannot be offered; they wait for the vault");
                }
                return;
            }
        }
        desk.failures = 0;
    }

    fn publish(&self, due: Option<Timestamp>, seen: u64, desk: &Desk) {
        let open = self.marks.open() + usize::from(desk.offer.is_some()) + desk.ends.len();
        self.state.send_if_modified(|state| {
            let before = state.clone();
            (state.open, state.next_due, state.planned, state.seen) = (open, due, true, seen);
            *state != before
        });
    }

    async fn save(&self, keep: Keep) {
        if let Err(error) = self.shelf.save(FILE, &self.marks.all(), keep).await {
            tracing::error!(%error, "the slots that are due cannot be written down; after a crash the vault tells which have run");
        }
    }
}

/// The future, if there is one; for ever otherwise.
async fn maybe<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

async fn until(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.until(at).await,
        None => pending().await,
    }
}

/// Whether the vault itself has said no for good. What has no code comes from something between us
/// and the vault; a credential that is not taken may be put right; a slot that has not come for a
/// vault whose clock is behind ours will come.
fn is_final(error: &VaultError) -> bool {
    match error {
        VaultError::Stale(_) => true,
        VaultError::Refused { status, code, .. } => !code.is_empty() && code != "SlotNotDue" && !matches!(status, 401 | 403),
        VaultError::Unavailable { .. } => false,
    }
}
