//! A bounded pool of chunk buffers. It is the window: who finds it empty waits.

use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lends buffers of one size.
pub(super) struct Pool {
    slots: Arc<Semaphore>,
    free: Mutex<Vec<Vec<u8>>>,
    size: usize,
}

/// A borrowed buffer; goes back when dropped.
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    pool: Arc<Pool>,
    _slot: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(buffers: usize, size: usize) -> Arc<Self> {
        Arc::new(Self { slots: Arc::new(Semaphore::new(buffers)), free: Mutex::default(), size })
    }
    /// Waits for a buffer; None once the pool is closed.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Buffer> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        let bytes = self.free.lock().ok()?.pop().unwrap_or_else(|| Vec::with_capacity(self.size));
        Some(Buffer { bytes, pool: Arc::clone(self), _slot: slot })
    }
    /// Nobody gets a buffer any more; waiters return.
    pub(super) fn close(&self) {
        self.slots.close();
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // A buffer lent out and never filled has no allocation worth keeping.
        if self.bytes.capacity() >= self.pool.size
            && let Ok(mut free) = self.pool.free.lock()
        {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}
