//! Where commands are worked on: seats for backups, seats of their own for everything else.
//!
//! Always holds: at most so many backups run as there are seats, in the order in which they came;
//! a command without a seat keeps its lease; restores and inquiries never wait for backups; two
//! generations of a command never work side by side.

use super::agent::Limits;
use super::command::{STOP_WITHIN, Tools, work_on};
use super::lease::Lease;
use super::watch::State;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use rsvault_domain::id::CommandId;
use rsvault_protocol::messages::{CommandView, Work};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A place in the line for a seat.
pub(super) type Seat = BoxFuture<'static, Option<OwnedSemaphorePermit>>;

/// What is known of a command at work.
#[derive(Clone)]
struct Running {
    generation: i64,
    lease: Lease,
    ended: CancellationToken,
}

pub(super) struct Floor {
    tools: Tools,
    shutdown: CancellationToken,
    backups: Arc<Semaphore>,
    others: Arc<Semaphore>,
    running: Mutex<HashMap<CommandId, Running>>,
    work: Mutex<JoinSet<()>>,
    state: Arc<watch::Sender<State>>,
}

impl Floor {
    pub(super) fn new(tools: Tools, limits: Limits, shutdown: CancellationToken, state: Arc<watch::Sender<State>>) -> Self {
        Self {
            tools,
            shutdown,
            backups: Arc::new(Semaphore::new(limits.commands.max(1))),
            others: Arc::new(Semaphore::new(limits.others.max(1))),
            running: Mutex::default(),
            work: Mutex::default(),
            state,
        }
    }
    /// A place in the line for a backup's seat, behind everyone who came before.
    pub(super) async fn line_up(&self) -> Seat {
        line_up(&self.backups).await
    }
    /// Commands at work, or waiting for a seat.
    pub(super) fn running(&self) -> Vec<CommandId> {
        let mut running = self.lock();
        running.retain(|_, r| !r.ended.is_cancelled());
        running.keys().copied().collect()
    }
    /// Begins to work on `command`: on `seat`, or at the end of the line for one. Gives back what tells
    /// that the work has ended; None if it could not begin.
    pub(super) async fn take(&self, command: CommandView, seat: Option<OwnedSemaphorePermit>) -> Option<CancellationToken> {
        let seat = match (seat, &command.work) {
            (Some(seat), _) => ready(Some(seat)).boxed(),
            (None, Work::Backup { .. }) => self.line_up().await,
            (None, Work::Inquire {} | Work::Restore { .. }) => line_up(&self.others).await,
        };
        let (id, generation) = (command.id, command.generation);
        let (lease, ended) = loop {
            let older = {
                let mut running = self.lock();
                match running.get(&id).filter(|r| !r.ended.is_cancelled()) {
                    None => {
                        let (lease, ended) = (Lease::default(), CancellationToken::new());
                        running.insert(id, Running { generation, lease: lease.clone(), ended: ended.clone() });
                        break (lease, ended);
                    }
                    Some(older) => older.clone(),
                }
            };
            if older.generation >= generation {
                tracing::warn!(command = %id, generation, "handed out twice; going on with the lease we have");
                return Some(older.ended);
            }
            // We lost that lease without noticing.
            older.lease.lose();
            if tokio::time::timeout(STOP_WITHIN * 2, older.ended.cancelled()).await.is_err() {
                tracing::error!(command = %id, "the older attempt does not end; the command is left to the lease");
                return None;
            }
        };
        let working = Working::begin(&self.state);
        let work = work_on(self.tools.clone(), command, seat, lease, self.shutdown.clone());
        let end = ended.clone().drop_guard();
        let mut all = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        while all.try_join_next().is_some() {}
        all.spawn(async move {
            let _ends = (end, working);
            work.await;
        });
        Some(ended)
    }
    /// Waits until all work has ended.
    pub(super) async fn ended(&self) {
        let mut all = std::mem::take(&mut *self.work.lock().unwrap_or_else(PoisonError::into_inner));
        while all.join_next().await.is_some() {}
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CommandId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes its place in the line now, not when the seat is waited for.
async fn line_up(seats: &Arc<Semaphore>) -> Seat {
    let mut place = Arc::clone(seats).acquire_owned().map(Result::ok).boxed();
    match futures::poll!(place.as_mut()) {
        Poll::Ready(seat) => ready(seat).boxed(),
        Poll::Pending => place,
    }
}

/// Counts a command as long as it is at work, however it ends.
struct Working(Arc<watch::Sender<State>>);

impl Working {
    fn begin(state: &Arc<watch::Sender<State>>) -> Self {
        state.send_modify(|s| s.working += 1);
        Self(Arc::clone(state))
    }
}
impl Drop for Working {
    fn drop(&mut self) {
        self.0.send_modify(|s| s.working -= 1);
    }
}
