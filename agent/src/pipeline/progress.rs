//! How far the work is: written by the pipeline, read by heartbeats.

use rsvault_protocol::messages::{HeartbeatBody, Phase};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// Counters of one command.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    phase: AtomicU8,
}

impl Progress {
    /// Adds bytes read from or given to the engine.
    pub fn add(&self, bytes: usize) {
        self.done.fetch_add(bytes as u64, Relaxed);
    }
    /// Bytes so far.
    pub fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }
    /// Adds to what is expected in all.
    pub fn expect(&self, bytes: u64) {
        self.total.fetch_add(bytes, Relaxed);
    }
    /// Moves on to a phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }
    /// What a heartbeat says.
    pub fn beat(&self, generation: i64) -> HeartbeatBody {
        let total = self.total.load(Relaxed);
        let phase = match self.phase.load(Relaxed) {
            1 => Phase::Transferring,
            2 => Phase::Finishing,
            _ => Phase::Starting,
        };
        HeartbeatBody { generation, bytes_done: self.done(), bytes_total: (total > 0).then_some(total), phase }
    }
}
