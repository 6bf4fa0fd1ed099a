//! How busy an agent is, for whoever drives its clock.

use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::watch;

/// What can be seen of an agent from outside. Written by the floor, the keeper and the runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Commands that run or wait for a seat.
    pub(super) working: usize,
    /// Slots that were due and have not ended.
    pub(super) open: usize,
    /// The first slot after the last moment that was looked at.
    pub(super) next_due: Option<Timestamp>,
    /// Whether the schedule was looked at since the start.
    pub(super) planned: bool,
    /// Newest request for a fresh schedule that was fulfilled and taken into account.
    pub(super) seen: u64,
}

/// Watches a running agent: cheap to copy, never polls, and ends with the agent (whoever waits is
/// let go).
#[derive(Clone)]
pub struct AgentWatch {
    pub(super) state: watch::Receiver<State>,
    pub(super) asked: Arc<watch::Sender<u64>>,
}

impl AgentWatch {
    /// The next slot of the schedule that the agent has, after the last moment it handled. In the
    /// past only while the agent has not woken up to it.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state.borrow().next_due
    }
    /// Returns once every slot due at or before `at` was offered, answered and worked on, and no
    /// command runs or waits here. Waits as long as the vault is away: the caller bounds it.
    pub async fn settled(&self, at: Timestamp) {
        let mut state = self.state.clone();
        let quiet = |s: &State| s.planned && s.open == 0 && s.working == 0 && s.next_due.is_none_or(|next| next > at);
        // An error: the agent has ended, and nothing of it runs.
        let _ = state.wait_for(quiet).await;
    }
    /// Returns once the agent goes by the schedule that the vault has now: one round trip, begun after
    /// this call. Waits as long as the vault is away: the caller bounds it.
    pub async fn schedule_synced(&self) {
        let mut ticket = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            ticket = *asked;
        });
        let mut state = self.state.clone();
        let _ = state.wait_for(|s| s.seen >= ticket).await;
    }
}
