//! The emulator's clock: it can be frozen, scaled and moved forwards.
//!
//! Always holds: it never goes back, not over a restart either; while it is held (the driver moves
//! it step by step) or frozen it stands; every change wakes all who wait. At another scale than 1
//! it stands too: the driver moves it, so that everything on the way fires in order.

use super::system::{STEP, SystemClock, between, since_boot};
use crate::exit::{Failure, Outcome};
use crate::simulation::save_json;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rsvault_domain::ports::{Clock, ClockReading};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A clock that starts as the real time.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    hands: watch::Sender<Hands>,
    file: PathBuf,
}

#[derive(Clone, Copy, Debug)]
struct Hands {
    /// What it showed when it was last touched.
    shown: Timestamp,
    /// When that was.
    touched: Duration,
    frozen: bool,
    scale: f64,
    /// How many hold it.
    held: u32,
}

/// What a restart goes on from: an unfrozen clock runs on as far ahead of the real one as it was.
#[derive(Serialize, Deserialize)]
struct Kept {
    now: Timestamp,
    real: Timestamp,
    frozen: bool,
    scale: f64,
}

impl Hands {
    fn runs(&self) -> bool {
        !self.frozen && self.held == 0 && self.scale == 1.0
    }
    fn now(&self, boot: Duration) -> Timestamp {
        if !self.runs() {
            return self.shown;
        }
        self.shown.saturating_add(boot.saturating_sub(self.touched)).unwrap_or(Timestamp::MAX)
    }
    /// Changes that keep what it shows.
    fn touch(&mut self, change: impl FnOnce(&mut Self)) {
        let boot = since_boot();
        (self.shown, self.touched) = (self.now(boot), boot);
        change(self);
    }
}

impl VirtualClock {
    /// Opens the clock kept in `file`; it is never behind `floor`, the newest that was recorded.
    pub(crate) fn open(file: &Path, floor: Option<Timestamp>) -> Outcome<Arc<Self>> {
        let real = SystemClock.now();
        let kept = match std::fs::read(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| unreadable(file, &e))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Kept { now: real, real, frozen: false, scale: 1.0 },
            Err(e) => return Err(unreadable(file, &e)),
        };
        let ahead = if kept.frozen { SignedDuration::ZERO } else { real.duration_since(kept.real).max(SignedDuration::ZERO) };
        // A scaled clock stood still while nobody moved it.
        let ahead = if kept.scale == 1.0 { ahead } else { SignedDuration::ZERO };
        let now = kept.now.saturating_add(ahead).unwrap_or(Timestamp::MAX);
        let shown = floor.map_or(now, |floor| floor.max(now));
        let hands = Hands { shown, touched: since_boot(), frozen: kept.frozen, scale: kept.scale, held: 0 };
        Ok(Arc::new(Self { hands: watch::Sender::new(hands), file: file.to_owned() }))
    }

    /// How it stands.
    pub(crate) fn reading(&self) -> ClockReading {
        let hands = *self.hands.borrow();
        ClockReading { now: hands.now(since_boot()), frozen: hands.frozen, scale: hands.scale }
    }
    /// Whether the driver has to move it.
    pub(crate) fn is_driven(&self) -> bool {
        let hands = *self.hands.borrow();
        !hands.frozen && hands.scale != 1.0
    }
    /// Freezes or thaws it, and sets its scale.
    pub(crate) fn set(&self, frozen: bool, scale: f64) {
        self.hands.send_modify(|hands| hands.touch(|h| (h.frozen, h.scale) = (frozen, scale)));
        self.keep();
    }
    /// Moves it forwards; a moment that has passed changes nothing.
    pub(crate) fn move_to(&self, at: Timestamp) {
        self.hands.send_modify(|hands| hands.touch(|h| h.shown = h.shown.max(at)));
        self.keep();
    }
    /// Stops it until the hold is dropped.
    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        self.hands.send_modify(|hands| hands.touch(|h| h.held += 1));
        Hold(self.clone())
    }
    /// Ready once it was changed after the call (not after the first poll).
    pub(crate) fn changed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut changes = self.hands.subscribe();
        async move {
            let _ = changes.changed().await;
        }
    }

    /// Not synced: a restart takes the catalogue's word where the file is behind.
    fn keep(&self) {
        let real = SystemClock.now();
        let reading = self.reading();
        let kept = Kept { now: reading.now, real, frozen: reading.frozen, scale: reading.scale };
        if let Err(fault) = save_json(&self.file, &kept) {
            tracing::warn!(error = %fault, detail = fault.internal_detail(), "the clock was not kept: a restart begins at what the catalogue shows");
        }
    }
}

/// While it lives, the clock stands unless it is moved.
#[derive(Debug)]
pub(crate) struct Hold(Arc<VirtualClock>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.hands.send_modify(|hands| hands.touch(|h| h.held -= 1));
        self.0.keep();
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.hands.borrow().now(since_boot())
    }
    async fn until(&self, at: Timestamp) {
        let mut changes = self.hands.subscribe();
        let hands = *changes.borrow_and_update();
        let now = hands.now(since_boot());
        if now >= at {
            return;
        }
        let wait = if hands.runs() { between(now, at).min(STEP) } else { STEP };
        let _ = tokio::time::timeout(wait, changes.changed()).await;
    }
}

fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::run(format!(
        "cannot read the emulator's clock {}: {error}. Remove the file: the clock then begins at the real time",
        file.display()
    ))
}
